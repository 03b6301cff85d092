// A proxy's backend side as one thread of one generation sees it: its servers, the picker over those that may be picked,
// its counts. Built from the plan; shared figures are read and written through shared memory, so all threads and both
// generations of a reload agree on them.
//
// Why a version word and not messages: main writes states and weights into shared memory, raises the backend's version and
// wakes the threads. A dispatch compares one word and builds a picker anew when it moved, so the next request on any
// thread already sees the change, whatever else waits in that thread's mailbox; a thread that was stalled or has just been
// started misses nothing; and changes that come in bursts cost one build.

import type { Proxy } from '@evenkeel/config';
import type { StreamOptions } from '@evenkeel/sys';
import {
  Admission,
  BackendGauge,
  BackendRate,
  BackendVersion,
  FrequencyCounter,
  SharedCount,
  StatBlock,
  type ServerLimit,
} from '@evenkeel/shm';
import type { Section } from '../packed-plan.ts';
import type { ProxyPlan } from '../plan.ts';
import { algorithmOf, boundsLoads, createBalancer } from './balance/algorithms.ts';
import type { Balancer, Picker } from './balance/balancer.ts';
import type { BackendThread } from './backend-thread.ts';
import type { BackendLoad } from './limit.ts';
import { balanceWords } from './prepare.ts';
import { Server } from './server.ts';

/** ms after which a balancer that keeps an order computes it again while older generations live: see `Balancer.refresh`. */
const ORDER_REFRESH_MS = 1000;

export interface StateChanges {
  /** Went down. */
  readonly fallen: readonly Server[];
  /** Take no new streams any more: down, draining or stopping. */
  readonly leaving: readonly Server[];
  /** Came up with weight. */
  readonly risen: readonly Server[];
}

export class Backend {
  readonly name: string;
  /** Index in the plan's list of proxies. */
  readonly index: number;
  /** Index of this backend in shared memory. */
  readonly slot: number;
  config: Proxy;
  /** Number of the plan that it is of. */
  readonly generation: number;
  /** In configuration order. */
  servers: readonly Server[];
  readonly thread: BackendThread;
  /** `timeout connect` in ms; 0 = none. */
  readonly connectTimeoutMs: number;
  /** `timeout queue` in ms, which falls back to `timeout connect` (manual "timeout queue"); 0 = none. */
  readonly queueTimeoutMs: number;
  balancer: Balancer<Server>;
  /** The algorithm names a server by a hash of the request. */
  readonly hashes: boolean;
  /** Of connections to servers: `tune.sndbuf.server`, `tune.rcvbuf.server`; undefined for neither. */
  readonly socketOptions: StreamOptions | undefined;
  /** `option prefer-last-server` */
  readonly prefersLastServer: boolean;
  readonly admission: Admission;
  /** This thread's counters of the backend. */
  readonly stat: StatBlock;
  readonly rate: FrequencyCounter;
  /** Streams assigned now, over all threads (`%bc`, `be_conn`). */
  readonly sessions: SharedCount;
  /** What moving limits of servers follow. */
  readonly load: BackendLoad;
  /** A server that may be picked has a limit: streams may have to wait. As of the last refresh. */
  hasLimits = false;
  /** A server has `minconn`: limits change with each stream. */
  hasMovingLimits = false;
  /** A server takes its port or address from the client's. As of the last refresh. */
  usesClientPort = false;
  /** A server has `redir`. */
  hasRedirects = false;

  /** Streams that hold a slot of a server now, over all threads; undefined where nobody asks (`hash-balance-factor`). */
  readonly served: SharedCount | undefined;

  readonly #servedCount: SharedCount;
  readonly #version: BackendVersion;
  #byName: ReadonlyMap<string, Server> = new Map();
  #bySlot: ReadonlyMap<number, Server> = new Map();
  #picker: Picker<Server>;
  #built = -1;
  #candidates: readonly Server[] = [];
  #limits: readonly ServerLimit[] = [];
  #refreshAt = 0;
  /** The version whose changes of state were acted on. */
  #followed = -1;

  constructor(
    thread: BackendThread,
    { config, plan }: Section,
    index: number,
    generation: number,
    fullconn: number,
    socketOptions: StreamOptions | undefined,
  ) {
    const { context } = thread;
    const { segment } = context;
    this.name = config.name;
    this.index = index;
    this.slot = plan.backendSlot;
    this.config = config;
    this.generation = generation;
    this.thread = thread;
    this.socketOptions = socketOptions;
    this.connectTimeoutMs = config.timeouts.connect ?? 0;
    this.queueTimeoutMs = config.timeouts.queue ?? this.connectTimeoutMs;
    const algorithm = algorithmOf(config);
    this.hashes = algorithm === 'map-based' || algorithm === 'consistent';
    this.prefersLastServer = config.options.preferLastServer;
    this.admission = new Admission(thread.tickets, this.slot);
    this.stat = new StatBlock(segment, 'backend', this.slot);
    this.rate = new FrequencyCounter(segment, 'backend', this.slot, BackendRate.sessions);
    this.sessions = new SharedCount(segment, 'backend', this.slot, BackendGauge.sessions);
    this.load = { fullconn, sessions: () => this.sessions.sum() };
    this.#version = new BackendVersion(segment, this.slot);
    this.#servedCount = new SharedCount(segment, 'backend', this.slot, BackendGauge.served);
    this.served = boundsLoads(config) ? this.#servedCount : undefined;
    this.servers = [];
    this.#takeServers(plan);
    this.balancer = this.#createBalancer(plan);
    this.#picker = this.balancer.build([]);
    this.followStates();
    this.takeChanges();
  }

