// The server of each place of a static map (`weighted-map.ts`): what `static-rr` and map-based hashing share.

import type { Candidate } from './balancer.ts';
import type { TurnOrder } from './turns.ts';
import { weightedMap } from './weighted-map.ts';

export class StaticMap<Target extends Candidate> implements TurnOrder<Target> {
  readonly candidates: readonly Target[];
  /** Built when first asked for: states may change many times before a request comes. */
  #map: Uint32Array | undefined = undefined;

  /** At least one candidate. */
  constructor(candidates: readonly Target[]) {
    this.candidates = candidates;
  }

  /** The server of a 32-bit unsigned hash, full or not. */
  at(hash: number): Target {
    const map = (this.#map ??= this.#build());
    return this.candidates[map[hash % map.length]];
  }

  atTurn(turn: number): Target {
    return this.at(turn);
  }

  #build(): Uint32Array {
    // A weight that rose above 0 at run time was 0 in the configuration.
    return weightedMap(this.candidates.map(({ configuredWeight }) => Math.max(1, configuredWeight)));
  }
}
