export { Daemon, monotonicMs } from './daemon.ts';
export type { DaemonOptions, DaemonStatus, ReloadResult } from './daemon.ts';
