/**
 * Keeps the data threads: starts them, publishes generations to all of them or to none, replaces one that died or stalled
 * and takes back what it held. Operations run one after another; each leaves every thread on the same generation.
 *
 * It knows nothing of files or signals: the daemon passes plans in and asks for stops.
 */

import type { ByteRingHandle, SegmentOwner, ThreadIdentity } from '@evenkeel/shm';
import { HeartbeatReader, MAX_INCARNATION, recoverThread } from '@evenkeel/shm';
import type { Plan } from '@evenkeel/proxy';
import { discardBackends, prepareBackends, recoverBackends, recoverParked } from '@evenkeel/proxy/main';
import { DataThread, ThreadGone } from './data-thread.ts';
import { releaseUnused } from './plan-compiler.ts';
import { RestartPolicy } from './restart-policy.ts';
import { SharedListeners } from './shared-listeners.ts';

export interface SupervisorOptions {
  readonly slots: SegmentOwner;
  readonly logRing: ByteRingHandle;
  /** CLOCK_MONOTONIC in ms. */
  now(): number;
  /** Something an operator should read. */
  report(level: 'warning' | 'alert', text: string): void;
  /**
   * Once, when everything that needs privileges in main is bound and before the first data thread starts: what threads may
   * do, they inherit from main at their start.
   */
  beforeFirstThread(): void;
  /** No thread serves this generation any more. */
  onGenerationUnused(generation: number): void;
  /** Too many threads died in a short time: the process should end, for its service manager to judge. */
  onHopeless(text: string): void;
}

export type PublishResult = { readonly ok: true } | { readonly ok: false; readonly errors: readonly string[] };

/**
 * A data thread that did not turn its event loop for this long is ended and replaced. The longest honest work in one turn is
 * a major garbage collection or the building of a generation of 50,000 lines, a few hundred ms each; while a thread is
 * silent, the share of new connections that the kernel hashes to it hangs, so the bound is not longer than people wait.
 */
