/**
 * The running daemon behind the command line: shared memory, log thread, data threads and health checks of one process, and
 * what can be asked of them: start, reload, soft stop, stop. Signals, files and terminals are the assembly's.
 */

import { isIP } from 'node:net';
import { availableParallelism, hostname } from 'node:os';
import { readEditedServer } from '@evenkeel/config';
import type { Config, ConfigHost, Proxy } from '@evenkeel/config';
import { LogLevel, LogService, NO_LOG_SET, RingLogSink } from '@evenkeel/log';
import { HealthMonitor, MailSender } from '@evenkeel/checks';
import type { HealthLine, SavedStates } from '@evenkeel/checks';
import type { Plan } from '@evenkeel/proxy';
import { Profiler, monitoredGeneration, prepareProcess } from '@evenkeel/proxy/main';
import { openCheckConnection } from './check-connections.ts';
import {
  BackendStat,
  FrontendGauge,
  FrontendStat,
  FrontendState,
  Mailbox,
  SegmentOwner,
  SharedCount,
  StatReader,
  Wake,
} from '@evenkeel/shm';
import type { Segment } from '@evenkeel/shm';
import { writeSysctl } from '@evenkeel/sys';
import type { Capability } from '@evenkeel/sys';
import { connectionLimit } from './descriptor-limits.ts';
import { unservedListeners } from './listener-plans.ts';
import { IdleMeter } from './idle-meter.ts';
import { PROCESS_NAME, compilePlan, globalLogSet } from './plan-compiler.ts';
import type { PlanSources } from './plan-compiler.ts';
import type { Follower, PreparedChange } from './prepared-change.ts';
import { DrainDeadlines, isUsed } from './drain-deadlines.ts';
import { DynamicServers } from './dynamic-servers.ts';
import { controlThrough, followedServers } from './resolvers/followed-servers.ts';
import { Resolvers } from './resolvers/resolvers.ts';
import { RuntimeChanges } from './runtime-changes/runtime-changes.ts';
import type { PersistOptions } from './runtime-changes/runtime-changes.ts';
import { resolveName } from './resolve-name.ts';
import { loadStates } from './state-files.ts';
import type { SpareThreads } from './spare-threads.ts';
import { Supervisor } from './supervisor.ts';
import type { AskThreads } from './supervisor.ts';

export interface DaemonOptions {
  /** `-n`: wins over the file's `maxconn`. */
  readonly maxconn: number | undefined;
  /** `-dr` */
  readonly ignoreResolution: boolean;
  /** Tag of log lines where the file sets none. */
  readonly logTag: string;
  /** Something an operator should read: on the terminal, before and after the start. */
  report(level: 'notice' | 'warning' | 'alert', text: string): void;
  /**
   * Once, before the first data thread starts and after main opened what is its own: the moment to give up privileges.
   * Returns what a thread may keep of what it inherits from main, or undefined for all of it.
   */
  beforeFirstThread(): Promise<readonly Capability[] | undefined>;
  /** Where runtime changes are kept; undefined: they last as long as the process. */
  readonly persist?: PersistOptions;
  /** What the language may ask of the machine, for servers that were added at run time; undefined: there are none. */
  readonly configHost?: () => ConfigHost;
  /** Once, when the first configuration serves: what only the start needed can go. */
  afterFirstPublication(): void;
  /** What follows every configuration beside listeners and data threads: the runtime sockets. */
  readonly follower?: Follower;
  /** Data threads that were started while the program was loading. */
  readonly spares?: SpareThreads | undefined;
  /** What a data thread may take to build a generation; undefined for the usual bound. */
  readonly prepareLimitMs?: number;
  /** The process should end: nothing more can be done here. */
  onHopeless(text: string): void;
}

export type ReloadResult =
  | { readonly ok: true; readonly generation: number }
  | { readonly ok: false; readonly errors: readonly string[] };

export interface DaemonStatus {
  readonly generation: number;
  readonly threads: number;
  readonly stopping: boolean;
  /** Soft limit of descriptors. */
  readonly descriptors: number;
  readonly droppedLogs: number;
  /** Share of the last second that data threads waited, 0 to 100. */
  readonly idlePercent: number;
}

