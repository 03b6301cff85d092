/**
 * One data thread as the supervisor holds it: the worker, its answers as promises, and its end. Knows the protocol; decides
 * nothing.
 */

import type { Worker } from 'node:worker_threads';
import type {
  FromThread,
  ListenerDescriptor,
  PackedPlan,
  QuestionOf,
  ThreadAnswers,
  ThreadInit,
  ThreadQuestion,
  ToThread,
} from '@evenkeel/proxy';
import type { SegmentHandle, ThreadIdentity } from '@evenkeel/shm';

export interface DataThreadHooks {
  /** The worker is gone. `error` is what it threw; undefined after terminate() or an orderly stop. */
  onExit(thread: DataThread, error: Error | undefined): void;
  onOldest(thread: DataThread, generation: number): void;
  onNotice(level: 'warning' | 'alert', text: string): void;
}

/** What a thread may take to load its modules; on a machine at rest it is a tenth of a second. */
const START_LIMIT_MS = 10_000;

/** Thrown into whoever waits for an answer of a thread that ended. */
export class ThreadGone extends Error {
  override readonly name = 'ThreadGone';
}

export class DataThread {
  readonly index: number;
  /** Its number and life in shared memory. */
  readonly identity: ThreadIdentity;
  /** Oldest generation that it still serves. */
  oldestGeneration = 0;
  /** A stop was asked for: its exit is no crash. */
  leaving = false;
  readonly #worker: Worker;
  readonly #waiting: {
    readonly type: FromThread['type'];
    /** Of `prepared` and `published`: an answer that comes too late must not be taken for that of the next generation. */
    readonly generation: number | undefined;
    resolve(message: FromThread): void;
    reject(error: Error): void;
  }[] = [];
  readonly #exited: Promise<void>;
  /** Questions that are not answered yet, by their numbers. */
  readonly #questions = new Map<number, (answer: unknown) => void>();
  #asked = 0;
  #gone = false;
  /** It turns its loop and has loaded what must not be interrupted while it loads (packages/sys, native.ts). */
  #isReady = false;

  /** `worker` was started for it, now or earlier, and has not been told who it is. */
  constructor(worker: Worker, init: ThreadInit, identity: ThreadIdentity, hooks: DataThreadHooks) {
    this.index = init.index;
    this.identity = identity;
    let failure: Error | undefined;
    this.#worker = worker;
    this.#tell({ type: 'begin', init });
    this.#worker.on('message', (message: FromThread) => this.#hear(message, hooks));
    this.#worker.on('error', (error) => (failure = error instanceof Error ? error : new Error(String(error))));
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#gone = true;
        const error = new ThreadGone(`data thread ${this.index + 1} ended`);
        for (const waiter of this.#waiting.splice(0)) waiter.reject(error);
        for (const answer of this.#questions.values()) answer(undefined);
        hooks.onExit(this, failure);
        resolve();
      });
    });
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** Binds what is new and builds the generation; resolves with the errors found. Rejects with ThreadGone. */
  async prepare(
    plan: PackedPlan,
    segment: SegmentHandle,
    descriptors: readonly ListenerDescriptor[],
  ): Promise<readonly string[]> {
    const answer = this.#expect('prepared', plan.generation);
    this.#tell({ type: 'prepare', plan, segment, descriptors });
    const message = await answer;
    return message.type === 'prepared' ? message.errors : [];
  }

  async publish(generation: number): Promise<void> {
    const answer = this.#expect('published', generation);
    this.#tell({ type: 'publish', generation });
    await answer;
    if (this.oldestGeneration === 0) this.oldestGeneration = generation;
  }

  abort(generation: number): void {
    this.#tell({ type: 'abort', generation });
  }

  /** Resolves when the last client connection is gone, or the thread with it. */
  async softStop(): Promise<void> {
    const answer = this.#expect('drained');
    this.#tell({ type: 'soft-stop' });
    await answer.catch(() => undefined);
  }

  /** As `softStop`, for a thread that the process goes on without: those who wait for a place have their turn. */
  async leave(): Promise<void> {
    const answer = this.#expect('drained');
    this.#tell({ type: 'leave' });
    await answer.catch(() => undefined);
  }

  /** During a soft stop: every connection ends now, each with its log line. */
  kill(): void {
    this.#tell({ type: 'kill' });
  }

  pause(): void {
    this.#tell({ type: 'pause' });
  }

  resume(): void {
    this.#tell({ type: 'resume' });
  }

  /** For the runtime socket. Undefined where it has no answer within `limitMs`, or ends. */
  async ask<Type extends ThreadQuestion['type']>(
    question: QuestionOf<Type>,
    limitMs: number,
  ): Promise<ThreadAnswers[Type] | undefined> {
    if (this.#gone || !this.#isReady) return undefined;
    const number = ++this.#asked;
    const answer = await new Promise<unknown>((resolve) => {
      const timer = setTimeout(() => resolve(undefined), limitMs);
      this.#questions.set(number, (value) => {
        clearTimeout(timer);
        resolve(value);
      });
      this.#tell({ type: 'ask', number, question });
    });
    this.#questions.delete(number);
    return answer as ThreadAnswers[Type] | undefined;
  }

  /** Ends the thread in order, or by force after `limitMs`; one that is still starting first gets the time for that. */
  async stop(limitMs: number): Promise<void> {
    this.leaving = true;
    if (this.#gone) return;
    this.#tell({ type: 'stop' });
    const timer = setTimeout(() => void this.#worker.terminate(), limitMs + (this.#isReady ? 0 : START_LIMIT_MS));
    await this.#exited;
    clearTimeout(timer);
  }

  /** Ends a thread that no longer turns its loop. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
    await this.#exited;
  }

  #tell(message: ToThread): void {
    if (!this.#gone) this.#worker.postMessage(message);
  }

  async #expect(type: FromThread['type'], generation?: number): Promise<FromThread> {
    return await new Promise((resolve, reject) => {
      if (this.#gone) reject(new ThreadGone(`data thread ${this.index + 1} ended`));
      else this.#waiting.push({ type, generation, resolve, reject });
    });
  }

  #hear(message: FromThread, hooks: DataThreadHooks): void {
    if (message.type === 'answer') return this.#questions.get(message.number)?.(message.answer);
    if (message.type === 'ready') this.#isReady = true;
    else if (message.type === 'notice') hooks.onNotice(message.level, message.text);
    else if (message.type === 'oldest') {
      this.oldestGeneration = message.generation;
      hooks.onOldest(this, message.generation);
    }
    const index = this.#waiting.findIndex(
      ({ type, generation }) =>
        type === message.type &&
        (generation === undefined || ('generation' in message && message.generation === generation)),
    );
    if (index >= 0) this.#waiting.splice(index, 1)[0].resolve(message);
  }
}
