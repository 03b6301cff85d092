// Health of all servers of the process, on the main thread: which servers there are over all generations that still have
// streams, when they are checked, and the telling of the data threads.
//
// A server is known by its slot in shared memory, which belongs to its name: a reload keeps its state, so no request goes to
// a server that is known to be down. Servers that only older generations have are checked until those have ended.

import { parseIpAddress } from '@evenkeel/expr';
import {
  BackendState,
  BackendVersion,
  Mailbox,
  ServerAddress,
  Tickets,
  Wake,
  type RuntimeAddress,
} from '@evenkeel/shm';
import { agentTarget, type AgentChanges } from './agent/agent-target.ts';
import type { OpenCheckConnection } from './check-connection.ts';
import { checkKey, type CheckChanges } from './check-target.ts';
import { intervalOf, startDelays } from './interval.ts';
import type { MailAlert } from './mail/alert.ts';
import type { GivenAddress, MonitoredBackend, MonitoredGeneration } from './monitored.ts';
import { CheckRunner, type RunningCheck } from './runner.ts';
import type { SavedState } from './saved-state.ts';
import { CheckTargets, type CheckedServers, type CheckEnvironment } from './targets.ts';
import type { HealthLine } from './text.ts';
import { linkTracks, unlinkTracks, type WatchedServers } from './tracking.ts';
import { WatchedServer, type Eligible, type ServerWatch } from './watched-server.ts';

export interface MonitorEnvironment extends CheckEnvironment {
  /** Opens the connections of checks. */
  readonly open: OpenCheckConnection;
  /** Writes a line to a log set, that of a backend. */
  log(logSet: number, line: HealthLine): void;
  /** Mails what a backend wants mailed (`email-alert`). */
  mail?(alert: MailAlert, text: string): void;
}

/** What a state file says of a server; undefined where it says nothing. */
export type SavedStates = (backend: string, server: string) => SavedState | undefined;

interface Entry {
  readonly watched: WatchedServer;
  check: RunningCheck | undefined;
  /** What the running check was made from: another one is needed when that differs. */
  checkKey: string;
  agent: RunningCheck | undefined;
  agentKey: string;
  agentChanges: AgentChanges;
  checkChanges: CheckChanges;
  /** Generations that have it, those included that are prepared and not yet published. */
  readonly generations: Set<number>;
  /** A generation that has it was published: its checks may run. */
  isPublished: boolean;
  /** When its slow start goes on. */
  step: NodeJS.Timeout | undefined;
}

export class HealthMonitor implements ServerWatch, CheckedServers {
  readonly tickets: Tickets;
  readonly #environment: MonitorEnvironment;
  readonly #runner: CheckRunner;
  readonly #mailbox: Mailbox;
  readonly #entries = new Map<number, Entry>();
  #generation: MonitoredGeneration | undefined;
  /** Counts of backends that were asked for: thousands of servers of one may change at once. */
  #eligible = new WeakMap<MonitoredBackend, Eligible>();
  #isStopped = false;
  readonly #targets: CheckTargets;

  constructor(environment: MonitorEnvironment) {
    this.tickets = new Tickets(environment.segment);
    this.#environment = environment;
    this.#targets = new CheckTargets(environment, this);
    this.#runner = new CheckRunner(() => environment.now(), environment.open);
    this.#mailbox = new Mailbox(environment.segment);
    this.#awaitErrors();
  }

  /**
   * Before a generation is sent to any thread: servers that are new get their first state, from `saved` where a state file
   * has them. Nothing else changes. Returns what is to be said of servers that a file has moved.
   */
  prepare(generation: MonitoredGeneration, saved?: SavedStates): string[] {
    const isNew = new Set<WatchedServer>();
    const restored: WatchedServer[] = [];
    for (const backend of generation.backends) {
      new BackendState(this.tickets.segment, backend.slot).begin(this.dateNow());
      for (const server of backend.servers) {
        const known = this.#entries.get(server.slot);
        if (known !== undefined && known.watched.name === `${backend.name}/${server.config.name}`) {
          // From now on: the generation that had it may end before this one is published.
          known.generations.add(generation.generation);
          continue;
        }
        // The slot belonged to another name, which no generation has any more.
        if (known !== undefined) {
          end(known);
          unlinkTracks(known.watched);
        }
        const state = saved?.(backend.name, server.config.name);
        const watched = new WatchedServer(this, backend, server, state);
        isNew.add(watched);
        if (state !== undefined) restored.push(watched);
        this.#entries.set(server.slot, newEntry(watched, generation.generation));
      }
    }
    this.#countAnew();
    if (isNew.size > 0) linkTracks(generation, this.#watched, (watched) => isNew.has(watched));
    return restored.flatMap((watched) => watched.restoredText() ?? []);
  }

  /** Every server that any generation has. */
  readonly #watched: WatchedServers = {
    bySlot: (slot) => this.#entries.get(slot)?.watched,
    all: () => this.#entries.values().map(({ watched }) => watched),
  };

