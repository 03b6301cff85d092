// `balance leastconn`: the server with the fewest connections for its weight, counted over all threads; among equals the
// one whose load changed longest ago, so that idle servers take turns.
//
// The key is HAProxy 2.6's, found by watching it: an idle server counts 0 whatever its weight, any other
// (streams + 1) * 256 / weight, rounded down. The order is kept by `load-order.ts`; a full server is ABSENT from it.

import type { LockParty, ThreadIdentity } from '@evenkeel/shm';
import type { Balancer, Candidate, Picker } from './balancer.ts';
import { NO_SERVER, WEIGHT_SCALE } from './balancer.ts';
import { ABSENT, LoadOrder } from './load-order.ts';
import { OrderPicker } from './order-picker.ts';

const MAX_WEIGHT = 256;

export class LeastConn<Target extends Candidate> implements Balancer<Target> {
  readonly #order: LoadOrder;
  /** By index; undefined where a server may not be picked. */
  #candidates: readonly (Target | undefined)[] = [];

  constructor(words: Int32Array, servers: number, me: LockParty) {
    this.#order = new LoadOrder(words, servers, me, (index) => this.#keyOf(index));
  }

  build(candidates: readonly Target[]): Picker<Target> {
    const byIndex: (Target | undefined)[] = [];
    for (const candidate of candidates) byIndex[candidate.index] = candidate;
    this.#candidates = Array.from(byIndex);
    this.refresh();
    return candidates.length === 0
      ? NO_SERVER
      : new OrderPicker(this.#order, this.#candidates, candidates.length, 'with-maxqueue');
  }

  readonly loadChanged = (candidate: Target): void => {
    // A server out of use may still end streams; it enters the order again when it is built in.
    if (this.#candidates[candidate.index] === candidate) this.#order.change(candidate.index);
  };

  /**
   * Computes all keys again: after a change of states or weights, and as `Balancer.refresh` says, which takes in what was
   * not told here: streams of older generations that ended, and shares of threads that died.
   */
  refresh(): void {
    this.#order.fill();
  }

  #keyOf(index: number): number {
    const candidate = this.#candidates[index];
    return candidate === undefined ? ABSENT : keyOf(candidate);
  }

  repair(dead: ThreadIdentity): boolean {
    return this.#order.repair(dead);
  }
}

function keyOf(candidate: Candidate): number {
  if (candidate.isQueueFull()) return ABSENT;
  const load = candidate.load();
  if (load === 0) return 0;
  return Math.min(ABSENT - 1, Math.floor(((load + 1) * MAX_WEIGHT * WEIGHT_SCALE) / candidate.balanceWeight));
}
