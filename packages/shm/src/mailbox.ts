// Wake-up words: one Int32 of reasons for each thread. Any thread sets bits and notifies; the owner takes them all at once.
// The word is 0 exactly while no reason is pending, so a wake-up that comes before the owner sleeps is not lost. Slots:
// control.ts. The sleeping itself (`Atomics.waitAsync`) is the shell's.
import { ControlWord, controlInts } from './control.ts';
import type { Segment } from './segment.ts';

/** Why a thread is woken; bits. */
export const Wake = {
  /** Queue tickets were granted: `Tickets.takeGranted`. */
  granted: 1,
  /** A thread died: `Tickets.rescan`, and `Admission.dispatch` for every server of a backend with a queue. */
  recovered: 2,
  /** A server's or backend's state changed. */
  state: 4,
  /** A message waits elsewhere. */
  message: 8,
  /** Descriptors run short: close idle connections. */
  shed: 16,
  /** `error-limit` was reached by a server: for main. */
  errors: 32,
} as const;

export class Mailbox {
  /**
   * What the owner passes to `Atomics.waitAsync(words, index, 0)`. When that answers 'not-equal' or resolves, call
   * `take()`, act, and wait again.
   */
  readonly words: Int32Array;
  readonly index: number;
  readonly #segment: Segment;

  constructor(segment: Segment) {
    this.#segment = segment;
    this.words = segment.control;
    this.index = controlInts(segment.identity.thread) + ControlWord.wake;
  }

  /** Sets the bits for `thread` and wakes it. */
  post(thread: number, reasons: number): void {
    postWake(this.#segment, thread, reasons);
  }

  /** To every thread but the caller. */
  postAll(reasons: number): void {
    for (let thread = 0; thread < this.#segment.threadsUsed(); thread++) {
      if (thread !== this.#segment.identity.thread) this.post(thread, reasons);
    }
  }

  /** The own reasons, which are cleared; 0 when there are none. */
  take(): number {
    return Atomics.exchange(this.words, this.index, 0);
  }
}

/** Sets wake-up bits of a thread and wakes it, if it was not already due to wake. */
export function postWake(segment: Segment, thread: number, reasons: number): void {
  const index = controlInts(thread) + ControlWord.wake;
  if (Atomics.or(segment.control, index, reasons) === 0) Atomics.notify(segment.control, index);
}
