// One server over all generations that have it: its health, its words in shared memory, its lines in the log. Main only.
// What a check is and when it runs is the runner's; which servers exist, and which tracks which, is the monitor's.
//
// Every change goes through #apply: the health machine moves, words are written, threads are told, lines are logged, and then
// the servers that track this one follow, each with lines of its own. Beyond the usual size because all of that is one order
// of steps over the same few words.

import {
  Admission,
  AdminState,
  observationWords,
  OperationalState,
  ServerGauge,
  ServerState,
  SharedCount,
  type Tickets,
} from '@evenkeel/shm';
import {
  administrationOf,
  adoptedAdmin,
  configuredAdmin,
  inheritedBits,
  lacksAddress,
  type Administration,
} from './administration.ts';
import { WatchedAgent } from './agent/watched-agent.ts';
import { CheckState, type ServerView } from './display.ts';
import {
  handle,
  inMaintenance,
  initialHealth,
  isDraining,
  isUp,
  rescale,
  type HealthInput,
  type HealthState,
  type Operational,
} from './health.ts';
import type { MonitoredBackend, MonitoredServer } from './monitored.ts';
import {
  isWarm,
  sessionsPercent,
  STEP_MS,
  throttlePercent,
  WEIGHT_SCALE,
  weightShare,
  type Warming,
} from './slow-start.ts';
import { restoredState, type SavedState } from './saved-state.ts';
import type { StateFacts } from './state-text.ts';
import { checkStatuses, checkStatusOf, verdictNumber, type CheckResult } from './status.ts';
import {
  adminLines,
  checkLine,
  noServerLine,
  operationalLine,
  type BackendFigures,
  type ChangeReason,
  type CheckCount,
  type HealthLine,
  type LineServer,
} from './text.ts';

/** What a server needs of the monitor. */
export interface ServerWatch {
  /** The main thread's, for the lengths of queues. */
  readonly tickets: Tickets;
  /** Epoch ms. */
  dateNow(): number;
  log(backend: MonitoredBackend, line: HealthLine): void;
  /** Servers of the backend that may get new streams now. */
  countEligible(backend: MonitoredBackend): Eligible;
  /** One of its servers has become one of those (1), or is no longer (-1). */
  shiftEligible(backend: MonitoredBackend, isBackup: boolean, change: 1 | -1): void;
  /** Its last server went, or one came where there was none. */
  markBackend(backend: MonitoredBackend, hasServers: boolean): void;
  /** States or weights of a server of this backend changed: threads are to be told. */
  publish(backendSlot: number): void;
  /** Calls `step` in that many ms, once, unless the server is forgotten first. */
  later(watched: WatchedServer, delayMs: number, step: () => void): void;
  /** What runs next is to run soon: traffic showed errors (`fastinter`). */
  hurryChecks(watched: WatchedServer): void;
  /** Maintenance began, where checks rest, or ended. */
  restOrResume(watched: WatchedServer): void;
}

/** The agent's count after an answer; `isNews`: the answer changed it, or was of another kind than the one before. */
export interface AgentCount extends CheckCount {
  readonly isNews: boolean;
}

/** Servers of a backend that may get new streams. */
export interface Eligible {
  readonly active: number;
  readonly backup: number;
}

const sum = ({ active, backup }: Eligible): number => active + backup;

interface Load {
  readonly sessions: number;
  /** In the server's own queue. */
  readonly queued: number;
  /** In that of the backend. */
  readonly waiting: number;
}

const CHANGED_FROM_CLI: ChangeReason = { type: 'said', by: 'changed from CLI' };
const UNTOLD: ChangeReason = { type: 'untold' };

const OPERATIONAL_NUMBER: Readonly<Record<Operational, number>> = OperationalState;

