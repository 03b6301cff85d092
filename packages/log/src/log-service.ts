/**
 * The main thread's handle on the log thread: starts it, gives it the log sets of every new configuration, hears of drops,
 * and flushes it before the process ends. A log thread that dies is started again, at growing intervals; what was in the ring
 * is still there. One that dies again and again is given up: traffic goes on without logs.
 */

import { Worker } from 'node:worker_threads';
import { RestartPolicy, createByteRing } from '@evenkeel/shm';
import type { ByteRingHandle } from '@evenkeel/shm';
import { LogSetRegistry } from './log-set.ts';
import type { LogSet } from './log-set.ts';
import type { FromLogThread, LogThreadData, ToLogThread } from './log-thread.ts';

/**
 * Ring bytes of each producing thread: at 200 bytes a line and 60,000 requests/s that is 80 ms of a log thread that got no
 * processor at all. Pages are committed by the kernel as they are used.
 */
const RING_BYTES_PER_PRODUCER = 1 << 20;

/** By the package's own name, because what is built for publishing ends in `.js`. */
const ENTRY = import.meta.resolve('@evenkeel/log/thread');

/** Deaths within a minute after which the log thread is given up; with the growing intervals that is after about three seconds. */
const MAX_DEATHS = 8;

/** Failures closer together than this are one story, which is told once. */
const SAME_FAILURE_MS = 60_000;

export interface LogServiceOptions {
  /** Threads that may ever write, main included; their number is the producer number. */
  readonly producers: number;
  /**
   * Called with a sentence when lines were dropped, at most once a second for each destination, and when the log thread
   * failed: once for a row of failures, and once when it is given up.
   */
  onDrop(sentence: string): void;
}

export class LogService {
  readonly ring: ByteRingHandle;
  readonly #registry = new LogSetRegistry();
  readonly #options: LogServiceOptions;
  /** Undefined before start(). */
  #worker: Worker | undefined;
  /** Resolves when the log thread drains. */
  readonly ready: Promise<void>;
  #onReady: () => void = () => {};
  #closing = false;
  readonly #restarts = new RestartPolicy(MAX_DEATHS);
  #restartTimer: NodeJS.Timeout | undefined;
  /** Monotonic ms. */
  #lastDeathMs = -Infinity;
  #isGivenUp = false;
  #tickets = 0;
  readonly #flushes = new Map<number, () => void>();
  readonly #dropsByDestination = new Map<string, number>();

  constructor(options: LogServiceOptions) {
    this.#options = options;
    this.ring = createByteRing(options.producers, RING_BYTES_PER_PRODUCER);
    this.ready = new Promise((resolve) => (this.#onReady = resolve));
  }

  /** Starts the log thread, once; what was written before waits in the ring. */
  start(): void {
    this.#worker ??= this.#startWorker();
  }

  /** The stable number by which any thread names this set from now on. The log thread knows it before `publishSets` returns its turn. */
  numberOf(set: LogSet): number {
    return this.#registry.numberOf(set);
  }

  /** Tells the log thread of the sets numbered since the last call; to be called before a plan that uses them is published. */
  publishSets(): void {
    this.#tell({ type: 'sets', sets: this.#registry.sets });
  }

  /** Lines dropped so far, by the ring and by destinations: `DroppedLogs` of `show info`. */
  get dropped(): number {
    let sum = 0;
    for (const dropped of this.#dropsByDestination.values()) sum += dropped;
    return sum;
  }

  /** Resolves when everything written so far has left, or after `limitMs`. */
  async flush(limitMs: number): Promise<void> {
    if (this.#worker === undefined || this.#isGivenUp) return;
    const ticket = ++this.#tickets;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, limitMs);
      const flushes = this.#flushes;
      function done(): void {
        clearTimeout(timer);
        flushes.delete(ticket);
        resolve();
      }
      flushes.set(ticket, done);
      this.#tell({ type: 'flush', ticket });
    });
  }

  /** Flushes and ends the thread. */
  async close(limitMs: number): Promise<void> {
    await this.flush(limitMs);
    this.#closing = true;
    clearTimeout(this.#restartTimer);
    await this.#worker?.terminate();
  }

  #tell(message: ToLogThread): void {
    this.#worker?.postMessage(message);
  }

  #startWorker(): Worker {
    const workerData: LogThreadData = { ring: this.ring, sets: this.#registry.sets, pid: process.pid };
    const worker = new Worker(new URL(ENTRY), { workerData, name: 'log' });
    worker.on('message', (message: FromLogThread) => {
      if (message.type === 'ready') this.#onReady();
      else this.#hear(message);
    });
    let reason = 'it ended';
    worker.on('error', (error) => (reason = String(error)));
    worker.on('exit', () => {
      if (!this.#closing) this.#restart(reason);
    });
    return worker;
  }

  /** The log thread ended by itself. */
  #restart(reason: string): void {
    const now = performance.now();
    const isNews = now - this.#lastDeathMs > SAME_FAILURE_MS;
    this.#lastDeathMs = now;
    const delayMs = this.#restarts.died(now);
    if (delayMs === undefined) {
      this.#isGivenUp = true;
      for (const done of this.#flushes.values()) done();
      this.#options.onDrop(
        `the log thread failed ${MAX_DEATHS + 1} times within a minute (${reason}): nothing is logged any more until the process is started again`,
      );
      return;
    }
    if (isNews) this.#options.onDrop(`the log thread failed and is started again: ${reason}`);
    this.#restartTimer = setTimeout(() => (this.#worker = this.#startWorker()), delayMs);
  }

  #hear(message: Exclude<FromLogThread, { type: 'ready' }>): void {
    if (message.type === 'flushed') {
      this.#flushes.get(message.ticket)?.();
      return;
    }
    const name = message.destination ?? '';
    this.#dropsByDestination.set(name, message.dropped);
    const where = message.destination === undefined ? '' : ` for ${message.destination}`;
    this.#options.onDrop(`${message.dropped} log lines${where} dropped so far: ${message.reason}`);
  }
}
