// `balance roundrobin`: each server in turn, by weight, in the order of `schedule.ts`; weights may change at any time.
//
// The sequence is the process's, not the thread's, as on HAProxy: a turn is one atomic addition to a shared word. Every
// thread plays the same schedule, letting those turns go by that other threads were given, so nothing else is shared and
// no lock is held. Turns are numbered from the birth of the shared words and a schedule starts in the phase of its
// turn, so threads that build it at different moments (after a change of weight, or as replacements) are in step.
//
// A full server loses its turn to the next one, which keeps the proportions among those that are not full.

import type { Balancer, Candidate, Picker } from './balancer.ts';
import { NO_SERVER } from './balancer.ts';
import { Schedule } from './schedule.ts';
import { Word } from './shared-words.ts';
import { MAX_TURNS_PER_PICK, scanFrom } from './turns.ts';

export class RoundRobin<Target extends Candidate> implements Balancer<Target> {
  readonly loadChanged = undefined;
  readonly refresh = undefined;
  readonly #words: Int32Array;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  build(candidates: readonly Target[]): Picker<Target> {
    return candidates.length === 0 ? NO_SERVER : new RoundRobinPicker(this.#words, candidates);
  }
}

class RoundRobinPicker<Target extends Candidate> implements Picker<Target> {
  readonly serverQueues = 'never';
  readonly size: number;
  readonly #words: Int32Array;
  readonly #candidates: readonly Target[];
  readonly #schedule: Schedule;
  /** The next shared turn for which the schedule stands. */
  #turn: number;

  constructor(words: Int32Array, candidates: readonly Target[]) {
    this.size = candidates.length;
    this.#words = words;
    this.#candidates = candidates;
    this.#schedule = new Schedule(candidates.map((candidate) => candidate.balanceWeight));
    this.#turn = Atomics.load(words, Word.TURN);
    const played = this.#turn >>> 0;
    const { period } = this.#schedule;
    // One period more than the phase where one has passed: the order repeats only from the second on.
    this.#schedule.skip(played < period ? played : (played % period) + period);
  }

  pick(_hash: number, avoid: Target | undefined): Target | undefined {
    if (this.size === 1) return this.#candidates[0].isFull() ? undefined : this.#candidates[0];
    let turns = MAX_TURNS_PER_PICK;
    do {
      const candidate = this.#candidates[this.#takeTurn()];
      if (candidate !== avoid && !candidate.isFull()) return candidate;
    } while (--turns > 0);
    return scanFrom(this.#candidates, this.#turn >>> 0, avoid);
  }

  #takeTurn(): number {
    const turn = Atomics.add(this.#words, Word.TURN, 1);
    // Modulo 2^32; never negative, since turns only grow and this thread's schedule stands at one that it was given.
    const missed = (turn - this.#turn) >>> 0;
    if (missed > 0) this.#schedule.skip(missed);
    this.#turn = (turn + 1) | 0;
    return this.#schedule.next();
  }
}
