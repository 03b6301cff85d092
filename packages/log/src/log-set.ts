/**
 * A log set: where the messages of one proxy, or of the process, go. Producers know a set only by its number; the log
 * thread knows the rest. Numbers are given out by the main thread and never change meaning while the process lives, so a
 * stream that began under an older configuration still logs where that configuration said.
 */

import type { LogTarget } from '@evenkeel/config';

export interface LogSet {
  readonly targets: readonly LogTarget[];
  /** `log-tag`. */
  readonly tag: string;
  /** Host name for the header where `log-send-hostname` is set. */
  readonly hostname: string | undefined;
  /**
   * Bytes of the longest message: one less than the largest `len` of the whole configuration, which is the buffer that
   * HAProxy makes every message in.
   */
  readonly messageLength: number;
  /** Whose lines `sample` counts: each proxy has a count of its own. */
  readonly owner: string;
}

/** Set 0 takes nothing: the number of a proxy without a `log` line. */
export const NO_LOG_SET = 0;

/** The buffer of messages for those targets, and therefore one byte more than the longest. */
export function messageLength(targets: Iterable<LogTarget>): number {
  let largest = 0;
  for (const { length } of targets) largest = Math.max(largest, length);
  return Math.max(0, largest - 1);
}

/**
 * Numbers for sets: equal sets share one. A number is never reused; the registry is bounded by the distinct log
 * configurations that a process ever saw, which reloads change rarely and which cost a few hundred bytes each.
 */
export class LogSetRegistry {
  readonly #numbers = new Map<string, number>();
  readonly #sets: (LogSet | undefined)[] = [undefined];

  numberOf(set: LogSet): number {
    if (set.targets.length === 0) return NO_LOG_SET;
    const samples = set.targets.some(({ sample }) => sample !== undefined);
    const key = JSON.stringify([
      set.targets.map(({ at: _at, ...rest }) => rest),
      set.tag,
      set.hostname,
      set.messageLength,
      samples ? set.owner : '',
    ]);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#sets.push(set) - 1;
    this.#numbers.set(key, number);
    return number;
  }

  /** All sets by number, for the log thread; index 0 is undefined. */
  get sets(): readonly (LogSet | undefined)[] {
    return this.#sets;
  }
}
