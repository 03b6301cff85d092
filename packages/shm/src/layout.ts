// Which gauges, rates and shared words each kind of object has: the one place that numbers them. Knows nothing of where an
// object lies (segment.ts) or what a word means to the code above.
//
// An object has one shared part and one part for each thread:
//   shared part, Int32: lock word, the highest value of each gauge, the highest count of each rate, then words of its kind
//   shared part, Float64: words of its kind
//   thread part, Int32: one share of each gauge, then four pairs (period, count) for each rate
//   thread part, Float64: its statistics (stats/*.ts)
// Shared parts start on cache lines of their own. All thread parts of one thread in a chunk lie together, so that two
// threads write no common line.
import { backendStatFields } from './stats/backend.ts'
import { frontendStatFields } from './stats/frontend.ts'
import { listenerStatFields } from './stats/listener.ts'
import { processStatFields } from './stats/process.ts'
import { serverStatFields } from './stats/server.ts'

export type ObjectKind = 'process' | 'frontend' | 'listener' | 'backend' | 'server'
export const objectKinds: readonly ObjectKind[] = ['process', 'frontend', 'listener', 'backend', 'server']

/** Gauges: numbers of things that exist now. A dead thread's share is given back. */
export const ProcessGauge = { connections: 0, sslConnections: 1, jobs: 2, pipes: 3 } as const
export const FrontendGauge = { sessions: 0, h1Connections: 1, h1Streams: 2, h2Connections: 3, h2Streams: 4 } as const
export const ListenerGauge = { sessions: 0 } as const
export const BackendGauge = { sessions: 0, h1Connections: 1, h1Streams: 2, h2Connections: 3, h2Streams: 4 } as const
/** `sessions` is changed through Admission only, as it is what `maxconn` limits. */
export const ServerGauge = { sessions: 0, idleConnections: 1, safeConnections: 2, usedConnections: 3 } as const

/** Rates: events over the last period (one second unless the counter says otherwise). */
export const ProcessRate = { connections: 0, sessions: 1, sslConnections: 2, sslFrontendKeys: 3, sslBackendKeys: 4, requests: 5, bytesOut: 6, compressBytesIn: 7, compressBytesOut: 8 } as const
export const FrontendRate = { connections: 0, sessions: 1, requests: 2 } as const
export const ListenerRate = { connections: 0 } as const
export const BackendRate = { sessions: 0 } as const
export const ServerRate = { sessions: 0 } as const

/** Int32 words of one rate in a thread part. */
export const RATE_WORDS = 8

/** Words of the shared part that only one kind has; each is documented where it is used (server-state.ts, queue.ts). */
export const BackendShared = { version: 0, queueLock: 1, queueRoot: 2, queueLength: 3, queueMax: 4, sequence: 5, WORDS: 6 } as const
export const ServerShared = {
  backend: 0, queueRoot: 1, queueLength: 2, queueMax: 3, granted: 4,
  version: 5, adminState: 6, operationalState: 7, checkState: 8, health: 9, checkStatus: 10, checkCode: 11, checkDurationMs: 12,
  agentState: 13, agentHealth: 14, agentStatus: 15, agentCode: 16, agentDurationMs: 17,
  userWeight: 18, effectiveWeight: 19, initialWeight: 20, consecutiveErrors: 21, checksFailed: 22, transitionsDown: 23, maxconn: 24,
  WORDS: 25,
} as const
/** Float64 words of the shared part. */
export const BackendSharedFloat = { queueClockMs: 0, lastChangeMs: 1, downMs: 2, WORDS: 3 } as const
export const ServerSharedFloat = { lastChangeMs: 0, downMs: 1, slowStartMs: 2, lastCheckMs: 3, WORDS: 4 } as const

interface KindLayout {
  readonly gauges: number
  readonly rates: number
  readonly statFields: number
  readonly sharedInts: number
  readonly sharedFloats: number
}

const count = (names: object): number => Object.keys(names).length

export const kindLayouts: Readonly<Record<ObjectKind, KindLayout>> = {
  process: { gauges: count(ProcessGauge), rates: count(ProcessRate), statFields: processStatFields.length, sharedInts: 0, sharedFloats: 0 },
  frontend: { gauges: count(FrontendGauge), rates: count(FrontendRate), statFields: frontendStatFields.length, sharedInts: 0, sharedFloats: 0 },
  listener: { gauges: count(ListenerGauge), rates: count(ListenerRate), statFields: listenerStatFields.length, sharedInts: 0, sharedFloats: 0 },
  backend: { gauges: count(BackendGauge), rates: count(BackendRate), statFields: backendStatFields.length, sharedInts: BackendShared.WORDS, sharedFloats: BackendSharedFloat.WORDS },
  server: { gauges: count(ServerGauge), rates: count(ServerRate), statFields: serverStatFields.length, sharedInts: ServerShared.WORDS, sharedFloats: ServerSharedFloat.WORDS },
}
