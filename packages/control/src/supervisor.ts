/**
 * Keeps the data threads: starts them, publishes generations to all of them or to none, replaces one that died or stalled
 * and takes back what it held. Operations run one after another; each leaves every thread on the same generation, and one
 * that fails, for whatever reason, leaves everything as it was.
 *
 * It knows nothing of files or signals: the daemon passes plans in and asks for stops.
 */

import type { ByteRingHandle, SegmentOwner, ThreadIdentity } from '@evenkeel/shm';
import { HeartbeatReader, MAX_INCARNATION, RestartPolicy, recoverThread } from '@evenkeel/shm';
import type { Server } from '@evenkeel/config';
import type { PackedPlan, Plan, QuestionOf, ThreadAnswers, ThreadQuestion } from '@evenkeel/proxy';
import {
  discardBackends,
  discardServers,
  inTurns,
  packPlan,
  prepareBackends,
  prepareServers,
  recoverBackends,
  recoverListeners,
} from '@evenkeel/proxy/main';
import { reasonOf } from '@evenkeel/sys';
import type { Capability } from '@evenkeel/sys';
import { DataThread, ThreadGone } from './data-thread.ts';
import { releaseUnused } from './plan-compiler.ts';
import { PlanMemory } from './plan-memory.ts';
import type { PreparedChange } from './prepared-change.ts';
import { SharedListeners } from './shared-listeners.ts';
import { startThread } from './spare-threads.ts';
import type { SpareThreads } from './spare-threads.ts';
import type { OpenedListeners } from './shared-listeners.ts';

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
 * A data thread that did not turn its event loop for this long is ended and replaced. The longest honest work in one turn is
 * a major garbage collection, a few hundred ms; while a thread is silent, the share of new connections that the kernel hashes
 * to it hangs, so the bound is not longer than people wait.
 */
const STALL_MS = 3000;
const WATCH_INTERVAL_MS = 250;
/** If the watch itself came this late, the whole process was stopped or starved and nobody's silence means anything. */
const OWN_GAP_MS = 1000;
/**
 * A thread that turns its loop and does not answer `prepare` for this long has lost its way: the publication fails, and the
 * thread is ended and replaced as one that stalled. Binding and building take about a second of its time for the largest
 * plans, in short turns between which it serves: many times that where it is busy all the time.
 */
const PREPARE_LIMIT_MS = 60_000;
/** How long checks and commands wait at a time while a plan is packed. */
const PACK_TURN_MS = 10;
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
  readonly #heartbeats: HeartbeatReader;
  readonly #listeners = new SharedListeners();
  readonly #restarts = new RestartPolicy(MAX_DEATHS);
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
  /** What a thread is sent that comes in place of another. */
  #packed: { readonly plan: Plan; readonly packed: PackedPlan } | undefined;
  readonly #planMemory = new PlanMemory();
  /** Plans that some thread may still serve streams of, the current one last. */
  #plansInUse: Plan[] = [];
  #queue: Promise<unknown> = Promise.resolve();
  #watch: NodeJS.Timeout | undefined;
  #lastWatchMs = 0;
  #stopping = false;
  /** stop() is over: nothing is left to be taken back for. */
  #ended = false;
  #paused = false;
  /** Takes back what the publication under way has opened. */
  #rollBack: (() => void) | undefined;
  #capabilities: readonly Capability[] | undefined;

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
    return this.#threads.length > 0 && this.#heartbeats.stalled(this.#options.now(), STALL_MS).length === 0;
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
    await Promise.all(this.#threads.map(async (thread) => await this.#publishOn(thread, plan)));
    if (isFirst) this.#options.afterFirstPublication();
    if (this.#paused) for (const thread of this.#threads) thread.pause();
    releaseUnused(this.#options.slots, plan);
    for (const thread of retiring) void this.#retire(thread);
    if (this.#watch === undefined) this.#startWatch();
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
    const free = slots.segment.maxThreads - 1 - this.#numbers.size;
    if (missing > free) {
      return [
        `${missing} more data threads are wanted and ${free} can be started: ${this.#retiring.size} of an earlier nbthread still serve their last connections`,
      ];
    }
    prepareBackends(slots, plan);
    if (this.#plan === undefined) this.#capabilities = await this.#options.beforeFirstThread();
    while (fresh.length < missing) fresh.push(this.#start(stay.length + fresh.length));
    const packed = await this.#pack(plan);
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

  async #pack(plan: Plan): Promise<PackedPlan> {
    if (this.#packed?.plan === plan) return this.#packed.packed;
    const steps = packPlan(plan, (bytes) => this.#planMemory.take(plan.generation, bytes));
    this.#packed = { plan, packed: await inTurns(steps, PACK_TURN_MS) };
    return this.#packed.packed;
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
    let number = 1;
    while (this.#numbers.has(number)) number++;
    const incarnation = ((this.#incarnations[number] ?? 0) % MAX_INCARNATION) + 1;
    this.#incarnations[number] = incarnation;
    const identity: ThreadIdentity = { thread: number, incarnation };
    this.#numbers.set(number, identity);
    const { slots, logRing } = this.#options;
    slots.useThread(identity.thread);
    this.#heartbeats.begin(identity, this.#options.now());
    try {
      const worker = this.#options.spares?.take(index) ?? startThread(index);
      return new DataThread(
        worker,
        { index, thread: number, incarnation, segment: slots.handle(), logRing, capabilities: this.#capabilities },
        identity,
        {
          onExit: (thread, error) => this.#onExit(thread, error),
          onOldest: () => this.#reclaim(),
          onNotice: (level, text) => this.#options.report(level, text),
        },
      );
    } catch (error) {
      // The system has no room for one more thread.
      this.#heartbeats.end(number, 'absent');
      this.#numbers.delete(number);
      throw new Error(`data thread ${index + 1} cannot be started: ${reasonOf(error)}`, { cause: error });
    }
  }

  /** A thread that a smaller `nbthread` no longer wants finishes what it has. */
  async #retire(thread: DataThread): Promise<void> {
    this.#retiring.add(thread);
    await thread.leave();
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
    if (this.#numbers.get(identity.thread) !== identity) return;
    for (const plan of this.#plansInUse) recoverBackends(slots, plan, thread.identity);
    recoverListeners(slots, thread.identity.thread);
    this.#listeners.reclaim(thread);
    // A lock that another living thread holds is let go within microseconds; one that another dead thread holds is freed when that one is recovered.
    if (recoverThread(slots.segment, identity, RECOVERY_WAIT_MS)) this.#numbers.delete(identity.thread);
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
    const packed = await this.#pack(plan);
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
    this.#planMemory.giveBackBefore(oldest);
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

/** Those that a thread which has `before` does not know. */
function changedServers(before: Plan, plan: Plan, index: number): readonly (Server | undefined)[] {
  const known = new Set(before.config.proxies[index].servers);
  return plan.config.proxies[index].servers.map((server) => (known.has(server) ? undefined : server));
}
