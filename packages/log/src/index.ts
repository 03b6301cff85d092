export { LogService } from './log-service.ts';
export type { LogServiceOptions } from './log-service.ts';
export { RingLogSink } from './ring-log-sink.ts';
export { NO_LOG_SET, messageLength } from './log-set.ts';
export type { LogSet } from './log-set.ts';
export { LogLevel } from './level.ts';
export type { SinkDescription } from './rings/ring-sinks.ts';
