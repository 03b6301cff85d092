// Limits that an operator may set while the process runs: `set maxconn`, `set rate-limit` (management manual, section 9.3).
//
// One shared word for each, 0 while the configuration's own value holds, otherwise the limit plus one, so that a limit of 0 can be
// told from none. Writer: main. Readers ask at each connection, so all threads, and all generations that live, follow at
// once; whoever waits for a place has to be woken besides.
import { FrontendShared, ProcessShared, kindWords } from './layout.ts';
import type { Segment } from './segment.ts';

/** The largest limit: the word holds one more. */
export const MAX_RUNTIME_LIMIT = 0x7ffffffe;

export class RuntimeLimit {
  readonly #ints: Int32Array;
  readonly #at: number;

  private constructor(segment: Segment, kind: 'process' | 'frontend', slot: number, word: number) {
    const view = segment.object(kind, slot);
    this.#ints = view.ints;
    this.#at = view.shared + kindWords(kind) + word;
  }

  /** `maxconn` of a frontend. */
  static ofFrontend(segment: Segment, slot: number): RuntimeLimit {
    return new RuntimeLimit(segment, 'frontend', slot, FrontendShared.givenMaxconn);
  }

  /** Of the process: `maxconn`, `maxconnrate`, `maxsessrate`. */
  static ofProcess(segment: Segment, slot: number, limit: 'maxconn' | 'connRate' | 'sessRate'): RuntimeLimit {
    const word = { maxconn: 'givenMaxconn', connRate: 'givenConnRate', sessRate: 'givenSessRate' } as const;
    return new RuntimeLimit(segment, 'process', slot, ProcessShared[word[limit]]);
  }

  /** What was given at run time; undefined where nothing was. */
  get given(): number | undefined {
    const word = Atomics.load(this.#ints, this.#at);
    return word === 0 ? undefined : word - 1;
  }

  /** The limit that holds where the configuration says `configured`. */
  over(configured: number): number {
    const word = Atomics.load(this.#ints, this.#at);
    return word === 0 ? configured : word - 1;
  }

  /** Main only. 0 to MAX_RUNTIME_LIMIT; undefined: what the configuration says holds again. */
  give(limit: number | undefined): void {
    Atomics.store(this.#ints, this.#at, limit === undefined ? 0 : Math.min(limit, MAX_RUNTIME_LIMIT) + 1);
  }
}
