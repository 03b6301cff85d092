// What every object of the data plane may know of the thread that it lives on. No module of the data plane keeps state
// of its own: it hangs off this, off a Generation, or in shared memory.
import type { Mailbox, Segment } from '@evenkeel/shm';
import type { TimerWheel } from './timers.ts';

/** The time, read once for each event instead of at each use. */
export interface Clock {
  /** CLOCK_MONOTONIC in milliseconds with a fraction, as of the last refresh; the same for all threads. */
  readonly now: number;
  /** Reads the clock; every entry from the event loop into the data plane does so first. */
  refresh(): void;
}

/** Where log lines go; the log thread does the rest. Never waits and never throws. */
export interface LogSink {
  /**
   * `logSet` is a proxy's `ProxyPlan.logSet`; `level` is the syslog severity 0..7; `line` is the message without header or
   * line end; `structuredData` is for destinations in the format rfc5424 only.
   */
  emit(logSet: number, level: number, line: string, structuredData?: string): void;
}

export interface ThreadContext extends Clock {
  /** 0-based number of the data thread, stable over replacement. */
  readonly index: number;
  /** Counts the threads that had this index: shared counts are taken back by (index, incarnation). */
  readonly incarnation: number;
  /** Wall-clock ms since the epoch, for log lines. */
  dateNow(): number;
  readonly wheel: TimerWheel;
  readonly log: LogSink;
  /** This thread's view of the shared memory; `segment.identity.thread` is its number there (main is 0). */
  readonly segment: Segment;
  readonly mailbox: Mailbox;
  /** Registers what runs when the mailbox brings one of `reasons` (bits of `Wake`), for the life of the thread. */
  onWake(reasons: number, handler: (reasons: number) => void): void;
}
