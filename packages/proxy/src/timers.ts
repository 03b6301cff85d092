// The timing wheel of one thread: every time-out of the data plane hangs off it. It knows nothing of what a timer means.
//
// A timer is an intrusive list entry owned by the object that it ends, so arming allocates nothing. Four levels of 64
// slots: 8 ms, 512 ms, 33 s and 35 min each; a timer goes into the finest level that reaches its deadline and is
// filed again, one level finer, when the wheel comes to its slot. Re-arming to a later deadline, which is what every
// byte of traffic does, only stores the deadline: the timer is filed again when its old slot comes up. A timer
// therefore never fires early, and fires at most one finest slot late. One setTimeout at a time wakes the wheel, none
// while the wheel is empty.

/** The owner of a timer. `kind` of the timer says which of its time-outs it is. */
export interface TimerOwner {
  /** Called once for each expiry; the timer is off then and may be armed again at once. */
  onTimer(timer: Timer): void;
}

/** A deadline that can be moved for the price of a store. */
export class Timer {
  /** Which time-out of its owner this is; the owner chooses the numbers. */
  readonly kind: number;
  readonly owner: TimerOwner;
  /** Monotonic ms of `ThreadContext.now`; Infinity while off. Written by the wheel only. */
  deadline = Infinity;
  /** Where it is filed: the tick in units of the finest slot at which the wheel will look at it; -1 when in no slot. */
  filedTick = -1;
  next: Timer | undefined = undefined;
  previous: Timer | undefined = undefined;
  /** Index of the slot list that holds it, -1 for none. */
  slot = -1;

  constructor(owner: TimerOwner, kind: number) {
    this.owner = owner;
    this.kind = kind;
  }

  get armed(): boolean {
    return this.deadline !== Infinity;
  }
}

/** What the wheel needs of the world, so that tests turn it by hand. */
export interface WheelClock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Asks for one `TimerWheel.run()` after `ms`; replaces an earlier wish. */
  wakeIn(ms: number): void;
  /** Takes the wish back. */
  sleep(): void;
}

/** Milliseconds of the finest slot: how late a timer may fire. */
export const SLOT_MS = 8;
const SLOT_BITS = 6;
const SLOTS = 1 << SLOT_BITS;
const MASK = SLOTS - 1;
const LEVELS = 4;
/** Ticks that the whole wheel spans, about 37 hours; what is further away is filed at the end and filed again there. */
const SPAN_TICKS = SLOTS ** LEVELS;

export class TimerWheel {
  readonly #clock: WheelClock;
  readonly #slots: (Timer | undefined)[] = Array.from({ length: SLOTS * LEVELS });
  /** Tick up to which (inclusive) every slot of level 0 was run. */
  #tick: number;
  #size = 0;
  /** Tick for which a wake-up is asked, Infinity for none. */
  #wakeTick = Infinity;
  #running = false;

  constructor(clock: WheelClock) {
    this.#clock = clock;
    this.#tick = Math.floor(clock.now() / SLOT_MS);
  }

  /** Timers filed, those that were turned off and not yet swept included. */
  get size(): number {
    return this.#size;
  }

  /** Arms or re-arms `timer` for the monotonic time `deadline` in ms; Infinity turns it off. */
  arm(timer: Timer, deadline: number): void {
    timer.deadline = deadline;
    if (timer.slot >= 0) {
      // Still looked at early enough: nothing moves until the wheel gets there.
      if (deadline >= timer.filedTick * SLOT_MS) return;
      this.#unlink(timer);
    }
    if (deadline !== Infinity) this.#file(timer);
  }

  /** Turns `timer` off for the price of a store; it stays filed until its slot comes up or `remove` is called. */
  disarm(timer: Timer): void {
    timer.deadline = Infinity;
  }

  /** Turns `timer` off and lets go of it at once: the owner's last act. */
  remove(timer: Timer): void {
    timer.deadline = Infinity;
    if (timer.slot >= 0) this.#unlink(timer);
  }

