import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { ControlWord, controlInts } from './control.ts';
import { HeartbeatReader } from './heartbeat.ts';
import { MAX_INCARNATION } from './identity.ts';
import { acquire, lockOwner, release, takeOver, tryAcquire, type LockParty } from './lock.ts';
import { SegmentOwner } from './segment-owner.ts';
import { Segment } from './segment.ts';
import { until } from '../test/threads.ts';

function setUp(): {
  words: Int32Array;
  party: (thread: number, incarnation: number) => LockParty;
  owner: SegmentOwner;
} {
  const owner = new SegmentOwner({ maxThreads: 128 });
  return {
    owner,
    words: new Int32Array(new SharedArrayBuffer(64)),
    party: (thread, incarnation) => new Segment(owner.handle(), { thread, incarnation }).party,
  };
}

describe('locks', () => {
  it('say who holds them, for every thread number and incarnation', () => {
    const { words, party } = setUp();
    for (const identity of [
      { thread: 0, incarnation: 1 },
      { thread: 127, incarnation: MAX_INCARNATION },
      { thread: 63, incarnation: 256 },
    ]) {
      assert.equal(lockOwner(words, 3), undefined);
      acquire(words, 3, party(identity.thread, identity.incarnation));
      assert.ok(words[3] > 0);
      assert.deepEqual(lockOwner(words, 3), identity);
      release(words, 3);
    }
  });

  it('tryAcquire gives up on a lock that is held, and its wait is visible no more', () => {
    const { words, party } = setUp();
    const [one, two] = [party(1, 1), party(2, 1)];
    acquire(words, 0, one);
    assert.equal(tryAcquire(words, 0, two, 10), false);
    assert.equal(two.control[two.waitsFor], 0);
    release(words, 0);
    assert.equal(tryAcquire(words, 0, two, 10), true);
    assert.deepEqual(lockOwner(words, 0), { thread: 2, incarnation: 1 });
  });

  it('takeOver takes from that incarnation only', () => {
    const { words, party } = setUp();
    const main = party(0, 1);
    acquire(words, 0, party(1, 5));
    assert.equal(takeOver(words, 0, { thread: 1, incarnation: 4 }, main), false);
    assert.equal(takeOver(words, 0, { thread: 2, incarnation: 5 }, main), false);
    assert.equal(takeOver(words, 0, { thread: 1, incarnation: 5 }, main), true);
    assert.deepEqual(lockOwner(words, 0), { thread: 0, incarnation: 1 });
    release(words, 0);
    assert.equal(words[0], 0);
    assert.equal(takeOver(words, 0, { thread: 1, incarnation: 5 }, main), false);
  });

  it('a waiting thread says for whom it waits, is not called stalled, and goes on when the lock is taken over and released', async () => {
    const { words, party, owner } = setUp();
    const reader = new HeartbeatReader(owner.segment);
    owner.useThread(2);
    for (const thread of [1, 2]) reader.begin({ thread, incarnation: 1 }, 0);
    const { control } = owner.segment;
    for (const thread of [1, 2]) Atomics.store(control, controlInts(thread) + ControlWord.state, 2);
    acquire(words, 0, party(1, 1));
    const worker = new Worker(
      `import { parentPort, workerData } from 'node:worker_threads'
       const { acquire, lockOwner, Segment } = await import(workerData.index)
       const segment = new Segment(workerData.handle, { thread: 2, incarnation: 1 })
       acquire(workerData.words, 0, segment.party)
       parentPort.postMessage(lockOwner(workerData.words, 0))`,
      { eval: true, workerData: { index: new URL('./index.ts', import.meta.url).href, handle: owner.handle(), words } },
    );
    const answer = new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject));
    await until(() => reader.health(2, 0).waitsFor === 1, 'the second thread to wait');
    assert.deepEqual(reader.stalled(10_000, 1000), [{ thread: 1, incarnation: 1 }]);
    assert.equal(takeOver(words, 0, { thread: 1, incarnation: 1 }, owner.segment.party), true);
    release(words, 0);
    assert.deepEqual(await answer, { thread: 2, incarnation: 1 });
    assert.equal(reader.health(2, 0).waitsFor, undefined);
    await worker.terminate();
  });
});
