import { test } from 'node:test';
import assert from 'node:assert/strict';
import { TargetFilter } from './target-filter.ts';
import type { LogTarget } from '@evenkeel/config';

function target(changes: Partial<LogTarget>): LogTarget {
  return {
    at: { file: 'x', line: 1, column: 1 },
    destination: { kind: 'stdout' },
    length: 1024,
    format: 'raw',
    sample: undefined,
    facility: 16,
    level: 7,
    minLevel: 0,
    ...changes,
  };
}

test('a message less severe than the level is not taken', () => {
  const filter = new TargetFilter(target({ level: 5 }));
  assert.deepEqual(
    [4, 5, 6, 7].map((level) => filter.levelFor(level)),
    [4, 5, -1, -1],
  );
});

test('the minimum level caps the severity', () => {
  const filter = new TargetFilter(target({ level: 6, minLevel: 3 }));
  assert.deepEqual(
    [0, 3, 6].map((level) => filter.levelFor(level)),
    [3, 3, 6],
  );
});

test('sample 1,3-4:4 takes the messages that HAProxy takes', () => {
  const filter = new TargetFilter(
    target({
      sample: {
        ranges: [
          [1, 1],
          [3, 4],
        ],
        size: 4,
      },
    }),
  );
  const taken = Array.from({ length: 8 }, (_, index) => index).filter(() => filter.levelFor(6) >= 0);
  assert.deepEqual(taken, [0, 2, 3, 4, 6, 7]);
});

test('messages that are not severe enough take their places in the sample, as on HAProxy', () => {
  const filter = new TargetFilter(target({ level: 6, sample: { ranges: [[1, 1]], size: 2 } }));
  assert.deepEqual(
    [6, 7, 6, 7, 7, 6, 6].map((level) => filter.levelFor(level)),
    [6, -1, 6, -1, -1, -1, 6],
  );
});
