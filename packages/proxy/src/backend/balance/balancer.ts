// What a balance algorithm is: `build` is called whenever weights or states changed and its result published in one step;
// the request path calls `pick` on it. One file per algorithm beside this one (manual: `balance`), each registered in
// `algorithms.ts` and run by the contract suite in `contract.test.ts`. Algorithms know nothing of health or connections:
// `build` is given the servers that may be picked, `pick` asks a candidate whether it is full.

/** Effective weights are counted in sixteenths, so that slow start can be smooth also for a server of weight 1. */
export const WEIGHT_SCALE = 16;

/** What `pick` is given where a request has no balance key, or the algorithm asks for none. */
export const NO_KEY = -1;

/** What of a server is the same for as long as its backend lives. */
export interface Member {
  /** Position in the backend's list: the index of the shared words kept for it. */
  readonly index: number;
  /** `id`, above 0. */
  readonly id: number;
  /** `weight` as configured, 0 to 256: algorithms that the manual calls static know no other. */
  readonly configuredWeight: number;
}

/** A server as an algorithm sees it. */
export interface Candidate extends Member {
  /** Effective weight in sixteenths, 1 to 4096; never 0: such servers are not passed to `build`. */
  readonly balanceWeight: number;
  /** Streams that it serves or that wait for it alone, over all threads. */
  load(): number;
  /** Streams that it serves, over all threads. */
  served(): number;
  /** True when it cannot take one more stream now (`maxconn` reached, or others wait for it). */
  isFull(): boolean;
  /** True when its own queue (`maxqueue`) has no room left either. */
  isQueueFull(): boolean;
}

export interface Picker<Target extends Candidate> {
  /** Candidates that it was built for; 0 = no server is usable. */
  readonly size: number;
  /**
   * Whether streams wait for the very server that was picked, in its own queue: where the algorithm is bound to it
   * (hashing), where it has a `maxqueue`, or never (they wait for any server of the backend).
   */
  readonly serverQueues: 'always' | 'with-maxqueue' | 'never';
  /**
   * A server that is not full, never `avoid` while another can be had (redispatch); undefined when all are full or there
   * is none. `hash` is the balance key's, 32 bits unsigned, for algorithms that have one: they name the server whether it is
   * full or not, and take turns at NO_KEY. Costs well under a microsecond.
   */
  pick(hash: number, avoid: Target | undefined): Target | undefined;
}

/**
 * One algorithm over the shared words of one backend, on one thread. The words outlive pickers: a new picker goes on
 * where the last one stopped, on every thread.
 */
export interface Balancer<Target extends Candidate> {
  build(candidates: readonly Target[]): Picker<Target>;
  /** To be called after each change of a candidate's load or fullness; undefined where the algorithm does not care. */
  readonly loadChanged: ((candidate: Target) => void) | undefined;
  /**
   * Takes in loads that changed untold: to be called when a thread died, and about once a second while streams of older
   * generations, which have an order of their own, come to an end. Undefined where the algorithm keeps no order.
   */
  readonly refresh: (() => void) | undefined;
}

/** For backends without a usable server. */
export const NO_SERVER: Picker<never> = {
  size: 0,
  serverQueues: 'never',
  pick: () => undefined,
};
