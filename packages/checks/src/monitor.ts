// Health of all servers of the process, on the main thread: which servers there are over all generations that still have
// streams, when they are checked, and the telling of the data threads.
//
// A server is known by its slot in shared memory, which belongs to its name: a reload keeps its state, so no request goes to
// a server that is known to be down. Servers that only older generations have are checked until those have ended.

import { BackendState, BackendVersion, Mailbox, Tickets, Wake, type Segment } from '@evenkeel/shm';
import type { Server as ServerConfig } from '@evenkeel/config';
import { intervalOf, spreadInterval, startDelay } from './interval.ts';
import type { MonitoredBackend, MonitoredGeneration, MonitoredServer } from './monitored.ts';
import type { CheckAddress, ConnectOptions } from './conversation.ts';
import { createProtocol } from './protocols.ts';
import type { RunLimits } from './run.ts';
import { CheckRunner, type CheckTarget, type RunningCheck } from './runner.ts';
import { checkSubject } from './subject.ts';
import type { MailAlert } from './mail/alert.ts';
import type { SavedState } from './saved-state.ts';
import type { HealthLine } from './text.ts';
import { WatchedServer, type ServerWatch } from './watched-server.ts';

export interface MonitorEnvironment {
  readonly segment: Segment;
  /** Monotonic ms. */
  now(): number;
  /** Epoch ms. */
  dateNow(): number;
  /** 0 to 1, for `spread-checks`. */
  random(): number;
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
  /** Generations that have it. */
  readonly generations: Set<number>;
  /** When its slow start goes on. */
  step: NodeJS.Timeout | undefined;
}

export class HealthMonitor implements ServerWatch {
  readonly tickets: Tickets;
  readonly #environment: MonitorEnvironment;
  readonly #runner: CheckRunner;
  readonly #mailbox: Mailbox;
  readonly #entries = new Map<number, Entry>();
  #generation: MonitoredGeneration | undefined;
  #isStopped = false;

  constructor(environment: MonitorEnvironment) {
    this.tickets = new Tickets(environment.segment);
    this.#environment = environment;
    this.#runner = new CheckRunner(() => environment.now());
    this.#mailbox = new Mailbox(environment.segment);
    this.#awaitErrors();
  }

