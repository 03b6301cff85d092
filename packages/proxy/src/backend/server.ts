// One server of one backend, as one thread of one generation sees it: address, options, its pool of idle connections and
// the streams of this thread that use it. State, weight, session count and queue are in shared memory, common to all
// threads and generations, under the server's slot; what requests ask often is copied here by `refresh`, whenever the
// backend's version says that something changed.

import { isIP } from 'node:net';
import type { Address, Server as ServerConfig } from '@evenkeel/config';
import { IpAddress } from '@evenkeel/expr';
import {
  FrequencyCounter,
  ServerAddress,
  ServerRate,
  ServerState,
  StatBlock,
  type Admission,
  countsOf,
  Wake,
} from '@evenkeel/shm';
import type { OpenOptions } from '../connection.ts';
import type { ThreadContext } from '../thread-context.ts';
import type { Backend } from './backend.ts';
import type { Candidate } from './balance/balancer.ts';
import type { Dispatch } from './dispatch.ts';
import { SessionLimit } from './limit.ts';
import { ServerPool } from './pool.ts';
import { sourcePortsName } from './prepare.ts';
import { sourcePortBytes, ServerSource } from './source.ts';

/** Number of the main thread in shared memory. */
const MAIN = 0;

export class Server implements Candidate {
  readonly name: string;
  /** `id` (`sid` in statistics). */
  readonly id: number;
  /** Position in the backend, from 0; moves when a server before it is removed. */
  index: number;
  readonly configuredWeight: number;
  /** Index of this server in shared memory: statistics, state and session count of all threads. */
  readonly slot: number;
  readonly backend: Backend;
  readonly config: ServerConfig;
  /** As of the last refresh: IP literal; empty for a Unix socket or a name that has no address. */
  host: string;
  /** As of the last refresh: 0 where the client's own port is used (no port, or a relative one, in the configuration). */
  port: number;
  /** As of the last refresh: `address:port` or `unix@path`, as logs print it. */
  addressText: string;
  /** How often it was moved: a connection that was opened before the last time leads elsewhere. */
  moves = 0;
  readonly pool: ServerPool;
  readonly state: ServerState;
  /** This thread's counters of the server. */
  readonly stat: StatBlock;
  readonly rate: FrequencyCounter;
  /** What queueing knows of it; its fields follow `refresh`. */
  readonly limit: SessionLimit;
  /** What connecting needs, the same object for each attempt; the port differs for servers that take the client's. */
  openOptions: OpenOptions;
  /** `redir`: where GET and HEAD requests are sent instead. */
  readonly redir: string | undefined;
  /** Where connections to it come from; undefined where the kernel chooses. */
  readonly source: ServerSource | undefined;
  /** Connections of different clients differ in where they come from or lead to: they are not shared. */
  isPerClient: boolean;
  /** Streams of this thread that hold a slot, through their `nextOnServer`. */
  firstDispatch: Dispatch | undefined = undefined;
  /** When the last-session stamp of the statistics is due again; written by Dispatch. */
  stampDueMs = 0;
  /** As of the last refresh: in sixteenths, see Candidate. */
  balanceWeight = 0;
  /** As of the last refresh: up and not in maintenance; persistence may use it, also while it drains. */
  isUp = false;
  /** As of the last refresh: up, not draining, weight above 0. */
  isEligible = false;
  /** As of the last refresh: up and neither draining nor stopping. */
  takesNew = false;
  /** See `remove`. */
  isRemoved = false;
  /** What this thread last acted on: see Backend.takeChanges. */
  tookNew = false;
  wasUp = false;
  timesDown: number;
  timesUp: number;
  /** What traffic shows of it is to be told by `observe`. */
  readonly observes: boolean;

  readonly #admission: Admission;
  /** The wildcard address: the server is where the client wanted to go (manual 5.2 "server"). */
  readonly #isAnywhere: boolean;
  readonly #address: ServerAddress;
  #addressVersion = 0;
  /** How each finding of traffic counts. */
  readonly #counts: ReturnType<typeof countsOf> | undefined;
  /** IP literal of the configuration, or what its name resolved to. */
  readonly #configuredHost: string;
  /** Where `port` is 0 and was not given so at run time: added to the port that the client connected to. */
  #portOffset: number;
  /** The port was given at run time. If it is 0, nobody listens there. */
  #isPortGiven = false;