/** Main, and as many data threads as `nbthread` may ask for (HAProxy's MAX_THREADS is 64). */
const MAX_THREADS = 65;
/** Where nothing follows the configuration. */
const NO_CHANGE: PreparedChange = { errors: [], publishPaths: () => [], commit() {}, rollBack() {} };
/** What the log thread may take to write what is left when the process ends. */
const LOG_FLUSH_MS = 1000;
/** What connections may take to end at the end of `hard-stop-after`; as on HAProxy. */
const HARD_STOP_MS = 1000;

export class Daemon {
  readonly slots: SegmentOwner;
  readonly statistics: StatReader;
  readonly log: LogService;
  readonly #options: DaemonOptions;
  readonly #supervisor: Supervisor;
  readonly #sink: RingLogSink;
  readonly health: HealthMonitor;
  readonly resolvers: Resolvers;
  /** Whatever an operator changes while it runs goes through here. */
  readonly changes: RuntimeChanges;
  /** Servers that are added and removed while it runs. */
  readonly servers: DynamicServers;
  readonly #drains: DrainDeadlines;
  readonly #mailbox: Mailbox;
  readonly #idle: IdleMeter;
  readonly #mails: MailSender;
  #applying: Promise<unknown> = Promise.resolve();
  #generation = 0;
  #descriptors = 0;

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.slots = new SegmentOwner({ maxThreads: MAX_THREADS });
    this.slots.allocate('process', PROCESS_NAME);
    prepareProcess(this.slots, MAX_THREADS);
    this.statistics = new StatReader(this.slots.segment);
    this.log = new LogService({ producers: MAX_THREADS, onDrop: (sentence) => options.report('warning', sentence) });
    this.#sink = new RingLogSink(this.log.ring, 0);
    this.#idle = new IdleMeter(this.statistics);
    this.#mails = new MailSender({ dateNow: Date.now, report: (text) => options.report('warning', text) });
    this.health = new HealthMonitor({
      segment: this.slots.segment,
      now: monotonicMs,
      dateNow: Date.now,
      random: Math.random,
      open: openCheckConnection,
      expressions: {
        hostname: hostname(),
        pid: process.pid,
        thread: 0,
        // Checks are compiled when their configuration serves.
        variable: (name) => this.#supervisor.plan?.config.environment[name],
        nowMs: Date.now,
        random: Math.random,
        localOffsetMinutes: (dateMs) => -new Date(dateMs).getTimezoneOffset(),
        // Rules of checks name their own backend.
        proxy: () => undefined,
      },
      log: (logSet, line) => this.#announceHealth(logSet, line),
      mail: (alert, text) => this.#mails.send(alert, text),
      onConnectTimeout: (slot) => this.resolvers.hurry(slot),
    });
    this.resolvers = new Resolvers(controlThrough(this.health), monotonicMs);
    this.changes = new RuntimeChanges({
      process: {
        plan: () => this.plan,
        segment: this.slots.segment,
        health: this.health,
        resolvers: this.resolvers,
        ask: async (question, thread) => await this.ask(question, thread),
        wakeWaiting: () => this.#mailbox.postAll(Wake.message),
      },
      persist: options.persist,
      readServer: (servers, backend, name, words, dynamic) => {
        const host = options.configHost?.();
        if (host === undefined) return { ok: false, error: 'servers cannot be added here' };
        return readEditedServer(servers, backend, name, words, host, dynamic);
      },
      dateNow: Date.now,
      now: monotonicMs,
      report: (level, text) => this.#announce(level, text),
      republish: async (file) => await this.#republish(file),
    });
    this.#supervisor = new Supervisor({
      slots: this.slots,
      logRing: this.log.ring,
      now: monotonicMs,
      report: options.report,
      onHopeless: options.onHopeless,
      beforeFirstThread: options.beforeFirstThread,
      afterFirstPublication: options.afterFirstPublication,
      prepareLimitMs: options.prepareLimitMs,
      spares: options.spares,
      onGenerationUnused: (generation) => {
        this.health.forget(generation);
        this.#drains.generationUnused(generation);
      },
    });
    this.#drains = new DrainDeadlines({
      plan: () => this.plan,
      hasOldPlans: () => this.#supervisor.hasOldPlans,
      isUsed: (gone) => isUsed(this.segment, gone),
      end: async (gone) => {
        const answers = await this.ask({ type: 'end-gone-streams', gone });
        return answers.reduce((sum, { answer }) => sum + answer, 0);
      },
      report: (text) => this.#announce('warning', text),
    });
    this.#mailbox = new Mailbox(this.slots.segment);
    this.servers = new DynamicServers({
      slots: this.slots,
      supervisor: this.#supervisor,
      health: this.health,
      resolvers: this.resolvers,
      exclusively: async (operation) => await this.#exclusively(operation),
    });
  }

  get segment(): Segment {
    return this.slots.segment;
  }

  /** Of the control thread; data threads have their own. */
  readonly profiler = new Profiler();

  /** Asks every data thread, or one by its number in shared memory; those that do not answer in time are left out. */
  readonly ask: AskThreads = async (question, thread) => await this.#supervisor.ask(question, thread);

  /** `shutdown frontend`: the sockets that main holds for it are closed; threads are told by a question. */
  forgetListeners(frontend: number): void {
    const { listeners } = this.plan;
    this.#supervisor.forgetListeners(
      new Set(listeners.filter(({ proxy }) => proxy === frontend).map(({ key }) => key)),
    );
  }

  /** The plan that serves. Throws before the first successful apply(). */
  get plan(): Plan {
    const { plan } = this.#supervisor;
    if (plan === undefined) throw new Error('no configuration serves yet');
    return plan;
  }

  /** Whether every data thread turns its loop: what the watchdog of a service manager is fed by. */
  get isHealthy(): boolean {
    return this.#supervisor.isHealthy;
  }

  status(): DaemonStatus {
    return {
      generation: this.#supervisor.plan?.generation ?? 0,
      threads: this.#supervisor.threads,
      stopping: this.#supervisor.stopping,
      descriptors: this.#descriptors,
      droppedLogs: this.log.dropped,
      idlePercent: this.#idle.percent,
    };
  }

  /** Makes `config` what serves, at the start or later; or changes nothing and says why. */
  async apply(config: Config): Promise<ReloadResult> {
    // One after another: names are resolved before a plan is published, and a slow resolver must not let an older one win.
    return await this.#exclusively(async () => await this.#apply(config));
  }

  async #exclusively<Result>(operation: () => Promise<Result>): Promise<Result> {
    const result = this.#applying.then(operation);
    this.#applying = result.catch(() => undefined);
    return await result;
  }

  async #apply(config: Config): Promise<ReloadResult> {
    const threads = config.global.nbthread ?? availableParallelism();
    const limit = connectionLimit(config, threads, this.#options.maxconn);
    const refusals = [...limit.errors, ...unservedListeners(config.proxies, threads)];
    if (refusals.length > 0) return { ok: false, errors: refusals };
    this.#descriptors = limit.descriptors;
    const prepared = await this.changes.prepare(config);
    for (const warning of limit.warnings) this.#options.report('warning', warning);
    if (this.#generation === 0) this.#prepareKernel();
    const before = this.#supervisor.plan;
    const isFirst = before === undefined;
    const generation = ++this.#generation;
    const states = await loadStates(config);
    const { plan, errors, warnings } = await compilePlan(prepared.config, generation, {
      ...this.#sources(states.find),
      limits: {
        maxconn: limit.maxconn,
        maxconnrate: config.global.maxconnrate ?? 0,
        maxsessrate: config.global.maxsessrate ?? 0,
        maxParked: limit.maxParked,
        scarceDescriptor: limit.scarceDescriptor,
        idleLow: limit.idleLow,
        idleHigh: limit.idleHigh,
      },
    });
    for (const warning of warnings) this.#options.report('warning', warning);
    if (errors.length > 0) return { ok: false, errors };
    this.log.publishSets(config.rings);
    const monitored = monitoredGeneration(plan);
    const restored = this.health.prepare(monitored, states.find);
    if (isFirst) this.changes.restore(prepared, plan);
    for (const text of [...states.warnings, ...restored]) this.#options.report('warning', text);
    const change = (await this.#options.follower?.prepare(config)) ?? NO_CHANGE;
    const shut = this.#shutFrontends(plan);
    for (const state of shut) state.condition = 'open';
    const result = await this.#supervisor.publish(plan, threads, change);
    if (!result.ok) {
      for (const state of shut) state.condition = 'shut';
      this.health.forget(generation);
      this.log.withdrawRings();
      return result;
    }
    if (before !== undefined) this.#drains.follow(before, plan);
    this.servers.follow(plan.config);
    this.health.apply(monitored);
    this.resolvers.apply(config, followedServers(plan));
    const merged = await this.changes.commit(prepared, states.find);
    this.log.publishRings(config.rings, [
      globalLogSet(plan.config, this.#sources()),
      ...plan.proxies.map(({ logSet }) => logSet),
    ]);
    // What was logged so far waits in the ring: until here the processors are wanted by the data threads.
    this.log.start();
    for (const line of merged) this.#announce('notice', line);
    return { ok: true, generation };
  }

  /** Servers come or go with their overrides: the configuration that serves is merged with those that are left. */
  async #republish(file: Config): Promise<void> {
    const result = await this.apply(file);
    if (!result.ok) for (const error of result.errors) this.#options.report('alert', error);
  }

  /** Frontends that an operator has shut down: another configuration that names them opens them again. */
  #shutFrontends({ proxies }: Plan): readonly FrontendState[] {
    return proxies
      .filter(({ frontendSlot }) => frontendSlot >= 0)
      .map(({ frontendSlot }) => new FrontendState(this.segment, frontendSlot))
      .filter(({ condition }) => condition === 'shut');
  }

  /** `saved`: what files of states say of servers that this process has not known. */
  #sources(saved: SavedStates = () => undefined): Omit<PlanSources, 'limits'> {
    return {
      slots: this.slots,
      logSetNumber: (set) => this.log.numberOf(set),
      resolve: resolveName,
      lastAddress: (proxy, server) => {
        const slot = this.slots.names('server').get(`${proxy.name}/${server.name}`);
        if (slot !== undefined) return this.resolvers.followedHost(slot, server);
        const address = saved(proxy.name, server.name)?.address;
        return address !== undefined && isIP(address) !== 0 ? { host: address } : undefined;
      },
      ignoreResolution: this.#options.ignoreResolution,
      defaultLogTag: this.#options.logTag,
      hostname: hostname(),
    };
  }

  /** Stops accepting and resolves when the last connection has ended (SIGUSR1), which is soon after `hard-stop-after`. */
  async softStop(): Promise<void> {
    const { plan } = this;
    for (const [index, proxy] of plan.config.proxies.entries()) this.#announceStop(proxy, plan, index);
    const drained = this.#supervisor.softStop();
    // Who takes over keeps what was changed from now on.
    void this.changes.close();
    const limitMs = plan.config.global.hardStopAfterMs;
    if (limitMs === undefined) {
      await drained;
      return;
    }
    if (await within(limitMs, drained)) return;
    this.#announce('warning', 'soft-stop running for too long, performing a hard-stop.');
    for (const [index, proxy] of plan.config.proxies.entries()) this.#announceHardStop(proxy, plan, index);
    this.#supervisor.kill();
    if (!(await within(HARD_STOP_MS, drained)))
      this.#announce('warning', 'Some tasks resisted to hard-stop, exiting now.');
  }

  /** While the first apply() is under way and the process is about to die: takes back what would outlive it. */
  abandonStart(): void {
    this.#supervisor.abandon();
  }

  /** Ends every connection, flushes the logs and ends all threads. False when the log thread would not end. */
  async stop(): Promise<boolean> {
    await this.changes.close();
    this.resolvers.stop();
    this.health.stop();
    this.#mails.stop();
    this.#idle.stop();
    this.#drains.stop();
    await this.#supervisor.stop();
    return await this.log.close(LOG_FLUSH_MS);
  }

  /** Listeners take no connection until `resume` (SIGTTOU). */
  pause(): void {
    this.#supervisor.pause();
    this.#announceListening('Paused');
  }

  /** SIGTTIN. */
  resume(): void {
    this.#supervisor.resume();
    this.#announceListening('Resumed');
  }

  /** As HAProxy words it, one line for each proxy that listens. */
  #announceListening(what: 'Paused' | 'Resumed'): void {
    const { plan } = this;
    for (const proxy of new Set(plan.listeners.map((listener) => listener.proxy)))
      this.announce(proxy, `${what} ${kindOf(plan.config.proxies[proxy])} ${plan.config.proxies[proxy].name}.`);
  }

  /** Writes a line of the process itself or of a proxy's backend side to the log set of a proxy. */
  logFor(proxyIndex: number, level: keyof typeof LogLevel, line: string): void {
    this.#sink.emit(this.plan.proxies[proxyIndex]?.logSet ?? NO_LOG_SET, LogLevel[level], line);
  }

  /** A sentence about a proxy, on the terminal and in its logs. */
  announce(proxyIndex: number, text: string): void {
    this.#options.report('warning', text);
    this.logFor(proxyIndex, 'warning', text);
  }

  /** An operator has shut the proxy down. */
  announceStop(proxyIndex: number): void {
    const { plan } = this;
    this.#announceStop(plan.config.proxies[proxyIndex], plan, proxyIndex);
  }

  /** State changes are logged, and shown on the terminal as HAProxy does. */
  #announceHealth(logSet: number, { level, text, terminal }: HealthLine): void {
    this.#sink.emit(logSet, level, text);
    if (terminal !== undefined) this.#options.report(terminal.level, terminal.text);
  }

  /** As HAProxy words the end of a proxy. */
  #announceStop(proxy: Proxy, plan: Plan, index: number): void {
    const { frontendSlot, backendSlot } = plan.proxies[index];
    const frontend = frontendSlot < 0 ? 0 : this.statistics.read('frontend', frontendSlot)[FrontendStat.sessions];
    const backend = backendSlot < 0 ? 0 : this.statistics.read('backend', backendSlot)[BackendStat.sessions];
    const text = `Proxy ${proxy.name} stopped (cumulated conns: FE: ${frontend}, BE: ${backend}).`;
    this.announce(index, text);
  }

  /** Those of a frontend with connections, as HAProxy words them. */
  #announceHardStop({ name }: Proxy, plan: Plan, index: number): void {
    const { frontendSlot } = plan.proxies[index];
    if (frontendSlot < 0) return;
    const left = new SharedCount(this.segment, 'frontend', frontendSlot, FrontendGauge.sessions).sum();
    if (left === 0) return;
    const text = `Proxy ${name} hard-stopped (${left} remaining conns will be closed).`;
    this.#options.report('warning', text);
    this.logFor(index, 'warning', text);
  }

  /** A line of the process itself: on the terminal and, once a configuration serves, to the `log` lines of its global section. */
  #announce(level: 'notice' | 'warning', text: string): void {
    this.#options.report(level, text);
    const { plan } = this.#supervisor;
    if (plan === undefined) return;
    const set = globalLogSet(plan.config, this.#sources());
    this.log.publishSets();
    this.#sink.emit(set, LogLevel[level], text);
  }

  /** Without this the kernel resets connections that wait on a listener of the group which closes (nbthread change, stop). */
  #prepareKernel(): void {
    const written = writeSysctl('net.ipv4.tcp_migrate_req', '1');
    if (written.result !== 'refused') return;
    this.#options.report(
      'notice',
      `net.ipv4.tcp_migrate_req is not set (${written.why}): a thread that goes away may reset connections not yet accepted. ${written.remedy}`,
    );
  }
}

/** As HAProxy's messages name a proxy that listens. */
function kindOf({ kind }: Proxy): string {
  return kind === 'listen' ? 'proxy' : kind;
}

/** CLOCK_MONOTONIC in ms: one clock for all threads, unlike performance.now(). */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

/** Whether `promise` was fulfilled within `limitMs`. */
async function within(limitMs: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), limitMs)));
  const inTime = await Promise.race([promise.then(() => true), limit]);
  clearTimeout(timer);
  return inTime;
}