export class WatchedServer {
  backend: MonitoredBackend;
  server: MonitoredServer;
  /** What the last check said in words (`last_chk`). */
  lastInfo = '';
  /** Servers that track this one, the last of the configuration first, which is the order of HAProxy's lines. */
  trackers: readonly WatchedServer[] = [];
  readonly agent: WatchedAgent;
  readonly #watch: ServerWatch;
  readonly #state: ServerState;
  readonly #sessions: SharedCount;
  readonly #admission: Admission;
  readonly #health: HealthState;
  #tracked: WatchedServer | undefined;
  #errorRuns: number;
  #isStepping = false;
  #arePaused = false;

  /** A server that no generation knew; its words are written, but not published. `saved`: what a state file says of it. */
  constructor(watch: ServerWatch, backend: MonitoredBackend, server: MonitoredServer, saved?: SavedState) {
    this.#watch = watch;
    this.backend = backend;
    this.server = server;
    this.#state = new ServerState(watch.tickets.segment, server.slot);
    this.agent = new WatchedAgent(this, this.#state);
    this.#sessions = new SharedCount(watch.tickets.segment, 'server', server.slot, ServerGauge.sessions);
    this.#admission = new Admission(watch.tickets, backend.slot);
    const { config } = server;
    this.#health = initialHealth(config, configuredAdmin(server));
    const state = this.#state;
    this.#errorRuns = state.errorRuns().count;
    state.set('initialWeight', config.weight);
    state.set('userWeight', config.weight);
    state.set('maxconn', config.maxconn ?? 0);
    state.set('checkStatus', checkStatuses.INI.number);
    state.set('checkCode', -1);
    state.setTime('lastChangeMs', watch.dateNow());
    // Before it is asked: the runtime socket may answer as soon as the first listener does.
    this.agent.clear();
    if (config.agentCheck) this.agent.enable();
    if (saved !== undefined) this.#restore(saved);
    this.#write();
  }

  get name(): string {
    return `${this.backend.name}/${this.server.config.name}`;
  }

  /** IP literal that it is reached at now; undefined for a Unix socket and for a name that has no address. */
  get address(): string | undefined {
    if ((this.#health.admin & AdminState.resolutionMaintenance) !== 0) return undefined;
    return this.server.given?.host ?? this.server.host;
  }

  /** Its configuration gives it none. */
  get lacksAddress(): boolean {
    return lacksAddress(this.server);
  }

  get health(): Readonly<HealthState> {
    return this.#health;
  }

  /** As an operator or the configuration gave it: 0 to 256. */
  get weight(): number {
    return this.#state.get('userWeight');
  }

  /** What an operator, or the configuration, has said of it; not what it inherits, nor what became of its name. */
  get administration(): Administration {
    return administrationOf(this.#health.admin);
  }

  get tracked(): WatchedServer | undefined {
    return this.#tracked;
  }

  /** May get new streams: what "active servers" counts. */
  get isEligible(): boolean {
    return this.#state.isEligible();
  }

  /** May its checks run? In maintenance they rest. */
  get isCheckable(): boolean {
    return this.server.config.check && !this.#arePaused && !inMaintenance(this.#health.admin);
  }

  /** `disable health` was said and `enable health` not since. */
  get arePaused(): boolean {
    return this.#arePaused;
  }

  /** As `show stat` and its like tell it: figures of checks are those of the server at the end of the chain of `track`. */
  view(): ServerView {
    const { config } = this.server;
    const state = this.#state;
    const reference = this.#reference();
    const checks = reference.#state;
    return {
      admin: this.#health.admin,
      operational: OPERATIONAL_NUMBER[this.#health.operational],
      ownCheckState: state.get('checkState'),
      checkState: checks.get('checkState'),
      ownHealth: this.#health.health,
      health: reference.#health.health,
      rise: reference.server.config.rise,
      fall: reference.server.config.fall,
      status: checkStatusOf(state.get('checkStatus')),
      result: state.get('checkResult'),
      code: state.get('checkCode'),
      durationMs: state.get('checkDurationMs'),
      trackedName: config.track === undefined ? undefined : (this.#tracked?.name ?? config.track),
      referenceName: reference.name,
      agent: this.agent.view(),
      referenceAgent: reference.agent.view(),
    };
  }

  /** As the server itself is told of it (manual: `http-check send-state`); `all` are the servers of the backend. */
  standing(all: readonly WatchedServer[], node: string): StateFacts {
    const { config } = this.server;
    const { kind } = config.address;
    const usable = all.filter((server) => server.isEligible);
    // Backup servers count where no other is left.
    const active = usable.filter((server) => !server.server.config.backup);
    const farm = active.length > 0 ? active : usable;
    return {
      operational: this.#health.operational,
      health: this.#health.health,
      rise: config.rise,
      fall: config.fall,
      address: kind === 'unix' || kind === 'abstract' ? undefined : (this.address ?? ''),
      port: this.server.given?.port ?? (config.address.kind === 'inet' ? (config.address.port?.first ?? 0) : 0),
      name: this.name,
      node,
      weight: this.#weight(),
      totalWeight: farm.reduce((sum, server) => sum + server.#weight(), 0),
      sessions: this.#sessions.sum(),
      totalSessions: all.reduce((sum, server) => sum + server.#sessions.sum(), 0),
      queued: this.#admission.serverQueue(this.server.slot).length,
      throttlePercent:
        this.#health.operational === 'starting'
          ? throttlePercent(this.#state.get('userWeight'), this.#state.get('effectiveWeight'))
          : undefined,
    };
  }

  /** In the units of the file. */
  #weight(): number {
    return Math.ceil(this.#state.get('effectiveWeight') / WEIGHT_SCALE);
  }

  /** The server whose checks decide. */
  #reference(): WatchedServer {
    return this.#tracked === undefined ? this : this.#tracked.#reference();
  }

  /** A newer generation has it too: state and runtime changes stay, new settings apply. */
  adopt(backend: MonitoredBackend, server: MonitoredServer): void {
    const before = this.server;
    this.backend = backend;
    this.server = server;
    const { config } = server;
    const state = this.#state;
    // A weight or limit given at run time stays for as long as the file says what it said before.
    if (config.weight !== before.config.weight) state.set('userWeight', config.weight);
    if (config.weight !== before.config.weight) state.set('initialWeight', config.weight);
    if (config.maxconn !== before.config.maxconn) state.set('maxconn', config.maxconn ?? 0);
    rescale(this.#health, before.config, config);
    handle(this.#health, config, { type: 'admin', bits: adoptedAdmin(before, server, this.#health.admin) });
    // What was known is not known of a server with another address, and without checks nothing could bring it back.
    const moved =
      before.host !== server.host || JSON.stringify(before.config.address) !== JSON.stringify(config.address);
    if (moved || config.check !== before.config.check || config.track !== before.config.track) {
      handle(this.#health, config, { type: 'renew' });
      state.set('checkStatus', checkStatuses.INI.number);
    }
    this.#write();
    this.#stepLater();
  }

  /** It tracks that server from now on, or none: its state and what it inherits follow without a word, as at a start. */
  track(tracked: WatchedServer | undefined): void {
    if (this.#tracked === tracked) return;
    this.#tracked = tracked;
    const inherited = AdminState.inheritedMaintenance | AdminState.inheritedDrain;
    const given = tracked === undefined ? 0 : inheritedBits(tracked.#health.admin);
    const { config } = this.server;
    const wasEligible = this.isEligible;
    // Before it follows, so that what it inherits of maintenance is what stops it.
    handle(this.#health, config, { type: 'admin', bits: this.#health.admin | given });
    handle(this.#health, config, { type: 'tracked', operational: tracked?.health.operational });
    handle(this.#health, config, { type: 'admin', bits: (this.#health.admin & ~inherited) | given });
    this.#write();
    if (wasEligible && sum(this.#watch.countEligible(this.backend)) === 0) this.#watch.markBackend(this.backend, false);
  }

  /** A check is under way. */
  begin(): void {
    this.#state.set('checkState', this.#state.get('checkState') | CheckState.inProgress);
  }

  /** A check ended without saying anything. */
  skip(): void {
    this.#state.set('checkState', this.#state.get('checkState') & ~CheckState.inProgress);
  }

  take(result: CheckResult): void {
    const { verdict } = checkStatuses[result.status];
    this.skip();
    if (verdict === 'passed' || verdict === 'conditional') this.#state.clearErrors();
    this.#takeResult(result, { type: 'check', verdict });
  }

  /** What a check, or traffic, found: kept for display, counted, logged where checks are, and acted on. */
  #takeResult(result: CheckResult, input: HealthInput): void {
    const { rise, fall } = this.server.config;
    const { verdict, number } = checkStatuses[result.status];
    const state = this.#state;
    const before = this.#health.health;
    const statusBefore = state.get('checkStatus');
    this.lastInfo = result.info;
    state.set('checkStatus', number);
    state.set('checkCode', result.code);
    state.set('checkDurationMs', result.durationMs);
    state.set('checkResult', verdictNumber[verdict]);
    state.setTime('lastCheckMs', this.#watch.dateNow());
    if (verdict === 'failed' && before > 0) state.set('checksFailed', state.get('checksFailed') + 1);
    const { logHealthChecks } = this.backend.options;
    // The line about the check says it already.
    const reason: ChangeReason = logHealthChecks ? UNTOLD : { type: 'check', result };
    this.#apply(input, reason, {
      first: () => {
        const { health } = this.#health;
        if (!logHealthChecks || (before === health && statusBefore === number)) return;
        const hasWeight = state.get('userWeight') > 0;
        this.#log(checkLine(this.#lineServer(), 'Health', result, { health, rise, fall, hasWeight }));
      },
    });
  }

  /** Acts on errors that threads have seen in traffic since the last call (manual 5.2 "observe", "on-error"). */
  takeErrors(): void {
    const { count, lastKind } = this.#state.errorRuns();
    const { observe, onError, errorLimit, check } = this.server.config;
    for (; this.#errorRuns !== count; this.#errorRuns = (this.#errorRuns + 1) | 0) {
      if (observe === undefined || !check || inMaintenance(this.#health.admin)) continue;
      this.#state.set('observedFailures', this.#state.get('observedFailures') + 1);
      if (onError !== 'fastinter') {
        const info = `Detected ${errorLimit} consecutive errors, last one was: ${observationWords[lastKind]}`;
        this.#takeResult({ status: 'HANA', code: -1, info, durationMs: -1 }, { type: 'errors', act: onError });
      }
      this.#watch.hurryChecks(this);
    }
  }

  /** What the agent says of it, or (undefined) that it says nothing of that; logged as `option log-health-checks` wants. */
  takeAgent(says: 'up' | 'down' | undefined, result: CheckResult, count: AgentCount): void {
    const { logHealthChecks } = this.backend.options;
    if (logHealthChecks && count.isNews) this.#log(checkLine(this.#lineServer(), 'Agent', result, count));
    if (says !== undefined) this.#apply({ type: 'agent', says }, logHealthChecks ? UNTOLD : { type: 'check', result });
  }

  /** It has no agent any more that could bring it back. */
  releaseFromAgent(): void {
    this.#apply({ type: 'agent', says: 'up' }, UNTOLD);
  }

  /** `set server … agent`. */
  forceAgent(says: 'up' | 'down'): void {
    this.#apply({ type: 'agent', says }, CHANGED_FROM_CLI);
  }

  /** `set server … state` and `disable`/`enable server`: the administrative bits that an operator sets. */
  administer(to: 'ready' | 'drain' | 'maint'): void {
    const { forcedMaintenance, forcedDrain } = AdminState;
    if (to === 'maint') this.setAdmin(forcedMaintenance);
    if (to === 'drain') this.setAdmin(forcedDrain);
    if (to !== 'drain') this.clearAdmin(forcedDrain);
    if (to !== 'maint') this.clearAdmin(forcedMaintenance);
  }

  /** Sets one bit; servers that track this one inherit it where it is the first of its kind. `cause` is told in brackets. */
  setAdmin(bit: number, cause = ''): void {
    const { admin } = this.#health;
    if ((admin & bit) !== 0) return;
    this.#apply({ type: 'admin', bits: admin | bit }, UNTOLD, { cause });
    const inherited = inheritedBits(bit);
    if (inheritedBits(admin) & inherited) return;
    for (const tracker of this.trackers) tracker.setAdmin(inherited, cause);
  }

  /** Clears one bit, also where it was inherited from here as the last of its kind. */
  clearAdmin(bit: number): void {
    const { admin } = this.#health;
    if ((admin & bit) === 0) return;
    this.#apply({ type: 'admin', bits: admin & ~bit }, UNTOLD);
    const inherited = inheritedBits(bit);
    if (inheritedBits(this.#health.admin) & inherited) return;
    for (const tracker of this.trackers) tracker.clearAdmin(inherited);
  }

  /** `set server … health`. */
  force(to: 'up' | 'down' | 'stopping'): void {
    this.#apply({ type: 'force', to }, CHANGED_FROM_CLI);
  }

  /** `disable health` and `enable health`: whether checks run; what is known of the server stays. */
  pauseChecks(arePaused: boolean): void {
    this.#arePaused = arePaused;
    this.skip();
    this.#write();
  }

  /** Of a server that was added at run time: it serves nobody, and asks nothing, until it is told to. */
  waitInMaintenance(): void {
    const { admin } = this.#health;
    // The file does not say so.
    const bits = (admin & ~AdminState.configMaintenance) | AdminState.forcedMaintenance;
    handle(this.#health, this.server.config, { type: 'admin', bits });
    if (this.server.config.check) this.#arePaused = true;
    if (this.agent.isConfigured) this.agent.pause(true);
    this.#write();
  }

  /** `set server … weight`: 0 to 256. */
  setWeight(weight: number): void {
    this.#state.set('userWeight', weight);
    this.#reckon(true);
  }

  /** `set server … maxconn`. */
  setMaxconn(maxconn: number): void {
    this.#state.set('maxconn', maxconn);
    this.#write();
    this.#watch.publish(this.backend.slot);
  }

  // ------------------------------------------------------------------------------------------------------ slow start

  get #warming(): Warming | undefined {
    if (this.#health.operational !== 'starting') return undefined;
    return { slowstartMs: this.server.config.slowstartMs ?? 0, sinceMs: this.#state.time('lastChangeMs') };
  }

  /** The weight as it is now; slow start ends here when its time is over. */
  #reckon(isAsked: boolean): void {
    const warming = this.#warming;
    const isOver = warming !== undefined && isWarm(warming, this.#watch.dateNow());
    this.#apply(isOver ? { type: 'warmed-up' } : { type: 'weighed' }, UNTOLD, { isAsked });
  }

  #stepLater(): void {
    if (this.#isStepping || this.#health.operational !== 'starting') return;
    this.#isStepping = true;
    this.#watch.later(this, STEP_MS, () => {
      this.#isStepping = false;
      if (this.#health.operational !== 'starting') return;
      this.#reckon(false);
      this.#stepLater();
    });
  }

  // --------------------------------------------------------------------------------------------------------- changes

  /**
   * The one way in which health and bits change while it serves. `first` logs what comes before the lines of the change; an
   * `asked` change is an operator's, who is told of a drain that stays although nothing else changed.
   */
  #apply(
    input: HealthInput,
    reason: ChangeReason,
    { cause = '', isAsked = false, first }: { cause?: string; isAsked?: boolean; first?: () => void } = {},
  ): void {
    const before = { operational: this.#health.operational, admin: this.#health.admin };
    const moved = handle(this.#health, this.server.config, input);
    const after = { operational: this.#health.operational, admin: this.#health.admin };
    const hasNewBits = before.admin !== after.admin;
    if (moved || isDraining(before.admin) !== isDraining(after.admin)) this.#countTime(before);
    // Most checks move nothing: they cost no look at the other servers.
    if (!moved && !hasNewBits && !isAsked && this.#effectiveWeight() === this.#state.get('effectiveWeight')) {
      this.#write();
      first?.();
      return;
    }
    const wasEligible = this.isEligible;
    const had = this.#watch.countEligible(this.backend);
    // Threads act on the change as soon as they are told.
    const load = this.#load();
    this.#write();
    // One look at the others is enough: a backend of thousands may fall at once.
    const has = this.#recount(had, Number(this.isEligible) - Number(wasEligible));
    if (moved && isServing(after)) this.#countUp();
    if (inMaintenance(before.admin) !== inMaintenance(after.admin)) this.#watch.restOrResume(this);
    this.#watch.publish(this.backend.slot);
    first?.();
    const losesLast = sum(had) > 0 && sum(has) === 0;
    const speaks = moved || hasNewBits || isAsked;
    const change = { before, after, reason, cause, figures: this.#figures(load, has) };
    const operational = moved && !hasNewBits ? operationalLine(this.#lineServer(), change) : undefined;
    if (operational !== undefined) this.#log(operational);
    if (losesLast && !hasNewBits) this.#logNoServer();
    if (speaks) for (const line of adminLines(this.#lineServer(), change)) this.#log(line);
    if (losesLast && hasNewBits) this.#logNoServer();
    if (sum(had) > 0 !== sum(has) > 0) this.#watch.markBackend(this.backend, sum(has) > 0);
    this.#stepLater();
    if (!moved) return;
    for (const tracker of this.trackers) {
      // What they inherit of maintenance comes by bits.
      if (hasNewBits) tracker.#health.tracked = after.operational;
      else tracker.#apply({ type: 'tracked', operational: after.operational }, UNTOLD);
    }
  }

  /** `change`: 1 where this server has become eligible, -1 where it is no longer, 0 otherwise. */
  #recount({ active, backup }: Eligible, change: number): Eligible {
    return this.server.config.backup ? { active, backup: backup + change } : { active: active + change, backup };
  }

  #countTime(before: { readonly operational: Operational; readonly admin: number }): void {
    const now = this.#watch.dateNow();
    const state = this.#state;
    const wasUp = before.operational !== 'stopped';
    if (wasUp && !isUp(this.#health)) {
      state.set('transitionsDown', state.get('transitionsDown') + 1);
      state.set('timesDown', (state.get('timesDown') + 1) | 0);
    }
    const leavesDrain = isDraining(before.admin) && !isDraining(this.#health.admin);
    if ((!wasUp && isUp(this.#health)) || leavesDrain)
      state.setTime('downMs', state.time('downMs') + Math.max(0, now - state.time('lastChangeMs')));
    state.setTime('lastChangeMs', now);
  }

  /** It came up: `on-marked-up`, for those that have weight. */
  #countUp(): void {
    const state = this.#state;
    if (state.get('effectiveWeight') > 0) state.set('timesUp', (state.get('timesUp') + 1) | 0);
  }

  #logNoServer(): void {
    this.#log(noServerLine(this.backend.isListen ? 'proxy' : 'backend', this.backend.name));
  }

  /** Who runs on it and who waits now. */
  #load(): Load {
    return {
      sessions: this.#sessions.sum(),
      queued: this.#admission.serverQueue(this.server.slot).length,
      waiting: this.#admission.backendQueue().length,
    };
  }

  /** `load` is that before the change. */
  #figures({ sessions, queued, waiting }: Load, { active, backup }: Eligible): BackendFigures {
    const { admin } = this.#health;
    const takesNew = isServing(this.#health) && !inMaintenance(admin) && !isDraining(admin);
    // Those that wait for it may go elsewhere only where `option redispatch` allows it.
    const leave = !takesNew && this.backend.redispatches && !this.backend.options.persist;
    return {
      active,
      backup,
      sessions,
      requeued: takesNew ? Math.min(waiting, this.#room(sessions)) : leave ? queued : 0,
      queued: leave ? 0 : queued,
    };
  }

  /** How many more sessions it takes now. */
  #room(sessions: number): number {
    const maxconn = this.#state.get('maxconn');
    if (maxconn === 0) return Infinity;
    const limit = Math.max(1, Math.floor((maxconn * this.#state.get('throttlePercent')) / 100));
    return Math.max(0, limit - sessions);
  }

  #lineServer(): LineServer {
    const { config } = this.server;
    return {
      name: this.name,
      isBackup: config.backup,
      trackedName: this.#tracked?.name,
      host: this.server.given?.name ?? (config.address.kind === 'inet' ? config.address.host : ''),
    };
  }

  #log(line: HealthLine): void {
    this.#watch.log(this.backend, line);
  }

  /** Copies health and weight to shared memory. */
  #write(): void {
    const state = this.#state;
    const { config } = this.server;
    const { admin, operational, health } = this.#health;
    const paused = inMaintenance(admin) && config.check ? CheckState.paused : 0;
    const configured = config.check
      ? CheckState.configured |
        (this.#arePaused ? 0 : CheckState.enabled) |
        (state.get('checkState') & CheckState.inProgress)
      : config.disabled
        ? CheckState.paused
        : 0;
    const wasEligible = this.isEligible;
    state.set('adminState', admin);
    state.set('operationalState', OPERATIONAL_NUMBER[operational]);
    state.set('health', health);
    state.set('checkState', configured | paused);
    state.set('effectiveWeight', this.#effectiveWeight());
    state.set('throttlePercent', sessionsPercent(this.#warming, this.#watch.dateNow()));
    state.publish();
    const { isEligible } = this;
    if (isEligible !== wasEligible) this.#watch.shiftEligible(this.backend, config.backup, isEligible ? 1 : -1);
  }

  /** In sixteenths, what slow start leaves of it. */
  #effectiveWeight(): number {
    const share = this.backend.hasDynamicWeights ? weightShare(this.#warming, this.#watch.dateNow()) : WEIGHT_SCALE;
    return this.#state.get('userWeight') * share;
  }

  // ------------------------------------------------------------------------------------------------------ state files

  /** Takes over what a state file says, where the configuration leaves it open. */
  #restore(saved: SavedState): void {
    const { config } = this.server;
    const state = this.#state;
    const restored = restoredState(saved, config, this.#health);
    Object.assign(this.#health, restored.health);
    if (restored.weight !== undefined) state.set('userWeight', restored.weight);
    state.set('checkStatus', saved.checkStatus);
    state.set('checkResult', saved.checkResult);
    state.setTime('lastChangeMs', this.#watch.dateNow() - saved.sinceChangeS * 1000);
  }

  /** It was known before, and takes over from a state file what an operator says of a server: its health is known better. */
  administerAs(saved: SavedState): void {
    const { config } = this.server;
    const fresh = initialHealth(config, configuredAdmin(this.server));
    const { health, weight = config.weight } = restoredState(saved, config, fresh);
    if (weight !== this.weight) this.setWeight(weight);
    this.administer(administrationOf(health.admin));
  }

  /** What HAProxy says at its start of a server that a state file has moved; nothing of it is logged. */
  restoredText(): string | undefined {
    const { operational, admin } = this.#health;
    const reason: ChangeReason = { type: 'said', by: 'changed from server-state after a reload' };
    const before = { operational: 'running' as const, admin: 0 };
    const figures = this.#figures(this.#load(), this.#watch.countEligible(this.backend));
    const change = { before, after: { operational, admin }, reason, cause: '', figures };
    if (operational === 'stopped' || operational === 'stopping')
      return operationalLine(this.#lineServer(), change)?.text;
    return isDraining(admin) ? adminLines(this.#lineServer(), { ...change, before: change.after })[0]?.text : undefined;
  }
}

const isServing = ({ operational }: { readonly operational: Operational }): boolean =>
  operational === 'running' || operational === 'starting';