  constructor(
    context: ThreadContext,
    backend: Backend,
    config: ServerConfig,
    index: number,
    slot: number,
    admission: Admission,
    resolved: string | undefined,
  ) {
    const { segment } = context;
    this.name = config.name;
    this.id = config.id;
    this.index = index;
    this.configuredWeight = config.weight;
    this.slot = slot;
    this.backend = backend;
    this.config = config;
    this.redir = config.redir;
    this.#admission = admission;
    this.#configuredHost = hostOf(config.address, resolved);
    this.#isAnywhere = leadsAnywhere(config.address);
    this.host = this.#configuredHost;
    this.port = portOf(config.address);
    this.#portOffset = offsetOf(config.address);
    this.addressText = addressText(config.address, this.host, this.port);
    this.openOptions = openOptions(config, this.host, this.port);
    const ports =
      sourcePortBytes(config, backend.config) === 0
        ? undefined
        : new Int32Array(segment.buffer(sourcePortsName(backend.generation, slot)));
    this.source = ServerSource.of(config, backend.config, ports, segment.identity.thread);
    this.isPerClient = this.#dependsOnClient();
    this.state = new ServerState(segment, slot);
    this.timesDown = this.state.get('timesDown');
    this.timesUp = this.state.get('timesUp');
    this.observes = config.observe !== undefined && config.check;
    this.#counts = config.observe === undefined ? undefined : countsOf(config.observe);
    this.#address = new ServerAddress(segment, slot);
    this.stat = new StatBlock(segment, 'server', slot);
    this.rate = new FrequencyCounter(segment, 'server', slot, ServerRate.sessions);
    this.limit = new SessionLimit(slot, config.minconn, backend.load);
    this.pool = new ServerPool(context, backend.thread.idle, slot, {
      reuse: backend.config.httpReuse,
      maxIdle: config.poolMaxConn,
      purgeDelayMs: config.poolPurgeDelayMs,
      lowIdle: config.poolLowConn,
      maxReuse: config.maxReuse,
    });
  }

  /** Options for a connection that goes to the port, or the address, that the client connected to, where the configuration says so. */
  openOptionsFor(clientPort: number, clientDestination: string): OpenOptions {
    const { address } = this.config;
    if (address.kind !== 'inet' || !this.usesClientPort) return this.openOptions;
    return {
      host: this.#isAnywhere ? clientDestination : this.host,
      port: this.port === 0 && !this.#isPortGiven ? clientPort + this.#portOffset : this.port,
    };
  }

  /** Streams that hold a slot now, over all threads (`%sc`, `scur`). */
  currentSessions(): number {
    return this.#admission.used(this.slot);
  }

  /** Waiters in this server's own queue (`qcur`). */
  queued(): number {
    return this.#admission.serverQueue(this.slot).length;
  }

  load(): number {
    return this.limit.limit === 0 ? this.currentSessions() : this.currentSessions() + this.queued();
  }

  served(): number {
    return this.currentSessions();
  }

  isFull(): boolean {
    const { limit } = this.limit;
    return limit !== 0 && (this.currentSessions() >= limit || this.queued() > 0);
  }

  /** No room in its own queue either, which without `maxqueue` nobody is sent to. */
  isQueueFull(): boolean {
    const { limit } = this.limit;
    return limit !== 0 && this.load() >= limit + (this.config.maxqueue ?? 0);
  }

  addDispatch(dispatch: Dispatch): void {
    const first = this.firstDispatch;
    dispatch.previousOnServer = undefined;
    dispatch.nextOnServer = first;
    if (first !== undefined) first.previousOnServer = dispatch;
    this.firstDispatch = dispatch;
  }

  /** Harmless for one that is not in the list. */
  removeDispatch(dispatch: Dispatch): void {
    const { nextOnServer: next, previousOnServer: previous } = dispatch;
    if (next !== undefined) next.previousOnServer = previous;
    if (previous !== undefined) previous.nextOnServer = next;
    else if (this.firstDispatch === dispatch) this.firstDispatch = next;
    dispatch.nextOnServer = undefined;
    dispatch.previousOnServer = undefined;
  }

