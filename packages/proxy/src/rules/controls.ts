// What rules do to a stream beyond the heads that they change (manual 4.2 "http-request set-priority-class" and its like): the
// stream's context carries it out.
import type { LogContext } from '@evenkeel/expr';

export interface StreamControls {
  /** Class in the queues, lower ones first: brought into -2047 to 2047. */
  setPriorityClass(priorityClass: number): void;
  /** ms added to the time of arrival within the class: brought into -524287 to 524287. */
  setPriorityOffset(offsetMs: number): void;
  /** `disable-l7-retry`: nothing but a failed connect is tried again. */
  disableRetries(): void;
  /** Keeps `text` in the frontend's slot of that number, cut to its length; false where there is no such slot. */
  keepCapture(direction: 'request' | 'response', slot: number, text: string): boolean;
  /** Of the stream's log line: 0 to 7, or SILENT. */
  setLogLevel(level: number): void;
}

/** A stream as its rules see it. */
export type RuleContext = LogContext & StreamControls;

const MAX_CLASS = 2047;
const MAX_OFFSET_MS = 524_287;

export function limitClass(value: number): number {
  return Math.max(-MAX_CLASS, Math.min(MAX_CLASS, value));
}

export function limitOffset(value: number): number {
  return Math.max(-MAX_OFFSET_MS, Math.min(MAX_OFFSET_MS, value));
}
