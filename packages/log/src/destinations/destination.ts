/**
 * Where lines leave the process. A destination never waits for its receiver longer than it says, and what the receiver does
 * not take is held up to a bound, or dropped and counted. One object per distinct target of all configurations, living in
 * the log thread.
 */

export interface Destination {
  /** Whether `len` counts the line feed too: HAProxy does it for descriptors, and not for datagrams. */
  readonly countsLineFeed: boolean;
  /** Takes a copy of the first `length` bytes of `line`, or drops and counts it. Never throws. */
  send(line: Buffer, length: number): void;
  /** Hands on what was taken since the last call: the log thread has nothing more to say for now. Never throws. */
  flush(): void;
  /** Lines dropped so far. */
  readonly dropped: number;
  /** Why the last line was dropped: an errno name or a short text. */
  readonly reason: string;
  /** Calls back when nothing is held that a receiver who is there would still take. */
  whenIdle(callback: () => void): void;
  close(): void;
}
