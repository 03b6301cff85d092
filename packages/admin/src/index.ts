export { RuntimeSockets } from './runtime-sockets.ts';
export type { Runtime } from './runtime.ts';
