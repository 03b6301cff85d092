// When a thread that died is started again. Knows nothing of threads: times are arguments, in ms of one monotonic clock.

/** Deaths further apart than this have nothing to do with each other. */
const WINDOW_MS = 60_000;
/** The first replacement starts at once; from the third death in the window on each waits twice as long, up to two seconds. */
const FIRST_DELAY_MS = 50;
const MAX_DELAY_MS = 2000;

export class RestartPolicy {
  readonly #maxDeaths: number;
  #deaths: number[] = [];

  /** More deaths within a minute than `maxDeaths`, and starting again only repeats what kills. */
  constructor(maxDeaths: number) {
    this.#maxDeaths = maxDeaths;
  }

  /** A thread died at `now`: ms to wait before it is replaced, or undefined where there is no point any more. */
  died(now: number): number | undefined {
    this.#deaths = this.#deaths.filter((time) => now - time < WINDOW_MS);
    this.#deaths.push(now);
    const count = this.#deaths.length;
    if (count > this.#maxDeaths) return undefined;
    if (count <= 2) return 0;
    return Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (count - 3));
  }
}
