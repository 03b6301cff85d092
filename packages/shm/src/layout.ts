// Which gauges, rates and shared words each kind of object has: the one place that numbers them. Knows nothing of where an
// object lies (segment.ts) or what a word means to the code above.
//
// An object has one shared part and one part for each thread:
//   shared part, Int32: COMMON words (lock, statistics epoch, birth), the highest value of each gauge, the highest count of
//     each rate, then the words of its kind
//   shared part, Float64: words of its kind
//   thread part, Int32: the statistics epoch seen, one share of each gauge, four pairs (period, count) for each rate
//   thread part, Float64: its statistics (stats/*.ts)
// Shared parts start on cache lines of their own. All thread parts of one thread in a chunk lie together, so that two
// threads write no common line.
import { backendStatFields } from './stats/backend.ts';
import { frontendStatFields } from './stats/frontend.ts';
import { listenerStatFields } from './stats/listener.ts';
import { processStatFields } from './stats/process.ts';
import { serverStatFields } from './stats/server.ts';

export type ObjectKind = 'process' | 'frontend' | 'listener' | 'backend' | 'server';
export const objectKinds: readonly ObjectKind[] = ['process', 'frontend', 'listener', 'backend', 'server'];

/** Gauges: numbers of things that exist now. A dead thread's share is given back. */
export const ProcessGauge = {
  connections: 0,
  sslConnections: 1,
  jobs: 2,
  pipes: 3,
  serverConnections: 4,
  timers: 5,
  heapTotalKib: 6,
  heapUsedKib: 7,
} as const;
export const FrontendGauge = { sessions: 0, h1Connections: 1, h1Streams: 2, h2Connections: 3, h2Streams: 4 } as const;
export const ListenerGauge = { sessions: 0 } as const;
/** `served`: streams that hold a slot of a server; counted only where `hash-balance-factor` needs it. */
export const BackendGauge = {
  sessions: 0,
  h1Connections: 1,
  h1Streams: 2,
  h2Connections: 3,
  h2Streams: 4,
  served: 5,
} as const;
/** `sessions` is changed through Admission only, as it is what `maxconn` limits. */
export const ServerGauge = { sessions: 0, idleConnections: 1, safeConnections: 2, usedConnections: 3 } as const;

/** Rates: events over the last period (one second unless the counter says otherwise). */
export const ProcessRate = {
  connections: 0,
  sessions: 1,
  sslConnections: 2,
  sslFrontendKeys: 3,
  sslBackendKeys: 4,
  requests: 5,
  bytesOut: 6,
  compressBytesIn: 7,
  compressBytesOut: 8,
} as const;
export const FrontendRate = { connections: 0, sessions: 1, requests: 2 } as const;
export const ListenerRate = { connections: 0 } as const;
export const BackendRate = { sessions: 0 } as const;
export const ServerRate = { sessions: 0 } as const;

/** Int32 words of one rate in a thread part: four pairs, see frequency.ts. */
export const RATE_WORDS = 8;

/**
 * Words that every shared part begins with. `lock`: lock.ts; guards the gauges and rates of the object. `statEpoch`:
 * raised by the reader that clears statistics (stat-block.ts). `birth`: raised by main whenever the slot gets a new name.
 */
export const CommonShared = { lock: 0, statEpoch: 1, birth: 2, WORDS: 3 } as const;
/** Words that every thread part begins with. `statEpoch`: the last one that this thread acted on. */
export const CommonThread = { statEpoch: 0, WORDS: 1 } as const;

/**
 * Words of the shared part that only one kind has. `requests`, `invalidMessages` and `logLines` are sequences (sequence.ts); `given*` are
 * what an operator has set (runtime-limit.ts), and `state` what became of a frontend at run time (frontend-state.ts). `queue*`, `sequence`, `granted` and `backend` belong to queue.ts and are
 * written under the backend's `queueLock`; `address*` belong to server-address.ts; all others to server-state.ts.
 */
