// Heartbeats: each thread writes when it last turned its event loop, main reads who fell silent. Slots: control.ts.
// Knows nothing of what is done with a silent thread, and takes the time as an argument: CLOCK_MONOTONIC milliseconds.
import { ControlFloat, ControlWord, controlFloats, controlInts } from './control.ts';
import type { ThreadIdentity } from './identity.ts';
import type { Segment } from './segment.ts';

export type ThreadState = 'absent' | 'starting' | 'running' | 'stopping' | 'dead';

const states: readonly ThreadState[] = ['absent', 'starting', 'running', 'stopping', 'dead'];

/** The calling thread's own beat. */
export class Heartbeat {
  readonly #control: Int32Array;
  readonly #floats: Float64Array;
  readonly #ticks: number;
  readonly #state: number;
  readonly #beat: number;

  constructor(segment: Segment) {
    const { thread } = segment.identity;
    this.#control = segment.control;
    this.#floats = segment.controlFloats;
    this.#ticks = controlInts(thread) + ControlWord.ticks;
    this.#state = controlInts(thread) + ControlWord.state;
    this.#beat = controlFloats(thread) + ControlFloat.beatMs;
  }

  beat(now: number): void {
    this.#floats[this.#beat] = now;
    Atomics.add(this.#control, this.#ticks, 1);
  }

  /** 'running' once it serves, 'stopping' while it drains. */
  setState(state: 'running' | 'stopping', now: number): void {
    this.beat(now);
    Atomics.store(this.#control, this.#state, states.indexOf(state));
  }
}

export interface ThreadHealth {
  readonly identity: ThreadIdentity;
  readonly state: ThreadState;
  /** Milliseconds since its last beat. */
  readonly silentMs: number;
  /** Beats since it started, wrapping at 2^32. */
  readonly ticks: number;
  /** The thread whose lock it waits for: that one is to blame for its silence. */
  readonly waitsFor: number | undefined;
}

/** The supervisor's side, in main. */
export class HeartbeatReader {
  readonly #segment: Segment;

  constructor(segment: Segment) {
    this.#segment = segment;
  }

  health(thread: number, now: number): ThreadHealth {
    const word = (place: number): number => Atomics.load(this.#segment.control, controlInts(thread) + place);
    const waitsFor = word(ControlWord.waitsFor);
    return {
      identity: { thread, incarnation: word(ControlWord.incarnation) },
      state: states[word(ControlWord.state)] ?? 'absent',
      silentMs: now - this.#segment.controlFloats[controlFloats(thread) + ControlFloat.beatMs],
      ticks: word(ControlWord.ticks) >>> 0,
      waitsFor: waitsFor === 0 ? undefined : waitsFor - 1,
    };
  }

  /** Threads other than main that run, last beat more than `boundMs` ago, and do not merely wait for another thread's lock. */
  stalled(now: number, boundMs: number): ThreadIdentity[] {
    const stalled: ThreadIdentity[] = [];
    for (let thread = 1; thread < this.#segment.threadsUsed(); thread++) {
      const { identity, state, silentMs, waitsFor } = this.health(thread, now);
      if ((state === 'running' || state === 'stopping') && silentMs > boundMs && waitsFor === undefined)
        stalled.push(identity);
    }
    return stalled;
  }

  /** To be called before a thread starts (`SegmentOwner.useThread` too): state 'starting', its incarnation, a first beat. */
  begin(identity: ThreadIdentity, now: number): void {
    const at = controlInts(identity.thread);
    const { control, controlFloats: floats } = this.#segment;
    for (const word of [
      ControlWord.wake,
      ControlWord.inbox,
      ControlWord.ticks,
      ControlWord.waitsFor,
      ControlWord.ticketsUsed,
    ])
      Atomics.store(control, at + word, 0);
    floats[controlFloats(identity.thread) + ControlFloat.beatMs] = now;
    Atomics.store(control, at + ControlWord.incarnation, identity.incarnation);
    Atomics.store(control, at + ControlWord.state, states.indexOf('starting'));
  }

  /** To be called when a thread has ended: 'absent' when it was meant to, 'dead' until it is replaced. */
  end(thread: number, state: 'absent' | 'dead'): void {
    Atomics.store(this.#segment.control, controlInts(thread) + ControlWord.state, states.indexOf(state));
  }
}
