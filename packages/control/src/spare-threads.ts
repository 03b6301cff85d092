/**
 * Data threads that start while main still loads its modules and reads the configuration: most of what a start takes is the
 * loading of modules, and main and threads load different ones. A spare thread loads everything and waits to be told who it
 * is. An entry of its own, which loads nothing else.
 */

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { FromThread } from '@evenkeel/proxy';

const ENTRY = import.meta.resolve('@evenkeel/proxy/thread');

/**
 * Main is busy meanwhile, and how many threads are wanted is not known yet: on small machines these are all that `nbthread`
 * defaults to, and one too many costs a tenth of a second of an idle core.
 */
const SPARE_THREADS = Math.min(2, availableParallelism());

/** Starts data thread `index`, counted from 0. */
export function startThread(index: number): Worker {
  return new Worker(new URL(ENTRY), { name: `data-${index + 1}` });
}

class Spare {
  readonly worker: Worker;
  isGone = false;
  /** Resolves when it has loaded everything, or ended before. */
  readonly settled: Promise<void>;
  #settle: () => void = () => {};

  constructor(worker: Worker) {
    this.worker = worker;
    this.settled = new Promise((resolve) => (this.#settle = resolve));
    worker.on('message', this.#onMessage).on('error', this.#onError).on('exit', this.#onExit);
  }

  /** Somebody else listens to the worker from now on. */
  release(): Worker {
    return this.worker.off('message', this.#onMessage).off('error', this.#onError).off('exit', this.#onExit);
  }

  readonly #onMessage = ({ type }: FromThread): void => {
    if (type === 'loaded') this.#settle();
  };

  /** What it failed of is said by the thread that is started in its place. */
  readonly #onError = (): void => {};

  readonly #onExit = (): void => {
    this.isGone = true;
    this.#settle();
  };
}

export class SpareThreads {
  /** By the number of the data thread that it is to be. */
  readonly #spares: (Spare | undefined)[];

  constructor() {
    this.#spares = Array.from({ length: SPARE_THREADS }, (_, index) => new Spare(startThread(index)));
  }

  /** Resolves when all have loaded: from then on they keep their rights when main changes the user. */
  async loaded(): Promise<void> {
    await Promise.all(this.#spares.map(async (spare) => await spare?.settled));
  }

  /** The spare thread for a data thread, once; undefined where there is none. */
  take(index: number): Worker | undefined {
    const spare = this.#spares[index];
    this.#spares[index] = undefined;
    return spare === undefined || spare.isGone ? undefined : spare.release();
  }

  /** Ends those that nobody took; one that is still loading first gets the time for that (packages/sys, native.ts). */
  async dismiss(): Promise<void> {
    const left = this.#spares.splice(0);
    await Promise.all(
      left.map(async (spare) => {
        await spare?.settled;
        await spare?.worker.terminate();
      }),
    );
  }
}
