export { Daemon, monotonicMs } from './daemon.ts';
export type { Resolvers } from './resolvers/resolvers.ts';
export type { DaemonOptions, DaemonStatus, ReloadResult } from './daemon.ts';
export { bindingError, listenAddresses } from './listener-plans.ts';
export type { Follower, PreparedChange } from './prepared-change.ts';
export { resolveName } from './resolve-name.ts';
export type { ResolveName } from './server-addresses.ts';
