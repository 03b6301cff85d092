// One server over all generations that have it: its health, its words in shared memory, its lines in the log. Main only.
// What a check is and when it runs is the runner's; which servers exist is the monitor's.

import {
  Admission,
  AdminState,
  OperationalState,
  ServerGauge,
  ServerState,
  SharedCount,
  type Tickets,
} from '@evenkeel/shm';
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
import { checkStatuses, checkStatusOf, verdictNumber, type CheckResult } from './status.ts';
import {
  checkLine,
  downLine,
  drainLine,
  leavesDrainLine,
  leavesMaintenanceLine,
  maintenanceLine,
  noServerLine,
  remainsInDrainLine,
  stoppingLine,
  upLine,
  type BackendFigures,
  type ChangeReason,
  type HealthLine,
} from './text.ts';

/** What a server needs of the monitor. */
export interface ServerWatch {
  /** The main thread's, for the lengths of queues. */
  readonly tickets: Tickets;
  /** Epoch ms. */
  dateNow(): number;
  log(proxyIndex: number, line: HealthLine): void;
  /** Servers of the backend that may get new streams now. */
  countEligible(backend: MonitoredBackend): { readonly active: number; readonly backup: number };
  /** States or weights of a server of this backend changed: threads are to be told. */
  publish(backendSlot: number): void;
}

/** Weights are published in sixteenths, so that slow start can be smooth also for a server of weight 1. */
export const WEIGHT_SCALE = 16;
const CHANGED_FROM_CLI: ChangeReason = { type: 'said', by: 'changed from CLI' };

const OPERATIONAL_NUMBER: Readonly<Record<Operational, number>> = OperationalState;

export class WatchedServer {
  backend: MonitoredBackend;
  server: MonitoredServer;
  /** What the last check said in words (`last_chk`). */
  lastInfo = '';
  readonly #watch: ServerWatch;
  readonly #state: ServerState;
  readonly #sessions: SharedCount;
  readonly #admission: Admission;
  readonly #health: HealthState;

  /** A server that no generation knew; its words are written, but not published. */
  constructor(watch: ServerWatch, backend: MonitoredBackend, server: MonitoredServer) {
    this.#watch = watch;
    this.backend = backend;
    this.server = server;
    this.#state = new ServerState(watch.tickets.segment, server.slot);
    this.#sessions = new SharedCount(watch.tickets.segment, 'server', server.slot, ServerGauge.sessions);
    this.#admission = new Admission(watch.tickets, backend.slot);
    const { config } = server;
    this.#health = initialHealth(config, configuredAdmin(server, 0));
    const state = this.#state;
    state.set('initialWeight', config.weight);
    state.set('userWeight', config.weight);
    state.set('maxconn', config.maxconn ?? 0);
    state.set('checkStatus', config.check ? checkStatuses.INI.number : checkStatuses.UNK.number);
    state.set('checkCode', -1);
    state.setTime('lastChangeMs', watch.dateNow());
    this.#write();
  }

  get name(): string {
    return `${this.backend.name}/${this.server.config.name}`;
  }

  get health(): Readonly<HealthState> {
    return this.#health;
  }

  /** May get new streams: what "active servers" counts. */
  get isEligible(): boolean {
    return this.#state.isEligible();
  }

