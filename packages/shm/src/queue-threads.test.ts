import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Admission } from './queue.ts';
import { SegmentOwner } from './segment-owner.ts';
import { killThread, startThread, until } from '../test/threads.ts';
import { Tickets } from './tickets.ts';

describe('queues and real threads', () => {
  // EVENKEEL_KILLS raises the number for a long run.
  const kills = Number(process.env['EVENKEEL_KILLS'] ?? 25);

  it(`limits hold and every waiting stream is served, while ${kills} threads are killed at random`, async (t) => {
    const limits = [1, 3];
    const owner = new SegmentOwner({ maxThreads: 4, ticketsPerThread: 64 });
    const backend = owner.allocate('backend', 'b');
    limits.forEach((_, i) => Admission.assign(owner.segment, owner.allocate('server', `b/s${i}`), backend));
    const marks = new Int32Array(new SharedArrayBuffer(4 * 64));
    const start = (thread: number, incarnation: number) =>
      startThread(owner, './queue-worker.ts', thread, incarnation, { marks, limits, streams: 6 });
    const threads = [start(1, 1), start(2, 1), start(3, 1)];
    t.after(() => Promise.all(threads.map(({ worker }) => worker.terminate())));
    const servedAfterWaiting = (thread: number): number => Atomics.load(marks, 16 + thread);
    for (let kill = 0; kill < kills; kill++) {
      const victim = threads[kill % threads.length];
      const { thread, incarnation } = victim.identity;
      const before = threads.map(({ identity }) => servedAfterWaiting(identity.thread));
      // All three move, so neither the death before nor its recovery has left anybody behind.
      await Promise.race([
        until(
          () => threads.every(({ identity }, i) => servedAfterWaiting(identity.thread) > before[i] + 3),
          'streams of every thread to be served after waiting',
        ),
        ...threads.map(({ failed }) => failed),
      ]);
      await killThread(owner, victim, () => {
        for (let word = 32; word < 48; word++) Atomics.compareExchange(marks, word, thread, 0);
      });
      threads[kill % threads.length] = start(thread, incarnation + 1);
    }
    const served = servedAfterWaiting(1);
    await until(() => servedAfterWaiting(1) > served + 50, 'the last round');
    Atomics.store(marks, 0, 1);
    // A forgotten stream would keep its thread for ever.
    let ended = 0;
    for (const { worker } of threads) worker.on('exit', () => ended++);
    await until(() => ended === threads.length, 'every stream to be served');
    assert.equal(Atomics.load(marks, 1), 0, 'violations');
    const admission = new Admission(new Tickets(owner.segment), backend);
    limits.forEach((limit, server) => {
      assert.equal(admission.used(server), 0);
      assert.equal(admission.serverQueue(server).length, 0);
      assert.equal(new Tickets(owner.segment).server(server).sessions.highest(), limit);
    });
    assert.equal(admission.backendQueue().length, 0);
    const sum = (from: number): number =>
      [1, 2, 3].reduce((total, thread) => total + Atomics.load(marks, from + thread), 0);
    t.diagnostic(`${sum(8)} streams served, ${sum(16)} of them after waiting`);
  });
});