  /** `add server`, `del server`: the list of servers is another one; those that are in both stay as they are. */
  changeServers(config: Proxy, plan: ProxyPlan): void {
    this.config = config;
    const removed = this.#takeServers(plan);
    this.balancer = this.#createBalancer(plan);
    this.#refresh();
    this.balancer.refresh?.();
    for (const server of removed) {
      server.remove();
      // Streams that it was to serve although it is in maintenance (`option persist`) may have queued since that was asked last.
      this.thread.deliver(this.admission.redistribute(server.slot));
    }
  }

  /** Returns those that are there no more. */
  #takeServers(plan: ProxyPlan): readonly Server[] {
    const { config, admission, thread } = this;
    const { context } = thread;
    const before = this.#bySlot;
    this.servers = config.servers.map((server, at) => {
      const slot = plan.serverSlots[at];
      const known = before.get(slot);
      if (known?.name !== server.name)
        return new Server(context, this, server, at, slot, admission, plan.serverAddresses?.[at]);
      known.index = at;
      return known;
    });
    this.#byName = new Map(this.servers.map((server) => [server.name, server]));
    this.#bySlot = new Map(this.servers.map((server) => [server.slot, server]));
    this.hasMovingLimits = config.servers.some(({ minconn }) => minconn !== undefined);
    this.hasRedirects = config.servers.some(({ redir }) => redir !== undefined);
    return [...before.values()].filter((server) => this.#bySlot.get(server.slot) !== server);
  }

  #createBalancer(plan: ProxyPlan): Balancer<Server> {
    const { segment } = this.thread.context;
    return createBalancer<Server>(this.config, {
      words: balanceWords(segment, this.generation, plan),
      members: this.servers,
      me: segment.party,
      served: () => this.#servedCount.sum(),
      random: Math.random,
    });
  }

  /** Takes in changes of states and weights; a dispatch does so before it looks at servers. */
  followVersion(): void {
    if (this.#version.current() !== this.#built) this.#refresh();
    else if (
      this.balancer.refresh !== undefined &&
      this.thread.hasOldBackends &&
      this.thread.context.now >= this.#refreshAt
    ) {
      this.#refreshAt = this.thread.context.now + ORDER_REFRESH_MS;
      this.balancer.refresh();
    }
  }

  /** Over the candidates; replaced whole when weights or states change. */
  get picker(): Picker<Server> {
    return this.#picker;
  }

  /** What may be picked from: active servers, or the backups in use. */
  get candidates(): readonly Server[] {
    return this.#candidates;
  }

  /** The candidates as queueing sees them. */
  get limits(): readonly ServerLimit[] {
    return this.#limits;
  }

  #refresh(): void {
    // Read before the states: a change that comes in between raises it again, and the next call builds once more.
    this.#built = this.#version.current();
    for (const server of this.servers) server.refresh();
    this.usesClientPort = this.servers.some((server) => server.usesClientPort);
    this.#candidates = usable(this.servers, this.config.options.allbackups);
    for (const server of this.servers) server.limit.takesBackendQueue = false;
    for (const server of this.#candidates) server.limit.takesBackendQueue = true;
    this.#limits = this.#candidates.map((server) => server.limit);
    this.hasLimits = this.#limits.some(({ limit }) => limit > 0);
    this.#picker = this.balancer.build(this.#candidates);
    this.#refreshAt = this.thread.context.now + ORDER_REFRESH_MS;
  }

  /** Whether states changed since the last call. */
  followStates(): boolean {
    this.followVersion();
    const changed = this.#followed !== this.#built;
    this.#followed = this.#built;
    return changed;
  }

  /** What became of the servers since the last call, also where it did not last. */
  takeChanges(): StateChanges {
    const fallen: Server[] = [];
    const leaving: Server[] = [];
    const risen: Server[] = [];
    for (const server of this.servers) {
      const timesDown = server.state.get('timesDown');
      const timesUp = server.state.get('timesUp');
      if (timesDown !== server.timesDown || (server.wasUp && !server.isUp)) fallen.push(server);
      if (timesUp !== server.timesUp) risen.push(server);
      if (server.tookNew && !server.takesNew) leaving.push(server);
      server.timesDown = timesDown;
      server.timesUp = timesUp;
      server.wasUp = server.isUp;
      server.tookNew = server.takesNew;
    }
    return { fallen, leaving, risen };
  }

  /** Streams assigned now, over all threads (`%bc`, `be_conn`). */
  currentSessions(): number {
    return this.sessions.sum();
  }

  /** Waiters in the backend's own queue now (`qcur` is this and those of its servers). */
  queued(): number {
    return this.admission.waitingForAny();
  }

  /** Servers that would be picked from now. */
  usableServers(): number {
    this.followVersion();
    return this.candidates.length;
  }

  serverByName(name: string): Server | undefined {
    return this.#byName.get(name);
  }

  serverBySlot(slot: number): Server | undefined {
    return this.#bySlot.get(slot);
  }
}

/** Active servers; where there is none the first backup, or all with `option allbackups`. */
function usable(servers: readonly Server[], allBackups: boolean): readonly Server[] {
  const active = servers.filter((server) => server.isEligible && !server.config.backup);
  if (active.length > 0) return active;
  const backups = servers.filter((server) => server.isEligible);
  return allBackups ? backups : backups.slice(0, 1);
}
