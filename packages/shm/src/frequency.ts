import type { ObjectKind } from './layout.ts'
import type { Segment } from './segment.ts'

/**
 * Events over a sliding period, over all threads. `now` is CLOCK_MONOTONIC in milliseconds (`process.hrtime`), which all
 * threads share; `performance.now()` differs between threads and must not be used.
 */
export declare class FrequencyCounter {
  /** `rate` is one of the constants of layout.ts for that kind, e.g. `FrontendRate.sessions`. */
  constructor(segment: Segment, kind: ObjectKind, slot: number, rate: number, periodMs?: number)
  /** Counts `events`; returns those of the current period, over all threads. */
  add(now: number, events?: number): number
  /** Counts one only when the rate stays within `limit` (0: no limit). Exact. */
  tryAdd(limit: number, now: number): boolean
  /** Events per period, sliding. */
  rate(now: number): number
  /** How many more events `limit` allows now. */
  remaining(limit: number, now: number): number
  /** Milliseconds until one more event fits in `limit`; 0 when it fits now. */
  nextEventDelayMs(limit: number, now: number): number
  /** The highest count of one period (rate_max) since the last reset. */
  highest(): number
  resetHighest(): void
}
