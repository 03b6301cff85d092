// Statistics: one block of Float64 for each thread and object, plain stores by that thread, combined by the reader.
//
// Why Float64: it holds every count up to 2^53 exactly (285 years of 1 GB/s), and an aligned 8-byte store is one store on
// every 64-bit machine that Node runs on, so a reader never sees half of one. Two Int32 would need a protocol against torn
// reads, and a BigInt64Array allocates for each access. A reader may see a value some nanoseconds late: statistics have no
// order among themselves. A thread that dies leaves what it counted; its successor goes on counting in the same block.
//
// Clearing: one writer for each block means that a reader cannot reset it. Sums are cleared by a baseline that the reader
// subtracts; a time stamp that is still the baseline's is none. Maxima and averages are cleared by raising the object's epoch: threads start them anew when they next write,
// and a reader ignores those of a thread that has not seen the epoch. Epoch: the low 16 bits count `clear counters`, the
// rest `clear counters all`.
import { CommonShared, CommonThread, kindLayouts, type ObjectKind } from './layout.ts';
import type { Segment } from './segment.ts';
import { backendStatFields } from './stats/backend.ts';
import type { StatField } from './stats/field.ts';
import { frontendStatFields } from './stats/frontend.ts';
import { listenerStatFields } from './stats/listener.ts';
import { processStatFields } from './stats/process.ts';
import { serverStatFields } from './stats/server.ts';

export const statFields: Readonly<Record<ObjectKind, readonly StatField[]>> = {
  process: processStatFields,
  frontend: frontendStatFields,
  listener: listenerStatFields,
  backend: backendStatFields,
  server: serverStatFields,
};

const placesOfAverages = (kind: ObjectKind): readonly number[] =>
  statFields[kind].flatMap(({ combine }, field) => (combine === 'average' ? [field] : []));

/** Places of the fields that are averages. */
const averages: Readonly<Record<ObjectKind, readonly number[]>> = {
  process: placesOfAverages('process'),
  frontend: placesOfAverages('frontend'),
  listener: placesOfAverages('listener'),
  backend: placesOfAverages('backend'),
  server: placesOfAverages('server'),
};

/**
 * A moving average keeps 511/512 of its weight with each sample: the mean age of what it holds is 512 samples, that of a
 * plain window over the 1024 last requests, which is what the manual names.
 */
const AVERAGE_KEEP = 1 - 1 / 512;

/** Backends and servers have the averages of queue, connect, response and total time, each with its weight, then their maxima, side by side. */
const TIMES = 4;

const MAXIMA_CLEARED = 1;
const ALL_CLEARED = 1 << 16;
const ALL_MASK = -ALL_CLEARED;

/** The calling thread's own statistics of one object. */
export class StatBlock {
  /** `values[base + FrontendStat.bytesIn] += n` is what `add` does. */
  readonly values: Float64Array;
  readonly base: number;
  readonly #ints: Int32Array;
  readonly #epoch: number;
  readonly #seen: number;
  readonly #kind: ObjectKind;
  /** First of the time fields; they are side by side. */
  readonly #times: number;

  constructor(segment: Segment, kind: ObjectKind, slot: number) {
    const view = segment.object(kind, slot);
    this.values = view.floats;
    this.base = view.threadFloats + segment.identity.thread * view.threadFloatStride;
    this.#ints = view.ints;
    this.#epoch = view.shared + CommonShared.statEpoch;
    this.#seen = view.threadInts + segment.identity.thread * view.threadIntStride + CommonThread.statEpoch;
    this.#kind = kind;
    this.#times = statFields[kind].findIndex(({ name }) => name === 'queueTime');
  }

  /** For 'sum' fields. */
  add(field: number, amount: number): void {
    this.values[this.base + field] += amount;
  }

  /** For 'max' and 'latest' fields: keeps the higher value. */
  raise(field: number, value: number): void {
    this.#followEpoch();
    if (value > this.values[this.base + field]) this.values[this.base + field] = value;
  }

  /** For 'average' fields: one more sample. */
  sample(field: number, value: number): void {
    this.#followEpoch();
    sampleAt(this.values, this.base + field, value);
  }

  /**
   * For backends and servers, once for each stream: the four averages and the four maxima of its times, in milliseconds.
   * As `sample` and `raise` of each, at a fraction of the cost.
   */
  sampleTimes(queueMs: number, connectMs: number, responseMs: number, totalMs: number): void {
    this.#followEpoch();
    const average = this.base + this.#times;
    const max = average + 2 * TIMES;
    const { values } = this;
    sampleAt(values, average, queueMs);
    sampleAt(values, average + 2, connectMs);
    sampleAt(values, average + 4, responseMs);
    sampleAt(values, average + 6, totalMs);
    if (queueMs > values[max]) values[max] = queueMs;
    if (connectMs > values[max + 1]) values[max + 1] = connectMs;
    if (responseMs > values[max + 2]) values[max + 2] = responseMs;
    if (totalMs > values[max + 3]) values[max + 3] = totalMs;
  }

