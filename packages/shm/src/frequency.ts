// Sliding rates over all threads: `rate-limit sessions`, `maxconnrate`, rates in `show stat` and `show info`.
//
// Time is cut into periods with numbers. Each thread keeps, for each object and rate, four pairs (period number, events), at
// place `number mod 4`; it alone writes them. A pair is emptied before its number is written, so that a reader that finds
// the number it looks for reads events of that period only. A reader looks at the current and the previous period while the
// writer may already be in the next: with four places it never reads one that is being reused. The rate is what was
// counted in the current period plus the part of the previous one that the sliding window still covers.
//
// All accesses are sequentially consistent. There is no lock but in `tryAdd`, and a thread that dies leaves events that did
// happen, which age out. `highest` is raised by compare-exchange: of the threads that count in a period, the last one sees
// all events of it.
import { CommonShared, RATE_WORDS, kindLayouts, rateHighest, rateShare, type ObjectKind } from './layout.ts';
import { acquire, release, type LockParty } from './lock.ts';
import type { Segment } from './segment.ts';

const DEFAULT_PERIOD_MS = 1000;
const PLACE_MASK = RATE_WORDS / 2 - 1;

/**
 * `now` is CLOCK_MONOTONIC in milliseconds (`Number(process.hrtime.bigint() / 1000n) / 1000`), which all threads share;
 * `performance.now()` starts anew in each thread and must not be used.
 */
export class FrequencyCounter {
  readonly #segment: Segment;
  readonly #party: LockParty;
  readonly #ints: Int32Array;
  readonly #lock: number;
  readonly #highest: number;
  readonly #first: number;
  readonly #stride: number;
  readonly #own: number;
  readonly #periodMs: number;

  /** `rate` is one of the constants of layout.ts for that kind, e.g. `FrontendRate.sessions`. */
  constructor(segment: Segment, kind: ObjectKind, slot: number, rate: number, periodMs: number = DEFAULT_PERIOD_MS) {
    if (!(rate >= 0 && rate < kindLayouts[kind].rates)) throw new RangeError(`${kind} has no rate ${rate}`);
    const view = segment.object(kind, slot);
    this.#segment = segment;
    this.#party = segment.party;
    this.#ints = view.ints;
    this.#lock = view.shared + CommonShared.lock;
    this.#highest = view.shared + rateHighest(kind, rate);
    this.#first = view.threadInts + rateShare(kind, rate);
    this.#stride = view.threadIntStride;
    this.#own = this.#first + segment.identity.thread * view.threadIntStride;
    this.#periodMs = periodMs;
  }

  /** Counts `events`; returns those of the current period, over all threads. */
  add(now: number, events: number = 1): number {
    const period = this.#period(now);
    const at = this.#own + (period & PLACE_MASK) * 2;
    if (this.#ints[at] !== period) {
      Atomics.store(this.#ints, at + 1, 0);
      Atomics.store(this.#ints, at, period);
    }
    Atomics.add(this.#ints, at + 1, events);
    const total = this.#events(period);
    let highest = Atomics.load(this.#ints, this.#highest);
    while (total > highest) {
      const found = Atomics.compareExchange(this.#ints, this.#highest, highest, total);
      if (found === highest) break;
      highest = found;
    }
    return total;
  }

  /** Counts one only when `remaining(limit)` is above 0 (limit 0: no limit). Exact over all threads. */
  tryAdd(limit: number, now: number): boolean {
    if (limit === 0) {
      this.add(now);
      return true;
    }
    acquire(this.#ints, this.#lock, this.#party);
    const allowed = this.remaining(limit, now) > 0;
    if (allowed) this.add(now);
    release(this.#ints, this.#lock);
    return allowed;
  }

  /** Events per period, sliding, rounded down. */
  rate(now: number): number {
    const period = this.#period(now);
    const current = this.#events(period);
    const previous = this.#events((period - 1) | 0);
    // One event a period would flap between 0 and 1 while it slides out: it counts in full until the next period.
    if (current === 0 && previous <= 1) return previous;
    return Math.floor(current + this.#sliding(previous, now));
  }

  /** How many more events `limit` allows now. */
  remaining(limit: number, now: number): number {
    return Math.max(0, limit - Math.floor(this.#exactRate(now)));
  }

  /** Milliseconds until one more event fits in `limit` (above 0), counted as if nothing else happened; 0 when it fits now. */
  nextEventDelayMs(limit: number, now: number): number {
    if (this.remaining(limit, now) > 0) return 0;
    const period = this.#period(now);
    const current = this.#events(period);
    const previous = this.#events((period - 1) | 0);
    const elapsedMs = this.#elapsedMs(now);
    // While this period lasts, only the previous one slides out; afterwards this one does. The rate must fall below the limit.
    const fromStartMs =
      current < limit
        ? (this.#periodMs * (previous + current - limit)) / previous
        : this.#periodMs + (this.#periodMs * (current - limit)) / current;
    return Math.max(1, Math.floor(fromStartMs - elapsedMs) + 1);
  }

  /** The highest count of one period (rate_max) since the last reset. */
  highest(): number {
    return Atomics.load(this.#ints, this.#highest);
  }

  /** `clear counters`. */
  resetHighest(): void {
    Atomics.store(this.#ints, this.#highest, 0);
  }

  #exactRate(now: number): number {
    const period = this.#period(now);
    return this.#events(period) + this.#sliding(this.#events((period - 1) | 0), now);
  }

  /** From 1, so that zeroed memory is no period; wraps as an Int32. */
  #period(now: number): number {
    return (Math.floor(now / this.#periodMs) + 1) | 0;
  }

  #elapsedMs(now: number): number {
    return now - Math.floor(now / this.#periodMs) * this.#periodMs;
  }

  /** What the window still covers of the last period's events. Multiplied first, so that whole milliseconds round exactly. */
  #sliding(events: number, now: number): number {
    return (events * (this.#periodMs - this.#elapsedMs(now))) / this.#periodMs;
  }

  #events(period: number): number {
    const threads = this.#segment.threadsUsed();
    let events = 0;
    for (let thread = 0, at = this.#first + (period & PLACE_MASK) * 2; thread < threads; thread++, at += this.#stride) {
      if (Atomics.load(this.#ints, at) === period) events += Atomics.load(this.#ints, at + 1);
    }
    return events;
  }
}
