// @evenkeel/shm: fixed layouts over SharedArrayBuffer. See each file's head for slots, units, writers and memory order.
//
// How it fits together: main builds a SegmentOwner, allocates a slot for each named object, and gives `handle()` to each
// thread, which builds a Segment with its identity. Everything else is a small object over (segment, kind, slot), built once
// for each generation. Main never waits for a lock: of what is here it uses the readers, ServerState, HeartbeatReader,
// Mailbox and recoverThread.
export { ByteRingReader, ByteRingWriter, createByteRing, type ByteRingHandle, type RingRecord } from './byte-ring.ts';
export { GaugeReader, SharedCount } from './counts.ts';
export { FrequencyCounter } from './frequency.ts';
export { FrontendState, type FrontendCondition } from './frontend-state.ts';
export { Heartbeat, HeartbeatReader, type ThreadHealth, type ThreadState } from './heartbeat.ts';
export { MAX_INCARNATION, type ThreadIdentity } from './identity.ts';
export {
  BackendGauge,
  BackendRate,
  FrontendGauge,
  FrontendRate,
  ListenerGauge,
  ListenerRate,
  ProcessGauge,
  ProcessRate,
  ServerGauge,
  ServerRate,
  objectKinds,
  type ObjectKind,
} from './layout.ts';
export { acquire, acquireAtOnce, lockOwner, release, takeOver, tryAcquire, type LockParty } from './lock.ts';
export { Mailbox, Wake } from './mailbox.ts';
export { Admission, type EnqueueResult, type QueuePosition, type ServerLimit } from './queue.ts';
export { recoverThread } from './recovery.ts';
export { RestartPolicy } from './restart-policy.ts';
export { MAX_RUNTIME_LIMIT, RuntimeLimit } from './runtime-limit.ts';
export { SegmentOwner, type SegmentOptions } from './segment-owner.ts';
export { Segment, type ObjectView, type SegmentHandle } from './segment.ts';
export { Sequence } from './sequence.ts';
export { ServerAddress, type AddressWords, type RuntimeAddress } from './server-address.ts';
export {
  AdminState,
  BackendState,
  BackendVersion,
  DRAIN_BITS,
  MAINTENANCE_BITS,
  OperationalState,
  ServerState,
  type ServerTime,
  type ServerWord,
} from './server-state.ts';
export { countsOf, isGoodStatus, Observation, observationWords } from './observation.ts';
export { StatBlock, StatReader, statFields } from './stat-block.ts';
export { BackendStat, backendStatFields } from './stats/backend.ts';
export { type Combine, type StatField } from './stats/field.ts';
export { FrontendStat, frontendStatFields } from './stats/frontend.ts';
export { ListenerStat, listenerStatFields } from './stats/listener.ts';
export { ProcessStat, processStatFields } from './stats/process.ts';
export { ServerStat, serverStatFields } from './stats/server.ts';
export { Tickets, type Granted, type Ticket } from './tickets.ts';
