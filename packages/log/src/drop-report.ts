/**
 * When to speak of dropped lines: once when they begin to be dropped, once when that is over. Counts go out whenever they
 * changed. Pure: the time is an argument.
 */

/** What a destination, a ring or the log thread's own memory says of itself. */
export interface DropCount {
  readonly name: string;
  /** Since the start. */
  readonly dropped: number;
  /** Why the last one was. */
  readonly reason: string;
}

export interface DropNews extends DropCount {
  /** `began` and `ended` are to be said; undefined is a new count. */
  readonly change: 'began' | 'ended' | undefined;
  /** Those of this time, with `ended`. */
  readonly since: number;
}

/** A destination that dropped nothing for so long has recovered. */
const QUIET_MS = 10_000;

interface State {
  dropped: number;
  /** Count when it began; undefined while nothing is dropped. */
  before: number | undefined;
  lastDropMs: number;
}

export class DropReport {
  readonly #states = new Map<string, State>();

  /** To be called about once a second; returns what is new. */
  observe(counts: Iterable<DropCount>, nowMs: number): readonly DropNews[] {
    const news: DropNews[] = [];
    for (const count of counts) {
      const state = this.#states.get(count.name) ?? { dropped: 0, before: undefined, lastDropMs: 0 };
      this.#states.set(count.name, state);
      if (count.dropped !== state.dropped) {
        const change = state.before === undefined ? 'began' : undefined;
        state.before ??= state.dropped;
        state.dropped = count.dropped;
        state.lastDropMs = nowMs;
        news.push({ ...count, change, since: count.dropped - state.before });
      } else if (state.before !== undefined && nowMs - state.lastDropMs >= QUIET_MS) {
        news.push({ ...count, change: 'ended', since: state.dropped - state.before });
        state.before = undefined;
      }
    }
    return news;
  }
}
