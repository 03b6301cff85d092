// `hash-type map-based` for every algorithm that hashes: the hash modulo the places of a static map names the server, whether
// it is full or not. Requests without a key take turns through the same map.

import type { Balancer, Candidate, Picker } from './balancer.ts';
import { NO_KEY, NO_SERVER } from './balancer.ts';
import { StaticMap } from './static-map.ts';
import { takeTurn } from './turns.ts';

export class MapBased<Target extends Candidate> implements Balancer<Target> {
  readonly loadChanged = undefined;
  readonly refresh = undefined;
  readonly #words: Int32Array;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  build(candidates: readonly Target[]): Picker<Target> {
    return candidates.length === 0 ? NO_SERVER : new MapPicker(this.#words, new StaticMap(candidates));
  }
}

class MapPicker<Target extends Candidate> implements Picker<Target> {
  readonly serverQueues = 'always';
  readonly size: number;
  readonly #words: Int32Array;
  readonly #map: StaticMap<Target>;

  constructor(words: Int32Array, map: StaticMap<Target>) {
    this.size = map.candidates.length;
    this.#words = words;
    this.#map = map;
  }

  pick(hash: number, avoid: Target | undefined): Target | undefined {
    return hash === NO_KEY ? takeTurn(this.#words, this.#map, this.#map.candidates, avoid) : this.#map.at(hash);
  }
}
