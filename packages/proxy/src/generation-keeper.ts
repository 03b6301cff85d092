// The generations and listeners of one thread: prepares what is new beside what serves, publishes it in one step or lets go
// of it, and knows when an old generation has lost its last stream.
import type { Proxy } from '@evenkeel/config';
import { closeFd } from '@evenkeel/sys';
import { BackendThread } from './backend/backend-thread.ts';
import type { DataThread } from './data-thread.ts';
import { Generation, type GenerationMaker } from './generation.ts';
import { inTurns } from './in-turns.ts';
import { Acceptor } from './listener/acceptor.ts';
import { BindError, bindSocket, type BoundSocket } from './listener/bind.ts';
import { Sections, type PackedPlan } from './packed-plan.ts';
import type { ListenerPlan } from './plan.ts';
import { FrontendState, type FrontendCondition } from '@evenkeel/shm';
import type { ClientSession } from './stream/client-session.ts';
import { StreamQuestions } from './stream-questions.ts';
import type { FromThread, ListenerDescriptor } from './thread-protocol.ts';
import type { ThreadAnswers, ThreadQuestion } from './thread-questions.ts';

/** A generation beside the one that serves. */
interface Prepared {
  readonly generation: Generation;
  /** Sockets that are new with it, by key. */
  readonly bound: ReadonlyMap<string, BoundSocket>;
}

/** How long traffic waits at a time while a configuration is being built. */
const TURN_MS = 3;
/** How finely `close-spread-time` is divided. */
const SPREAD_STEP_MS = 50;

export class GenerationKeeper {
  readonly #thread: DataThread;
  readonly #maker: GenerationMaker;
  readonly #tell: (message: FromThread) => void;
  readonly #listeners = new Map<string, Acceptor>();
  readonly #living = new Set<Generation>();
  #current: Generation | undefined = undefined;
  #prepared: Prepared | undefined = undefined;
  #isStopping = false;
  readonly #streams: StreamQuestions;

  constructor(thread: DataThread, tell: (message: FromThread) => void) {
    this.#thread = thread;
    this.#tell = tell;
    this.#maker = { thread, backends: new BackendThread(thread), onUnused: (generation) => this.#drop(generation) };
    this.#streams = new StreamQuestions(thread);
    thread.sessions.onEmpty = () => this.#tellIfDrained();
  }

  /** The generation that serves. */
  get current(): Generation | undefined {
    return this.#current;
  }

