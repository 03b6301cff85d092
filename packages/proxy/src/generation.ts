// One thread's object graph for one generation of the configuration. Old generations live on for as long as streams use
// them; nothing points from a new one to an old one. Frontends are built before it is published, in one step; backends that
// no stream has used yet are built when the first one comes, so that a configuration costs a thread what its traffic needs.
import { hostname } from 'node:os';
import type { Proxy, Server } from '@evenkeel/config';
import { createCompiler, type Compiler, type ExpressionEnvironment } from '@evenkeel/expr';
import type { Backend } from './backend/backend.ts';
import { compileBalanceKey, type BalanceKey } from './backend/balance/balance-key.ts';
import type { BackendThread } from './backend/backend-thread.ts';
import { compileUseServer, type ChooseServer } from './backend/use-server.ts';
import type { DataThread } from './data-thread.ts';
import { Frontend } from './frontend.ts';
import { httpCompiler, type HttpProxy } from './http/http-proxy.ts';
import type { PackedPlan, Sections } from './packed-plan.ts';
import type { ProxyPlan } from './plan.ts';
import { SectionView } from './stream/views.ts';
import { compileTcpProxy, type TcpProxy } from './tcp/tcp-proxy.ts';

/** What generations are made with; the same for all of a thread. */
export interface GenerationMaker {
  readonly thread: DataThread;
  readonly backends: BackendThread;
  /** Called when a generation that is no longer published lost its last session. */
  onUnused(generation: Generation): void;
}

/** Servers up to which a thread has everything ready before it publishes: a plan with more is built as it is used. */
const READY_SERVERS = 1000;

export class Generation {
  readonly plan: PackedPlan;
  readonly thread: DataThread;
  readonly sections: Sections;
  /** Parallel to the proxies; undefined where one has no such side, is disabled or has not been used yet: see `use`. */
  readonly frontends: (Frontend | undefined)[];
  readonly backends: (Backend | undefined)[];
  readonly views: SectionView[];
  readonly tcp: TcpProxy[];
  readonly http: (HttpProxy | undefined)[];
  /** What `use-server` rules name; undefined without any. */
  readonly useServer: (ChooseServer | undefined)[];
  /** What `balance` hashes of a request; undefined where it hashes nothing. */
  readonly balanceKeys: (BalanceKey | undefined)[];
  /** Client connections whose streams live on this generation. */
  sessions = 0;
  /** A newer one was published. */
  isRetired = false;

  readonly #maker: GenerationMaker;
  readonly #compiler: Compiler;
  readonly #compileHttp: (proxy: Proxy) => HttpProxy | undefined;
  /** Indices of proxies that have such a side. */
  readonly #frontendByName: ReadonlyMap<string, number>;
  readonly #backendByName: ReadonlyMap<string, number>;
  readonly #backendBySlot: ReadonlyMap<number, number>;

  /** Indices of backends that streams or rules have asked for. */
  readonly #asked = new Set<number>();

