export { LogService } from './log-service.ts';
export type { LogServiceOptions } from './log-service.ts';
export { RingLogSink } from './ring-log-sink.ts';
export { NO_LOG_SET } from './log-set.ts';
export type { LogSet } from './log-set.ts';
export { LogLevel } from './level.ts';
