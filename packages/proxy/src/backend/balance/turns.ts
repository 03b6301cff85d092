// Taking turns over all threads: a turn is one atomic addition to a shared word. A full server loses its turn to the next.

import type { Candidate } from './balancer.ts';
import { Word } from './shared-words.ts';

/** Turns that one pick may use before it scans: full servers are then many, and a scan finds a free one for certain. */
export const MAX_TURNS_PER_PICK = 16;

export interface TurnOrder<Target> {
  /** Whose turn it is; turns count from 0, modulo 2^32. */
  atTurn(turn: number): Target;
}

/** The next in turn that is not full, `avoid` last; undefined when all are full. `words` as shared-words.ts lays them out. */
export function takeTurn<Target extends Candidate>(
  words: Int32Array,
  order: TurnOrder<Target>,
  candidates: readonly Target[],
  avoid: Target | undefined,
): Target | undefined {
  let turns = MAX_TURNS_PER_PICK;
  do {
    const candidate = order.atTurn(Atomics.add(words, Word.TURN, 1) >>> 0);
    if (candidate !== avoid && !candidate.isFull()) return candidate;
  } while (--turns > 0);
  return scanFrom(candidates, Atomics.load(words, Word.TURN) >>> 0, avoid);
}

/** The first that is not full, from candidate `start` (modulo their number) on; `avoid` last. */
export function scanFrom<Target extends Candidate>(
  candidates: readonly Target[],
  start: number,
  avoid: Target | undefined,
): Target | undefined {
  const size = candidates.length;
  let at = start % size;
  let fallback: Target | undefined;
  for (let left = size; left > 0; left--) {
    const candidate = candidates[at];
    if (++at === size) at = 0;
    if (candidate.isFull()) continue;
    if (candidate !== avoid) return candidate;
    fallback = candidate;
  }
  return fallback;
}
