// The order in which weighted servers take turns (manual: `balance roundrobin`): smooth, deterministic, HAProxy 2.6's own
// order for any weights. Knows nothing of servers, threads or states: indexes go in by weight and come out in turn.
//
// Turns are numbered from 1. A server with weight w of a total W that has its turn at p is due again W/w later, kept as a
// whole number and a remainder in w-ths. Each turn goes to the server that is due, by position, then by the smaller
// (remainder - weight), then to whoever waits longest; when none is due yet, to the heaviest that had no turn so far. After
// each W / gcd turns every server had exactly w / gcd of them, and from the second such period on the order repeats.
// Those facts were found by watching the real program; `schedule.test.ts` holds recordings of it.

/**
 * The most turns that `skip` plays: at 0.13 us each for 1,000 servers that is half a millisecond, on a rebuild or after a
 * long idle time only. In a longer order the phase then jumps, which costs smoothness once and no proportion.
 */
const MAX_PLAYED_TURNS = 4096;

export class Schedule {
  /** Turns after which the order repeats, once the first such period is over. */
  readonly period: number;
  readonly #weights: readonly number[];
  readonly #total: number;
  /** Indexes that had no turn yet, the next one last. */
  readonly #fresh: number[];
  /** Binary heap of the indexes that had a turn, the one to be due first on top. */
  readonly #heap: number[] = [];
  readonly #due: number[];
  readonly #remainder: number[];
  /** When the last turn was, in turns: breaks ties. */
  readonly #last: number[];
  #turn = 0;

  /** `weights` are integers above 0, at least one. */
  constructor(weights: readonly number[]) {
    let total = 0;
    let divisor = 0;
    for (const weight of weights) {
      total += weight;
      divisor = greatestCommonDivisor(weight, divisor);
    }
    this.#weights = weights;
    this.#total = total;
    this.period = total / divisor;
    this.#fresh = weights.map((_, index) => index).sort((a, b) => weights[a] - weights[b] || b - a);
    this.#due = weights.map(() => 0);
    this.#remainder = weights.map(() => 0);
    this.#last = weights.map(() => 0);
  }

  /** The index whose turn it is. */
  next(): number {
    const turn = ++this.#turn;
    const heap = this.#heap;
    if (this.#fresh.length > 0 && (heap.length === 0 || this.#due[heap[0]] > turn)) {
      const index = this.#fresh.pop()!;
      this.#due[index] = turn;
      this.#advance(index, turn);
      heap.push(index);
      this.#siftUp(heap.length - 1);
      return index;
    }
    const index = heap[0];
    this.#advance(index, turn);
    this.#siftDown();
    return index;
  }

  /** Lets `turns` turns go by: whole periods for nothing, and of orders longer than MAX_PLAYED_TURNS only that many. */
  skip(turns: number): void {
    const { period } = this;
    let left = turns;
    // The first period may differ from the others, so it is played out.
    if (period <= MAX_PLAYED_TURNS) {
      while (left > 0 && this.#turn < period) {
        this.next();
        left--;
      }
      left %= period;
    } else {
      left %= MAX_PLAYED_TURNS;
    }
    while (left-- > 0) this.next();
  }

  #advance(index: number, turn: number): void {
    const weight = this.#weights[index];
    let due = this.#due[index] + Math.floor(this.#total / weight);
    let remainder = this.#remainder[index] + (this.#total % weight);
    if (remainder >= weight) {
      remainder -= weight;
      due++;
    }
    this.#due[index] = due;
    this.#remainder[index] = remainder;
    this.#last[index] = turn;
  }

  #isBefore(a: number, b: number): boolean {
    const due = this.#due[a] - this.#due[b];
    if (due !== 0) return due < 0;
    const rest = this.#remainder[a] - this.#weights[a] - (this.#remainder[b] - this.#weights[b]);
    return rest !== 0 ? rest < 0 : this.#last[a] < this.#last[b];
  }

  #siftUp(start: number): void {
    const heap = this.#heap;
    const index = heap[start];
    let at = start;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#isBefore(index, heap[above])) break;
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = index;
  }

  #siftDown(): void {
    const heap = this.#heap;
    const { length } = heap;
    const index = heap[0];
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= length) break;
      if (below + 1 < length && this.#isBefore(heap[below + 1], heap[below])) below++;
      if (!this.#isBefore(heap[below], index)) break;
      heap[at] = heap[below]!;
      at = below;
    }
    heap[at] = index;
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}
