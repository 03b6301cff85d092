import type { ObjectKind } from './layout.ts'
import type { Segment } from './segment.ts'

/** The calling thread's own statistics of one object. `values[base + FrontendStat.bytesIn] += n` is what `add` does. */
export declare class StatBlock {
  readonly values: Float64Array
  readonly base: number
  constructor(segment: Segment, kind: ObjectKind, slot: number)
  add(field: number, amount: number): void
  /** A time stamp or a maximum: keeps the higher value. */
  raise(field: number, value: number): void
  /** A sample for an 'average' field: moving average over the last 1024 requests. */
  sample(field: number, value: number): void
}

/** Reads what all threads counted. Keeps the baselines of `clear counters`; any thread may have one, main usually. */
export declare class StatReader {
  constructor(segment: Segment)
  /** One figure for each field, in the order of the kind's table; averages are already divided ('weight' fields are the divisors). */
  read(kind: ObjectKind, slot: number): Float64Array
  /** `clear counters all`: sums start at 0, maxima too. */
  clearAll(kind: ObjectKind, slot: number): void
  /** `clear counters`: maxima only. */
  clearMaxima(kind: ObjectKind, slot: number): void
}
