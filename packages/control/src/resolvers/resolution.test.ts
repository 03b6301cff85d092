import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer, AnswerFailure } from './answer.ts';
import { Resolution, type HoldTimes } from './resolution.ts';

const HOLD: HoldTimes = { nx: 100, refused: 200, other: 300, timeout: Infinity, obsolete: 50 };
const valid = (...records: string[]): Answer<string> => ({ status: 'valid', records, from: 'ns1' });
const failed = (status: AnswerFailure): Answer<string> => ({ status, from: 'ns1' });
const start = (): Resolution<string> => new Resolution<string>(HOLD, (record) => record, 0);

test('an address that is missing from an answer counts until hold obsolete is over (manual 5.3.2)', () => {
  const resolution = start();
  resolution.handle(0, valid('a', 'b'));
  resolution.handle(10, valid('b', 'c'));
  assert.deepEqual(resolution.records(), ['a', 'b', 'c']);
  resolution.handle(50, valid('c', 'b'));
  assert.deepEqual(resolution.records(), ['a', 'b', 'c']);
  resolution.handle(51, valid('c', 'b'));
  assert.deepEqual(resolution.records(), ['b', 'c']);
});

for (const status of ['nx', 'refused', 'other'] as const) {
  test(`after ${status} the last valid answer counts for its hold time, from that answer on (manual 5.3.2)`, () => {
    const resolution = start();
    resolution.handle(1000, valid('a'));
    resolution.handle(1000 + HOLD[status] - 1, failed(status));
    assert.equal(resolution.failure(1000 + HOLD[status] - 1), undefined);
    assert.equal(resolution.failure(1000 + HOLD[status]), status);
    resolution.handle(3000, valid('a'));
    assert.equal(resolution.failure(1e9), undefined);
  });
}

test('a silent name server takes nothing away, however long, unless hold timeout says so', () => {
  const resolution = start();
  resolution.handle(0, valid('a'));
  resolution.handle(10, failed('timeout'));
  assert.equal(resolution.failure(1e9), undefined);
  assert.deepEqual(resolution.records(), ['a']);
  resolution.hold = { ...HOLD, timeout: 500 };
  assert.equal(resolution.failure(499), undefined);
  assert.equal(resolution.failure(500), 'timeout');
});

test('before any answer the hold times count from the beginning', () => {
  const resolution = start();
  resolution.handle(1, failed('nx'));
  assert.equal(resolution.failure(99), undefined);
  assert.equal(resolution.failure(100), 'nx');
});