  private constructor(sections: Sections, maker: GenerationMaker) {
    const { plan } = sections;
    this.plan = plan;
    this.sections = sections;
    this.thread = maker.thread;
    this.#maker = maker;
    this.#compiler = createCompiler(
      environmentOf(maker.thread, plan.config.environment, (name, side) => this.view(name, side)),
    );
    this.#compileHttp = httpCompiler(plan.config, this.#compiler);
    const { heads } = plan;
    this.frontends = none(heads.length);
    this.backends = none(heads.length);
    this.tcp = none(heads.length) as TcpProxy[];
    this.http = none(heads.length);
    this.views = none(heads.length) as SectionView[];
    this.useServer = none(heads.length);
    this.balanceKeys = none(heads.length);
    const all = [...heads.entries()];
    const backends = all.filter(([, { backendSlot, disabled }]) => backendSlot >= 0 && !disabled);
    this.#frontendByName = new Map(
      all.flatMap(([index, { frontendSlot, name }]) => (frontendSlot < 0 ? [] : [[name, index]])),
    );
    this.#backendByName = new Map(backends.map(([index, { name }]) => [name, index]));
    this.#backendBySlot = new Map(backends.map(([index, { backendSlot }]) => [backendSlot, index]));
  }

  /**
   * Builds a generation in steps, one for each proxy. Whoever drives it may let the event loop turn between two steps; it
   * can serve when it returns. What `before` has used is ready then, and all of a plan of ordinary size.
   */
  static *build(sections: Sections, maker: GenerationMaker, before?: Generation): Generator<void, Generation> {
    const generation = new Generation(sections, maker);
    yield* generation.#build(before);
    return generation;
  }

  *#build(before: Generation | undefined): Generator<void> {
    const { heads } = this.plan;
    const isOrdinary = heads.reduce((sum, { servers }) => sum + servers, 0) <= READY_SERVERS;
    for (const [index, { backendSlot, disabled, frontendSlot, name }] of heads.entries()) {
      const isServed = frontendSlot >= 0 && !disabled;
      if (isOrdinary || isServed || (backendSlot >= 0 && before?.hasUsed(name) === true)) this.use(index);
      if (isServed) this.frontends[index] = new Frontend(this, index, this.#compiler);
      yield;
    }
  }

  /** What streams need of a proxy, whichever of its sides: ready from now on. */
  use(index: number): void {
    if (this.tcp[index] !== undefined) return;
    const { config } = this.sections.at(index);
    const backend = this.#backend(index);
    this.balanceKeys[index] = compileBalanceKey(config, this.#compiler);
    this.useServer[index] = compileUseServer(config, backend, this.#compiler);
    this.http[index] = this.#compileHttp(config);
    this.tcp[index] = compileTcpProxy(config, this.#compiler);
  }

  /** Whether a stream or a rule has asked for the backend of that name. */
  hasUsed(name: string): boolean {
    return this.#asked.has(this.#backendByName.get(name) ?? -1);
  }

  /** `use_backend` and `default_backend` name proxies that have a backend side. */
  backendByName(name: string): Backend | undefined {
    const index = this.#backendByName.get(name);
    if (index === undefined) return undefined;
    this.#asked.add(index);
    this.use(index);
    return this.backends[index];
  }

  /** For streams that wait: what is to be known of servers that came while they did. */
  backendBySlot(slot: number): Backend | undefined {
    const index = this.#backendBySlot.get(slot);
    return index === undefined ? undefined : this.#backend(index);
  }

  /** A proxy's view by name, for fetches that take one: asked while rules are compiled and when they run. */
  view(name: string, side: 'frontend' | 'backend'): SectionView | undefined {
    const index = (side === 'frontend' ? this.#frontendByName : this.#backendByName).get(name);
    if (index === undefined) return undefined;
    if (side === 'backend') this.#asked.add(index);
    this.#backend(index);
    return this.views[index];
  }

  /** The backend side alone, with the view of both: rules of other proxies may ask for no more. */
  #backend(index: number): Backend | undefined {
    if (this.views[index] !== undefined) return this.backends[index];
    const { backendSlot, disabled, frontendSlot, fullconn } = this.plan.heads[index];
    const section = this.sections.at(index);
    const backend =
      backendSlot < 0 || disabled ? undefined : this.#maker.backends.create(section, index, fullconn, this.plan);
    this.backends[index] = backend;
    if (this.isRetired) this.#maker.backends.retire([backend]);
    this.views[index] = new SectionView(this.thread, section.config, frontendSlot, backend);
    return backend;
  }

  /** `add server`, `del server`: the servers of one proxy are others; undefined: as they were in that slot. */
  changeServers(index: number, servers: readonly (Server | undefined)[], plan: ProxyPlan): void {
    const { config, plan: old } = this.sections.at(index);
    const known = new Map(old.serverSlots.map((slot, at) => [slot, config.servers[at]]));
    const all = servers.map((server, at) => {
      const found = server ?? known.get(plan.serverSlots[at]);
      if (found === undefined) throw new Error(`no server of ${config.name} has slot ${plan.serverSlots[at]}`);
      return found;
    });
    const section = { config: { ...config, servers: all }, plan };
    this.sections.replace(index, section);
    this.backends[index]?.changeServers(section.config, plan);
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

function none<Element>(length: number): (Element | undefined)[] {
  return Array.from({ length }, () => undefined);
}

/** What expressions ask of thread and machine. */
function environmentOf(
  thread: DataThread,
  variables: Readonly<Record<string, string>>,
  proxy: ExpressionEnvironment['proxy'],
): ExpressionEnvironment {
  return {
    hostname: hostname(),
    pid: process.pid,
    thread: thread.index,
    variable: (name) => variables[name],
    nowMs: () => thread.dateNow(),
    random: Math.random,
    localOffsetMinutes: (dateMs) => -new Date(dateMs).getTimezoneOffset(),
    proxy,
  };
}
