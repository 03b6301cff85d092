/** The two clocks of log lines: the one that all threads share, for ages, and the wall clock with its microseconds. */

/** What to add to performance.now() of the calling thread for CLOCK_MONOTONIC in ms, the same in every thread. */
export function sharedClockOffset(): number {
  return Number(process.hrtime.bigint()) / 1e6 - performance.now();
}

/** A clock that was set is followed when it is off by more than its own resolution. */
const TOLERANCE_MS = 2;

/** Wall-clock ms since the epoch with microseconds, which Date.now() has not, and following the clock when it is set. */
export class WallClock {
  #offset = performance.timeOrigin;

  now(): number {
    const monotonic = performance.now();
    const wall = Date.now();
    if (Math.abs(monotonic + this.#offset - wall) > TOLERANCE_MS) this.#offset = wall - monotonic;
    return monotonic + this.#offset;
  }
}
