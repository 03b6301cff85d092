// A lock word that knows its owner, so that a dead thread's lock can be taken back.
//
// Word: 0 when free, else bits 0 to 7 thread + 1, bits 8 to 29 incarnation, bit 30 set when somebody sleeps on it.
// Writers: whoever acquires (compare-exchange 0 -> own), the owner (exchange -> 0), sleepers (set bit 30), and the supervisor
// (takeOver). All accesses are sequentially consistent, so what was written plainly under the lock is seen by the next owner.
//
// A lock only serialises; it protects nothing that would be wrong for ever if its owner died at any instruction. Each
// structure says in its head which words are the truth and how the rest is rebuilt from them.
//
// A thread that waits writes whom it waits for into its control block, because it cannot beat meanwhile and the supervisor
// must not blame it. Nothing here unwinds in a `finally`: a terminated thread does not run one either, and the code under a
// lock does not throw.
import { MAX_INCARNATION, type ThreadIdentity } from './identity.ts';

/** Who locks: the word to write, and where to say whom it waits for. `Segment.party` is the calling thread's. */
export interface LockParty {
  readonly thread: number;
  readonly word: number;
  readonly control: Int32Array;
  /** Index of the `waitsFor` word in `control`. */
  readonly waitsFor: number;
}

const CONTENDED = 1 << 30;
const OWNER_MASK = CONTENDED - 1;
/** About 2 us of spinning: several critical sections long, far below a scheduler's time slice. */
const SPINS = 60;
/** A sleeper is notified by `release`; the time-out only bounds what a notification lost with its thread costs. */
const SLEEP_MS = 5;
/** Main alone can notice that an owner died, so it must never wait without a bound. No live owner holds a lock this long. */
const MAIN_WAIT_MS = 2000;

export const lockWord = (identity: ThreadIdentity): number =>
  (identity.thread + 1) | ((identity.incarnation & MAX_INCARNATION) << 8);

/**
 * Blocks the calling thread until the word is its own. Critical sections do no I/O and last about a microsecond. Throws in
 * the main thread when that takes longer than two seconds: there `tryAcquire` is the rule.
 */
export function acquire(words: Int32Array, index: number, me: LockParty): void {
  if (Atomics.compareExchange(words, index, 0, me.word) === 0) return;
  if (!acquireSlowly(words, index, me, me.thread === 0 ? MAIN_WAIT_MS : Infinity)) {
    throw new Error(
      `lock ${index} is held by thread ${lockOwner(words, index)?.thread} for more than ${MAIN_WAIT_MS} ms`,
    );
  }
}

/** Takes the word if it is free at this moment. */
export function acquireAtOnce(words: Int32Array, index: number, me: LockParty): boolean {
  return Atomics.compareExchange(words, index, 0, me.word) === 0;
}

/** As `acquire`, but gives up after about `waitMs` and returns false. */
export function tryAcquire(words: Int32Array, index: number, me: LockParty, waitMs: number): boolean {
  return Atomics.compareExchange(words, index, 0, me.word) === 0 || acquireSlowly(words, index, me, waitMs);
}

export function release(words: Int32Array, index: number): void {
  if ((Atomics.exchange(words, index, 0) & CONTENDED) !== 0) Atomics.notify(words, index, 1);
}

/** Who holds it now, or undefined. */
export function lockOwner(words: Int32Array, index: number): ThreadIdentity | undefined {
  const owner = Atomics.load(words, index) & OWNER_MASK;
  return owner === 0 ? undefined : { thread: (owner & 0xff) - 1, incarnation: owner >>> 8 };
}

/**
 * Makes a dead thread's lock the caller's own; false when that thread does not hold it. The caller repairs what the lock
 * serialises, then releases. The dead thread must have ended: this does not stop it.
 */
export function takeOver(words: Int32Array, index: number, dead: ThreadIdentity, me: LockParty): boolean {
  const owner = lockWord(dead);
  for (;;) {
    const word = Atomics.load(words, index);
    if ((word & OWNER_MASK) !== owner) return false;
    // Whether others sleep is unknown when the bit is lost between the two calls, so it is set: one needless notify.
    if (Atomics.compareExchange(words, index, word, me.word | CONTENDED) === word) return true;
  }
}

function acquireSlowly(words: Int32Array, index: number, me: LockParty, waitMs: number): boolean {
  for (let spin = 0; spin < SPINS; spin++) {
    Atomics.pause();
    if (Atomics.load(words, index) === 0 && Atomics.compareExchange(words, index, 0, me.word) === 0) return true;
  }
  let waitedMs = 0;
  for (;;) {
    const word = Atomics.load(words, index);
    if (word === 0) {
      // Others may still sleep: the bit is kept set, so that this owner's release wakes the next.
      if (Atomics.compareExchange(words, index, 0, me.word | CONTENDED) === 0) break;
      continue;
    }
    if (waitedMs >= waitMs) {
      Atomics.store(me.control, me.waitsFor, 0);
      return false;
    }
    if ((word & CONTENDED) === 0 && Atomics.compareExchange(words, index, word, word | CONTENDED) !== word) continue;
    Atomics.store(me.control, me.waitsFor, word & 0xff);
    if (Atomics.wait(words, index, word | CONTENDED, SLEEP_MS) === 'timed-out') waitedMs += SLEEP_MS;
  }
  Atomics.store(me.control, me.waitsFor, 0);
  return true;
}
