// `balance random(draws)`: as many servers as draws are found by random places on the circle of hashes (`hash-ring.ts`), which
// respects weights; the one with the fewest streams for its weight is taken, counted over all threads.

import type { Balancer, Candidate, Member, Picker } from './balancer.ts';
import { NO_SERVER } from './balancer.ts';
import { LoadBound } from './load-bound.ts';
import { CandidateRing, RingSource } from './candidate-ring.ts';
import { scanFrom } from './turns.ts';

const HASHES = 2 ** 32;

/** What `RandomDraws` is made with. */
export interface RandomSetting {
  /** At least 1. */
  readonly draws: number;
  /** `hash-balance-factor` in percent, 0 for none. */
  readonly factor: number;
  /** Streams on all servers of the backend, over all threads. */
  readonly served: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export class RandomDraws<Target extends Candidate> implements Balancer<Target> {
  readonly loadChanged = undefined;
  readonly refresh = undefined;
  readonly #source: RingSource;
  readonly #setting: RandomSetting;

  constructor(members: readonly Member[], setting: RandomSetting) {
    this.#source = new RingSource(members);
    this.#setting = setting;
  }

  build(candidates: readonly Target[]): Picker<Target> {
    if (candidates.length === 0) return NO_SERVER;
    const { factor, served } = this.#setting;
    const bound = factor === 0 ? undefined : new LoadBound(factor, candidates, served);
    return new RandomPicker(this.#setting, new CandidateRing(this.#source, candidates, bound));
  }
}

class RandomPicker<Target extends Candidate> implements Picker<Target> {
  readonly serverQueues = 'never';
  readonly size: number;
  readonly #draws: number;
  readonly #random: () => number;
  readonly #ring: CandidateRing<Target>;

  constructor({ draws, random }: RandomSetting, ring: CandidateRing<Target>) {
    this.size = ring.candidates.length;
    this.#draws = draws;
    this.#random = random;
    this.#ring = ring;
  }

  pick(_hash: number, avoid: Target | undefined): Target | undefined {
    const places = this.#ring.places();
    let best = this.#draw(avoid, places);
    let bestServed = -1;
    for (let draw = 1; draw < this.#draws; draw++) {
      const other = this.#draw(avoid, places);
      if (other === best) continue;
      if (bestServed < 0) bestServed = best.served();
      const served = other.served();
      if (served * best.balanceWeight > bestServed * other.balanceWeight) continue;
      best = other;
      bestServed = served;
    }
    if (!best.isFull()) return best;
    // HAProxy has the stream wait then, though others may be idle.
    const { candidates } = this.#ring;
    return scanFrom(candidates, Math.floor(this.#random() * candidates.length), avoid);
  }

  #draw(avoid: Target | undefined, places: number): Target {
    return this.#ring.at(Math.floor(this.#random() * HASHES), avoid, places);
  }
}