  /** Builds the generation and binds what is new; answers with everything that stands against it. */
  prepare(plan: PackedPlan, descriptors: readonly ListenerDescriptor[]): void {
    const sections = new Sections(plan);
    const bound = this.#bind(sections, descriptors);
    if (bound === undefined) return;
    const build = Generation.build(sections, this.#maker, this.#current);
    for (;;) {
      const { done, value } = build.next();
      if (done === true) return this.#hold(value, bound);
    }
  }

  /** The same, but traffic is served meanwhile: a configuration with thousands of servers takes seconds. */
  async prepareInSteps(plan: PackedPlan, descriptors: readonly ListenerDescriptor[]): Promise<void> {
    const sections = new Sections(plan);
    const bound = this.#bind(sections, descriptors);
    if (bound === undefined) return;
    const build = Generation.build(sections, this.#maker, this.#current);
    this.#hold(await inTurns(build, TURN_MS, () => this.#thread.refresh()), bound);
  }

  #hold(generation: Generation, bound: ReadonlyMap<string, BoundSocket>): void {
    this.#prepared = { generation, bound };
    this.#tell({ type: 'prepared', generation: generation.plan.generation, errors: [] });
  }

  /** Sockets that are new with a plan, by key; undefined, and told, where anything stands against it. */
  #bind(sections: Sections, descriptors: readonly ListenerDescriptor[]): ReadonlyMap<string, BoundSocket> | undefined {
    const errors: string[] = [];
    const bound = new Map<string, BoundSocket>();
    const passed = new Map(descriptors.map(({ key, descriptor }) => [key, descriptor]));
    for (const listener of this.#ownListeners(sections)) {
      if (this.#listeners.has(listener.key)) continue;
      const proxy = sections.at(listener.proxy).config;
      try {
        bound.set(listener.key, bindSocket(listener, proxy.binds[listener.bind], passed.get(listener.key)));
        passed.delete(listener.key);
      } catch (error) {
        if (!(error instanceof BindError)) throw error;
        errors.push(bindFailure(proxy, listener, error));
      }
    }
    // What this thread has already, or must not accept from (`thread` on the bind line).
    for (const descriptor of passed.values()) closeFd(descriptor);
    if (errors.length === 0) return bound;
    for (const socket of bound.values()) socket.close();
    this.#tell({ type: 'prepared', generation: sections.plan.generation, errors });
    return undefined;
  }

  /** Makes the prepared generation the one that serves. */
  async publish(number: number): Promise<void> {
    const prepared = this.#take(number);
    if (prepared === undefined) return;
    const { generation, bound } = prepared;
    const { plan } = generation;
    const old = this.#current;
    this.#current = generation;
    this.#living.add(generation);
    this.#maker.backends.current = generation;
    this.#thread.counts.limits = plan.limits;
    const { idle } = this.#maker.backends;
    idle.low = plan.limits.idleLow ?? Infinity;
    idle.high = plan.limits.idleHigh ?? Infinity;
    const keys = new Set<string>();
    const listening: Promise<void>[] = [];
    for (const listener of this.#ownListeners(generation.sections)) {
      keys.add(listener.key);
      const frontend = generation.frontends[listener.proxy];
      if (frontend === undefined)
        throw new Error(`listener ${listener.text} of ${plan.heads[listener.proxy].name}, which has no frontend`);
      const known = this.#listeners.get(listener.key);
      if (known !== undefined) {
        known.handOver(listener, frontend);
        continue;
      }
      const acceptor = new Acceptor(this.#thread, listener, frontend, this.#tellFailedListener);
      this.#listeners.set(listener.key, acceptor);
      const socket = bound.get(listener.key);
      if (socket !== undefined) listening.push(acceptor.listen(socket));
    }
    for (const [key, acceptor] of this.#listeners) {
      if (keys.has(key)) continue;
      this.#listeners.delete(key);
      acceptor.close();
    }
    await Promise.all(listening);
    for (const acceptor of this.#listeners.values()) if (this.#isDisabled(acceptor)) acceptor.pause();
    old?.retire();
    this.#tell({ type: 'published', generation: number });
    this.#tellOldest();
    this.#thread.parking.serve();
  }

  /** Lets go of a prepared generation: some other thread could not follow. */
  abort(number: number): void {
    const prepared = this.#take(number);
    if (prepared === undefined) return;
    for (const socket of prepared.bound.values()) socket.close();
    prepared.generation.dispose();
  }

  /** No new connections; what is idle closes, what is under way finishes. */
  softStop(): void {
    this.#closeListeners();
    this.#drain();
  }

  /** The process goes on with fewer threads: as `softStop`, but those who wait for a place have their turn. */
  leave(): void {
    for (const acceptor of this.#listeners.values()) acceptor.leave();
    this.#drain();
  }

  #drain(): void {
    this.#isStopping = true;
    const spreadMs = this.#current?.plan.config.global.closeSpreadTimeMs;
    if (spreadMs === undefined) this.#thread.sessions.forEach((session) => session.user?.onSoftStop());
    else if (spreadMs !== 'infinite') this.#drainSpread(Math.max(1, Math.ceil(spreadMs / SPREAD_STEP_MS)));
    this.#tellIfDrained();
  }

  /** `close-spread-time`: in each step about as many as in every other, so that clients do not all come back at once. */
  #drainSpread(steps: number, told = new WeakSet<ClientSession>()): void {
    this.#thread.sessions.forEach((session) => {
      if (told.has(session) || Math.random() * steps >= 1) return;
      told.add(session);
      session.user?.onSoftStop();
    });
    if (steps <= 1) return;
    setTimeout(() => {
      this.#thread.refresh();
      this.#drainSpread(steps - 1, told);
    }, SPREAD_STEP_MS).unref();
  }

