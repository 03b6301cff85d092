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
  /** Hands on what was taken since the last call: the log thread calls it behind each batch of messages. Never throws. */
  flush(): void;
  /** Lines dropped so far. */
  readonly dropped: number;
  /** Why the last line was dropped: an errno name or a short text. */
  readonly reason: string;
  /** Calls back when nothing is held that a receiver who is there would still take. */
  whenIdle(callback: () => void): void;
  /** Nothing more comes. Gives back what it holds of the system; what was taken and can still leave leaves first. */
  close(): void;
}
