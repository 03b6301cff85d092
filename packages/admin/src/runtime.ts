/** What the runtime socket can ask of the running process. Implemented by the assembly over packages/control. */

import type { HealthMonitor } from '@evenkeel/checks';
import type { ConfigHost } from '@evenkeel/config';
import type { AskThreads, DynamicServers, ReloadRecord, Resolvers, RuntimeChanges } from '@evenkeel/control';
import type { LogService } from '@evenkeel/log';
import type { Plan } from '@evenkeel/proxy';
import type { Profiler } from '@evenkeel/proxy/main';
import type { Segment, StatReader } from '@evenkeel/shm';

export interface Runtime {
  /** The generation that serves now. */
  plan(): Plan;
  /** Main's view of shared memory. */
  readonly segment: Segment;
  /** The one reader of statistics that may also clear them. */
  readonly statistics: StatReader;
  readonly health: HealthMonitor;
  /** Whatever a command changes goes through here. */
  readonly changes: RuntimeChanges;
  readonly resolvers: Pick<Resolvers, 'figures' | 'nameOf'>;
  /** Of the control thread. */
  readonly profiler: Profiler;
  /** What only data threads know. */
  readonly ask: AskThreads;
  /** Servers that are added and removed while it runs. */
  readonly servers: DynamicServers;
  /** The machine, as a configuration asks of it: for the words of `add server`. */
  readonly configHost: ConfigHost;
  /** Of a proxy of the plan: what main holds of its sockets is closed; that it was stopped, and another sentence, for its logs and the terminal. */
  forgetListeners(index: number): void;
  announceStop(index: number): void;
  announce(index: number, text: string): void;
  /** What became of the configurations that were read. */
  readonly loads: ReloadRecord;
  /** Reads the configuration anew; `by` says who asked. The text is what was said on the terminal. */
  reload(by: string): Promise<{ readonly ok: boolean; readonly text: string }>;
  readonly pid: number;
  /** What `Version:` says. */
  readonly version: string;
  readonly releaseDate: string;
  /** ms since the epoch. */
  readonly startTimeMs: number;
  /** `node`, or the host's name. */
  nodeName(): string;
  /** What was said on the terminal until the first configuration served, as it was written there. */
  startupLogs(): string;
  /** As the configuration left it (`setenv` and the like). */
  environment(): ReadonlyMap<string, string>;
  /** ms since the epoch. */
  dateNow(): number;
  /** CLOCK_MONOTONIC in ms, the clock of all rates. */
  monotonicNow(): number;
  /** Data threads that run. */
  threads(): number;
  /** Whether a soft stop is under way. */
  stopping(): boolean;
  droppedLogs(): number;
  /** Rings and other event sinks. */
  readonly events: Pick<LogService, 'sinks' | 'readRing'>;
  /** Share of the last second that data threads waited, 0 to 100. */
  idlePercent(): number;
  /** The soft limit of descriptors. */
  descriptorLimit(): number;
}