  #followEpoch(): void {
    const epoch = Atomics.load(this.#ints, this.#epoch);
    const seen = this.#ints[this.#seen];
    if (epoch === seen) return;
    const all = ((epoch ^ seen) & ALL_MASK) !== 0;
    statFields[this.#kind].forEach(({ combine }, field) => {
      if (combine === 'max' || (all && (combine === 'average' || combine === 'weight')))
        this.values[this.base + field] = 0;
    });
    Atomics.store(this.#ints, this.#seen, epoch);
  }
}

function sampleAt(values: Float64Array, at: number, value: number): void {
  values[at] = values[at] * AVERAGE_KEEP + value;
  values[at + 1] = values[at + 1] * AVERAGE_KEEP + 1;
}

/** Room for the figures of one object of a kind. */
const figuresOf = (kind: ObjectKind): Float64Array => new Float64Array(kindLayouts[kind].threadFloats);

interface Baseline {
  readonly birth: number;
  readonly figures: Float64Array;
}

/** Reads what all threads counted. Keeps the baselines of `clear counters all`, so a process has one that clears. */
export class StatReader {
  readonly #segment: Segment;
  readonly #baselines: Readonly<Record<ObjectKind, Map<number, Baseline>>>;
  readonly #scratch: Readonly<Record<ObjectKind, Float64Array>> = {
    process: figuresOf('process'),
    frontend: figuresOf('frontend'),
    listener: figuresOf('listener'),
    backend: figuresOf('backend'),
    server: figuresOf('server'),
  };

  constructor(segment: Segment) {
    this.#segment = segment;
    this.#baselines = {
      process: new Map(),
      frontend: new Map(),
      listener: new Map(),
      backend: new Map(),
      server: new Map(),
    };
  }

  /** One figure for each field, in the order of the kind's table; an 'average' is already divided by its 'weight'. */
  read(kind: ObjectKind, slot: number): Float64Array {
    return this.#read(kind, slot, figuresOf(kind));
  }

  /** As `read`, into an array that is valid until the next object of the kind is looked at: for who goes through thousands. */
  peek(kind: ObjectKind, slot: number): Float64Array {
    return this.#read(kind, slot, this.#scratch[kind]);
  }

  #read(kind: ObjectKind, slot: number, into: Float64Array): Float64Array {
    const figures = this.#combine(kind, slot, into);
    const fields = statFields[kind];
    // Plain loops here and in #combine: `show stat` reads thousands of objects, at first before anything of it is compiled.
    for (const field of averages[kind])
      figures[field] = figures[field + 1] === 0 ? 0 : figures[field] / figures[field + 1];
    const baseline = this.#baseline(kind, slot)?.figures;
    if (baseline === undefined) return figures;
    for (let field = 0; field < fields.length; field++) {
      const { combine } = fields[field];
      if (combine === 'sum') figures[field] -= baseline[field];
      else if (combine === 'latest' && figures[field] === baseline[field]) figures[field] = 0;
    }
    return figures;
  }

  /** `clear counters all`: sums, averages and maxima start anew, and time stamps are unknown until there is a new one. */
  clearAll(kind: ObjectKind, slot: number): void {
    const { ints, shared } = this.#segment.object(kind, slot);
    this.#baselines[kind].set(slot, {
      birth: Atomics.load(ints, shared + CommonShared.birth),
      figures: this.#combine(kind, slot, figuresOf(kind)),
    });
    Atomics.add(ints, shared + CommonShared.statEpoch, ALL_CLEARED);
  }

  /** `clear counters`: maxima only. */
  clearMaxima(kind: ObjectKind, slot: number): void {
    const { ints, shared } = this.#segment.object(kind, slot);
    Atomics.add(ints, shared + CommonShared.statEpoch, MAXIMA_CLEARED);
  }

  /** A slot that has a new name since the baseline was taken starts at zero. */
  #baseline(kind: ObjectKind, slot: number): Baseline | undefined {
    const baseline = this.#baselines[kind].get(slot);
    if (baseline === undefined) return undefined;
    const { ints, shared } = this.#segment.object(kind, slot);
    if (Atomics.load(ints, shared + CommonShared.birth) === baseline.birth) return baseline;
    this.#baselines[kind].delete(slot);
    return undefined;
  }

  #combine(kind: ObjectKind, slot: number, figures: Float64Array): Float64Array {
    figures.fill(0);
    const view = this.#segment.object(kind, slot);
    const epoch = Atomics.load(view.ints, view.shared + CommonShared.statEpoch);
    const fields = statFields[kind];
    const threads = this.#segment.threadsUsed();
    for (let thread = 0; thread < threads; thread++) {
      const base = view.threadFloats + thread * view.threadFloatStride;
      const stale =
        epoch ^ Atomics.load(view.ints, view.threadInts + thread * view.threadIntStride + CommonThread.statEpoch);
      for (let field = 0; field < fields.length; field++) {
        const value = view.floats[base + field];
        // What is 0 changes nothing, however it is combined.
        if (value === 0) continue;
        const { combine } = fields[field];
        if (combine === 'latest' || combine === 'max') {
          if ((combine === 'latest' || stale === 0) && value > figures[field]) figures[field] = value;
        } else if (combine === 'sum' || (stale & ALL_MASK) === 0) figures[field] += value;
      }
    }
    return figures;
  }
}
