/** Finds data threads that no longer turn their event loops, by the heartbeats that they leave in shared memory. */

import { HeartbeatReader } from '@evenkeel/shm';
import type { Segment, ThreadIdentity } from '@evenkeel/shm';

/**
 * A data thread that did not turn its event loop for this long is ended and replaced. The longest honest work in one turn is
 * a major garbage collection, a few hundred ms; while a thread is silent, the share of new connections that the kernel hashes
 * to it hangs, so the bound is not longer than people wait.
 */
export const STALL_MS = 3000;
const WATCH_INTERVAL_MS = 250;
/** If the watch itself came this late, the whole process was stopped or starved and nobody's silence means anything. */
const OWN_GAP_MS = 1000;

export class ThreadWatch {
  readonly #heartbeats: HeartbeatReader;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #lastMs = 0;

  /** `now`: CLOCK_MONOTONIC in ms. */
  constructor(segment: Segment, now: () => number) {
    this.#heartbeats = new HeartbeatReader(segment);
    this.#now = now;
  }

  /** A thread is being started. */
  begin(identity: ThreadIdentity): void {
    this.#heartbeats.begin(identity, this.#now());
  }

  /** It ended: in order, or not. */
  end({ thread }: ThreadIdentity, state: 'absent' | 'dead'): void {
    this.#heartbeats.end(thread, state);
  }

  /** Those that are silent now. */
  get stalled(): readonly ThreadIdentity[] {
    return this.#heartbeats.stalled(this.#now(), STALL_MS);
  }

  /** Calls for each that is silent, again and again until it is ended. More than one call of this changes nothing. */
  start(onStalled: (identity: ThreadIdentity) => void): void {
    if (this.#timer !== undefined) return;
    this.#lastMs = this.#now();
    this.#timer = setInterval(() => {
      const now = this.#now();
      const gap = now - this.#lastMs;
      this.#lastMs = now;
      if (gap <= OWN_GAP_MS) for (const identity of this.stalled) onStalled(identity);
    }, WATCH_INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