  /** May its checks run? In maintenance they rest. */
  get isCheckable(): boolean {
    return this.server.config.check && !inMaintenance(this.#health.admin);
  }

  view(): ServerView {
    const { config } = this.server;
    const state = this.#state;
    return {
      admin: this.#health.admin,
      operational: OPERATIONAL_NUMBER[this.#health.operational],
      checkState: state.get('checkState'),
      health: this.#health.health,
      rise: config.rise,
      fall: config.fall,
      status: checkStatusOf(state.get('checkStatus')),
      code: state.get('checkCode'),
      durationMs: state.get('checkDurationMs'),
      trackedName: config.track,
    };
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
    const bits =
      config.disabled === before.config.disabled && before.host === server.host
        ? this.#health.admin
        : configuredAdmin(server, this.#health.admin);
    handle(this.#health, config, { type: 'admin', bits });
    // What was known is not known of a server with another address, and without checks nothing could bring it back.
    const moved =
      before.host !== server.host || JSON.stringify(before.config.address) !== JSON.stringify(config.address);
    if (moved || config.check !== before.config.check) {
      handle(this.#health, config, { type: 'renew' });
      state.set('checkStatus', config.check ? checkStatuses.INI.number : checkStatuses.UNK.number);
    }
    this.#write();
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
    const { config } = this.server;
    const { verdict, number } = checkStatuses[result.status];
    const state = this.#state;
    const before = this.#health.health;
    const statusBefore = state.get('checkStatus');
    this.skip();
    this.lastInfo = result.info;
    state.set('checkStatus', number);
    state.set('checkCode', result.code);
    state.set('checkDurationMs', result.durationMs);
    state.set('checkResult', verdictNumber[verdict]);
    state.setTime('lastCheckMs', this.#watch.dateNow());
    if (verdict === 'failed' && isUp(this.#health)) state.set('checksFailed', state.get('checksFailed') + 1);
    const { logHealthChecks } = this.backend.options;
    this.#apply({ type: 'check', verdict }, (moved) => {
      if (logHealthChecks && (moved || before !== this.#health.health || statusBefore !== number)) {
        this.#log(checkLine(this.name, result, this.#health.health, config.rise, config.fall));
      }
      if (!moved) return;
      // The line about the check has said it already.
      this.#logMove(logHealthChecks ? { type: 'untold' } : { type: 'check', result });
    });
  }

  /** `set server … state` and `disable`/`enable server`: the administrative bits that an operator sets. */
  administer(to: 'ready' | 'drain' | 'maint'): void {
    const forced = AdminState.forcedMaintenance | AdminState.forcedDrain;
    const kept = this.#health.admin & ~forced & (to === 'ready' ? ~AdminState.configMaintenance : -1);
    const wanted = to === 'maint' ? AdminState.forcedMaintenance : to === 'drain' ? AdminState.forcedDrain : 0;
    // Maintenance comes on top of a drain, and leaves it there.
    const drained = to === 'maint' ? this.#health.admin & AdminState.forcedDrain : 0;
    const before = this.#health.admin;
    this.#apply({ type: 'admin', bits: kept | wanted | drained }, () => this.#logAdmin(before));
  }

  /** `set server … health`. */
  force(to: 'up' | 'down' | 'stopping'): void {
    this.#apply({ type: 'force', to }, (moved) => {
      if (moved) this.#logMove(CHANGED_FROM_CLI);
    });
  }

  /** `set server … weight`: 0 to 256. */
  setWeight(weight: number): void {
    const before = this.isEligible;
    this.#state.set('userWeight', weight);
    this.#write();
    this.#watch.publish(this.backend.slot);
    if (before && !this.isEligible) this.#logIfNoneLeft();
  }

  /** `set server … maxconn`. */
  setMaxconn(maxconn: number): void {
    this.#state.set('maxconn', maxconn);
    this.#write();
    this.#watch.publish(this.backend.slot);
  }

  /** The one way in which health and bits change while it serves. */
  #apply(input: HealthInput, log: (moved: boolean) => void): void {
    const wasUp = isUp(this.#health);
    const wasEligible = this.isEligible;
    const adminBefore = this.#health.admin;
    const moved = handle(this.#health, this.server.config, input);
    if (moved) this.#countTime(wasUp);
    this.#write();
    if (moved || adminBefore !== this.#health.admin) {
      // Before the lines, whose figures count the servers that are left.
      this.#watch.publish(this.backend.slot);
    }
    log(moved);
    if (wasEligible && !this.isEligible) this.#logIfNoneLeft();
  }

  #countTime(wasUp: boolean): void {
    const now = this.#watch.dateNow();
    const state = this.#state;
    if (wasUp && !isUp(this.#health)) state.set('transitionsDown', state.get('transitionsDown') + 1);
    if (!wasUp && isUp(this.#health)) state.setTime('downMs', state.time('downMs') + now - state.time('lastChangeMs'));
    state.setTime('lastChangeMs', now);
  }

  #logMove(reason: ChangeReason): void {
    const { operational } = this.#health;
    const figures = this.#figures();
    const line =
      operational === 'stopped'
        ? downLine(this.name, reason, figures)
        : operational === 'stopping'
          ? stoppingLine(this.name, reason, figures)
          : upLine(this.name, reason, figures);
    this.#log(line);
  }

  #logAdmin(before: number): void {
    const { admin } = this.#health;
    if (inMaintenance(admin)) {
      if (!inMaintenance(before)) this.#log(maintenanceLine(this.name, this.#figures()));
      return;
    }
    const drains = isDraining(admin);
    if (inMaintenance(before)) {
      this.#log(leavesMaintenanceLine(this.name, drains));
      if (drains) this.#log(remainsInDrainLine(this.name));
    } else if (drains && !isDraining(before)) this.#log(drainLine(this.name, this.#figures()));
    else if (!drains && isDraining(before)) this.#log(leavesDrainLine(this.name));
  }

  #logIfNoneLeft(): void {
    const { active, backup } = this.#watch.countEligible(this.backend);
    if (active + backup === 0) this.#log(noServerLine(this.backend.name));
  }

  #figures(): BackendFigures {
    const queued = this.#admission.serverQueue(this.server.slot).length;
    const leave = !isUp(this.#health) && !this.backend.options.persist;
    return {
      ...this.#watch.countEligible(this.backend),
      sessions: this.#sessions.sum(),
      requeued: leave ? queued : 0,
      queued: leave ? 0 : queued,
    };
  }

  #log(line: HealthLine): void {
    this.#watch.log(this.backend.proxyIndex, line);
  }

  /** Copies health and weight to shared memory. */
  #write(): void {
    const state = this.#state;
    const { admin, operational, health } = this.#health;
    const paused = inMaintenance(admin) ? CheckState.paused : 0;
    const configured = this.server.config.check
      ? CheckState.configured | CheckState.enabled | (state.get('checkState') & CheckState.inProgress)
      : 0;
    state.set('adminState', admin);
    state.set('operationalState', OPERATIONAL_NUMBER[operational]);
    state.set('health', health);
    state.set('checkState', configured | paused);
    state.set('effectiveWeight', state.get('userWeight') * WEIGHT_SCALE);
    state.publish();
  }
}

/** Bits that the configuration gives, in place of those that it gave before. */
function configuredAdmin({ config, host }: MonitoredServer, kept: number): number {
  const given = AdminState.configMaintenance | AdminState.forcedMaintenance;
  let bits = kept & ~(given | AdminState.resolutionMaintenance);
  if (config.disabled) bits |= given;
  // A name without an address can serve nobody (manual: `init-addr none`).
  if (config.address.kind === 'inet' && host === undefined) bits |= AdminState.resolutionMaintenance;
  return bits;
}
