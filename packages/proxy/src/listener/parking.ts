// Connections that were accepted over a limit, on one thread. Node cannot leave them in the kernel's queue, so they wait
// here unread, oldest first for each listener, up to the listener's backlog; a parked connection is nobody's session.
//
// A place that becomes free on any thread wakes every thread that has parked ones: the words in shared memory say how many
// each has. They are raised before the limits are asked a last time, so that no place can become free unnoticed. What a
// wake-up cannot know, when a rate allows the next connection, a timer does.
import { Wake, type Mailbox, type Segment } from '@evenkeel/shm';
import { Timer, type TimerOwner, type TimerWheel } from '../timers.ts';

/** Name of the buffer that holds one Int32 for each thread: connections parked there. Written by that thread alone. */
export const PARKED_BUFFER = 'parked';

/** Whose connections wait. */
export interface ParkingListener {
  /** Connections waiting. */
  readonly waiting: number;
  /** Begins as many as the limits allow; returns as `enter` does why it stopped, 0 when none is left. */
  beginWaiting(): number;
}

export class ParkingLot implements TimerOwner {
  readonly #words: Int32Array;
  readonly #own: number;
  readonly #segment: Segment;
  readonly #mailbox: Mailbox;
  readonly #wheel: TimerWheel;
  readonly #now: () => number;
  readonly #timer: Timer;
  readonly #listeners = new Set<ParkingListener>();
  #scheduled = false;

  constructor(segment: Segment, mailbox: Mailbox, wheel: TimerWheel, now: () => number) {
    this.#segment = segment;
    this.#mailbox = mailbox;
    this.#wheel = wheel;
    this.#now = now;
    this.#words = new Int32Array(segment.buffer(PARKED_BUFFER));
    this.#own = segment.identity.thread;
    this.#timer = new Timer(this, 0);
  }

  /** Connections parked over all threads. */
  total(): number {
    const threads = this.#segment.threadsUsed();
    let sum = 0;
    for (let thread = 0; thread < threads; thread++) sum += Atomics.load(this.#words, thread);
    return sum;
  }

  /** `listener` is about to park one more. To be called before the limits are asked a last time. */
  add(listener: ParkingListener): void {
    Atomics.add(this.#words, this.#own, 1);
    this.#listeners.add(listener);
  }

  /** One of `listener`'s left: it began, or was closed. */
  remove(listener: ParkingListener): void {
    Atomics.sub(this.#words, this.#own, 1);
    if (listener.waiting === 0) this.#listeners.delete(listener);
  }

  /** A place became free on this thread. */
  placeFreed(): void {
    const threads = this.#segment.threadsUsed();
    for (let thread = 0; thread < threads; thread++) {
      if (Atomics.load(this.#words, thread) === 0) continue;
      // Its own are served in the same way as others', so that a busy thread does not serve itself first for ever.
      if (thread !== this.#own || threads > 2) this.#mailbox.post(thread, Wake.message);
      else this.#serveSoon();
    }
  }

  /** Asks the limits once more for everything that waits; what a wake-up calls. */
  serve(): void {
    let delayMs = 0;
    for (const listener of this.#listeners) {
      const wait = listener.beginWaiting();
      if (wait > 0 && (delayMs === 0 || wait < delayMs)) delayMs = wait;
    }
    if (delayMs > 0) this.serveIn(delayMs);
  }

  /** Asks again when a rate allows it. */
  serveIn(delayMs: number): void {
    const deadline = this.#now() + delayMs;
    if (!this.#timer.armed || deadline < this.#timer.deadline) this.#wheel.arm(this.#timer, deadline);
  }

  onTimer(): void {
    this.serve();
  }

  /** After the stream that freed the place has ended for good. */
  #serveSoon(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    process.nextTick(() => {
      this.#scheduled = false;
      this.serve();
    });
  }
}
