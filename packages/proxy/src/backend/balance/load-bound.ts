// How many streams a server may have beside the others (manual: `hash-balance-factor`; Mirrokni, Thorup, Zadimoghaddam,
// "Consistent Hashing with Bounded Loads", 2016). All streams and the one to come, times the factor, make a number of places
// that are dealt out over the servers in the order of the list by weight, so that each has a whole number of them: as seen
// on HAProxy 2.6. Loads are those of all threads at this moment.

import type { Candidate } from './balancer.ts';

export class LoadBound {
  /** Percent, above 100. */
  readonly #factor: number;
  readonly #served: () => number;
  readonly #total: number;
  /** By index of the server: the weights of all candidates before it. */
  readonly #before: number[] = [];

  /** `served`: streams on all servers of the backend, over all threads. */
  constructor(factor: number, candidates: readonly Candidate[], served: () => number) {
    this.#factor = factor;
    this.#served = served;
    let total = 0;
    for (const { index, balanceWeight } of candidates) {
      this.#before[index] = total;
      total += balanceWeight;
    }
    this.#total = total;
  }

  /** Places over all servers for the streams of now and one more. */
  places(): number {
    return Math.ceil(((this.#served() + 1) * this.#factor) / 100);
  }

  /** Whether the server has one of `places` left; each has at least one. */
  hasRoom(candidate: Candidate, places: number): boolean {
    const before = this.#before[candidate.index];
    const total = this.#total;
    const own =
      Math.floor(((before + candidate.balanceWeight) * places) / total) - Math.floor((before * places) / total);
    return candidate.served() < Math.max(1, own);
  }
}
