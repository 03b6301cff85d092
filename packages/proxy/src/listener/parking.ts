// Who waits for a place on one thread: connections that were accepted over a limit, and listeners that stopped accepting
// because of it. A parked connection is nobody's session and waits unread, oldest first for each listener; there are few of
// them, because a listener with more than a handful is held: further clients wait in the kernel's queue.
//
// A place that becomes free on any thread wakes every thread on which somebody waits: the words in shared memory say how many
// do. They are raised before the limits are asked a last time, so that no place can become free unnoticed. What a
// wake-up cannot know, when a rate allows the next connection, a timer does.
import { Wake, type Mailbox, type Segment } from '@evenkeel/shm';
import { Timer, type TimerOwner, type TimerWheel } from '../timers.ts';

/**
 * Connections that a listener parks before it stops accepting. A limit is noticed by the connection that goes over it, and
 * stopping and starting costs about as much as accepting one more: a few each time make that cheap. Each costs a
 * descriptor, and what the kernel holds it could still give to another thread.
 */
export const MOST_PARKED = 8;

/** Name of the buffer that holds one Int32 for each thread, written by that thread: parked connections, and HELD for each held listener. */
export const PARKED_BUFFER = 'parked';
/** Parked connections stay far below it: a few for each listener. */
const HELD = 1 << 16;

/**
 * How long a listener stays held where the process is short of descriptors: nothing wakes it when one becomes free. HAProxy
 * pauses as long.
 */
const SHORTAGE_MS = 100;

/** Whose connections wait. */
export interface ParkingListener {
  /** Connections waiting. */
  readonly waiting: number;
  /** It does not accept for the moment. */
  readonly isHeld: boolean;
  /**
   * Begins as many as the limits allow and accepts again if there is room for more; returns as `enter` does why it stopped,
   * 0 when it did not.
   */
  goOn(): number;
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
  #shortageEndMs = 0;

  constructor(segment: Segment, mailbox: Mailbox, wheel: TimerWheel, now: () => number) {
    this.#segment = segment;
    this.#mailbox = mailbox;
    this.#wheel = wheel;
    this.#now = now;
    this.#words = new Int32Array(segment.buffer(PARKED_BUFFER));
    this.#own = segment.identity.thread;
    this.#timer = new Timer(this, 0);
  }

  /** Connections parked, over all threads. */
  total(): number {
    const threads = this.#segment.threadsUsed();
    let sum = 0;
    for (let thread = 0; thread < threads; thread++) sum += Atomics.load(this.#words, thread) & (HELD - 1);
    return sum;
  }

  /** Listeners of this thread that are held. */
  held(): number {
    return Math.floor(Atomics.load(this.#words, this.#own) / HELD);
  }

  /** `listener` is about to park one more. To be called before the limits are asked a last time. */
  add(listener: ParkingListener): void {
    Atomics.add(this.#words, this.#own, 1);
    this.#listeners.add(listener);
  }

  /** One of `listener`'s left: it began, or was closed. */
  remove(listener: ParkingListener): void {
    Atomics.sub(this.#words, this.#own, 1);
    this.#forget(listener);
  }

  /** `listener` no longer accepts. To be called before the limits are asked a last time. */
  hold(listener: ParkingListener): void {
    Atomics.add(this.#words, this.#own, HELD);
    this.#listeners.add(listener);
  }

  /** `listener` accepts again, or is closed. */
  release(listener: ParkingListener): void {
    Atomics.sub(this.#words, this.#own, HELD);
    this.#forget(listener);
  }

  #forget(listener: ParkingListener): void {
    if (listener.waiting === 0 && !listener.isHeld) this.#listeners.delete(listener);
  }

  /** The process is short of descriptors: for a moment no held listener accepts again. */
  reportShortage(): void {
    this.#shortageEndMs = this.#now() + SHORTAGE_MS;
  }

  /** ms until held listeners may accept again; 0 for at once. */
  shortageMs(): number {
    return Math.max(0, this.#shortageEndMs - this.#now());
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
      const wait = listener.goOn();
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
