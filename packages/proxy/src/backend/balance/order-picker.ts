// Picks the first of a shared order (`load-order.ts`): what `leastconn` and `first` have in common once their keys are kept.
// A server that is ABSENT from the order has no room.

import type { Candidate, Picker } from './balancer.ts';
import { ABSENT, type LoadOrder } from './load-order.ts';

export class OrderPicker<Target extends Candidate> implements Picker<Target> {
  readonly serverQueues: Picker<Target>['serverQueues'];
  readonly size: number;
  readonly #order: LoadOrder;
  readonly #candidates: readonly (Target | undefined)[];

  /** `candidates` by index, with gaps; `size` of them may be picked. */
  constructor(
    order: LoadOrder,
    candidates: readonly (Target | undefined)[],
    size: number,
    serverQueues: Picker<Target>['serverQueues'],
  ) {
    this.serverQueues = serverQueues;
    this.size = size;
    this.#order = order;
    this.#candidates = candidates;
  }

  pick(_hash: number, avoid: Target | undefined): Target | undefined {
    let index = this.#order.first();
    if (avoid !== undefined && index === avoid.index) {
      const other = this.#order.firstBut(index);
      if (this.#order.key(other) !== ABSENT) index = other;
    }
    return this.#order.key(index) === ABSENT ? undefined : this.#candidates[index];
  }
}