  /** The end of `hard-stop-after`: every connection ends at once and is logged with termination `K`. */
  kill(): void {
    this.#closeListeners();
    this.#thread.sessions.forEach(({ user, connection }) => {
      if (user === undefined) connection.destroy();
      else user.onKill();
    });
    this.#tellIfDrained();
  }

  /** Closes every listener and every connection at once; nobody logs (as HAProxy, which just ends). */
  stop(): void {
    this.#closeListeners();
    this.#thread.sessions.forEach(({ connection }) => connection.destroy());
  }

  #closeListeners(): void {
    for (const acceptor of this.#listeners.values()) acceptor.close();
    this.#listeners.clear();
  }

  pause(): void {
    for (const acceptor of this.#listeners.values()) acceptor.pause();
  }

  async resume(): Promise<void> {
    for (const acceptor of this.#listeners.values()) if (!this.#isDisabled(acceptor)) await acceptor.resume();
  }

  /** For the runtime socket. */
  async answer(question: ThreadQuestion): Promise<ThreadAnswers[ThreadQuestion['type']]> {
    switch (question.type) {
      case 'streams':
        return this.#streams.list(question.below, question.most);
      case 'stream':
        return this.#streams.find(question.number);
      case 'end-stream':
        return this.#streams.end(question.number);
      case 'end-server-streams':
        return this.#maker.backends.endStreams(question.serverSlot);
      case 'end-gone-streams':
        return this.#streams.endGone(question.gone);
      case 'invalid-messages':
        return this.#thread.invalidMessages.all();
      case 'load':
        return this.#thread.load(this.#current?.plan.generation ?? 0, this.#living.size);
      case 'set-profiling':
        this.#thread.profiler.set(question.subject, question.on);
        return true;
      case 'profile':
        return this.#thread.profiler.report(question.subject);
      case 'pools':
        return question.serverSlots.map((slot) => this.#maker.backends.poolNeeds(slot));
      case 'frontend':
        return await this.#followFrontend(question.frontendSlot, question.condition);
      case 'servers': {
        const { generation, proxy, servers, plan, segment } = question;
        this.#thread.segment.extend(segment);
        for (const known of [this.#current, this.#prepared?.generation])
          if (known?.plan.generation === generation) known.changeServers(proxy, servers, plan);
        return true;
      }
    }
  }

  /** `disable frontend`, `enable frontend`, `shutdown frontend`: its listeners follow; returns what could not. */
  async #followFrontend(slot: number, condition: FrontendCondition): Promise<readonly string[]> {
    const errors: string[] = [];
    for (const [key, acceptor] of this.#listeners) {
      const { plan, frontend } = acceptor;
      if (this.#slotOf(acceptor) !== slot) continue;
      if (condition === 'disabled') acceptor.pause();
      else if (condition === 'shut') {
        this.#listeners.delete(key);
        acceptor.close();
      } else {
        await acceptor.resume();
        if (!acceptor.isAccepting)
          errors.push(bindFailure(frontend.config, plan, new BindError('cannot listen to socket')));
      }
    }
    return errors;
  }

  #slotOf({ plan, frontend }: Acceptor): number {
    return frontend.generation.plan.heads[plan.proxy].frontendSlot;
  }

  #isDisabled(acceptor: Acceptor): boolean {
    return new FrontendState(this.#thread.segment, this.#slotOf(acceptor)).condition === 'disabled';
  }

  readonly #tellFailedListener = ({ plan, frontend }: Acceptor, error: BindError): void =>
    this.#tell({ type: 'notice', level: 'alert', text: bindFailure(frontend.config, plan, error) });

  /** The listeners of a plan that this thread accepts from (`thread` on the bind line counts from 1), without those that were shut down. */
  #ownListeners(sections: Sections): readonly ListenerPlan[] {
    const number = this.#thread.index + 1;
    const { segment } = this.#thread;
    const { heads, listeners } = sections.plan;
    return listeners.filter(
      ({ proxy, bind }) =>
        (sections.at(proxy).config.binds[bind].threads?.includes(number) ?? true) &&
        new FrontendState(segment, heads[proxy].frontendSlot).condition !== 'shut',
    );
  }

  #take(number: number): Prepared | undefined {
    const prepared = this.#prepared;
    if (prepared?.generation.plan.generation !== number) return undefined;
    this.#prepared = undefined;
    return prepared;
  }

  #drop(generation: Generation): void {
    if (!this.#living.delete(generation)) return;
    generation.dispose();
    this.#tellOldest();
  }

  #tellOldest(): void {
    const oldest = Math.min(...[...this.#living].map(({ plan }) => plan.generation));
    this.#tell({ type: 'oldest', generation: oldest });
  }

  #tellIfDrained(): void {
    if (!this.#isStopping || this.#thread.sessions.length > 0) return;
    for (const { waiting } of this.#listeners.values()) if (waiting > 0) return;
    this.#tell({ type: 'drained' });
  }
}

/** As HAProxy words it. */
function bindFailure(proxy: Proxy, listener: ListenerPlan, error: Error): string {
  const { file, line } = proxy.binds[listener.bind].at;
  return `Binding [${file}:${line}] for ${proxy.kind === 'frontend' ? 'frontend' : 'proxy'} ${proxy.name}: ${error.message} for [${listener.text}]`;
}
