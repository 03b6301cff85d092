/**
 * Which messages a `log` line takes and how: least severe level, cap on severity, and sampling (manual section 3.1, "log").
 * Pure. One object per target of a set; the sampler's counter is its only state.
 */

import type { LogTarget } from '@evenkeel/config';

export class TargetFilter {
  readonly #target: LogTarget;
  readonly #sampled: Uint8Array | undefined;
  #position = 0;

  constructor(target: LogTarget) {
    this.#target = target;
    if (target.sample !== undefined) {
      // One byte per position of the period: a period is at most a few thousand, and a test must not walk the ranges.
      this.#sampled = new Uint8Array(target.sample.size);
      for (const [low, high] of target.sample.ranges) this.#sampled.fill(1, low - 1, high);
    }
  }

  /** The level (0..7) to send a message of `level` at, or -1 where this target does not take it. Advances the sampler. */
  levelFor(level: number): number {
    // HAProxy's sampler counts every message, also those that are not severe enough.
    if (this.#sampled !== undefined) {
      const taken = this.#sampled[this.#position] === 1;
      this.#position = (this.#position + 1) % this.#sampled.length;
      if (!taken) return -1;
    }
    if (level > this.#target.level) return -1;
    return Math.max(level, this.#target.minLevel);
  }
}
