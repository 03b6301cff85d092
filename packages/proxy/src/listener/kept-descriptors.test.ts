// Descriptors that outlive the thread which made them are found and closed by the main thread.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Segment, SegmentOwner } from '@evenkeel/shm';
import { closeFd, dup, isOpen, openListener } from '@evenkeel/sys';
import { KeptDescriptors, closeKept, prepareKept } from './kept-descriptors.ts';

function threads(): { readonly owner: SegmentOwner; of(thread: number): KeptDescriptors } {
  const owner = new SegmentOwner({ maxThreads: 4, ticketsPerThread: 16 });
  prepareKept(owner, 4);
  return { owner, of: (thread) => new KeptDescriptors(new Segment(owner.handle(), { thread, incarnation: 1 })) };
}

test('what a dead thread kept is closed, what others kept and what it let go of is not', () => {
  const { owner, of } = threads();
  const listener = openListener({ family: 'ipv4', address: '127.0.0.1', backlog: 1 });
  const [first, second, released, ofOther] = [dup(listener), dup(listener), dup(listener), dup(listener)];
  const dead = of(1);
  for (const descriptor of [first, released, second]) assert.equal(dead.add(descriptor), true);
  dead.remove(released);
  of(2).add(ofOther);
  closeKept(owner, 1);
  assert.deepEqual(
    [first, second, released, ofOther, listener].map((descriptor) => isOpen(descriptor)),
    [false, false, true, true, true],
  );
  // Nothing is closed twice: the number may be somebody else's now.
  const reused = dup(listener);
  assert.equal(reused, first);
  closeKept(owner, 1);
  assert.equal(isOpen(reused), true);
  for (const descriptor of [reused, released, ofOther, listener]) closeFd(descriptor);
});

test('a full table takes no more, and has room again when one is let go of', () => {
  const kept = threads().of(1);
  let taken = 0;
  while (kept.add(1000 + taken)) taken++;
  assert.equal(kept.add(7), false);
  kept.remove(1000);
  assert.equal(kept.add(7), true);
});
