// @evenkeel/checks: health of servers. The core (health, run, protocols, intervals, texts, display) is pure; runner.ts has
// the sockets, monitor.ts ties it to shared memory on the main thread.
export {
  checkFields,
  CheckState,
  stateFields,
  statusText,
  type CheckFields,
  type ServerView,
  type StateFields,
} from './display.ts';
export {
  transitions,
  type HealthEvent,
  type HealthInput,
  type HealthSettings,
  type HealthState,
  type Operational,
} from './health.ts';
export { HealthMonitor, type MonitorEnvironment } from './monitor.ts';
export type { MonitoredBackend, MonitoredGeneration, MonitoredServer } from './monitored.ts';
export {
  checkStatuses,
  checkStatusOf,
  verdictNumber,
  type CheckResult,
  type CheckStatus,
  type Verdict,
} from './status.ts';
export type { HealthLine } from './text.ts';
export { WatchedServer, WEIGHT_SCALE } from './watched-server.ts';
