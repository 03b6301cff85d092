// Which server has the lowest key, for all threads of a backend: a tournament in shared memory, so that a pick reads one
// word and a change of load costs log2(n) comparisons, also with 1,000 servers. Knows nothing of what a key means.
//
// Leaves are the servers by index, each with a key and the stamp of its last change; every inner node holds the index
// of the better of its two children's winners: the lower key, then the older stamp (first in, first out, as HAProxy
// orders equal keys). A change is made under the backend's lock, and its key is computed there from the shared counts,
// whoever changed them, so a key can be late but not wrong for long.
//
// Nobody waits for that lock with a change. Who finds it taken marks the server and goes on; who holds it looks for marks when
// it has let go of it, and works off what there is. Marking and looking are sequentially consistent, so one of the two sees
// the other, and no change is left behind. Only before its next pick a thread makes sure that its own changes are in, so
// that it never sends a herd to one server while the owner of the lock sleeps. A thread that dies inside leaves the lock,
// which `repair` takes over, computing the nodes again from the leaves, and perhaps a change undone, which the next `fill`
// does.
//
// Winners are read without the lock. A reader may see the winner before a change that is under way, as it might have
// come a moment earlier; whether that server can take a stream is decided by its exact count, not here.

import { acquire, acquireAtOnce, release, takeOver, type LockParty, type ThreadIdentity } from '@evenkeel/shm';
import { markWords, orderLeaves, Word } from './shared-words.ts';

/** Key of a server that may not be picked; every real key is lower. */
export const ABSENT = 0x7fff_ffff;

export class LoadOrder {
  readonly #words: Int32Array;
  readonly #me: LockParty;
  readonly #servers: number;
  /** At least as many; those beyond the servers are ABSENT. */
  readonly #leaves: number;
  readonly #keys: number;
  readonly #stamps: number;
  readonly #marks: number;
  readonly #markWords: number;
  readonly #keyOf: (index: number) => number;
  /** Marks that this thread set may not be worked off yet. */
  #hasMarked = false;

  /** `words` as `shared-words.ts` lays them out, for `servers` servers; `keyOf` is asked for keys, under the lock and without. */
  constructor(words: Int32Array, servers: number, me: LockParty, keyOf: (index: number) => number) {
    this.#keyOf = keyOf;
    this.#words = words;
    this.#me = me;
    this.#servers = servers;
    this.#leaves = orderLeaves(servers);
    this.#keys = Word.ORDER + this.#leaves;
    this.#stamps = this.#keys + this.#leaves;
    this.#marks = this.#stamps + this.#leaves;
    this.#markWords = markWords(servers);
  }

