// Servers on the circle of hashes (`hash-ring.ts`): what consistent hashing and `random` share. Built anew, without sorting,
// whenever states or weights change.

import type { Candidate, Member } from './balancer.ts';
import { WEIGHT_SCALE } from './balancer.ts';
import { Ring, RingNodes } from './hash-ring.ts';
import type { LoadBound } from './load-bound.ts';
import type { TurnOrder } from './turns.ts';

/** The nodes of all servers of a backend, sorted when first needed. */
export class RingSource {
  readonly #members: readonly Member[];
  #nodes: RingNodes | undefined = undefined;

  constructor(members: readonly Member[]) {
    this.#members = members;
  }

  /** Who is on the circle now: those with a node count above 0, by index. */
  ring(counts: ReadonlyMap<number, number>): Ring {
    let nodes = this.#nodes;
    if (
      nodes === undefined ||
      nodes.members.some((member, at) => member.nodes < (counts.get(this.#members[at].index) ?? 0))
    )
      nodes = this.#nodes = this.#sort(nodes, counts);
    return new Ring(nodes, (member) => counts.get(this.#members[member].index) ?? 0);
  }

  /** A weight that rises above the configured one at run time brings nodes that were not foreseen. */
  #sort(before: RingNodes | undefined, counts: ReadonlyMap<number, number>): RingNodes {
    return new RingNodes(
      this.#members.map(({ id, index, configuredWeight }, at) => ({
        id,
        nodes: Math.max(configuredWeight * WEIGHT_SCALE, counts.get(index) ?? 0, before?.members[at].nodes ?? 0),
      })),
    );
  }
}

/** The candidates on their circle. */
export class CandidateRing<Target extends Candidate> implements TurnOrder<Target> {
  readonly candidates: readonly Target[];
  readonly #source: RingSource;
  readonly #bound: LoadBound | undefined;
  /** By member, which is the index in the backend's list. */
  readonly #byIndex: (Target | undefined)[] = [];
  /** Built when first asked for: states may change many times before a request comes. */
  #ring: Ring | undefined = undefined;

  /** At least one candidate. */
  constructor(source: RingSource, candidates: readonly Target[], bound: LoadBound | undefined) {
    this.#source = source;
    this.candidates = candidates;
    this.#bound = bound;
    for (const candidate of candidates) this.#byIndex[candidate.index] = candidate;
  }

  /** What the bound of loads is dealt out from at this moment. */
  places(): number {
    return this.#bound === undefined ? 0 : this.#bound.places();
  }

  /**
   * The server of a 32-bit unsigned hash, full or not: that of the nearest node, or of the first node from there on whose
   * server is not `avoid` and keeps within the bound of loads. Where there is none, that of the nearest node.
   */
  at(hash: number, avoid: Target | undefined, places = this.places()): Target {
    const ring = (this.#ring ??= this.#build());
    const nearest = ring.nearest(hash);
    const bound = this.#bound;
    if (avoid === undefined && bound === undefined) return this.#byIndex[ring.owner(nearest)]!;
    let at = nearest;
    for (let left = ring.size; left > 0; left--) {
      const candidate = this.#byIndex[ring.owner(at)]!;
      if (candidate !== avoid && (bound === undefined || bound.hasRoom(candidate, places))) return candidate;
      if (++at === ring.size) at = 0;
    }
    return this.#byIndex[ring.owner(nearest)]!;
  }

  /** The server of the node that is `turn` nodes (modulo all) behind zero. */
  atTurn(turn: number): Target {
    const ring = (this.#ring ??= this.#build());
    return this.#byIndex[ring.owner(turn % ring.size)]!;
  }

  #build(): Ring {
    return this.#source.ring(new Map(this.candidates.map(({ index, balanceWeight }) => [index, balanceWeight])));
  }
}
