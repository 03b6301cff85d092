/**
 * Keeps the data threads: starts them, publishes generations to all of them or to none, replaces one that died or stalled
 * and takes back what it held. Operations run one after another; each leaves every thread on the same generation, and one
 * that fails, for whatever reason, leaves everything as it was.
 *
 * It knows nothing of files or signals: the daemon passes plans in and asks for stops.
 */

import type { ByteRingHandle, SegmentOwner, ThreadIdentity } from '@evenkeel/shm';
import { RestartPolicy, recoverThread } from '@evenkeel/shm';
import type { Server } from '@evenkeel/config';
import type { Plan, QuestionOf, ThreadAnswers, ThreadQuestion } from '@evenkeel/proxy';
import {
  discardBackends,
  discardServers,
  prepareBackends,
  prepareServers,
  recoverBackends,
  recoverListeners,
} from '@evenkeel/proxy/main';
import { reasonOf } from '@evenkeel/sys';
import type { Capability } from '@evenkeel/sys';
import { DataThread, ThreadGone } from './data-thread.ts';
import { releaseUnused } from './plan-compiler.ts';
import { PlanPacking } from './plan-packing.ts';
import type { PreparedChange } from './prepared-change.ts';
import { SharedListeners } from './shared-listeners.ts';
import { startThread } from './spare-threads.ts';
import type { SpareThreads } from './spare-threads.ts';
import type { OpenedListeners } from './shared-listeners.ts';
import { ThreadNumbers } from './thread-numbers.ts';
import { STALL_MS, ThreadWatch } from './thread-watch.ts';

export interface SupervisorOptions {
  readonly slots: SegmentOwner;
  readonly logRing: ByteRingHandle;
  /** CLOCK_MONOTONIC in ms. */
  now(): number;
  /** Something an operator should read. */
  report(level: 'warning' | 'alert', text: string): void;
  /**
   * Once, when everything that needs privileges in main is open and before the first data thread starts. Returns what a
   * thread may keep of what it inherits from main, or undefined for all of it.
   */
  beforeFirstThread(): Promise<readonly Capability[] | undefined>;
  /** Once, when the first generation serves: main needs no more than threads do from now on. */
  afterFirstPublication(): void;
  /** Threads that were started beforehand. */
  readonly spares?: SpareThreads | undefined;
  /** Time that a thread has to build a generation, ms; PREPARE_LIMIT_MS unless a test cannot wait that long. */
  readonly prepareLimitMs?: number | undefined;
  /** No thread serves this generation any more. */
  onGenerationUnused(generation: number): void;
  /** Too many threads died in a short time: the process should end, for its service manager to judge. */
  onHopeless(text: string): void;
}

/** Asks data threads something; a thread that has no answer, or none in time, is left out. */
export type AskThreads = <Type extends ThreadQuestion['type']>(
  question: QuestionOf<Type>,
  thread?: number,
) => Promise<readonly { readonly thread: number; readonly answer: ThreadAnswers[Type] }[]>;

export type PublishResult = { readonly ok: true } | { readonly ok: false; readonly errors: readonly string[] };

/**
 * A thread that turns its loop and does not answer `prepare` for this long has lost its way: the publication fails, and the
 * thread is ended and replaced as one that stalled. Binding and building take about a second of its time for the largest
 * plans, in short turns between which it serves: many times that where it is busy all the time.
 */