  /** The prepared generation was published: its settings apply, its servers are checked. */
  apply(generation: MonitoredGeneration): void {
    this.prepare(generation);
    this.#generation = generation;
    const started: { start: (delayMs: number) => void; inter: number }[] = [];
    for (const backend of generation.backends) {
      for (const server of backend.servers) {
        const entry = this.#entries.get(server.slot)!;
        const { given } = entry.watched.server;
        entry.isPublished = true;
        entry.watched.adopt(backend, given === undefined ? server : { ...server, given });
        const { agentInterMs } = server.config;
        if (this.#renewAgent(entry))
          started.push({ start: (delayMs) => this.#startAgent(entry, delayMs), inter: agentInterMs });
        if (!this.#renewCheck(entry)) continue;
        if (server.config.check)
          started.push({
            start: (delayMs) => this.#startChecks(entry, delayMs),
            inter: intervalOf(server.config, entry.watched.health, server.config),
          });
      }
    }
    this.#countAnew();
    linkTracks(generation, this.#watched, () => true);
    for (const backend of generation.backends) this.publish(backend.slot);
    const delays = startDelays(
      started.map(({ inter }) => inter),
      generation.maxSpreadMs,
    );
    for (const [position, { start }] of started.entries()) start(delays[position]);
  }

  /** No thread uses the generation any more, or it was prepared and not published. */
  forget(generation: number): void {
    for (const slot of this.#entries.keys()) this.#forgetServer(slot, generation);
    this.#countAnew();
  }

  #forgetServer(slot: number, generation: number): void {
    const entry = this.#entries.get(slot);
    if (entry === undefined) return;
    entry.generations.delete(generation);
    if (entry.generations.size > 0) return;
    end(entry);
    this.#entries.delete(slot);
    unlinkTracks(entry.watched);
  }

  stop(): void {
    this.#isStopped = true;
    for (const entry of this.#entries.values()) end(entry);
    this.#entries.clear();
    this.#runner.stop();
  }

  /** The one whose settings apply: that which was published last. */
  get generation(): MonitoredGeneration | undefined {
    return this.#generation;
  }

  server(slot: number): WatchedServer | undefined {
    return this.#entries.get(slot)?.watched;
  }

  /** `set server … state`. */
  administer(slot: number, to: 'ready' | 'drain' | 'maint'): void {
    this.#entries.get(slot)?.watched.administer(to);
  }

  /** New connections and checks of the server go there from now on; undefined: where the configuration says. */
  move(slot: number, given: GivenAddress | undefined): void {
    const entry = this.#entries.get(slot);
    if (entry === undefined) return;
    const { watched } = entry;
    new ServerAddress(this.tickets.segment, slot).write(given === undefined ? undefined : runtimeAddress(given));
    watched.server = { ...watched.server, given };
    this.publish(watched.backend.slot);
    if (entry.isPublished && this.#renewAgent(entry)) this.#startAgent(entry, 0);
    if (entry.isPublished && this.#renewCheck(entry)) this.restOrResume(watched);
  }

  /** `set server … check-addr|check-port`: checks go there, at once. */
  changeCheck(slot: number, changes: CheckChanges): void {
    const entry = this.#entries.get(slot);
    if (entry === undefined) return;
    entry.checkChanges = { ...entry.checkChanges, ...changes };
    if (entry.isPublished && this.#renewCheck(entry)) this.restOrResume(entry.watched);
  }

  /** What was changed at run time about its checks. */
  checkChanges(slot: number): CheckChanges {
    return this.#entries.get(slot)?.checkChanges ?? {};
  }

  /** `enable health` and `disable health`. False: it has no checks. */
  pauseChecks(slot: number, isPaused: boolean): boolean {
    const watched = this.server(slot);
    if (watched === undefined || !watched.server.config.check) return false;
    watched.pauseChecks(isPaused);
    this.publish(watched.backend.slot);
    this.restOrResume(watched);
    return true;
  }

  /**
   * `add server`, `del server`: `generation` is the one that was published last, with other servers in one backend. Those that
   * are new wait in maintenance, with their checks at rest.
   */
  changeServers(generation: MonitoredGeneration, backendSlot: number): void {
    const backend = generation.backends.find(({ slot }) => slot === backendSlot);
    if (backend === undefined) return;
    const before = this.#generation?.backends.find(({ slot }) => slot === backendSlot);
    this.#generation = generation;
    const wanted = new Map(backend.servers.map((server) => [server.slot, server.config.name]));
    for (const { slot, config } of before?.servers ?? [])
      if (wanted.get(slot) !== config.name) this.#forgetServer(slot, generation.generation);
    const known = new Map(before?.servers.map((server) => [server.slot, server.config.name]));
    const isNew = new Set<WatchedServer>();
    for (const server of backend.servers) {
      if (known.get(server.slot) === server.config.name) {
        this.#entries.get(server.slot)!.watched.backend = backend;
        continue;
      }
      const older = this.#entries.get(server.slot);
      if (older !== undefined) {
        end(older);
        unlinkTracks(older.watched);
      }
      const watched = new WatchedServer(this, backend, server);
      watched.waitInMaintenance();
      isNew.add(watched);
      const entry = newEntry(watched, generation.generation);
      entry.isPublished = true;
      this.#entries.set(server.slot, entry);
      this.#renewAgent(entry);
      this.#renewCheck(entry);
    }
    this.#countAnew();
    if (isNew.size > 0) linkTracks(generation, this.#watched, (watched) => isNew.has(watched));
    this.publish(backendSlot);
  }

  /** A line about a server for the logs of its backend. */
  tell(slot: number, line: HealthLine): void {
    const watched = this.server(slot);
    if (watched !== undefined) this.log(watched.backend, line);
  }

  /** `set server … agent-addr|agent-port|agent-send`: the agent is asked there, at once. False: it has none. */
  changeAgent(slot: number, changes: AgentChanges): boolean {
    const entry = this.#entries.get(slot);
    if (entry?.watched.agent.isConfigured !== true) return false;
    entry.agentChanges = { ...entry.agentChanges, ...changes };
    // Before that, what was changed waits for the publication.
    if (entry.isPublished && this.#renewAgent(entry)) this.#startAgent(entry, 0);
    return true;
  }

  /** What was changed at run time about its agent. */
  agentChanges(slot: number): AgentChanges {
    return this.#entries.get(slot)?.agentChanges ?? {};
  }

  /** `enable agent` and `disable agent`. False: it has none. */
  pauseAgent(slot: number, isPaused: boolean): boolean {
    const entry = this.#entries.get(slot);
    if (entry?.watched.agent.isConfigured !== true) return false;
    const { agent } = entry.watched;
    if (agent.isEnabled !== isPaused) return true;
    agent.pause(isPaused);
    // A question under way is answered; no other is asked.
    if (!isPaused && entry.agent === undefined && entry.isPublished) this.#startAgent(entry, 0);
    return true;
  }

  // ------------------------------------------------------------------------------------------------ for WatchedServer

  dateNow(): number {
    return this.#environment.dateNow();
  }

  log({ logSet, mailAlert }: MonitoredBackend, line: HealthLine): void {
    this.#environment.log(logSet, line);
    if (mailAlert !== undefined && line.mailLevel !== undefined && line.mailLevel <= mailAlert.level)
      this.#environment.mail?.(mailAlert, line.text.replace(/\.$/, ''));
  }

  markBackend({ slot }: MonitoredBackend, hasServers: boolean): void {
    const state = new BackendState(this.tickets.segment, slot);
    if (hasServers) state.regainServer(this.dateNow());
    else state.loseLastServer(this.dateNow());
  }

  later(watched: WatchedServer, delayMs: number, step: () => void): void {
    const entry = this.#entries.get(watched.server.slot);
    if (entry?.watched !== watched) return;
    clearTimeout(entry.step);
    entry.step = setTimeout(step, delayMs);
    entry.step.unref();
  }

  hurryChecks({ server }: WatchedServer): void {
    const { fastInterMs } = server.config;
    if (fastInterMs !== undefined) this.#entries.get(server.slot)?.check?.hurry(fastInterMs);
  }

  restOrResume(watched: WatchedServer): void {
    const entry = this.#entries.get(watched.server.slot);
    if (entry?.watched !== watched || !entry.isPublished) return;
    if (!watched.isCheckable) {
      entry.check?.stop();
      entry.check = undefined;
    } else if (entry.check === undefined) this.#startChecks(entry, 0);
  }

  /** Threads say by mail that a server has shown too many errors; which one it is stands in its words. */
  #awaitErrors(): void {
    const { words, index } = this.#mailbox;
    while (!this.#isStopped) {
      const wait = Atomics.waitAsync(words, index, 0);
      if (wait.async) {
        void wait.value.then(() => {
          this.#takeErrors();
          this.#awaitErrors();
        });
        return;
      }
      this.#takeErrors();
    }
  }

  #takeErrors(): void {
    if ((this.#mailbox.take() & Wake.errors) === 0) return;
    for (const { watched } of this.#entries.values()) watched.takeErrors();
  }

  countEligible(backend: MonitoredBackend): Eligible {
    const known = this.#eligible.get(backend);
    if (known !== undefined) return known;
    let active = 0;
    let backup = 0;
    let isKept = true;
    for (const { slot, config } of backend.servers) {
      const watched = this.#entries.get(slot)?.watched;
      // What happens to a server that belongs to another generation by now is not told to this one.
      if (watched?.backend !== backend) isKept = false;
      if (watched?.isEligible !== true) continue;
      if (config.backup) backup++;
      else active++;
    }
    const eligible = { active, backup };
    if (isKept) this.#eligible.set(backend, eligible);
    return eligible;
  }

  shiftEligible(backend: MonitoredBackend, isBackup: boolean, change: 1 | -1): void {
    const known = this.#eligible.get(backend);
    if (known === undefined) return;
    const { active, backup } = known;
    this.#eligible.set(backend, isBackup ? { active, backup: backup + change } : { active: active + change, backup });
  }

  /** Servers came, went or belong to another generation. */
  #countAnew(): void {
    this.#eligible = new WeakMap();
  }

  publish(backendSlot: number): void {
    new BackendVersion(this.tickets.segment, backendSlot).publish();
    this.#mailbox.postAll(Wake.state);
  }

  #startChecks(entry: Entry, delayMs: number): void {
    if (!entry.watched.isCheckable) return;
    const target = this.#targets.check(entry.watched, entry.checkChanges);
    if (target !== undefined) entry.check = this.#runner.add(target, delayMs);
  }

  /** Maintenance does not silence an agent: its word `ready` ends one. */
  #startAgent(entry: Entry, delayMs: number): void {
    const target = this.#targets.agent(entry.watched, entry.agentChanges, () => {
      if (entry.watched.agent.isEnabled) return;
      entry.agent?.stop();
      entry.agent = undefined;
    });
    if (target !== undefined) entry.agent = this.#runner.add(target, delayMs);
  }

  /** Ends checks that differ from what is to be checked now; true where they did. */
  #renewCheck(entry: Entry): boolean {
    const { backend, server } = entry.watched;
    const key = checkKey(backend, server, entry.checkChanges, this.#targets.further(server.config));
    if (key === entry.checkKey) return false;
    entry.checkKey = key;
    entry.check?.stop();
    entry.check = undefined;
    return true;
  }

  /** Ends what differs from what is to be asked now; true where it is to be asked anew. */
  #renewAgent(entry: Entry): boolean {
    const { watched } = entry;
    const target = agentTarget(watched.server, entry.agentChanges);
    const source = (watched.server.config.source ?? watched.backend.source)?.address;
    const key = target === undefined ? '' : JSON.stringify([target, source]);
    if (key === entry.agentKey) return false;
    entry.agent?.stop();
    entry.agent = undefined;
    entry.agentKey = key;
    if (target === undefined) watched.agent.forget();
    else if (!watched.agent.isConfigured) watched.agent.enable();
    return target !== undefined && watched.agent.isEnabled;
  }
}

function newEntry(watched: WatchedServer, generation: number): Entry {
  return {
    watched,
    check: undefined,
    checkKey: '',
    agent: undefined,
    agentKey: '',
    agentChanges: {},
    checkChanges: {},
    generations: new Set([generation]),
    isPublished: false,
    step: undefined,
  };
}

function end(entry: Entry): void {
  entry.check?.stop();
  entry.agent?.stop();
  clearTimeout(entry.step);
}

function runtimeAddress({ host, port, portOffset }: GivenAddress): RuntimeAddress {
  const address = parseIpAddress(host);
  if (address === undefined) throw new Error(`'${host}' is no address`);
  const { family, w0, w1, w2, w3 } = address;
  const words = [w0, w1, w2, w3] as const;
  return { family, words, port, ...(portOffset === undefined ? {} : { portOffset }) };
}
