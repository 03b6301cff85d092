import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { GaugeReader, SharedCount } from './counts.ts';
import { CommonShared, FrontendGauge, ProcessGauge } from './layout.ts';
import { lockOwner } from './lock.ts';
import { SegmentOwner } from './segment-owner.ts';
import { Segment } from './segment.ts';
import { killThread, startThread, until } from '../test/threads.ts';

function gauges(threads: number): SharedCount[] {
  const owner = new SegmentOwner({ maxThreads: threads + 1 });
  const slot = owner.allocate('frontend', 'f');
  return Array.from({ length: threads }, (_, i) => {
    owner.useThread(i + 1);
    return new SharedCount(
      new Segment(owner.handle(), { thread: i + 1, incarnation: 1 }),
      'frontend',
      slot,
      FrontendGauge.sessions,
    );
  });
}

describe('gauges', () => {
  it('read together are what each says alone', () => {
    const owner = new SegmentOwner({ maxThreads: 3 });
    const slot = owner.allocate('frontend', 'f');
    for (const [thread, count] of [
      [1, 3],
      [2, 4],
    ]) {
      owner.useThread(thread);
      const segment = new Segment(owner.handle(), { thread, incarnation: 1 });
      const sessions = new SharedCount(segment, 'frontend', slot, FrontendGauge.sessions);
      for (let times = 0; times < count; times++) sessions.increment();
      sessions.decrement();
      new SharedCount(segment, 'frontend', slot, FrontendGauge.h2Streams).add(thread);
    }
    const gauges = new GaugeReader(owner.segment, 'frontend', slot);
    assert.equal(gauges.sum(FrontendGauge.sessions), 5);
    assert.equal(gauges.highest(FrontendGauge.sessions), 6);
    assert.equal(gauges.sum(FrontendGauge.h2Streams), 3);
    assert.equal(gauges.sum(FrontendGauge.h1Streams), 0);
  });

  it('agree with one number that all threads share', () => {
    const step = fc.record({
      thread: fc.nat(2),
      type: fc.constantFrom(
        'increment' as const,
        'try' as const,
        'decrement' as const,
        'reset' as const,
        'die' as const,
      ),
      limit: fc.nat(6),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const threads = gauges(3);
        const shares = [0, 0, 0];
        let highest = 0;
        const sum = (): number => shares.reduce((a, b) => a + b, 0);
        for (const { thread, type, limit } of steps) {
          const gauge = threads[thread];
          if (type === 'increment') {
            shares[thread]++;
            assert.equal(gauge.increment(), sum());
          } else if (type === 'try') {
            const below = sum() < limit;
            if (below) shares[thread]++;
            assert.equal(gauge.tryIncrement(limit), below);
          } else if (type === 'decrement' && shares[thread] > 0) {
            shares[thread]--;
            gauge.decrement();
          } else if (type === 'reset') {
            assert.equal(gauge.resetHighest(), true);
            highest = sum();
          } else if (type === 'die') {
            threads[(thread + 1) % 3].clearThread(thread + 1);
            shares[thread] = 0;
          }
          highest = Math.max(highest, sum());
          for (const each of threads) {
            assert.equal(each.sum(), sum());
            assert.equal(each.highest(), highest);
            assert.equal(each.share(thread + 1), shares[thread]);
          }
        }
      }),
    );
  });
});

describe('gauges and dying threads', () => {
  // EVENKEEL_KILLS raises the number for a long run.
  const kills = Number(process.env['EVENKEEL_KILLS'] ?? 60);

  it(`a limit of one holds, nobody hangs and counts are true after ${kills} kills inside and outside of critical sections`, async (t) => {
    const owner = new SegmentOwner({ maxThreads: 4 });
    const [frontend, processSlot] = [owner.allocate('frontend', 'f'), owner.allocate('process', 'process')];
    const marks = new Int32Array(new SharedArrayBuffer(64));
    const single = new SharedCount(owner.segment, 'frontend', frontend, FrontendGauge.sessions);
    const many = new SharedCount(owner.segment, 'process', processSlot, ProcessGauge.connections);
    const start = (thread: number, incarnation: number) =>
      startThread(owner, './count-worker.ts', thread, incarnation, { marks });
    const threads = [start(1, 1), start(2, 1)];
    t.after(() => Promise.all(threads.map(({ worker }) => worker.terminate())));
    let heldAtDeath = 0;
    const locks = [owner.segment.object('frontend', frontend), owner.segment.object('process', processSlot)];
    for (let kill = 0; kill < kills; kill++) {
      const victim = threads[kill % 2];
      const { thread, incarnation } = victim.identity;
      const rounds = Atomics.load(marks, 8 + thread);
      await Promise.race([
        until(() => Atomics.load(marks, 8 + thread) !== rounds, `thread ${thread} to make progress`),
        ...threads.map(({ failed }) => failed),
      ]);
      await killThread(owner, victim, () => {
        if (locks.some(({ ints, shared }) => lockOwner(ints, shared + CommonShared.lock)?.thread === thread))
          heldAtDeath++;
        Atomics.compareExchange(marks, 2, thread, 0);
      });
      assert.equal(single.share(thread), 0);
      assert.equal(many.share(thread), 0);
      threads[kill % 2] = start(thread, incarnation + 1);
    }
    for (const { identity } of threads) {
      const rounds = Atomics.load(marks, 8 + identity.thread);
      await until(
        () => Atomics.load(marks, 8 + identity.thread) !== rounds,
        `thread ${identity.thread} to make progress`,
      );
    }
    Atomics.store(marks, 0, 1);
    await Promise.all(threads.map(({ worker }) => new Promise((resolve) => worker.on('exit', resolve))));
    assert.equal(Atomics.load(marks, 1), 0, 'violations of the limit');
    assert.equal(single.sum(), 0);
    assert.equal(many.sum(), 0);
    assert.equal(single.highest(), 1);
    assert.ok(many.highest() <= 2);
    t.diagnostic(`${heldAtDeath} of ${kills} threads died with a lock in hand`);
    assert.ok(heldAtDeath > 0, 'some threads died with a lock in hand');
  });
});
