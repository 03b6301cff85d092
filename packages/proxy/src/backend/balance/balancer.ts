// What a balance algorithm is: the slow side calls `build` whenever weights or states changed and publishes the result in
// one step; the request path calls `pick` on it. One file per algorithm beside this one (manual: `balance`), each
// registered in `algorithms.ts` and run by the contract suite in `contract.test.ts`. Algorithms know nothing of health,
// queues or connections: `build` is given the servers that may be picked, `pick` asks a candidate whether it is full.

/** A server as an algorithm sees it. */
export interface Candidate {
  /** Position in the backend's list: the index of shared words kept for it. */
  readonly index: number;
  /** Effective weight, 1..256 (times slowstart's share); never 0: such servers are not passed. */
  readonly weight: number;
  /** True when it cannot take one more stream now (`maxconn` reached, or others wait for it). */
  isFull(): boolean;
}

export interface Picker<Target extends Candidate = Candidate> {
  /** Candidates the picker was built for; 0 = no server is usable. */
  readonly size: number;
  /**
   * A server that is not full, never `avoid` while another can be had (redispatch); undefined when all are full or
   * there is none. `hash` is the balance key's, for algorithms that have one. Costs well under a microsecond.
   */
  pick(hash: number, avoid: Target | undefined): Target | undefined;
}
