/**
 * The main thread's handle on the log thread: starts it, gives it the log sets of every new configuration, hears of drops,
 * and flushes it before the process ends. A log thread that dies is started again, at growing intervals; what was in the ring
 * is still there. One that dies again and again is given up: traffic goes on without logs.
 */

import { Worker } from 'node:worker_threads';
import type { Ring } from '@evenkeel/config';
import { RestartPolicy, createByteRing } from '@evenkeel/shm';
import type { ByteRingHandle } from '@evenkeel/shm';
import type { LogConfiguration } from './log-router.ts';
import { LogSetRegistry } from './log-set.ts';
import type { LogSet } from './log-set.ts';
import type { SinkDescription } from './rings/ring-sinks.ts';
import type { DropNews } from './drop-report.ts';
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
   * Called with a sentence when lines begin to be dropped and when that is over, once each for every destination, and when
   * the log thread failed: once for a row of failures, and once when it is given up.
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
  /** Resolves with start(). */
  readonly #started: Promise<void>;
  #onStart: () => void = () => {};
  #closing = false;
  readonly #restarts = new RestartPolicy(MAX_DEATHS);
  #restartTimer: NodeJS.Timeout | undefined;
  /** Monotonic ms. */
  #lastDeathMs = -Infinity;
  #isGivenUp = false;
  #tickets = 0;
  readonly #flushes = new Map<number, () => void>();
  readonly #descriptions = new Map<number, (sinks: readonly SinkDescription[]) => void>();
  readonly #readings = new Map<number, RingReading>();
  #rings: readonly Ring[] = [];
  #serving: readonly number[] = [];
  readonly #dropsByDestination = new Map<string, number>();

  constructor(options: LogServiceOptions) {
    this.#options = options;
    this.ring = createByteRing(options.producers, RING_BYTES_PER_PRODUCER);
    this.ready = new Promise((resolve) => (this.#onReady = resolve));
    this.#started = new Promise((resolve) => (this.#onStart = resolve));
  }

  /** Starts the log thread, once; what was written before waits in the ring. */
  start(): void {
    this.#worker ??= this.#startWorker();
    this.#onStart();
  }

  /** The stable number by which any thread names this set from now on. The log thread knows it before `publishSets` returns its turn. */
  numberOf(set: LogSet): number {
    return this.#registry.numberOf(set);
  }

  /**
   * Tells the log thread of the sets numbered since the last call, and of the rings of `next` whose names are new; to be
   * called before a plan that uses them is published.
   */
  publishSets(next: readonly Ring[] = []): void {
    const known = new Set(this.#rings.map(({ name }) => name));
    this.#configure([...this.#rings, ...next.filter(({ name }) => !known.has(name))]);
  }

  /** The plan that publishSets() was for is not published: its new rings end. */
  withdrawRings(): void {
    this.#configure(this.#rings);
  }

  /**
   * The rings of the configuration that serves, and the numbers of its sets: other rings end, settings that changed take
   * effect, and destinations that only other sets name are closed when old streams need them no more.
   */
  publishRings(rings: readonly Ring[], serving: readonly number[]): void {
    this.#rings = rings;
    this.#serving = [...new Set(serving)];
    this.#configure(rings);
  }

  #configure(rings: readonly Ring[]): void {
    this.#tell({ type: 'configure', configuration: this.#configuration(rings) });
  }

  #configuration(rings: readonly Ring[]): LogConfiguration {
    return { sets: this.#registry.sets, serving: this.#serving, rings };
  }

  /**
   * Rings and other event sinks, in the order of `show events`. Without a log thread there are none; who asks before it is
   * started, as a runtime socket may that has just been opened, waits for that.
   */
  async sinks(): Promise<readonly SinkDescription[]> {
    await this.#started;
    if (this.#worker === undefined || this.#isGivenUp) return [];
    const ticket = ++this.#tickets;
    const answer = new Promise<readonly SinkDescription[]>((resolve) => this.#descriptions.set(ticket, resolve));
    this.#tell({ type: 'describe', ticket });
    return await answer;
  }

  /**
   * Reads the events of a ring: those that are there unless `fromEnd`, and those that come while `follows`. `reading.take`
   * gets the next ones as lines (latin1), and whether they were the last; it gets more after the function `more` of what is
   * returned was called. Nothing more comes after `stop`.
   */
  readRing(
    ring: string,
    how: { readonly fromEnd: boolean; readonly follows: boolean },
    take: RingReading['take'],
  ): {
    more(): void;
    stop(): void;
  } {
    const ticket = ++this.#tickets;
    if (this.#worker === undefined || this.#isGivenUp) {
      queueMicrotask(() => take('', true));
      return { more() {}, stop() {} };
    }
    this.#readings.set(ticket, { take });
    this.#tell({ type: 'read', ticket, ring, ...how });
    return {
      more: () => this.#tell({ type: 'more', ticket }),
      stop: () => {
        this.#readings.delete(ticket);
        this.#tell({ type: 'stop', ticket });
      },
    };
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

  /**
   * Flushes and ends the thread, each within `limitMs`. False when the thread does not end: one of its helpers waits in a system
   * call, of a disk that hangs for example. Then the process must end without waiting for threads.
   */
  async close(limitMs: number): Promise<boolean> {
    await this.flush(limitMs);
    this.#closing = true;
    this.#onStart();
    clearTimeout(this.#restartTimer);
    const worker = this.#worker;
    if (worker === undefined) return true;
    // Who is stuck keeps nobody.
    worker.unref();
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), limitMs)));
    const hasEnded = await Promise.race([worker.terminate().then(() => true), limit]);
    clearTimeout(timer);
    return hasEnded;
  }

  #tell(message: ToLogThread): void {
    this.#worker?.postMessage(message);
  }

  #startWorker(): Worker {
    const workerData: LogThreadData = {
      ring: this.ring,
      configuration: this.#configuration(this.#rings),
      pid: process.pid,
    };
    const worker = new Worker(new URL(ENTRY), { workerData, name: 'log' });
    worker.on('message', (message: FromLogThread) => {
      if (message.type === 'ready') this.#onReady();
      else this.#hear(message);
    });
    let reason = 'it ended';
    worker.on('error', (error) => (reason = String(error)));
    worker.on('exit', () => {
      this.#answerAll();
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
    switch (message.type) {
      case 'flushed':
        this.#flushes.get(message.ticket)?.();
        break;
      case 'sinks':
        this.#descriptions.get(message.ticket)?.(message.sinks);
        this.#descriptions.delete(message.ticket);
        break;
      case 'events':
        this.#readings.get(message.ticket)?.take(message.text, message.isLast);
        if (message.isLast) this.#readings.delete(message.ticket);
        break;
      case 'dropped':
        if (message.isCounted) this.#dropsByDestination.set(message.name, message.dropped);
        if (message.change !== undefined) this.#options.onDrop(dropSentence(message));
        break;
    }
  }

  /** Whoever waits for the log thread that has just ended waits in vain. */
  #answerAll(): void {
    for (const answer of this.#descriptions.values()) answer([]);
    this.#descriptions.clear();
    for (const { take } of this.#readings.values()) take('', true);
    this.#readings.clear();
  }
}

/** Someone who reads a ring. */
interface RingReading {
  take(text: string, isLast: boolean): void;
}

function dropSentence({ change, name, reason, since }: DropNews): string {
  const where = name === '' ? '' : ` for ${name}`;
  return change === 'began'
    ? `log lines${where} are being dropped: ${reason}`
    : `log lines${where} are no longer dropped; ${since} were`;
}
