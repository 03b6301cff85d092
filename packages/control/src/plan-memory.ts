/**
 * Memory for plans on their way to threads. A large plan takes megabytes that a thread which has little to do would not let
 * go of for a long time, since its engine sees no need to look for garbage: so they are used again for a later plan.
 */

/** Less is left to the engine. */
const LEAST_KEPT_BYTES = 1 << 20;
/** So that the next plan, a little larger, fits too. */
const SPARE_SHARE = 0.25;
/** Memory of more than so many times what is wanted is not taken for it. */
const MOST_TIMES = 4;

export class PlanMemory {
  readonly #used: { readonly generation: number; readonly memory: SharedArrayBuffer }[] = [];
  #free: SharedArrayBuffer[] = [];

  /** At least so many bytes, whatever they contain, for a plan of a generation. */
  take(generation: number, bytes: number): SharedArrayBuffer {
    if (bytes < LEAST_KEPT_BYTES) return new SharedArrayBuffer(bytes);
    const fitting = this.#free.filter(({ byteLength }) => byteLength >= bytes && byteLength <= bytes * MOST_TIMES);
    const memory = fitting[0] ?? new SharedArrayBuffer(Math.ceil(bytes * (1 + SPARE_SHARE)));
    // What does not fit the plans of today is not kept for those of another day.
    this.#free = fitting.slice(1);
    this.#used.push({ generation, memory });
    return memory;
  }

  /** No thread reads plans of generations before `generation` any more, nor ever will. */
  giveBackBefore(generation: number): void {
    for (let at = this.#used.length - 1; at >= 0; at--)
      if (this.#used[at].generation < generation) this.#free.push(this.#used.splice(at, 1)[0].memory);
  }
}
