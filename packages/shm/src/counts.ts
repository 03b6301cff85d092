import type { ObjectKind } from './layout.ts'
import type { Segment } from './segment.ts'

/** One gauge of one object as the calling thread sees it. */
export declare class SharedCount {
  /** `gauge` is one of the constants of layout.ts for that kind, e.g. `FrontendGauge.sessions`. */
  constructor(segment: Segment, kind: ObjectKind, slot: number, gauge: number)
  /** Adds one to the caller's share; returns the exact sum, and keeps `highest` exact. */
  increment(): number
  /** Adds one only while the sum over all threads is below `limit`. Exact. */
  tryIncrement(limit: number): boolean
  /** Takes one from the caller's share. */
  decrement(): void
  /** Changes the share without lock and without `highest`: for gauges that have neither limit nor maximum. */
  add(amount: number): void
  sum(): number
  share(thread: number): number
  /** The highest sum that ever existed (smax) since the last reset. */
  highest(): number
  /** `clear counters`: the highest becomes the sum of now. */
  resetHighest(): void
}
