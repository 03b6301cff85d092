// @evenkeel/checks: health of servers. The core (health, run, protocols, intervals, texts, display) is pure; runner.ts has
// the sockets, monitor.ts ties it to shared memory on the main thread.
export type { AgentChanges } from './agent/agent-target.ts';
export type {
  CheckConnection,
  CheckConnectionOwner,
  ConnectionTarget,
  OpenCheckConnection,
} from './check-connection.ts';
export {
  agentFields,
  checkFields,
  CheckState,
  stateFields,
  statusText,
  type AgentFields,
  type AgentView,
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
export type { MailAlert, Mailer } from './mail/alert.ts';
export { MailSender } from './mail/sender.ts';
export type { CheckChanges } from './check-target.ts';
export { HealthMonitor, type MonitorEnvironment, type SavedStates } from './monitor.ts';
export type { GivenAddress, MonitoredBackend, MonitoredGeneration, MonitoredServer } from './monitored.ts';
export type { ExternalCheck } from './protocols/external.ts';
export {
  checkStatuses,
  checkStatusOf,
  verdictNumber,
  type CheckResult,
  type CheckStatus,
  type Verdict,
} from './status.ts';
export type { HealthLine } from './text.ts';
export { parseStateFile, type SavedState, type StateFile } from './saved-state.ts';
export { shownWeight, throttlePercent, WEIGHT_SCALE } from './slow-start.ts';
export { WatchedServer } from './watched-server.ts';