const STALL_MS = 3000;
const WATCH_INTERVAL_MS = 250;
/** If the watch itself came this late, the whole process was stopped or starved and nobody's silence means anything. */
const OWN_GAP_MS = 1000;
/** A thread that does not answer `prepare` for this long is treated as stalled. */
const PREPARE_LIMIT_MS = 20_000;
/** What a thread may take to close its connections when told to stop. */
const STOP_LIMIT_MS = 500;
/** How long recovery waits for a lock that a living thread holds, each time. */
const RECOVERY_WAIT_MS = 20;

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #heartbeats: HeartbeatReader;
  readonly #listeners = new SharedListeners();
  readonly #restarts = new RestartPolicy();
  #threads: DataThread[] = [];
  /** Threads that a smaller `nbthread` no longer wants and that still serve what they had. */
  readonly #retiring = new Set<DataThread>();
  /**
   * Who has which number in shared memory, until everything that was counted there is taken back. A thread that retires keeps
   * its number for as long as it serves, so a new one beside it must get another.
   */
  readonly #numbers = new Map<number, ThreadIdentity>();
  /** By number in shared memory. */
  #incarnations: number[] = [];
  #plan: Plan | undefined;
  /** Plans that some thread may still serve streams of, the current one last. */
  #plansInUse: Plan[] = [];
  #queue: Promise<unknown> = Promise.resolve();
  #watch: NodeJS.Timeout | undefined;
  #lastWatchMs = 0;
  #stopping = false;
  /** stop() is over: nothing is left to be taken back for. */
  #ended = false;
  #paused = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#heartbeats = new HeartbeatReader(options.slots.segment);
  }

  /** Data threads at work. */
  get threads(): number {
    return this.#threads.length;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  /** The plan that serves. */
  get plan(): Plan | undefined {
    return this.#plan;
  }

  /** Makes `plan` the generation that serves on `threads` data threads, or changes nothing and says why. */
  async publish(plan: Plan, threads: number): Promise<PublishResult> {
    return await this.#serially(async () => {
      if (this.#stopping) return { ok: false, errors: ['the process is stopping: nothing new is started'] };
      // A thread that died and waits for its replacement must not make a sound configuration fail.
      for (const thread of this.#threads) if (thread.gone) await this.#replace(thread);
      return await this.#publish(plan, threads);
    });
  }

  /** Stops accepting; resolves when the last client connection is gone. */
  async softStop(): Promise<void> {
    this.#stopping = true;
    await this.#serially(async () => {
      this.#listeners.closeAll();
      await Promise.resolve();
    });
    await Promise.all([...this.#threads, ...this.#retiring].map(async (thread) => await thread.softStop()));
  }

  /** Ends every thread and closes every listener. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#watch);
    this.#listeners.closeAll();
    await Promise.all([...this.#threads, ...this.#retiring].map(async (thread) => await thread.stop(STOP_LIMIT_MS)));
    this.#threads = [];
    this.#ended = true;
  }

  /** Listeners stop accepting until resume(). */
  pause(): void {
    this.#paused = true;
    for (const thread of this.#threads) thread.pause();
  }

  resume(): void {
    this.#paused = false;
    for (const thread of this.#threads) thread.resume();
  }

  async #serially<T>(operation: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(operation);
    this.#queue = result.catch(() => undefined);
    return await result;
  }

  async #publish(plan: Plan, wanted: number): Promise<PublishResult> {
    const opened = this.#listeners.open(plan);
    if (opened.errors.length > 0) {
      opened.rollBack();
      return { ok: false, errors: opened.errors };
    }
    const missing = wanted - this.#threads.length;
    const free = this.#options.slots.segment.maxThreads - 1 - this.#numbers.size;
    if (missing > free) {
      opened.rollBack();
      return {
        ok: false,
        errors: [
          `${missing} more data threads are wanted and ${free} can be started: ${this.#retiring.size} of an earlier nbthread still serve their last connections`,
        ],
      };
    }
    prepareBackends(this.#options.slots, plan);
    if (this.#plan === undefined) {
      // Who is about to give up the right to write to a folder must name its Unix sockets now; others wait until all is bound.
      const unnamed = givesUpPrivileges(plan) ? opened.publishPaths() : [];
      if (unnamed.length > 0) {
        opened.rollBack();
        discardBackends(this.#options.slots, plan);
        return { ok: false, errors: unnamed };
      }
      this.#options.beforeFirstThread();
    }
    const stay = this.#threads.slice(0, wanted);
    const retiring = this.#threads.slice(wanted);
    const fresh = Array.from({ length: Math.max(0, wanted - stay.length) }, (_, offset) =>
      this.#start(stay.length + offset),
    );
    const all = [...stay, ...fresh];
    const segment = this.#options.slots.handle();
    const answers = await Promise.all(
      all.map(
        async (thread) =>
          await this.#prepare(
            thread,
            async () => await thread.prepare(plan, segment, opened.duplicates(fresh.includes(thread))),
          ),
      ),
    );
    const errors = [...new Set(answers.flat())];
    if (errors.length === 0) errors.push(...opened.publishPaths());
    if (errors.length > 0) {
      for (const thread of stay) thread.abort(plan.generation);
      await Promise.all(fresh.map(async (thread) => await thread.stop(STOP_LIMIT_MS)));
      for (const thread of fresh) this.#takeBack(thread);
      opened.rollBack();
      discardBackends(this.#options.slots, plan);
      return { ok: false, errors };
    }
    opened.commit();
    this.#plan = plan;
    this.#plansInUse.push(plan);
    this.#threads = all;
    await Promise.all(all.map(async (thread) => await thread.publish(plan.generation).catch(ignoreGone)));
    if (this.#paused) for (const thread of all) thread.pause();
    releaseUnused(this.#options.slots, plan);
    for (const thread of retiring) void this.#retire(thread);
    if (this.#watch === undefined) this.#startWatch();
    return { ok: true };
  }

  async #prepare(thread: DataThread, ask: () => Promise<readonly string[]>): Promise<readonly string[]> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<readonly string[]>((resolve) => {
      timer = setTimeout(
        () => resolve([`data thread ${thread.index + 1} did not answer within ${PREPARE_LIMIT_MS} ms`]),
        PREPARE_LIMIT_MS,
      );
    });
    try {
      return await Promise.race([ask(), limit]);
    } catch (error) {
      if (error instanceof ThreadGone) return [error.message];
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #start(index: number): DataThread {
    let number = 1;
    while (this.#numbers.has(number)) number++;
    const incarnation = ((this.#incarnations[number] ?? 0) % MAX_INCARNATION) + 1;
    this.#incarnations[number] = incarnation;
    const identity: ThreadIdentity = { thread: number, incarnation };
    this.#numbers.set(number, identity);
    const { slots, logRing } = this.#options;
    slots.useThread(identity.thread);
    this.#heartbeats.begin(identity, this.#options.now());
    return new DataThread({ index, thread: number, incarnation, segment: slots.handle(), logRing }, identity, {
      onExit: (thread, error) => this.#onExit(thread, error),
      onOldest: () => this.#reclaim(),
      onNotice: (level, text) => this.#options.report(level, text),
    });
  }

  /** A thread that a smaller `nbthread` no longer wants finishes what it has. */
  async #retire(thread: DataThread): Promise<void> {
    this.#retiring.add(thread);
    await thread.softStop();
    await thread.stop(STOP_LIMIT_MS);
    this.#retiring.delete(thread);
    this.#takeBack(thread);
    this.#reclaim();
  }

  #onExit(thread: DataThread, error: Error | undefined): void {
    this.#heartbeats.end(thread.identity.thread, thread.leaving ? 'absent' : 'dead');
    if (thread.leaving) return;
    this.#retiring.delete(thread);
    this.#takeBack(thread);
    if (error !== undefined)
      this.#options.report('alert', `data thread ${thread.index + 1} died: ${error.stack ?? error.message}`);
    if (!this.#threads.includes(thread)) return;
    const delayMs = this.#restarts.died(this.#options.now());
    if (delayMs === undefined) {
      this.#options.onHopeless('data threads die again and again');
      return;
    }
    setTimeout(() => void this.#serially(async () => await this.#replace(thread)), delayMs);
  }

  /** Gives back counts, locks and queue entries of a thread that has ended, and then its number. Once. */
  #takeBack(thread: DataThread): void {
    const { slots } = this.#options;
    const { identity } = thread;
    if (this.#numbers.get(identity.thread) !== identity) return;
    for (const plan of this.#plansInUse) recoverBackends(slots, plan, thread.identity);
    recoverParked(slots, thread.identity.thread);
    // A lock that another living thread holds is let go within microseconds; one that another dead thread holds is freed when that one is recovered.
    if (recoverThread(slots.segment, identity, RECOVERY_WAIT_MS)) this.#numbers.delete(identity.thread);
    else if (!this.#ended) setTimeout(() => this.#takeBack(thread), RECOVERY_WAIT_MS);
  }

  async #replace(dead: DataThread): Promise<void> {
    const place = this.#threads.indexOf(dead);
    const plan = this.#plan;
    if (place < 0 || plan === undefined || this.#stopping) return;
    const thread = this.#start(dead.index);
    this.#threads[place] = thread;
    const { slots } = this.#options;
    const errors = await this.#prepare(
      thread,
      async () => await thread.prepare(plan, slots.handle(), this.#listeners.duplicates()),
    );
    if (thread.gone) return;
    if (errors.length > 0) {
      for (const error of errors) this.#options.report('alert', error);
      await thread.terminate();
      return;
    }
    await thread.publish(plan.generation).catch(ignoreGone);
    if (this.#paused) thread.pause();
    this.#options.report('warning', `data thread ${dead.index + 1} was replaced`);
  }

  #reclaim(): void {
    const oldest = Math.min(...[...this.#threads, ...this.#retiring].map((thread) => thread.oldestGeneration));
    if (oldest === 0 || !Number.isFinite(oldest)) return;
    const { slots } = this.#options;
    for (const plan of this.#plansInUse) {
      if (plan.generation >= oldest) continue;
      discardBackends(slots, plan);
      this.#options.onGenerationUnused(plan.generation);
    }
    this.#plansInUse = this.#plansInUse.filter((plan) => plan.generation >= oldest);
    slots.reclaim(oldest);
  }

  #startWatch(): void {
    this.#lastWatchMs = this.#options.now();
    this.#watch = setInterval(() => {
      const now = this.#options.now();
      const gap = now - this.#lastWatchMs;
      this.#lastWatchMs = now;
      if (gap > OWN_GAP_MS) return;
      for (const identity of this.#heartbeats.stalled(now, STALL_MS)) {
        const thread = this.#threads.find(
          (each) => each.identity.thread === identity.thread && each.identity.incarnation === identity.incarnation,
        );
        if (thread === undefined || thread.gone || thread.leaving) continue;
        this.#options.report(
          'alert',
          `data thread ${thread.index + 1} has been silent for more than ${STALL_MS} ms and is replaced`,
        );
        void thread.terminate();
      }
    }, WATCH_INTERVAL_MS);
  }
}

function givesUpPrivileges({ config: { global } }: Plan): boolean {
  return [global.user, global.group, global.uid, global.gid].some((name) => name !== undefined);
}

function ignoreGone(error: unknown): void {
  // A thread that died meanwhile is replaced on the same generation.
  if (!(error instanceof ThreadGone)) throw error;
}
