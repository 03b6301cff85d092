import type { Segment } from './segment.ts'

/** Why a thread is woken; bits. */
export const Wake = {
  /** Queue tickets were granted: `Admission.takeGranted`. */
  granted: 1,
  /** A thread died: rescan own tickets and dispatch free slots (`Admission.afterDeath`). */
  recovered: 2,
  /** A server's or backend's state changed. */
  state: 4,
  /** For the shell: a message is waiting elsewhere. */
  message: 8,
} as const

/** Wake-up words: one for each thread. Any thread posts; the owner takes. */
export declare class Mailbox {
  constructor(segment: Segment)
  /** Sets the bits for `thread` and wakes it. */
  post(thread: number, reasons: number): void
  postAll(reasons: number): void
  /** The own reasons, cleared; 0 when there are none. */
  take(): number
  /**
   * What the owner passes to `Atomics.waitAsync(words, index, 0)`: the word is 0 exactly while no reason is pending.
   * When that returns or resolves, call `take()`, act, and wait again.
   */
  readonly words: Int32Array
  readonly index: number
}
