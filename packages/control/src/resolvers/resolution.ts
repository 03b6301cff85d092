/**
 * What is known of one name: the records of its answers, and whether they still count. Pure: time comes as monotonic ms.
 *
 * A failed answer changes nothing while a valid one came within `hold STATUS` before it (manual 5.3.2). A name server that is
 * silent says nothing about the servers themselves, so unless `hold timeout` is set the last good records stay for as long as
 * it is silent; HAProxy drops them after 30 s.
 */

import type { Resolvers } from '@evenkeel/config';
import type { Answer, AnswerFailure } from './answer.ts';

/** The manual's default for all but `timeout`; see the file's head. */
const HOLD_MS = { nx: 30_000, refused: 30_000, other: 30_000, timeout: Infinity, obsolete: 0 } as const;

export type HoldTimes = Readonly<Record<AnswerFailure | 'obsolete', number>>;

export function holdTimes({ hold }: Resolvers): HoldTimes {
  return {
    nx: hold.nx ?? HOLD_MS.nx,
    refused: hold.refused ?? HOLD_MS.refused,
    other: hold.other ?? HOLD_MS.other,
    timeout: hold.timeout ?? HOLD_MS.timeout,
    obsolete: hold.obsolete ?? HOLD_MS.obsolete,
  };
}

interface Seen<Found> {
  record: Found;
  atMs: number;
}

export class Resolution<Found> {
  hold: HoldTimes;
  readonly #keyOf: (record: Found) => string;
  readonly #seen = new Map<string, Seen<Found>>();
  #lastValidMs: number;
  #failure: AnswerFailure | undefined;

  /** Nothing is known yet; the time until the first answer is counted from `nowMs`. */
  constructor(hold: HoldTimes, keyOf: (record: Found) => string, nowMs: number) {
    this.hold = hold;
    this.#keyOf = keyOf;
    this.#lastValidMs = nowMs;
  }

  handle(nowMs: number, answer: Answer<Found>): void {
    if (answer.status !== 'valid') {
      this.#failure = answer.status;
      return;
    }
    this.#failure = undefined;
    this.#lastValidMs = nowMs;
    // What is said again keeps its place, so that servers keep their addresses in whatever order an answer lists them.
    for (const record of answer.records) this.#seen.set(this.#keyOf(record), { record, atMs: nowMs });
    for (const [key, { atMs }] of this.#seen) if (nowMs - atMs > this.hold.obsolete) this.#seen.delete(key);
  }

  /** Records that count, the longest known first; those of an earlier answer for as long as `hold obsolete` says. */
  records(): readonly Found[] {
    return [...this.#seen.values()].map(({ record }) => record);
  }

  /** Why the records count no longer; undefined while they do. */
  failure(nowMs: number): AnswerFailure | undefined {
    if (this.#failure === undefined || nowMs - this.#lastValidMs < this.hold[this.#failure]) return undefined;
    return this.#failure;
  }

  /** After a failure that was acted on: what comes next is new. */
  forget(): void {
    this.#seen.clear();
  }
}
