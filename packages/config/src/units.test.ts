import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_TIME_MS, parseSize, parseTimeMs } from './units.ts';

const ok = (value: number, trailing = '') => ({ ok: true, value, trailing });

test('manual 2.5: units of time, milliseconds unless another is said', () => {
  assert.deepEqual(parseTimeMs('1500', 'ms'), ok(1500));
  assert.deepEqual(parseTimeMs('5', 's'), ok(5000));
  assert.deepEqual(parseTimeMs('2000us', 'ms'), ok(2));
  assert.deepEqual(parseTimeMs('250ms', 's'), ok(250));
  assert.deepEqual(parseTimeMs('3s', 'ms'), ok(3000));
  assert.deepEqual(parseTimeMs('2m', 'ms'), ok(120_000));
  assert.deepEqual(parseTimeMs('1h', 'ms'), ok(3_600_000));
  assert.deepEqual(parseTimeMs('1d', 'ms'), ok(86_400_000));
});

test('less than a millisecond is rounded up, as in haproxy', () => {
  assert.deepEqual(parseTimeMs('1us', 'ms'), ok(1));
  assert.deepEqual(parseTimeMs('1001us', 'ms'), ok(2));
  assert.deepEqual(parseTimeMs('0us', 'ms'), ok(0));
});

test('times end at 2147483647 ms', () => {
  assert.deepEqual(parseTimeMs('2147483647', 'ms'), ok(MAX_TIME_MS));
  assert.deepEqual(parseTimeMs('2147483648', 'ms'), { ok: false, fault: 'overflow' });
  assert.deepEqual(parseTimeMs('25d', 'ms'), { ok: false, fault: 'overflow' });
  assert.deepEqual(parseTimeMs('9'.repeat(40), 'ms'), { ok: false, fault: 'overflow' });
});

test('what is no time names the character; what follows a unit is told', () => {
  assert.deepEqual(parseTimeMs('1.5s', 'ms'), { ok: false, fault: 'character', character: '.' });
  assert.deepEqual(parseTimeMs('-1', 'ms'), { ok: false, fault: 'character', character: '-' });
  assert.deepEqual(parseTimeMs('5S', 'ms'), { ok: false, fault: 'character', character: 'S' });
  assert.deepEqual(parseTimeMs('', 'ms'), { ok: false, fault: 'character', character: '' });
  assert.deepEqual(parseTimeMs('5ss', 'ms'), ok(5000, 's'));
});

test('sizes in powers of 1024, below 4 GiB', () => {
  assert.deepEqual(parseSize('16384'), { ok: true, value: 16384 });
  assert.deepEqual(parseSize('16k'), { ok: true, value: 16384 });
  assert.deepEqual(parseSize('1M'), { ok: true, value: 1048576 });
  assert.deepEqual(parseSize('3g'), { ok: true, value: 3 * 1024 ** 3 });
  for (const bad of ['', 'k', '1x', '1kk', '-1', '4g', '1.5k']) assert.deepEqual(parseSize(bad), { ok: false }, bad);
});

test('a whole number of any unit is that many milliseconds', () => {
  const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  fc.assert(
    fc.property(
      fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[])),
      fc.nat(10_000_000),
      (unit, count) => {
        const expected = count * units[unit];
        const result = parseTimeMs(`${count}${unit}`, 's');
        assert.deepEqual(result, expected > MAX_TIME_MS ? { ok: false, fault: 'overflow' } : ok(expected));
      },
    ),
  );
});