export const ProcessShared = {
  requests: 0,
  givenMaxconn: 1,
  givenConnRate: 2,
  givenSessRate: 3,
  invalidMessages: 4,
  WORDS: 5,
} as const;
export const FrontendShared = { logLines: 0, givenMaxconn: 1, state: 2, WORDS: 3 } as const;
export const BackendShared = {
  version: 0,
  queueLock: 1,
  queueRoot: 2,
  queueLength: 3,
  queueMax: 4,
  sequence: 5,
  transitionsDown: 6,
  queueServed: 7,
  WORDS: 8,
} as const;
export const ServerShared = {
  backend: 0,
  queueRoot: 1,
  queueLength: 2,
  queueMax: 3,
  granted: 4,
  version: 5,
  adminState: 6,
  operationalState: 7,
  maxconn: 8,
  consecutiveErrors: 9,
  checkState: 10,
  health: 11,
  checkResult: 12,
  checkStatus: 13,
  checkCode: 14,
  checkDurationMs: 15,
  agentState: 16,
  agentHealth: 17,
  agentResult: 18,
  agentStatus: 19,
  agentCode: 20,
  agentDurationMs: 21,
  userWeight: 22,
  effectiveWeight: 23,
  initialWeight: 24,
  checksFailed: 25,
  transitionsDown: 26,
  throttlePercent: 27,
  timesDown: 28,
  timesUp: 29,
  errorRuns: 30,
  lastError: 31,
  observedFailures: 32,
  queueServed: 33,
  addressSequence: 34,
  addressFamily: 35,
  addressPort: 36,
  address0: 37,
  address1: 38,
  address2: 39,
  address3: 40,
  WORDS: 41,
} as const;
/** Float64 words of the shared part. */
export const BackendSharedFloat = { queueClockMs: 0, lastChangeMs: 1, downMs: 2, WORDS: 3 } as const;
export const ServerSharedFloat = { lastChangeMs: 0, downMs: 1, slowStartMs: 2, lastCheckMs: 3, WORDS: 4 } as const;

/** Sizes of one kind, in words of the view named. */
export interface KindLayout {
  readonly gauges: number;
  readonly rates: number;
  readonly sharedInts: number;
  readonly sharedFloats: number;
  readonly threadInts: number;
  readonly threadFloats: number;
}

const size = (names: object): number => Object.keys(names).length;

function kindLayout(
  gauges: object,
  rates: object,
  statFields: readonly unknown[],
  kindInts: number,
  kindFloats: number,
): KindLayout {
  return {
    gauges: size(gauges),
    rates: size(rates),
    sharedInts: CommonShared.WORDS + size(gauges) + size(rates) + kindInts,
    sharedFloats: kindFloats,
    threadInts: CommonThread.WORDS + size(gauges) + size(rates) * RATE_WORDS,
    threadFloats: statFields.length,
  };
}

export const kindLayouts: Readonly<Record<ObjectKind, KindLayout>> = {
  process: kindLayout(ProcessGauge, ProcessRate, processStatFields, ProcessShared.WORDS, 0),
  frontend: kindLayout(FrontendGauge, FrontendRate, frontendStatFields, FrontendShared.WORDS, 0),
  listener: kindLayout(ListenerGauge, ListenerRate, listenerStatFields, 0, 0),
  backend: kindLayout(BackendGauge, BackendRate, backendStatFields, BackendShared.WORDS, BackendSharedFloat.WORDS),
  server: kindLayout(ServerGauge, ServerRate, serverStatFields, ServerShared.WORDS, ServerSharedFloat.WORDS),
};

/** Place of a gauge's highest value in the shared part. */
export const gaugeHighest = (gauge: number): number => CommonShared.WORDS + gauge;
/** Place of a rate's highest count in the shared part. */
export const rateHighest = (kind: ObjectKind, rate: number): number =>
  CommonShared.WORDS + kindLayouts[kind].gauges + rate;
/** Place of the first word that only this kind has in the shared part. */
export const kindWords = (kind: ObjectKind): number =>
  CommonShared.WORDS + kindLayouts[kind].gauges + kindLayouts[kind].rates;
/** Place of a gauge's share in a thread part. */
export const gaugeShare = (gauge: number): number => CommonThread.WORDS + gauge;
/** Place of a rate's first pair in a thread part. */
export const rateShare = (kind: ObjectKind, rate: number): number =>
  CommonThread.WORDS + kindLayouts[kind].gauges + rate * RATE_WORDS;

/** Objects in one chunk: enough that few configurations need a second one, few enough that a chunk stays below some MiB. */
export const objectsPerChunk = (kind: ObjectKind): number => (kind === 'process' ? 1 : 64);