  /** Runs everything that is due; called by the clock after `wakeIn`. */
  run(): void {
    this.#running = true;
    this.#wakeTick = Infinity;
    const target = Math.floor(this.#clock.now() / SLOT_MS);
    while (this.#tick < target && this.#size > 0) this.#advance();
    if (this.#size === 0) this.#tick = Math.max(this.#tick, target);
    this.#running = false;
    this.#schedule();
  }

  #advance(): void {
    const tick = ++this.#tick;
    // Coming to the first slot of a level means that one slot of the next coarser level is due to be spread out.
    if ((tick & MASK) === 0) {
      for (let level = 1, at = tick; level < LEVELS; level++) {
        at = Math.floor(at / SLOTS);
        this.#empty(level * SLOTS + (at & MASK), tick);
        if ((at & MASK) !== 0) break;
      }
    }
    this.#empty(tick & MASK, tick);
  }

  /** Takes every timer out of a slot: fires those that are due at the end of `tick`, files the others again. */
  #empty(slot: number, tick: number): void {
    let timer = this.#slots[slot];
    while (timer !== undefined) {
      this.#unlink(timer);
      if (timer.deadline <= tick * SLOT_MS) {
        timer.deadline = Infinity;
        timer.owner.onTimer(timer);
      } else if (timer.deadline !== Infinity) {
        this.#file(timer);
      }
      // Firing one may have removed or added others: the head is read again. What is filed again goes to a later slot.
      timer = this.#slots[slot];
    }
  }

  #file(timer: Timer): void {
    // An empty wheel did not turn: it catches up with the time in one step.
    if (this.#size === 0 && !this.#running) this.#tick = Math.max(this.#tick, Math.floor(this.#clock.now() / SLOT_MS));
    // The first tick whose slot begins at or after the deadline; at least the next one, since this one was run.
    let tick = Math.ceil(timer.deadline / SLOT_MS);
    if (tick <= this.#tick) tick = this.#tick + 1;
    let distance = tick - this.#tick;
    if (distance >= SPAN_TICKS) {
      tick = this.#tick + SPAN_TICKS - 1;
      distance = SPAN_TICKS - 1;
    }
    let level = 0;
    let unit = 1;
    // A level reaches as far as its 64 slots counted from the slot in which the present lies.
    while (level < LEVELS - 1 && Math.floor(tick / unit) - Math.floor(this.#tick / unit) >= SLOTS) {
      level++;
      unit *= SLOTS;
    }
    const at = Math.floor(tick / unit);
    const slot = level * SLOTS + (at & MASK);
    timer.filedTick = at * unit;
    timer.slot = slot;
    const head = this.#slots[slot];
    timer.previous = undefined;
    timer.next = head;
    if (head !== undefined) head.previous = timer;
    this.#slots[slot] = timer;
    this.#size++;
    if (!this.#running && timer.filedTick < this.#wakeTick) this.#wakeAt(timer.filedTick);
  }

  #unlink(timer: Timer): void {
    const { next, previous } = timer;
    if (next !== undefined) next.previous = previous;
    if (previous !== undefined) previous.next = next;
    else this.#slots[timer.slot] = next;
    timer.next = undefined;
    timer.previous = undefined;
    timer.slot = -1;
    timer.filedTick = -1;
    this.#size--;
  }

  /** Asks to be woken at the next slot that holds anything, on whatever level it is. */
  #schedule(): void {
    if (this.#size === 0) {
      this.#wakeTick = Infinity;
      this.#clock.sleep();
      return;
    }
    let nearest = Infinity;
    for (let level = 0, unit = 1; level < LEVELS; level++, unit *= SLOTS) {
      const at = Math.floor(this.#tick / unit);
      for (let step = 1; step <= SLOTS; step++) {
        if ((at + step) * unit >= nearest) break;
        if (this.#slots[level * SLOTS + ((at + step) & MASK)] !== undefined) {
          nearest = (at + step) * unit;
          break;
        }
      }
    }
    this.#wakeAt(nearest);
  }

  #wakeAt(tick: number): void {
    this.#wakeTick = tick;
    this.#clock.wakeIn(Math.max(1, Math.ceil(tick * SLOT_MS - this.#clock.now())));
  }
}
