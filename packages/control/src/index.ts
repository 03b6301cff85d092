export { Daemon } from './daemon.ts';
export type { DaemonOptions, DaemonStatus, ReloadResult } from './daemon.ts';
