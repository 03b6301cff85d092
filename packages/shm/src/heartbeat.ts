import type { ThreadIdentity } from './identity.ts'
import type { Segment } from './segment.ts'

export type ThreadState = 'absent' | 'starting' | 'running' | 'stopping' | 'dead'

/** The calling thread's own beat. Times are CLOCK_MONOTONIC milliseconds, the same for all threads. */
export declare class Heartbeat {
  constructor(segment: Segment)
  beat(now: number): void
  setState(state: ThreadState, now: number): void
}

export interface ThreadHealth {
  readonly identity: ThreadIdentity
  readonly state: ThreadState
  /** Milliseconds since its last beat. */
  readonly silentMs: number
  readonly ticks: number
  /** The thread whose lock it waits for: that one is to blame for its silence. */
  readonly waitsFor: number | undefined
}

/** The supervisor's side. */
export declare class HeartbeatReader {
  constructor(segment: Segment)
  health(thread: number, now: number): ThreadHealth
  /** Threads that started or run, beat last more than `boundMs` ago, and do not merely wait for another thread's lock. */
  stalled(now: number, boundMs: number): ThreadIdentity[]
  /** To be called by main before a thread starts: state 'starting', incarnation and first beat. */
  begin(identity: ThreadIdentity, now: number): void
  /** To be called by main when a thread ended. */
  end(thread: number, state: 'absent' | 'dead'): void
}