  /**
   * Before a generation is sent to any thread: servers that are new get their first state, from `saved` where a state file
   * has them. Nothing else changes.
   */
  prepare(generation: MonitoredGeneration, saved?: SavedStates): void {
    const isNew = new Set<WatchedServer>();
    const restored: WatchedServer[] = [];
    for (const backend of generation.backends) {
      new BackendState(this.tickets.segment, backend.slot).begin(this.dateNow());
      for (const server of backend.servers) {
        const known = this.#entries.get(server.slot);
        if (known !== undefined && known.watched.name === `${backend.name}/${server.config.name}`) continue;
        // The slot belonged to another name, which no generation has any more.
        if (known !== undefined) end(known);
        const state = saved?.(backend.name, server.config.name);
        const watched = new WatchedServer(this, backend, server, state);
        isNew.add(watched);
        if (state !== undefined) restored.push(watched);
        this.#entries.set(server.slot, {
          watched,
          check: undefined,
          checkKey: '',
          generations: new Set(),
          step: undefined,
        });
      }
    }
    this.#linkTracks(generation, (watched) => isNew.has(watched));
    for (const watched of restored) watched.announceRestored();
  }

  /** Who tracks whom, for the servers that `applies` lets through. */
  #linkTracks({ backends }: MonitoredGeneration, applies: (watched: WatchedServer) => boolean): void {
    const byName = new Map(backends.map((backend) => [backend.name, backend]));
    const tracks = new Map<WatchedServer, WatchedServer | undefined>();
    for (const backend of backends) {
      for (const { slot, config } of backend.servers) {
        const { watched } = this.#entries.get(slot)!;
        if (applies(watched)) tracks.set(watched, this.#find(byName, backend, config.track));
      }
    }
    // The head of a chain before those that follow it, so that what they inherit is there.
    const link = (watched: WatchedServer): void => {
      if (!tracks.has(watched)) return;
      const tracked = tracks.get(watched);
      tracks.delete(watched);
      if (tracked !== undefined) link(tracked);
      watched.track(tracked);
    };
    for (const watched of [...tracks.keys()]) link(watched);
    const trackers = new Map<WatchedServer, WatchedServer[]>();
    for (const { watched } of this.#entries.values()) {
      const { tracked } = watched;
      if (tracked !== undefined) trackers.set(tracked, [watched, ...(trackers.get(tracked) ?? [])]);
    }
    for (const { watched } of this.#entries.values()) watched.trackers = trackers.get(watched) ?? [];
  }

  /** `[<proxy>/]<server>` as seen from a backend. */
  #find(
    byName: ReadonlyMap<string, MonitoredBackend>,
    backend: MonitoredBackend,
    track: string | undefined,
  ): WatchedServer | undefined {
    if (track === undefined) return undefined;
    const slash = track.indexOf('/');
    const target = slash < 0 ? backend : byName.get(track.slice(0, slash));
    const server = target?.servers.find(({ config }) => config.name === track.slice(slash + 1));
    return server === undefined ? undefined : this.#entries.get(server.slot)?.watched;
  }

  /** The prepared generation was published: its settings apply, its servers are checked. */
  apply(generation: MonitoredGeneration): void {
    this.prepare(generation);
    this.#generation = generation;
    const started: { entry: Entry; inter: number }[] = [];
    for (const backend of generation.backends) {
      for (const server of backend.servers) {
        const entry = this.#entries.get(server.slot)!;
        entry.generations.add(generation.generation);
        entry.watched.adopt(backend, server);
        const key = checkKey(backend, server);
        if (key === entry.checkKey) continue;
        entry.check?.stop();
        entry.check = undefined;
        entry.checkKey = key;
        if (server.config.check) started.push({ entry, inter: server.config.interMs });
      }
    }
    this.#linkTracks(generation, () => true);
    for (const backend of generation.backends) this.publish(backend.slot);
    const shortest = Math.min(...started.map(({ inter }) => inter));
    for (const [position, { entry }] of started.entries())
      this.#startChecks(entry, startDelay(position, started.length, shortest, generation.maxSpreadMs));
  }

  /** No thread uses the generation any more, or it was prepared and not published. */
  forget(generation: number): void {
    for (const [slot, entry] of this.#entries) {
      entry.generations.delete(generation);
      if (entry.generations.size > 0) continue;
      end(entry);
      this.#entries.delete(slot);
    }
  }

  stop(): void {
    this.#isStopped = true;
    for (const entry of this.#entries.values()) end(entry);
    this.#entries.clear();
  }

  server(slot: number): WatchedServer | undefined {
    return this.#entries.get(slot)?.watched;
  }

  /** `set server … state`. */
  administer(slot: number, to: 'ready' | 'drain' | 'maint'): void {
    this.#entries.get(slot)?.watched.administer(to);
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
    if (entry?.watched !== watched || entry.generations.size === 0) return;
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

  countEligible(backend: MonitoredBackend): { readonly active: number; readonly backup: number } {
    let active = 0;
    let backup = 0;
    for (const { slot, config } of backend.servers) {
      if (this.#entries.get(slot)?.watched.isEligible !== true) continue;
      if (config.backup) backup++;
      else active++;
    }
    return { active, backup };
  }

  publish(backendSlot: number): void {
    new BackendVersion(this.tickets.segment, backendSlot).publish();
    this.#mailbox.postAll(Wake.state);
  }

  #startChecks(entry: Entry, delayMs: number): void {
    const { watched } = entry;
    if (!watched.isCheckable) return;
    const { backend, server } = watched;
    const connection = checkConnection(server);
    if (connection === undefined) return;
    const { segment } = this.#environment;
    const source = (server.config.source ?? backend.source)?.address;
    const target: CheckTarget = {
      protocol: createProtocol(backend.check),
      localAddress: source?.kind === 'inet' ? source.host : undefined,
      subject: () => checkSubject(segment, watched.backend, watched.server, connection, () => ''),
      limits: () => limitsOf(watched.backend, watched.server.config),
      nextIntervalMs: () => {
        const { config } = watched.server;
        return spreadInterval(
          intervalOf(config, watched.health, config),
          this.#generation?.spreadPercent ?? 0,
          this.#environment.random(),
        );
      },
      onBegin: () => watched.begin(),
      onResult: (result) => watched.take(result),
      onVoid: () => watched.skip(),
    };
    entry.check = this.#runner.add(target, delayMs);
  }
}

function end(entry: Entry): void {
  entry.check?.stop();
  clearTimeout(entry.step);
}

/** Manual "timeout check". */
function limitsOf({ connectTimeoutMs, checkTimeoutMs }: MonitoredBackend, { interMs }: ServerConfig): RunLimits {
  if (checkTimeoutMs === undefined) return { connectMs: interMs, readMs: undefined };
  return { connectMs: Math.min(connectTimeoutMs ?? Infinity, interMs), readMs: checkTimeoutMs };
}

/** Where and how the server line sends its checks; undefined where there is nowhere to go. */
function checkConnection(server: MonitoredServer): ConnectOptions | undefined {
  const address = checkAddress(server);
  if (address === undefined) return undefined;
  return { address, sendProxy: server.config.checkSendProxy, socks4: undefined };
}

/** `addr` and `port` of the server line before its address. */
function checkAddress({ config, host }: MonitoredServer): CheckAddress | undefined {
  const { address } = config;
  if (config.checkAddress === undefined && config.checkPort === undefined) {
    if (address.kind === 'unix') return { path: address.path };
    if (address.kind === 'abstract') return { path: `\0${address.name}`.padEnd(SUN_PATH_BYTES, '\0') };
  }
  const checkHost = config.checkAddress ?? host;
  const port =
    config.checkPort ??
    (address.kind === 'inet' && address.port !== undefined && !address.port.relative ? address.port.first : undefined);
  return checkHost === undefined || port === undefined ? undefined : { host: checkHost, port };
}

/** Size of sun_path (unix(7)); HAProxy pads abstract names to it. */
const SUN_PATH_BYTES = 108;

/** What a running check depends on and does not ask anew each time. */
function checkKey(backend: MonitoredBackend, server: MonitoredServer): string {
  const { check, disabled, source } = server.config;
  return JSON.stringify([backend.check, check, disabled, source ?? backend.source, checkConnection(server)]);
}
