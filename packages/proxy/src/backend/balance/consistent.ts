// `hash-type consistent` for every algorithm that hashes: the server whose node on the circle is nearest to the hash, full or
// not, within the bound of `hash-balance-factor` where there is one. Requests without a key take turns, node by node.

import type { Balancer, Candidate, Member, Picker } from './balancer.ts';
import { NO_KEY, NO_SERVER } from './balancer.ts';
import { LoadBound } from './load-bound.ts';
import { CandidateRing, RingSource } from './candidate-ring.ts';
import { takeTurn } from './turns.ts';

export class Consistent<Target extends Candidate> implements Balancer<Target> {
  readonly loadChanged = undefined;
  readonly refresh = undefined;
  readonly #words: Int32Array;
  readonly #source: RingSource;
  readonly #factor: number;
  readonly #served: () => number;

  /** `factor`: `hash-balance-factor` in percent, 0 for none; `served`: streams on all servers of the backend. */
  constructor(words: Int32Array, members: readonly Member[], factor: number, served: () => number) {
    this.#words = words;
    this.#source = new RingSource(members);
    this.#factor = factor;
    this.#served = served;
  }

  build(candidates: readonly Target[]): Picker<Target> {
    if (candidates.length === 0) return NO_SERVER;
    const bound = this.#factor === 0 ? undefined : new LoadBound(this.#factor, candidates, this.#served);
    return new ConsistentPicker(this.#words, new CandidateRing(this.#source, candidates, bound));
  }
}

class ConsistentPicker<Target extends Candidate> implements Picker<Target> {
  readonly serverQueues = 'always';
  readonly size: number;
  readonly #words: Int32Array;
  readonly #ring: CandidateRing<Target>;

  constructor(words: Int32Array, ring: CandidateRing<Target>) {
    this.size = ring.candidates.length;
    this.#words = words;
    this.#ring = ring;
  }

  pick(hash: number, avoid: Target | undefined): Target | undefined {
    return hash === NO_KEY
      ? takeTurn(this.#words, this.#ring, this.#ring.candidates, avoid)
      : this.#ring.at(hash, avoid);
  }
}
