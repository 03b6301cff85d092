export { configStatusText } from './config-status.ts';
export { RuntimeSockets } from './runtime-sockets.ts';
export { serverStates } from './server-states.ts';
export { poolsText } from './show-threads.ts';
export type { Runtime } from './runtime.ts';
