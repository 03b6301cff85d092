import { test } from 'node:test';
import assert from 'node:assert/strict';
import { DropReport } from './drop-report.ts';

test('drops are told when they begin and when they are over, counts at every change', () => {
  const report = new DropReport();
  const at = (seconds: number, dropped: number): (readonly [string | undefined, number, number])[] =>
    report
      .observe([{ name: '/dev/log', dropped, reason: 'ECONNREFUSED' }], seconds * 1000)
      .map(({ change, dropped: count, since }) => [change, count, since]);
  assert.deepEqual(at(1, 0), []);
  assert.deepEqual(at(2, 5), [['began', 5, 5]]);
  assert.deepEqual(at(3, 8), [[undefined, 8, 8]]);
  assert.deepEqual(at(4, 8), []);
  assert.deepEqual(at(12, 9), [[undefined, 9, 9]]);
  assert.deepEqual(at(21, 9), []);
  assert.deepEqual(at(22, 9), [['ended', 9, 9]]);
  assert.deepEqual(at(60, 9), []);
  assert.deepEqual(at(61, 10), [['began', 10, 1]]);
});

test('each destination has its own story', () => {
  const report = new DropReport();
  const first = { name: 'a', dropped: 1, reason: 'x' };
  assert.deepEqual(report.observe([first, { name: 'b', dropped: 0, reason: '' }], 0), [
    { ...first, change: 'began', since: 1 },
  ]);
  const second = { name: 'b', dropped: 2, reason: 'y' };
  assert.deepEqual(report.observe([first, second], 1000), [{ ...second, change: 'began', since: 2 }]);
});
