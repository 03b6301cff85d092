// Health and administration of a server as all threads see it. Slots: ServerShared and ServerSharedFloat in layout.ts.
//
// Writer: main only (checks, runtime socket, slow start), except what threads see of errors in traffic: `consecutiveErrors`,
// `errorRuns` and `lastError`.
// Each word is one sequentially consistent Int32; words change one by one, so a reader that needs several at once compares
// `version` before and after, which main raises after each batch. Times are Float64 with one writer, in epoch milliseconds.
import { BackendShared, BackendSharedFloat, ServerShared, ServerSharedFloat, kindWords } from './layout.ts';
import type { Segment } from './segment.ts';

/** Administrative state, bits as `srv_admin_state` in `show servers state` (management manual 9.3). */
export const AdminState = {
  forcedMaintenance: 0x01,
  inheritedMaintenance: 0x02,
  configMaintenance: 0x04,
  forcedDrain: 0x08,
  inheritedDrain: 0x10,
  resolutionMaintenance: 0x20,
  /** Not a maintenance: the host name was set over the runtime socket. */
  hostnameSet: 0x40,
} as const;
/** Operational state, numbers as `srv_op_state`. */
export const OperationalState = { stopped: 0, starting: 1, running: 2, stopping: 3 } as const;

/** `configMaintenance` only tells where a forced one came from: it stays when an operator ends that. */
export const MAINTENANCE_BITS =
  AdminState.forcedMaintenance | AdminState.inheritedMaintenance | AdminState.resolutionMaintenance;
const isServing = (operationalState: number): boolean =>
  operationalState === OperationalState.starting || operationalState === OperationalState.running;
export const DRAIN_BITS = AdminState.forcedDrain | AdminState.inheritedDrain;

/**
 * Words by name. Weights: 0 to 256, `effectiveWeight` after slow start in the units that the balancer chose. `health`: 0 to
 * rise + fall - 1. `checkState` and `checkResult`: numbers as
 * `srv_check_state` and `srv_check_result`; `checkStatus`: a number that the check code defines. `checkCode`: the status or
 * return code, -1 when there is none. `checksFailed` (chkfail), `transitionsDown` (chkdown) and `observedFailures` (hanafail):
 * events since start. `throttlePercent`: what slow start leaves of the limit of sessions, 100 but for that. `timesDown` and
 * `timesUp`: how often it went down, and how often it came up with weight; they only grow, so that a thread that was busy
 * misses neither.
 */
export type ServerWord =
  | 'adminState'
  | 'operationalState'
  | 'checkState'
  | 'health'
  | 'checkResult'
  | 'checkStatus'
  | 'checkCode'
  | 'checkDurationMs'
  | 'agentState'
  | 'agentHealth'
  | 'agentResult'
  | 'agentStatus'
  | 'agentCode'
  | 'agentDurationMs'
  | 'userWeight'
  | 'effectiveWeight'
  | 'initialWeight'
  | 'checksFailed'
  | 'transitionsDown'
  | 'maxconn'
  | 'throttlePercent'
  | 'timesDown'
  | 'timesUp'
  | 'observedFailures';
/** `lastChangeMs` and `lastCheckMs`: epoch; `downMs`: time spent down before the last change; `slowStartMs`: epoch of its begin. */
export type ServerTime = 'lastChangeMs' | 'downMs' | 'slowStartMs' | 'lastCheckMs';

export class ServerState {
  readonly #ints: Int32Array;
  readonly #floats: Float64Array;
  readonly #words: number;
  readonly #times: number;

  constructor(segment: Segment, slot: number) {
    const view = segment.object('server', slot);
    this.#ints = view.ints;
    this.#floats = view.floats;
    this.#words = view.shared + kindWords('server');
    this.#times = view.sharedFloats;
  }

  get(word: ServerWord): number {
    return this.#word(ServerShared[word]);
  }

