// The rules of `cpu-map` (manual section 3.1), on the manual's own examples.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { memoryHost, parseConfig } from '@evenkeel/config';
import { cpusOf } from './cpu-map.ts';

/** CPUs of threads 1 to 4 under the lines of a global section. */
function mapped(...lines: readonly string[]): (readonly number[] | undefined)[] {
  const text = `global\n${lines.map((line) => `    cpu-map ${line}\n`).join('')}`;
  const { config } = parseConfig([{ name: 't.cfg', text }], memoryHost());
  assert.ok(config !== undefined);
  return [1, 2, 3, 4].map((thread) => cpusOf(config.global.cpuMap, thread));
}

test('a set of threads, or all of them, on a set of CPUs', () => {
  assert.deepEqual(mapped('1/all 0-3'), Array(4).fill([0, 1, 2, 3]));
  assert.deepEqual(mapped('1 2'), Array(4).fill([2]));
  assert.deepEqual(mapped('1/2-3 0 5-6'), [undefined, [0, 5, 6], [0, 5, 6], undefined]);
  assert.deepEqual(mapped('1/odd 1', 'all/even 0'), [[1], [0], [1], [0]]);
});

test('auto: the threads in ascending order get the CPUs in ascending order', () => {
  for (const cpus of ['0-3', '0-1 2-3', '3 2 1 0'])
    assert.deepEqual(mapped(`auto:1/1-4 ${cpus}`), [[0], [1], [2], [3]], cpus);
  assert.deepEqual(mapped('auto:1/2-3 7 4'), [undefined, [4], [7], undefined]);
});

test('of lines that overlap the last one counts', () => {
  assert.deepEqual(mapped('1/all 0', '1/2 1'), [[0], [1], [0], [0]]);
});

test('processes other than the first do not exist', () => {
  assert.deepEqual(mapped('2/all 0', 'even 1', '2-4 1'), Array(4).fill(undefined));
  assert.deepEqual(mapped('1-4 1'), Array(4).fill([1]));
});

test('without a line nothing is said', () => {
  assert.deepEqual(mapped(), Array(4).fill(undefined));
});