  /** `observe`: tells what traffic showed, a number of Observation. To be asked only where `observes` is set. */
  observe(finding: number): void {
    const count = this.#counts![finding];
    if (count === 'good') this.state.clearErrors();
    else if (count === 'bad' && this.state.countError(this.config.errorLimit, finding))
      this.backend.thread.context.mailbox.post(MAIN, Wake.errors);
  }

  /**
   * `del server`: its slot may soon be another's, so nothing is read from there any more. Streams that still hold it end as they
   * would; none chooses it again, nothing is kept idle to it, not even for one client.
   */
  remove(): void {
    this.isRemoved = true;
    this.isUp = false;
    this.isEligible = false;
    this.takesNew = false;
    this.balanceWeight = 0;
    this.pool.close();
    this.backend.thread.idle.closeThoseOf(this);
  }

  /** Copies what shared memory says now. */
  refresh(): void {
    const { state } = this;
    this.takesNew = state.takesNew();
    if (this.#address.version() !== this.#addressVersion) this.#followAddress();
    this.isUp = state.isUsable();
    this.isEligible = state.isEligible();
    this.balanceWeight = this.isEligible ? state.get('effectiveWeight') : 0;
    this.limit.maxconn = state.get('maxconn');
    this.limit.throttlePercent = this.config.slowstartMs === undefined ? 100 : state.get('throttlePercent');
  }

  /** It takes its port or address from the client's: no port, `+1000`, `0.0.0.0`. As of the last refresh. */
  get usesClientPort(): boolean {
    return this.#isAnywhere || (this.config.address.kind === 'inet' && this.port === 0 && !this.#isPortGiven);
  }

  #dependsOnClient(): boolean {
    return this.usesClientPort || this.source?.isClients === true;
  }

  /** A resolver or an operator moved the server: what is idle leads to where it was. */
  #followAddress(): void {
    this.#addressVersion = this.#address.version();
    const given = this.#address.read();
    const configured = portOf(this.config.address);
    const host = given === undefined ? this.#configuredHost : new IpAddress(given.family, ...given.words).text;
    const isMapped = given?.portOffset !== undefined;
    const isPortGiven = given?.port !== undefined;
    const port = isMapped ? 0 : (given?.port ?? configured);
    const offset = given?.portOffset ?? offsetOf(this.config.address);
    const isPortSame = port === this.port && (port !== 0 || isPortGiven === this.#isPortGiven);
    this.#isPortGiven = isPortGiven;
    if (host === this.host && isPortSame && offset === this.#portOffset) return;
    this.#portOffset = offset;
    this.moves++;
    this.host = host;
    this.port = port;
    this.addressText = addressText(this.config.address, host, port);
    this.openOptions = openOptions(this.config, host, port);
    this.isPerClient = this.#dependsOnClient();
    this.pool.clear();
  }
}

/** Whether it stands for whatever address the client connected to. */
export function leadsAnywhere(address: Address): boolean {
  return address.kind === 'inet' && (address.host === '*' || address.host === '0.0.0.0' || address.host === '::');
}

function hostOf(address: Address, resolved: string | undefined): string {
  if (address.kind !== 'inet') return '';
  return resolved ?? (isIP(address.host) === 0 ? '' : address.host);
}

function portOf(address: Address): number {
  return address.kind === 'inet' && address.port !== undefined && !address.port.relative ? address.port.first : 0;
}

function offsetOf(address: Address): number {
  return address.kind === 'inet' && address.port?.relative === true ? address.port.first : 0;
}

function addressText(address: Address, host: string, port: number): string {
  switch (address.kind) {
    case 'inet':
      return `${host}:${port}`;
    case 'unix':
      return `unix@${address.path}`;
    case 'abstract':
      return `abns@${address.name}`;
    case 'fd':
      return `fd@${address.fd}`;
  }
}

function openOptions(config: ServerConfig, host: string, port: number): OpenOptions {
  const { address } = config;
  if (address.kind === 'unix') return { path: address.path };
  // Abstract names are padded with NUL to the whole of sun_path, as HAProxy binds and connects them.
  if (address.kind === 'abstract') return { path: `\0${address.name}`.padEnd(SUN_PATH_BYTES, '\0') };
  return { host, port };
}

/** Size of sun_path (unix(7)). */
const SUN_PATH_BYTES = 108;