const PREPARE_LIMIT_MS = 60_000;
/** Deaths of data threads within a minute after which the process is given up. */
const MAX_DEATHS = 20;
/** What a thread may take to close its connections when told to stop. */
const STOP_LIMIT_MS = 500;
/** How long recovery waits for a lock that a living thread holds, each time. */
const RECOVERY_WAIT_MS = 20;
/** What a thread may take to answer a question: it is replaced when it is silent for longer, so nobody waits for it in vain. */
const ANSWER_LIMIT_MS = STALL_MS + 500;
const STOPPING = 'the process is stopping: nothing new is started';

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #watch: ThreadWatch;
  readonly #listeners = new SharedListeners();
  readonly #restarts = new RestartPolicy(MAX_DEATHS);
  #threads: DataThread[] = [];
  /** Threads that a smaller `nbthread` no longer wants and that still serve what they had. */
  readonly #retiring = new Set<DataThread>();
  readonly #numbers = new ThreadNumbers();
  #plan: Plan | undefined;
  readonly #packing = new PlanPacking();
  /** Plans that some thread may still serve streams of, the current one last. */
  #plansInUse: Plan[] = [];
  #queue: Promise<unknown> = Promise.resolve();
  #stopping = false;
  /** stop() is over: nothing is left to be taken back for. */
  #ended = false;
  #paused = false;
  /** Takes back what the publication under way has opened. */
  #rollBack: (() => void) | undefined;
  #capabilities: readonly Capability[] | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#watch = new ThreadWatch(options.slots.segment, options.now);
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

  /**
   * Makes `plan` the generation that serves on `threads` data threads, and `change` what goes with it; or changes nothing and
   * says why.
   */
  async publish(plan: Plan, threads: number, change: PreparedChange): Promise<PublishResult> {
    return await this.#serially(async () => {
      const errors = await this.#publish(plan, threads, change);
      return errors.length === 0 ? { ok: true } : { ok: false, errors };
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

  /** There are data threads, and none of them has been silent for longer than one may be. */
  get isHealthy(): boolean {
    return this.#threads.length > 0 && this.#watch.stalled.length === 0;
  }

  /** The process is about to die: sockets that are being prepared leave no path behind. Nothing may be asked after this. */
  abandon(): void {
    this.#stopping = true;
    this.#takeBackOpened();
  }

  #takeBackOpened(): void {
    this.#rollBack?.();
    this.#rollBack = undefined;
  }

  /** During a soft stop: ends every connection, each with its log line, so that the soft stop comes to its end. */
  kill(): void {
    for (const thread of [...this.#threads, ...this.#retiring]) thread.kill();
  }

  /**
   * Asks every thread, those included that serve their last connections. One that does not answer in time, or ends, is left
   * out; `thread` is its number in shared memory.
   */
  readonly ask: AskThreads = async <Type extends ThreadQuestion['type']>(
    question: QuestionOf<Type>,
    only?: number,
  ): Promise<readonly { readonly thread: number; readonly answer: ThreadAnswers[Type] }[]> => {
    const threads = [...this.#threads, ...this.#retiring].filter(
      ({ identity }) => only === undefined || identity.thread === only,
    );
    const answers = await Promise.all(
      threads.map(async (thread) => ({
        thread: thread.identity.thread,
        answer: (await thread.ask(question, ANSWER_LIMIT_MS)) as ThreadAnswers[Type],
        isThere: !thread.gone,
      })),
    );
    return answers.filter(({ answer, isThere }) => answer !== undefined && isThere);
  };

  /**
   * `add server`, `del server`: the servers of proxy `index` become those of what `change` makes of the plan that serves.
   * `change` may refuse by returning undefined, which is returned; nothing else can go wrong, since a thread that does not
   * follow is replaced by one that begins with the new list. Returns whether no thread knows the old one any more.
   */
  async changeServers(
    change: (plan: Plan) => { readonly plan: Plan; readonly index: number } | undefined,
    prepared: (plan: Plan) => void,
  ): Promise<{ readonly isFollowed: boolean } | undefined> {
    return await this.#serially(async () => {
      const before = this.#plan;
      const changed = before === undefined || this.#stopping ? undefined : change(before);
      if (before === undefined || changed === undefined) return undefined;
      const { plan, index } = changed;
      const { slots } = this.#options;
      prepareServers(slots, before, plan, index);
      this.#plan = plan;
      // A thread that dies meanwhile may hold words of either.
      this.#plansInUse.push(plan);
      prepared(plan);
      const answers = await this.ask({
        type: 'servers',
        generation: plan.generation,
        proxy: index,
        servers: changedServers(before, plan, index),
        plan: plan.proxies[index],
        segment: slots.handle(),
      });
      this.#plansInUse = this.#plansInUse.filter((each) => each !== before);
      discardServers(slots, before, plan, index);
      return { isFollowed: answers.length === [...this.#threads, ...this.#retiring].length };
    });
  }

  /** Whether streams of an older generation than the one that serves may still live. */
  get hasOldPlans(): boolean {
    return this.#plansInUse.length > 1;
  }

  /** `shutdown frontend`: what main holds of its sockets goes too. */
  forgetListeners(keys: ReadonlySet<string>): void {
    this.#listeners.forget(keys);
  }

  /** Ends every thread and closes every listener. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#watch.stop();
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

  /** What stands against it; empty once it serves. */
  async #publish(plan: Plan, wanted: number, change: PreparedChange): Promise<readonly string[]> {
    if (this.#stopping) {
      change.rollBack();
      return [STOPPING];
    }
    // A thread that died and waits for its replacement must not make a sound configuration fail.
    for (const thread of this.#threads) if (thread.gone) await this.#replace(thread);
    const opened = this.#listeners.open(plan);
    const stay = this.#threads.slice(0, wanted);
    const retiring = this.#threads.slice(wanted);
    const fresh: DataThread[] = [];
    let errors: readonly string[];
    this.#rollBack = () => {
      opened.rollBack();
      change.rollBack();
    };
    try {
      errors = [...change.errors, ...opened.errors];
      if (errors.length === 0) errors = await this.#prepareAll(plan, wanted, stay, fresh, opened);
      if (this.#stopping) errors = [STOPPING];
      // Names are given last: until here everything can be taken back without a trace.
      if (errors.length === 0) errors = [...opened.publishPaths(), ...change.publishPaths()];
    } catch (error) {
      errors = [reasonOf(error)];
    }
    if (errors.length > 0) {
      for (const thread of stay) thread.abort(plan.generation);
      await Promise.all(fresh.map(async (thread) => await thread.stop(STOP_LIMIT_MS)));
      for (const thread of fresh) this.#takeBack(thread);
      this.#takeBackOpened();
      discardBackends(this.#options.slots, plan);
      return errors;
    }
    const isFirst = this.#plan === undefined;
    this.#rollBack = undefined;
    opened.commit();
    change.commit();
    this.#plan = plan;
    this.#plansInUse.push(plan);
    this.#threads = [...stay, ...fresh];
    // From now on: what they serve must not be taken for unused while the others change over.
    for (const thread of retiring) this.#retiring.add(thread);
    await Promise.all(this.#threads.map(async (thread) => await this.#publishOn(thread, plan)));
    if (isFirst) this.#options.afterFirstPublication();
    if (this.#paused) for (const thread of this.#threads) thread.pause();
    releaseUnused(this.#options.slots, plan);
    for (const thread of retiring) void this.#retire(thread);
    this.#watch.start((identity) => this.#endStalled(identity));
    return [];
  }

  /** The second phase. A thread that dies meanwhile is replaced on the same generation. */
  async #publishOn(thread: DataThread, plan: Plan): Promise<void> {
    try {
      await thread.publish(plan.generation);
    } catch (error) {
      if (error instanceof ThreadGone) return;
      throw error;
    }
    this.#listeners.handedOver(thread);
  }

  /** The first phase: starts what is missing and lets every thread bind and build. `fresh` gets those that were started. */
  async #prepareAll(
    plan: Plan,
    wanted: number,
    stay: readonly DataThread[],
    fresh: DataThread[],
    opened: OpenedListeners,
  ): Promise<readonly string[]> {
    const { slots } = this.#options;
    const missing = wanted - stay.length;
    const free = slots.segment.maxThreads - 1 - this.#numbers.taken;
    if (missing > free) {
      return [
        `${missing} more data threads are wanted and ${free} can be started: ${this.#retiring.size} of an earlier nbthread still serve their last connections`,
      ];
    }
    prepareBackends(slots, plan);
    if (this.#plan === undefined) this.#capabilities = await this.#options.beforeFirstThread();
    while (fresh.length < missing) fresh.push(this.#start(stay.length + fresh.length));
    const packed = await this.#packing.pack(plan);
    const segment = slots.handle();
    const all = [...stay, ...fresh];
    const answers = await Promise.all(
      all.map(
        async (thread) =>
          await this.#prepare(
            thread,
            async () => await thread.prepare(packed, segment, opened.duplicates(thread, fresh.includes(thread))),
          ),
      ),
    );
    const dead = all.filter((thread) => thread.gone).map((thread) => `data thread ${thread.index + 1} ended`);
    return [...new Set([...answers.flat(), ...dead])];
  }

  /** What a thread says against a plan; one that says nothing is ended. */
  async #prepare(thread: DataThread, ask: () => Promise<readonly string[]>): Promise<readonly string[]> {
    const limitMs = this.#options.prepareLimitMs ?? PREPARE_LIMIT_MS;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<readonly string[]>((resolve) => {
      timer = setTimeout(() => {
        resolve([`data thread ${thread.index + 1} did not answer within ${limitMs} ms`]);
        void thread.terminate();
      }, limitMs);
    });
    try {
      return await Promise.race([ask(), limit]);
    } catch (error) {
      return [error instanceof ThreadGone ? error.message : `data thread ${thread.index + 1}: ${reasonOf(error)}`];
    } finally {
      clearTimeout(timer);
    }
  }

  #start(index: number): DataThread {
    const identity = this.#numbers.take();
    const { slots, logRing } = this.#options;
    slots.useThread(identity.thread);
    this.#watch.begin(identity);
    try {
      const worker = this.#options.spares?.take(index) ?? startThread(index);
      return new DataThread(
        worker,
        { index, ...identity, segment: slots.handle(), logRing, capabilities: this.#capabilities },
        identity,
        {
          onExit: (thread, error) => this.#onExit(thread, error),
          onOldest: () => this.#reclaim(),
          onNotice: (level, text) => this.#options.report(level, text),
        },
      );
    } catch (error) {
      // The system has no room for one more thread.
      this.#watch.end(identity, 'absent');
      this.#numbers.giveBack(identity);
      throw new Error(`data thread ${index + 1} cannot be started: ${reasonOf(error)}`, { cause: error });
    }
  }

  /** A thread that a smaller `nbthread` no longer wants finishes what it has. */
  async #retire(thread: DataThread): Promise<void> {
    await thread.leave();
    await thread.stop(STOP_LIMIT_MS);
    this.#retiring.delete(thread);
    this.#takeBack(thread);
    this.#reclaim();
  }

  #onExit(thread: DataThread, error: Error | undefined): void {
    this.#watch.end(thread.identity, thread.leaving ? 'absent' : 'dead');
    if (thread.leaving) return;
    this.#retiring.delete(thread);
    this.#takeBack(thread);
    if (error !== undefined)
      this.#options.report('alert', `data thread ${thread.index + 1} died: ${error.stack ?? error.message}`);
    if (this.#threads.includes(thread)) this.#replaceLater(thread);
  }

  #replaceLater(dead: DataThread): void {
    const delayMs = this.#restarts.died(this.#options.now());
    if (delayMs === undefined) {
      this.#options.onHopeless('data threads die again and again');
      return;
    }
    setTimeout(() => void this.#serially(async () => await this.#replace(dead)), delayMs);
  }

  /** Gives back counts, locks and queue entries of a thread that has ended, and then its number. Once. */
  #takeBack(thread: DataThread): void {
    const { slots } = this.#options;
    const { identity } = thread;
    if (!this.#numbers.isTaken(identity)) return;
    for (const plan of this.#plansInUse) recoverBackends(slots, plan, thread.identity);
    recoverListeners(slots, thread.identity.thread);
    this.#listeners.reclaim(thread);
    // A lock that another living thread holds is let go within microseconds; one that another dead thread holds is freed when that one is recovered.
    if (recoverThread(slots.segment, identity, RECOVERY_WAIT_MS)) this.#numbers.giveBack(identity);
    else if (!this.#ended) setTimeout(() => this.#takeBack(thread), RECOVERY_WAIT_MS);
  }

  async #replace(dead: DataThread): Promise<void> {
    const place = this.#threads.indexOf(dead);
    const plan = this.#plan;
    if (place < 0 || plan === undefined || this.#stopping) return;
    let thread: DataThread;
    try {
      thread = this.#start(dead.index);
    } catch (error) {
      this.#options.report('alert', reasonOf(error));
      this.#replaceLater(dead);
      return;
    }
    this.#threads[place] = thread;
    const { slots } = this.#options;
    const packed = await this.#packing.pack(plan);
    const errors = await this.#prepare(
      thread,
      async () => await thread.prepare(packed, slots.handle(), this.#listeners.duplicates(thread)),
    );
    if (thread.gone) return;
    if (errors.length > 0) {
      for (const error of errors) this.#options.report('alert', error);
      await thread.terminate();
      return;
    }
    await this.#publishOn(thread, plan);
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
    this.#packing.giveBackBefore(oldest);
  }

  #endStalled({ incarnation, thread: number }: ThreadIdentity): void {
    const thread = this.#threads.find(
      ({ identity }) => identity.thread === number && identity.incarnation === incarnation,
    );
    if (thread === undefined || thread.gone || thread.leaving) return;
    this.#options.report(
      'alert',
      `data thread ${thread.index + 1} has been silent for more than ${STALL_MS} ms and is replaced`,
    );
    void thread.terminate();
  }
}

/** Those that a thread which has `before` does not know. */
function changedServers(before: Plan, plan: Plan, index: number): readonly (Server | undefined)[] {
  const known = new Set(before.config.proxies[index].servers);
  return plan.config.proxies[index].servers.map((server) => (known.has(server) ? undefined : server));
}
