// Numbers that no two threads get: the process's requests (`%rt`) and invalid messages, a frontend's log lines (`%lc`).
//
// One shared word, raised by an atomic addition: no lock, so a thread that dies leaves at most a number that nobody used. Wraps
// after 2^32, as HAProxy's 32-bit counters do.
import { FrontendShared, ProcessShared, kindWords } from './layout.ts';
import type { Segment } from './segment.ts';

export class Sequence {
  readonly #ints: Int32Array;
  readonly #at: number;

  private constructor(segment: Segment, kind: 'process' | 'frontend', slot: number, word: number) {
    const view = segment.object(kind, slot);
    this.#ints = view.ints;
    this.#at = view.shared + kindWords(kind) + word;
  }

  static ofRequests(segment: Segment, slot: number): Sequence {
    return new Sequence(segment, 'process', slot, ProcessShared.requests);
  }

  static ofInvalidMessages(segment: Segment, slot: number): Sequence {
    return new Sequence(segment, 'process', slot, ProcessShared.invalidMessages);
  }

  static ofLogLines(segment: Segment, slot: number): Sequence {
    return new Sequence(segment, 'frontend', slot, FrontendShared.logLines);
  }

  /** Takes the next number, from 0. */
  take(): number {
    return Atomics.add(this.#ints, this.#at, 1) >>> 0;
  }

  /** The number that the next taker gets: how many were taken. */
  taken(): number {
    return Atomics.load(this.#ints, this.#at) >>> 0;
  }
}
