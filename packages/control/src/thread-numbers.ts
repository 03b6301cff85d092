/** Which data thread has which number in shared memory, and for the how manieth time the number is given. */

import { MAX_INCARNATION } from '@evenkeel/shm';
import type { ThreadIdentity } from '@evenkeel/shm';

/**
 * A thread keeps its number until everything that was counted there is taken back. One that retires keeps it for as long as
 * it serves, so that a new one beside it gets another.
 */
export class ThreadNumbers {
  readonly #taken = new Map<number, ThreadIdentity>();
  /** By number. */
  readonly #incarnations: number[] = [];

  get taken(): number {
    return this.#taken.size;
  }

  /** The lowest number that is free; 0 is main's. */
  take(): ThreadIdentity {
    let thread = 1;
    while (this.#taken.has(thread)) thread++;
    const incarnation = ((this.#incarnations[thread] ?? 0) % MAX_INCARNATION) + 1;
    this.#incarnations[thread] = incarnation;
    const identity = { thread, incarnation };
    this.#taken.set(thread, identity);
    return identity;
  }

  /** Whether it has been given and not been given back. */
  isTaken(identity: ThreadIdentity): boolean {
    return this.#taken.get(identity.thread) === identity;
  }

  giveBack(identity: ThreadIdentity): void {
    if (this.isTaken(identity)) this.#taken.delete(identity.thread);
  }
}
