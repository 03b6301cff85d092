/**
 * What became of the configurations that were read since the process started: for `show config status`, the master socket's
 * `show proc` and `evenkeel status`. Pure: times are passed in.
 */

export interface LoadOutcome {
  readonly ok: boolean;
  /** The generation that serves since then, or, where it failed, still. */
  readonly generation: number;
  /** When it began and what it took; ms since the epoch, ms. */
  readonly atMs: number;
  readonly durationMs: number;
  /** What asked for it: "start", the name of a signal, "master socket", "evenkeel reload". */
  readonly by: string;
  /** What was said about it on the terminal, in lines. */
  readonly messages: string;
}

export class ReloadRecord {
  #reloads = 0;
  #failedSinceSuccess = 0;
  #lastSuccess: LoadOutcome | undefined;
  #last: LoadOutcome | undefined;

  /** The start counts as the first success and as no reload. */
  add(outcome: LoadOutcome): void {
    if (this.#last !== undefined) this.#reloads++;
    this.#last = outcome;
    if (outcome.ok) {
      this.#lastSuccess = outcome;
      this.#failedSinceSuccess = 0;
    } else this.#failedSinceSuccess++;
  }

  /** Reloads since the start, whatever became of them. */
  get reloads(): number {
    return this.#reloads;
  }

  /** How many failed one after another up to now; 0 after one that succeeded. */
  get failedSinceSuccess(): number {
    return this.#failedSinceSuccess;
  }

  /** What serves; undefined before the start is over. */
  get lastSuccess(): LoadOutcome | undefined {
    return this.#lastSuccess;
  }

  /** The start, or the last reload. */
  get last(): LoadOutcome | undefined {
    return this.#last;
  }
}