  /** The index with the lowest key; of no meaning while all are ABSENT. All changes that this thread told of are in it. */
  first(): number {
    if (this.#hasMarked) this.#settle();
    return this.#leaves === 1 ? 0 : this.#words[Word.ORDER + 1];
  }

  /** The index with the lowest key among the others. */
  firstBut(index: number): number {
    let best = -1;
    for (let node = this.#leaves + index; node > 1; node >>= 1) {
      const rival = this.#winner(node ^ 1);
      if (best === -1 || this.#isBefore(rival, best)) best = rival;
    }
    return best === -1 ? index : best;
  }

  key(index: number): number {
    return Atomics.load(this.#words, this.#keys + index);
  }

  /** The load of a server changed: it gets its key anew, from this thread or from whoever holds the lock. */
  change(index: number): void {
    const words = this.#words;
    if (!acquireAtOnce(words, Word.LOCK, this.#me)) {
      Atomics.or(words, this.#marks + (index >> 5), 1 << (index & 31));
      Atomics.or(words, Word.MARKS, 1 << ((index >> 5) & 31));
      if (!acquireAtOnce(words, Word.LOCK, this.#me)) {
        this.#hasMarked = true;
        return;
      }
    } else {
      this.#compute(index);
    }
    this.#letGo();
  }

  #settle(): void {
    this.#hasMarked = false;
    acquire(this.#words, Word.LOCK, this.#me);
    this.#letGo();
  }

  /** Gives all indexes their keys and keeps their stamps; waits for the lock. */
  fill(): void {
    acquire(this.#words, Word.LOCK, this.#me);
    for (let index = 0; index < this.#leaves; index++)
      this.#words[this.#keys + index] = index < this.#servers ? this.#keyOf(index) : ABSENT;
    this.#playAll();
    this.#letGo();
  }

  /** Works off the marks that others set, and releases the lock; again where marks came meanwhile. */
  #letGo(): void {
    const words = this.#words;
    for (;;) {
      if (Atomics.load(words, Word.MARKS) !== 0) this.#workOff();
      release(words, Word.LOCK);
      if (Atomics.load(words, Word.MARKS) === 0 || !acquireAtOnce(words, Word.LOCK, this.#me)) return;
    }
  }

  #workOff(): void {
    const words = this.#words;
    for (let groups = Atomics.exchange(words, Word.MARKS, 0); groups !== 0; groups &= groups - 1) {
      for (let word = 31 - Math.clz32(groups & -groups); word < this.#markWords; word += 32) {
        for (let bits = Atomics.exchange(words, this.#marks + word, 0); bits !== 0; bits &= bits - 1)
          this.#compute(32 * word + 31 - Math.clz32(bits & -bits));
      }
    }
  }

  /** Under the lock. Looked at again at the end for those who compare keys without it and found no change to make. */
  #compute(index: number): void {
    const keyOf = this.#keyOf;
    let key = keyOf(index);
    this.update(index, key);
    for (let now = keyOf(index); now !== key; now = keyOf(index)) {
      key = now;
      this.update(index, key);
    }
  }

  /** Gives one index its key; under the lock. What is read more than once is held in locals: others wait meanwhile. */
  update(index: number, key: number): void {
    const words = this.#words;
    const leaves = this.#leaves;
    const keys = this.#keys;
    const stamps = this.#stamps;
    const stamp = (words[Word.STAMP] + 1) | 0;
    words[Word.STAMP] = stamp;
    // Others compare it without the lock (`first.ts`): it must be there before what comes next is read.
    Atomics.store(words, keys + index, key);
    words[stamps + index] = stamp;
    let winner = index;
    let winnerKey = key;
    for (let node = leaves + index; node > 1; node >>= 1) {
      const other = node ^ 1;
      const rival = other >= leaves ? other - leaves : words[Word.ORDER + other];
      const rivalKey = words[keys + rival];
      // Among equals this index is the youngest.
      if (rivalKey < winnerKey || (rivalKey === winnerKey && (winner === index || this.#isBefore(rival, winner)))) {
        winner = rival;
        winnerKey = rivalKey;
      }
      const match = Word.ORDER + (node >> 1);
      // Who won here before and was not changed goes on as before: nobody above sees a difference.
      if (winner !== index && words[match] === winner) return;
      words[match] = winner;
    }
  }

  /** Frees the order of a lock that a dead thread held. Returns whether there was one. */
  repair(dead: ThreadIdentity): boolean {
    if (!takeOver(this.#words, Word.LOCK, dead, this.#me)) return false;
    this.#playAll();
    release(this.#words, Word.LOCK);
    return true;
  }

  #playAll(): void {
    for (let node = this.#leaves - 1; node >= 1; node--) this.#play(node);
  }

  #play(node: number): void {
    const left = this.#winner(2 * node);
    const right = this.#winner(2 * node + 1);
    this.#words[Word.ORDER + node] = this.#isBefore(right, left) ? right : left;
  }

  #winner(node: number): number {
    return node >= this.#leaves ? node - this.#leaves : this.#words[Word.ORDER + node];
  }

  #isBefore(a: number, b: number): boolean {
    const difference = this.#words[this.#keys + a] - this.#words[this.#keys + b];
    if (difference !== 0) return difference < 0;
    // Stamps wrap: the older one is behind by less than half of the range.
    const age = (this.#words[this.#stamps + a] - this.#words[this.#stamps + b]) | 0;
    return age !== 0 ? age < 0 : a < b;
  }
}
