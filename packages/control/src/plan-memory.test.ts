// Memory of plans is used again when no thread reads it any more, and not before.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { PlanMemory } from './plan-memory.ts';

const MIB = 1 << 20;

test('memory is used again when its generation is no longer used, and only then', () => {
  const plans = new PlanMemory();
  const first = plans.take(1, 2 * MIB);
  const second = plans.take(2, 2 * MIB);
  assert.notEqual(second, first);
  plans.giveBackBefore(2);
  assert.equal(plans.take(3, 2 * MIB + 1000), first);
  const further = plans.take(3, 2 * MIB);
  assert.ok(further !== first && further !== second);
  plans.giveBackBefore(4);
  const taken = new Set([plans.take(4, 2 * MIB), plans.take(4, 2 * MIB), plans.take(4, 2 * MIB)]);
  assert.deepEqual(taken, new Set([first, second, further]));
});

test('what a plan gets has room for it', () => {
  const plans = new PlanMemory();
  for (let generation = 1; generation < 20; generation++) {
    const bytes = (generation * 7919 * 1000) % (9 * MIB);
    assert.ok(plans.take(generation, bytes).byteLength >= bytes);
    plans.giveBackBefore(generation - 1);
  }
});

test('memory that is far too large goes, and so does that of small plans', () => {
  const plans = new PlanMemory();
  const large = plans.take(1, 50 * MIB);
  plans.giveBackBefore(2);
  assert.ok(plans.take(2, 2 * MIB).byteLength < 4 * MIB);
  plans.giveBackBefore(3);
  assert.notEqual(plans.take(3, 50 * MIB), large);
  const small = plans.take(4, 100);
  assert.equal(small.byteLength, 100);
  plans.giveBackBefore(5);
  assert.notEqual(plans.take(5, 100), small);
});
