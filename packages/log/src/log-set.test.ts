import { test } from 'node:test';
import assert from 'node:assert/strict';
import { LogSetRegistry, NO_LOG_SET, messageLength } from './log-set.ts';
import type { LogSet } from './log-set.ts';

function set(tag: string, line: number): LogSet {
  return {
    tag,
    hostname: undefined,
    messageLength: 1023,
    owner: '',
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
  assert.equal(new LogSetRegistry().numberOf({ ...set('t', 1), targets: [] }), NO_LOG_SET);
});

test('sets that sample share a number within a proxy only, because each proxy has a count of its own', () => {
  const registry = new LogSetRegistry();
  const sampled = (owner: string): LogSet => {
    const base = set('t', 1);
    return { ...base, owner, targets: [{ ...base.targets[0], sample: { ranges: [[1, 1]], size: 2 } }] };
  };
  assert.equal(registry.numberOf(sampled('a')), registry.numberOf(sampled('a')));
  assert.notEqual(registry.numberOf(sampled('a')), registry.numberOf(sampled('b')));
  assert.equal(registry.numberOf({ ...set('t', 1), owner: 'a' }), registry.numberOf({ ...set('t', 1), owner: 'b' }));
});

test('the longest message is one byte shorter than the largest len of the configuration', () => {
  const [target] = set('t', 1).targets;
  assert.equal(
    messageLength([
      { ...target, length: 80 },
      { ...target, length: 2000 },
    ]),
    1999,
  );
  assert.equal(messageLength([]), 0);
});
