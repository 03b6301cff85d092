import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SegmentOwner } from './segment-owner.ts';
import { Segment } from './segment.ts';
import { Sequence } from './sequence.ts';

test('no number is given twice and none is left out, whichever threads take them', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2), { maxLength: 60 }), (takers) => {
      const owner = new SegmentOwner({ maxThreads: 4 });
      const slot = owner.allocate('frontend', 'f');
      const other = owner.allocate('frontend', 'g');
      const threads = [1, 2, 3].map((thread) => {
        owner.useThread(thread);
        return Sequence.ofLogLines(new Segment(owner.handle(), { thread, incarnation: 1 }), slot);
      });
      assert.deepEqual(
        takers.map((thread) => threads[thread].take()),
        takers.map((_, index) => index),
      );
      assert.equal(threads[0].taken(), takers.length);
      assert.equal(Sequence.ofLogLines(owner.segment, other).taken(), 0);
    }),
  );
});

test('a slot that gets a new name begins at 0 again', () => {
  const owner = new SegmentOwner({ maxThreads: 2 });
  const slot = owner.allocate('frontend', 'f');
  Sequence.ofLogLines(owner.segment, slot).take();
  owner.release('frontend', 'f', 1);
  owner.reclaim(1);
  assert.equal(owner.allocate('frontend', 'g'), slot);
  assert.equal(Sequence.ofLogLines(owner.segment, slot).taken(), 0);
});

test('a sequence does not touch the words beside it', () => {
  const owner = new SegmentOwner({ maxThreads: 2 });
  const slot = owner.allocate('process', 'p');
  const { ints } = owner.segment.object('process', slot);
  const before = Array.from(ints);
  Sequence.ofRequests(owner.segment, slot).take();
  assert.equal(before.filter((word, index) => word !== ints[index]).length, 1);
});
