// @evenkeel/shm: fixed layouts over SharedArrayBuffer. See each file's head for slots, units, writers and memory order.
export { MAX_INCARNATION, type ThreadIdentity } from './identity.ts'
export {
  BackendGauge, BackendRate, FrontendGauge, FrontendRate, ListenerGauge, ListenerRate, ProcessGauge, ProcessRate, ServerGauge,
  ServerRate, objectKinds, type ObjectKind,
} from './layout.ts'
export { Segment, SegmentOwner, type ObjectView, type SegmentHandle, type SegmentOptions } from './segment.ts'
export { acquire, lockOwner, release, takeOver, tryAcquire } from './lock.ts'
export { SharedCount } from './counts.ts'
export { FrequencyCounter } from './frequency.ts'
export { type Combine, type StatField } from './stats/field.ts'
export { FrontendStat, frontendStatFields } from './stats/frontend.ts'
export { ListenerStat, listenerStatFields } from './stats/listener.ts'
export { BackendStat, backendStatFields } from './stats/backend.ts'
export { ServerStat, serverStatFields } from './stats/server.ts'
export { ProcessStat, processStatFields } from './stats/process.ts'
export { StatBlock, StatReader } from './stat-block.ts'
export { Heartbeat, HeartbeatReader, type ThreadHealth, type ThreadState } from './heartbeat.ts'
export { Mailbox, Wake } from './mailbox.ts'
export { ByteRingReader, ByteRingWriter, createByteRing, type ByteRingHandle } from './byte-ring.ts'
export { AdminState, BackendVersion, OperationalState, ServerState, type ServerTime, type ServerWord } from './server-state.ts'
export { Admission, Tickets, type EnqueueResult, type Granted, type QueuePosition, type ServerLimit, type Ticket } from './queue.ts'
export { recoverThread } from './recovery.ts'
