// One thread's object graph for one generation of the configuration. Old generations live on for as long as streams use
// them; nothing points from a new one to an old one. Built whole, then published in one step.
import { hostname } from 'node:os';
import type { Server } from '@evenkeel/config';
import { createCompiler, type ExpressionEnvironment } from '@evenkeel/expr';
import type { Backend } from './backend/backend.ts';
import { compileBalanceKey, type BalanceKey } from './backend/balance/balance-key.ts';
import type { BackendThread } from './backend/backend-thread.ts';
import { compileUseServer, type ChooseServer } from './backend/use-server.ts';
import type { DataThread } from './data-thread.ts';
import { Frontend } from './frontend.ts';
import { compileHttpProxies, type HttpProxy } from './http/http-proxy.ts';
import type { Plan, ProxyPlan } from './plan.ts';
import { SectionView } from './stream/views.ts';
import { compileTcpProxy, type TcpProxy } from './tcp/tcp-proxy.ts';

/** What generations are made with; the same for all of a thread. */
export interface GenerationMaker {
  readonly thread: DataThread;
  readonly backends: BackendThread;
  /** Called when a generation that is no longer published lost its last session. */
  onUnused(generation: Generation): void;
}

export class Generation {
  plan: Plan;
  readonly thread: DataThread;
  /** Parallel to `plan.config.proxies`; undefined where a proxy has no such side or is disabled. */
  readonly frontends: (Frontend | undefined)[] = [];
  readonly backends: (Backend | undefined)[] = [];
  /** Parallel to `plan.config.proxies`. */
  readonly tcp: TcpProxy[] = [];
  readonly http: (HttpProxy | undefined)[] = [];
  readonly views: SectionView[] = [];
  /** Parallel to them: what `use-server` rules name; undefined without any. */
  readonly useServer: (ChooseServer | undefined)[] = [];
  /** Parallel to them: what `balance` hashes of a request; undefined where it hashes nothing. */
  readonly balanceKeys: (BalanceKey | undefined)[] = [];
  /** Client connections whose streams live on this generation. */
  sessions = 0;
  /** A newer one was published. */
  isRetired = false;

  readonly #maker: GenerationMaker;
  readonly #backendByName = new Map<string, Backend>();

  private constructor(plan: Plan, maker: GenerationMaker) {
    this.plan = plan;
    this.thread = maker.thread;
    this.#maker = maker;
  }

  /**
   * Builds a generation in steps, one for each proxy in each of four rounds: rules of one proxy may name the backends and
   * views of every other. Whoever drives it may let the event loop turn between two steps; it is whole when it returns.
   */
  static *build(plan: Plan, maker: GenerationMaker): Generator<void, Generation> {
    const generation = new Generation(plan, maker);
    yield* generation.#build();
    return generation;
  }

  *#build(): Generator<void> {
    const { plan, thread } = this;
    const { proxies } = plan.config;
    const compiler = createCompiler(environmentOf(thread, (name, side) => this.view(name, side)));
    for (const backend of this.#maker.backends.build(plan)) {
      this.backends.push(backend);
      if (backend !== undefined) this.#backendByName.set(backend.name, backend);
      yield;
    }
    for (const [index, proxy] of proxies.entries()) {
      this.balanceKeys.push(compileBalanceKey(proxy, compiler));
      this.views.push(new SectionView(thread, proxy, plan.proxies[index].frontendSlot, this.backends[index]));
      yield;
    }
    const http = compileHttpProxies(plan.config, compiler);
    for (const [index, proxy] of proxies.entries()) {
      this.useServer.push(compileUseServer(proxy, this.backends[index], compiler));
      this.tcp.push(compileTcpProxy(proxy, compiler));
      this.http.push(http.next().value ?? undefined);
      yield;
    }
    for (const [index, proxy] of proxies.entries()) {
      const isServed = plan.proxies[index].frontendSlot >= 0 && !proxy.disabled;
      this.frontends.push(isServed ? new Frontend(this, index, compiler) : undefined);
      yield;
    }
  }

  /** `use_backend` and `default_backend` name proxies that have a backend side. */
  backendByName(name: string): Backend | undefined {
    return this.#backendByName.get(name);
  }

  /** A proxy's view by name, for fetches that take one: asked while rules are compiled and when they run. */
  view(name: string, side: 'frontend' | 'backend'): SectionView | undefined {
    return this.views.find((view) => view.name === name && view.has(side));
  }

  /** `add server`, `del server`: the servers of one proxy are others; undefined: as they were in that slot. */
  changeServers(index: number, servers: readonly (Server | undefined)[], plan: ProxyPlan): void {
    const { config, proxies } = this.plan;
    const before = config.proxies[index];
    const known = new Map(proxies[index].serverSlots.map((slot, at) => [slot, before.servers[at]]));
    const all = servers.map((server, at) => {
      const found = server ?? known.get(plan.serverSlots[at]);
      if (found === undefined) throw new Error(`no server of ${before.name} has slot ${plan.serverSlots[at]}`);
      return found;
    });
    const proxy = { ...before, servers: all };
    this.plan = {
      ...this.plan,
      config: { ...config, proxies: config.proxies.with(index, proxy) },
      proxies: proxies.with(index, plan),
    };
    this.backends[index]?.changeServers(proxy, plan);
  }

  /** A newer generation serves: nothing is kept idle here any more, streams go on. */
  retire(): void {
    this.isRetired = true;
    this.#maker.backends.retire(this.backends);
    this.#reportIfUnused();
  }

  /** The last act of a generation that nothing lives on. */
  dispose(): void {
    this.#maker.backends.forget(this.backends);
  }

  sessionEnded(): void {
    this.sessions--;
    this.#reportIfUnused();
  }

  #reportIfUnused(): void {
    if (this.isRetired && this.sessions === 0) this.#maker.onUnused(this);
  }
}

/** What expressions ask of thread and machine. */
function environmentOf(thread: DataThread, proxy: ExpressionEnvironment['proxy']): ExpressionEnvironment {
  return {
    hostname: hostname(),
    pid: process.pid,
    thread: thread.index,
    variable: (name) => process.env[name],
    nowMs: () => thread.dateNow(),
    random: Math.random,
    localOffsetMinutes: (dateMs) => -new Date(dateMs).getTimezoneOffset(),
    proxy,
  };
}
