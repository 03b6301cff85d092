import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FrontendState } from './frontend-state.ts';
import { MAX_RUNTIME_LIMIT, RuntimeLimit } from './runtime-limit.ts';
import { Segment } from './segment.ts';
import { SegmentOwner } from './segment-owner.ts';

function views(): { readonly owner: SegmentOwner; readonly slot: number; readonly thread: Segment } {
  const owner = new SegmentOwner({ maxThreads: 3 });
  const slot = owner.allocate('frontend', 'web');
  owner.allocate('process', 'process');
  return { owner, slot, thread: new Segment(owner.handle(), { thread: 1, incarnation: 1 }) };
}

test('a limit is the configuration’s until one is given, 0 among them, and again after it is taken back', () => {
  const { owner, slot, thread } = views();
  const [main, data] = [RuntimeLimit.ofFrontend(owner.segment, slot), RuntimeLimit.ofFrontend(thread, slot)];
  assert.equal(data.over(50), 50);
  assert.equal(data.given, undefined);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: MAX_RUNTIME_LIMIT }), fc.nat(), (limit, configured) => {
      main.give(limit);
      assert.equal(data.over(configured), limit);
      assert.equal(data.given, limit);
      main.give(undefined);
      assert.equal(data.over(configured), configured);
    }),
  );
});

test('limits of the process do not touch each other', () => {
  const { owner, thread } = views();
  for (const [at, name] of (['maxconn', 'connRate', 'sessRate'] as const).entries())
    RuntimeLimit.ofProcess(owner.segment, 0, name).give(at);
  assert.deepEqual(
    (['maxconn', 'connRate', 'sessRate'] as const).map((name) => RuntimeLimit.ofProcess(thread, 0, name).given),
    [0, 1, 2],
  );
});

test('the condition of a frontend goes with its name: another one that gets the slot is open', () => {
  const { owner, slot, thread } = views();
  const state = new FrontendState(owner.segment, slot);
  for (const condition of ['disabled', 'shut', 'open', 'shut'] as const) {
    state.condition = condition;
    assert.equal(new FrontendState(thread, slot).condition, condition);
  }
  owner.release('frontend', 'web', 2);
  owner.reclaim(2);
  assert.equal(owner.allocate('frontend', 'other'), slot);
  assert.equal(new FrontendState(thread, slot).condition, 'open');
});
