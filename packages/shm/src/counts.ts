// Gauges that are exact over all threads: sessions under `maxconn`, connections of the process.
//
// The truth is one share (Int32) for each thread and object, written by its thread alone; the count is their sum. Increments
// are serialised by the object's lock, so the sum read there can only fall meanwhile (decrements take no lock): a count
// below the limit stays below it until the own share is written, and a refusal is true for the moment in which the lock was
// taken. A thread that dies at any point leaves its share, which the supervisor sets to 0, and perhaps the lock word.
// `highest` is written under the lock only; the sum seen there plus one did exist.
import { CommonShared, gaugeHighest, gaugeShare, kindLayouts, type ObjectKind } from './layout.ts';
import { acquire, release, tryAcquire, type LockParty } from './lock.ts';
import type { Segment } from './segment.ts';

/** What main waits for a lock when it resets a maximum: longer than any live owner holds one. */
const RESET_WAIT_MS = 20;

/** One gauge of one object as the calling thread sees it. Build it once for each generation, not for each request. */
export class SharedCount {
  readonly #segment: Segment;
  readonly #party: LockParty;
  readonly #ints: Int32Array;
  readonly #lock: number;
  readonly #highest: number;
  /** Thread 0's share, the distance to the next thread's, the caller's own. */
  readonly #first: number;
  readonly #stride: number;
  readonly #own: number;

  /** `gauge` is one of the constants of layout.ts for that kind, e.g. `FrontendGauge.sessions`. */
  constructor(segment: Segment, kind: ObjectKind, slot: number, gauge: number) {
    if (!(gauge >= 0 && gauge < kindLayouts[kind].gauges)) throw new RangeError(`${kind} has no gauge ${gauge}`);
    const view = segment.object(kind, slot);
    this.#segment = segment;
    this.#party = segment.party;
    this.#ints = view.ints;
    this.#lock = view.shared + CommonShared.lock;
    this.#highest = view.shared + gaugeHighest(gauge);
    this.#first = view.threadInts + gaugeShare(gauge);
    this.#stride = view.threadIntStride;
    this.#own = this.#first + segment.identity.thread * view.threadIntStride;
  }

  /** Adds one to the caller's share; returns the exact sum. */
  increment(): number {
    acquire(this.#ints, this.#lock, this.#party);
    const sum = this.incrementLocked(this.sum());
    release(this.#ints, this.#lock);
    return sum;
  }

  /** Adds one only while the sum over all threads is below `limit`. */
  tryIncrement(limit: number): boolean {
    acquire(this.#ints, this.#lock, this.#party);
    const sum = this.sum();
    const below = sum < limit;
    if (below) this.incrementLocked(sum);
    release(this.#ints, this.#lock);
    return below;
  }

  /** For a caller that holds the object's lock and has read `sum()` under it; returns the new sum. */
  incrementLocked(sum: number): number {
    Atomics.add(this.#ints, this.#own, 1);
    if (sum >= this.#ints[this.#highest]) this.#ints[this.#highest] = sum + 1;
    return sum + 1;
  }

  /** Takes one from the caller's share. */
  decrement(): void {
    Atomics.sub(this.#ints, this.#own, 1);
  }

  /** Changes the caller's share without lock and without `highest`: for gauges that have neither limit nor maximum. */
  add(amount: number): void {
    Atomics.add(this.#ints, this.#own, amount);
  }

  sum(): number {
    const threads = this.#segment.threadsUsed();
    let sum = 0;
    for (let thread = 0, at = this.#first; thread < threads; thread++, at += this.#stride)
      sum += Atomics.load(this.#ints, at);
    return sum;
  }

  share(thread: number): number {
    return Atomics.load(this.#ints, this.#first + thread * this.#stride);
  }

  /** The highest sum that `increment` and `tryIncrement` reached since the last reset (smax). */
  highest(): number {
    return Atomics.load(this.#ints, this.#highest);
  }

  /** `clear counters`: the highest becomes the sum of now. False when the lock could not be had at once; try again later. */
  resetHighest(): boolean {
    if (!tryAcquire(this.#ints, this.#lock, this.#party, RESET_WAIT_MS)) return false;
    this.#ints[this.#highest] = this.sum();
    release(this.#ints, this.#lock);
    return true;
  }

  /** Supervisor only: gives back the share of a thread that has ended. */
  clearThread(thread: number): void {
    Atomics.store(this.#ints, this.#first + thread * this.#stride, 0);
  }
}

/** All gauges of one object for a reader: one look-up for them all, where `show stat` goes through thousands of objects. */
export class GaugeReader {
  readonly #ints: Int32Array;
  readonly #shared: number;
  readonly #threads: number;
  readonly #first: number;
  readonly #stride: number;

  constructor(segment: Segment, kind: ObjectKind, slot: number) {
    const view = segment.object(kind, slot);
    this.#ints = view.ints;
    this.#shared = view.shared;
    this.#threads = segment.threadsUsed();
    this.#first = view.threadInts;
    this.#stride = view.threadIntStride;
  }

  /** As `SharedCount.sum()`. */
  sum(gauge: number): number {
    let sum = 0;
    for (let thread = 0, at = this.#first + gaugeShare(gauge); thread < this.#threads; thread++, at += this.#stride)
      sum += Atomics.load(this.#ints, at);
    return sum;
  }

  /** As `SharedCount.highest()`. */
  highest(gauge: number): number {
    return Atomics.load(this.#ints, this.#shared + gaugeHighest(gauge));
  }
}
