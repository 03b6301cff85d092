// Where servers stand on the circle of all 32-bit hashes, and who stands nearest to a hash (manual: `hash-type consistent`).
// Knows nothing of servers: ids and numbers of nodes in, indexes out.
//
// A server has sixteen nodes for each unit of weight. The place of its n-th node depends on nothing but its `id` and n, so a
// server that comes or goes moves only what it gains or loses, and equal ids give equal results on another machine. A
// hash belongs to the nearest node, in either direction, and across zero: as seen on HAProxy 2.6.
//
// Sorting is the dear part, so it is done once for all nodes that members may have (`RingNodes`); what of them is in use now
// (`Ring`) is then one pass over them at each change.

import { avalanche } from '@evenkeel/expr';

/** Nodes that one id may have: 16 for each unit of the highest weight, 256. */
const NODES_PER_ID = 4096;

export interface RingMember {
  readonly id: number;
  /** Nodes to sort for it, at most 4096. */
  readonly nodes: number;
}

/** All nodes of all members in the order of their places. */
export class RingNodes {
  readonly members: readonly RingMember[];
  readonly places: Uint32Array;
  /** Parallel: index of the member, and which of its nodes it is. */
  readonly owners: Uint32Array;
  readonly ranks: Uint16Array;

  constructor(members: readonly RingMember[]) {
    const size = members.reduce((sum, { nodes }) => sum + nodes, 0);
    this.members = members;
    this.places = new Uint32Array(size);
    this.owners = new Uint32Array(size);
    this.ranks = new Uint16Array(size);
    // 64-bit numbers sort natively: the place above, the number of the node below (little-endian, as all our machines are).
    const packed = new BigUint64Array(size);
    const words = new Uint32Array(packed.buffer);
    const owners = new Uint32Array(size);
    let node = 0;
    for (const [owner, { id, nodes }] of members.entries()) {
      for (let rank = 0; rank < nodes; rank++, node++) {
        words[2 * node] = node;
        words[2 * node + 1] = avalanche(Math.imul(id, NODES_PER_ID) + rank);
        owners[node] = owner;
      }
    }
    const firsts = firstNodes(members);
    packed.sort();
    for (let at = 0; at < size; at++) {
      const sorted = words[2 * at];
      const owner = owners[sorted];
      this.places[at] = words[2 * at + 1];
      this.owners[at] = owner;
      this.ranks[at] = sorted - firsts[owner];
    }
  }
}

function firstNodes(members: readonly RingMember[]): readonly number[] {
  const firsts: number[] = [];
  let next = 0;
  for (const { nodes } of members) {
    firsts.push(next);
    next += nodes;
  }
  return firsts;
}

/** The nodes in use, with an index into them by the first bits of a hash: about one node an entry. */
export class Ring {
  readonly size: number;
  /** Places with the same bits above this many share an entry. */
  readonly #shift: number;
  /** First node at or behind the beginning of each entry, and the number of nodes. */
  readonly #starts: Uint32Array;
  readonly #places: Uint32Array;
  readonly #owners: Uint32Array;

  /** `inUse` tells how many nodes of a member count, from its first on; never more than it has. */
  constructor(nodes: RingNodes, inUse: (member: number) => number) {
    const counts = nodes.members.map((_, member) => inUse(member));
    const size = counts.reduce((sum, count) => sum + count, 0);
    const places = new Uint32Array(size);
    const owners = new Uint32Array(size);
    let to = 0;
    for (let from = 0; from < nodes.places.length; from++) {
      const owner = nodes.owners[from];
      if (nodes.ranks[from] >= counts[owner]) continue;
      places[to] = nodes.places[from];
      owners[to++] = owner;
    }
    this.size = size;
    this.#places = places;
    this.#owners = owners;
    const bits = Math.max(1, 32 - Math.clz32(Math.max(0, size - 1)));
    this.#shift = 32 - bits;
    this.#starts = new Uint32Array(2 ** bits + 1).fill(size);
    for (let at = size - 1; at >= 0; at--) this.#starts[places[at] >>> this.#shift] = at;
    for (let entry = 2 ** bits - 1; entry >= 0; entry--)
      this.#starts[entry] = Math.min(this.#starts[entry], this.#starts[entry + 1]);
  }

  /** Index of the member to whom node `at` belongs; nodes are counted in the order of their places. */
  owner(at: number): number {
    return this.#owners[at];
  }

  /** The node nearest to a 32-bit unsigned hash; of two at the same distance the one before it. */
  nearest(hash: number): number {
    const places = this.#places;
    const entry = hash >>> this.#shift;
    let at = this.#starts[entry];
    const end = this.#starts[entry + 1];
    while (at < end && places[at] < hash) at++;
    const after = at === this.size ? 0 : at;
    const before = at === 0 ? this.size - 1 : at - 1;
    return (hash - places[before]) >>> 0 <= (places[after] - hash) >>> 0 ? before : after;
  }
}
