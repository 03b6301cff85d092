import { test } from 'node:test';
import assert from 'node:assert/strict';
import { LogSetRegistry, NO_LOG_SET } from './log-set.ts';
import type { LogSet } from './log-set.ts';

function set(tag: string, line: number): LogSet {
  return {
    tag,
    hostname: undefined,
    targets: [
      {
        at: { file: 'x', line, column: 1 },
        destination: { kind: 'unix', path: '/dev/log' },
        length: 1024,
        format: 'local',
        sample: undefined,
        facility: 16,
        level: 7,
        minLevel: 0,
      },
    ],
  };
}

test('equal sets share a number wherever they were written, others do not', () => {
  const registry = new LogSetRegistry();
  const first = registry.numberOf(set('a', 1));
  assert.equal(registry.numberOf(set('a', 9)), first);
  assert.notEqual(registry.numberOf(set('b', 1)), first);
  assert.equal(registry.sets[first]?.tag, 'a');
});

test('a set without targets is the empty set', () => {
  assert.equal(new LogSetRegistry().numberOf({ targets: [], tag: 't', hostname: undefined }), NO_LOG_SET);
});