  /** Main only. */
  set(word: ServerWord, value: number): void {
    Atomics.store(this.#ints, this.#words + ServerShared[word], value);
  }

  time(word: ServerTime): number {
    return this.#floats[this.#times + ServerSharedFloat[word]];
  }

  /** Main only. */
  setTime(word: ServerTime, value: number): void {
    this.#floats[this.#times + ServerSharedFloat[word]] = value;
  }

  /** Up or coming up, and not in maintenance: may serve at all, for example by persistence. */
  isUsable(): boolean {
    return (
      (this.#word(ServerShared.adminState) & MAINTENANCE_BITS) === 0 &&
      this.#word(ServerShared.operationalState) !== OperationalState.stopped
    );
  }

  /** Usable, neither draining nor stopping: takes new streams, if it has weight. */
  takesNew(): boolean {
    return (
      (this.#word(ServerShared.adminState) & (MAINTENANCE_BITS | DRAIN_BITS)) === 0 &&
      isServing(this.#word(ServerShared.operationalState))
    );
  }

  /** Takes new streams and has weight: may get streams by load balancing. */
  isEligible(): boolean {
    return this.takesNew() && this.#word(ServerShared.effectiveWeight) > 0;
  }

  /** Grows with every batch of changes. */
  version(): number {
    return Atomics.load(this.#ints, this.#words + ServerShared.version);
  }

  /** Main only: after a batch of changes. */
  publish(): void {
    Atomics.add(this.#ints, this.#words + ServerShared.version, 1);
  }

  /**
   * Any thread: one more consecutive error seen in traffic (`observe`). True where it is the last of `limit` (`error-limit`):
   * the count starts anew, and main is to be told that `errorRuns` has grown. `kind` says which error it was, in numbers of
   * the check code.
   */
  countError(limit: number, kind: number): boolean {
    const index = this.#words + ServerShared.consecutiveErrors;
    if (Atomics.add(this.#ints, index, 1) + 1 < limit) return false;
    Atomics.store(this.#ints, index, 0);
    Atomics.store(this.#ints, this.#words + ServerShared.lastError, kind);
    Atomics.add(this.#ints, this.#words + ServerShared.errorRuns, 1);
    return true;
  }

  /** How often `error-limit` was reached since the start, and the kind of the error that last did. */
  errorRuns(): { readonly count: number; readonly lastKind: number } {
    return { count: this.#word(ServerShared.errorRuns), lastKind: this.#word(ServerShared.lastError) };
  }

  /** Any thread: a success ends the run of errors. The load spares the store, and the other threads' cache lines, on the usual path. */
  clearErrors(): void {
    const index = this.#words + ServerShared.consecutiveErrors;
    if (Atomics.load(this.#ints, index) !== 0) Atomics.store(this.#ints, index, 0);
  }

  /** By number: a lookup by name costs more than the load. */
  #word(word: number): number {
    return Atomics.load(this.#ints, this.#words + word);
  }
}

/** What pickers compare before they trust a cached view of a backend's servers. */
export class BackendVersion {
  readonly #ints: Int32Array;
  readonly #index: number;

  constructor(segment: Segment, slot: number) {
    const view = segment.object('backend', slot);
    this.#ints = view.ints;
    this.#index = view.shared + kindWords('backend') + BackendShared.version;
  }

  current(): number {
    return Atomics.load(this.#ints, this.#index);
  }

  /** Main only: after a change of any of its servers' state or weight, once for each batch. */
  publish(): void {
    Atomics.add(this.#ints, this.#index, 1);
  }
}

/** What `show stat` tells of a backend as a whole: times are epoch ms. Writer: main. */
export class BackendState {
  readonly #ints: Int32Array;
  readonly #floats: Float64Array;
  readonly #transitions: number;
  readonly #times: number;

  constructor(segment: Segment, slot: number) {
    const view = segment.object('backend', slot);
    this.#ints = view.ints;
    this.#floats = view.floats;
    this.#transitions = view.shared + kindWords('backend') + BackendShared.transitionsDown;
    this.#times = view.sharedFloats;
  }

  /** Times that its last server left. */
  transitionsDown(): number {
    return Atomics.load(this.#ints, this.#transitions);
  }

  /** `clear counters all` */
  clearTransitions(): void {
    Atomics.store(this.#ints, this.#transitions, 0);
  }

  lastChangeMs(): number {
    return this.#floats[this.#times + BackendSharedFloat.lastChangeMs];
  }

  /** Time without a server, before the last change. */
  downMs(): number {
    return this.#floats[this.#times + BackendSharedFloat.downMs];
  }

  /** A slot that was new starts up. */
  begin(now: number): void {
    if (this.lastChangeMs() === 0) this.#floats[this.#times + BackendSharedFloat.lastChangeMs] = now;
  }

  loseLastServer(now: number): void {
    Atomics.add(this.#ints, this.#transitions, 1);
    this.#floats[this.#times + BackendSharedFloat.lastChangeMs] = now;
  }

  regainServer(now: number): void {
    this.#floats[this.#times + BackendSharedFloat.downMs] += Math.max(0, now - this.lastChangeMs());
    this.#floats[this.#times + BackendSharedFloat.lastChangeMs] = now;
  }
}
