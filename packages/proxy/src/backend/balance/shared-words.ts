// What the threads of one backend share for its balance algorithm: one Int32Array for each backend and generation,
// zeroed at birth. The one place that numbers its words; all but the ordered structure are read and written by Atomics.
//
//   LOCK            lock word of the ordered structure (shm `acquire`)
//   TURN            turns given out by roundrobin so far, modulo 2^32; any thread adds
//   STAMP           changes of load so far, modulo 2^32: breaks ties in the ordered structure; written under LOCK
//   MARKS           changes that wait for whoever holds LOCK: bit g tells that there are some in marks g, g + 32 …; any thread
//   from ORDER on   the ordered structure of `load-order.ts`, written under LOCK; behind it a mark for each server, 32 a word,
//                   set by any thread, cleared under LOCK

export const Word = { LOCK: 0, TURN: 1, STAMP: 2, MARKS: 3, ORDER: 16 } as const;

/** Bytes for a backend of `servers` servers. */
export function balanceBytes(servers: number): number {
  return 4 * (Word.ORDER + orderWords(servers));
}

/** Leaves of the tournament: the least power of two that holds all servers. */
export function orderLeaves(servers: number): number {
  let leaves = 1;
  while (leaves < servers) leaves *= 2;
  return leaves;
}

function orderWords(servers: number): number {
  // A winner for each inner node (node 0 is not used), a key and a stamp for each leaf.
  return 3 * orderLeaves(servers) + markWords(servers);
}

/** Words that hold a bit for each leaf of the tournament. */
export function markWords(servers: number): number {
  return Math.ceil(orderLeaves(servers) / 32);
}
