// `balance first`: the first server, by `id`, that has a free slot; weights do not count. Who that is is kept in the ordered
// structure of `load-order.ts`, where a full server is ABSENT, so that a pick reads one word also with 1,000 servers.
//
// Only servers with `maxconn` are ever full, and most changes of load fill or free none: those take no lock. The comparison
// with the key that stands there is safe without one because the writer looks at the server again after it wrote: of two
// threads of which one writes a key and the other changes a load, at least one sees what the other did.

import type { LockParty } from '@evenkeel/shm';
import type { Balancer, Candidate, Picker } from './balancer.ts';
import { NO_SERVER } from './balancer.ts';
import { ABSENT, LoadOrder } from './load-order.ts';
import { OrderPicker } from './order-picker.ts';

export class First<Target extends Candidate> implements Balancer<Target> {
  readonly #order: LoadOrder;
  /** By index; undefined where a server may not be picked. */
  #candidates: readonly (Target | undefined)[] = [];
  /** By index: place in the order of ids. */
  #ranks: readonly number[] = [];

  constructor(words: Int32Array, servers: number, me: LockParty) {
    this.#order = new LoadOrder(words, servers, me, (index) => this.#keyOf(index));
  }

  build(candidates: readonly Target[]): Picker<Target> {
    const byIndex: (Target | undefined)[] = [];
    const ranks: number[] = [];
    const byId = [...candidates].sort((a, b) => a.id - b.id);
    for (const [rank, candidate] of byId.entries()) {
      byIndex[candidate.index] = candidate;
      ranks[candidate.index] = rank;
    }
    this.#candidates = Array.from(byIndex);
    this.#ranks = ranks;
    this.refresh();
    return candidates.length === 0
      ? NO_SERVER
      : new OrderPicker(this.#order, this.#candidates, candidates.length, 'never');
  }

  readonly loadChanged = (candidate: Target): void => {
    const { index } = candidate;
    if (this.#candidates[index] !== candidate || this.#order.key(index) === this.#keyOf(index)) return;
    this.#order.change(index);
  };

  /** Computes all keys again: after a change of states, and as `Balancer.refresh` says. */
  refresh(): void {
    this.#order.fill();
  }

  #keyOf(index: number): number {
    const candidate = this.#candidates[index];
    return candidate === undefined || candidate.isFull() ? ABSENT : this.#ranks[index];
  }
}
