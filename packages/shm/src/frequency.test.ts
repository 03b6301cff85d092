import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FrequencyCounter } from './frequency.ts';
import { FrontendRate } from './layout.ts';
import { SegmentOwner } from './segment-owner.ts';
import { Segment } from './segment.ts';

function counters(threads: number, periodMs?: number): FrequencyCounter[] {
  const owner = new SegmentOwner({ maxThreads: threads + 1 });
  const slot = owner.allocate('frontend', 'f');
  return Array.from({ length: threads }, (_, i) => {
    owner.useThread(i + 1);
    return new FrequencyCounter(
      new Segment(owner.handle(), { thread: i + 1, incarnation: 1 }),
      'frontend',
      slot,
      FrontendRate.sessions,
      periodMs,
    );
  });
}

describe('rates', () => {
  it('are what was counted in this period plus the part of the last one that the window still covers', () => {
    const period = 1000;
    fc.assert(
      fc.property(
        fc.array(fc.record({ after: fc.nat(700), thread: fc.nat(2), events: fc.integer({ min: 1, max: 9 }) }), {
          maxLength: 60,
        }),
        fc.nat(2500),
        (events, idle) => {
          const threads = counters(3, period);
          const counted: { at: number; events: number }[] = [];
          let now = 123_456_789;
          for (const { after, thread, events: number } of events) {
            now += after;
            counted.push({ at: now, events: number });
            threads[thread].add(now, number);
          }
          now += idle;
          const inPeriod = (number: number): number =>
            counted.filter(({ at }) => Math.floor(at / period) === number).reduce((sum, { events: n }) => sum + n, 0);
          const current = inPeriod(Math.floor(now / period));
          const previous = inPeriod(Math.floor(now / period) - 1);
          const expected =
            current === 0 && previous <= 1
              ? previous
              : Math.floor((current * period + previous * (period - (now % period))) / period);
          for (const thread of threads) assert.equal(thread.rate(now), expected);
        },
      ),
    );
  });

  it('add returns the events of the period over all threads, and the highest is kept', () => {
    const [a, b] = counters(2) as [FrequencyCounter, FrequencyCounter];
    assert.equal(a.add(1000), 1);
    assert.equal(b.add(1500, 4), 5);
    assert.equal(a.add(2000), 1);
    assert.equal(b.highest(), 5);
    a.resetHighest();
    assert.equal(a.highest(), 0);
    b.add(2100);
    assert.equal(b.highest(), 2);
  });

  it('fall to nothing after two periods without events', () => {
    const [counter] = counters(1) as [FrequencyCounter];
    counter.add(10_000, 50);
    assert.equal(counter.rate(10_999), 50);
    assert.equal(counter.rate(11_500), 25);
    assert.equal(counter.rate(12_000), 0);
  });

  it('a lone event does not flap: it counts until its next period ends', () => {
    const [counter] = counters(1) as [FrequencyCounter];
    counter.add(10_000);
    assert.equal(counter.rate(11_999), 1);
    assert.equal(counter.rate(12_000), 0);
  });
});

describe('limits', () => {
  it('are never exceeded by the sliding rate, and the delay is the first moment that is allowed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.tuple(fc.nat(120), fc.nat(1)), { maxLength: 200 }),
        (limit, steps) => {
          const threads = counters(2);
          let now = 5_000_000;
          for (const [after, thread] of steps) {
            now += after;
            const counter = threads[thread];
            const delay = counter.nextEventDelayMs(limit, now);
            assert.equal(delay === 0, counter.remaining(limit, now) > 0);
            if (delay > 0) {
              assert.ok(counter.remaining(limit, now + delay) > 0, `allowed after ${delay} ms`);
              assert.equal(counter.remaining(limit, now + delay - 1), 0, `not yet allowed after ${delay - 1} ms`);
            }
            assert.equal(counter.tryAdd(limit, now), delay === 0);
            assert.ok(counter.rate(now) <= limit);
          }
        },
      ),
    );
  });

  it('0 is no limit', () => {
    const [counter] = counters(1) as [FrequencyCounter];
    for (let i = 0; i < 100; i++) assert.equal(counter.tryAdd(0, 1000), true);
    assert.equal(counter.rate(1000), 100);
  });
});
