// `balance static-rr`: each server in turn, by the weights of the configuration, in the order of `weighted-map.ts`. The
// sequence is the process's, see `turns.ts`.

import type { Balancer, Candidate, Picker } from './balancer.ts';
import { NO_SERVER } from './balancer.ts';
import { StaticMap } from './static-map.ts';
import { takeTurn } from './turns.ts';

export class StaticRoundRobin<Target extends Candidate> implements Balancer<Target> {
  readonly loadChanged = undefined;
  readonly refresh = undefined;
  readonly #words: Int32Array;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  build(candidates: readonly Target[]): Picker<Target> {
    return candidates.length === 0 ? NO_SERVER : new StaticPicker(this.#words, new StaticMap(candidates));
  }
}

class StaticPicker<Target extends Candidate> implements Picker<Target> {
  readonly serverQueues = 'never';
  readonly size: number;
  readonly #words: Int32Array;
  readonly #map: StaticMap<Target>;

  constructor(words: Int32Array, map: StaticMap<Target>) {
    this.size = map.candidates.length;
    this.#words = words;
    this.#map = map;
  }

  pick(_hash: number, avoid: Target | undefined): Target | undefined {
    return takeTurn(this.#words, this.#map, this.#map.candidates, avoid);
  }
}
