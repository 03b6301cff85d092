// A proxy's frontend side as one thread of one generation sees it: what decides over a client connection from the accept
// to the choice of a backend, what it counts and where it logs. Streams and sessions read it; it starts them by mode.
import type { Proxy, UseBackend } from '@evenkeel/config';
import type { BackendFigures, Compiler, FrontendFigures, LogContext, ProxyView, SampleContext } from '@evenkeel/expr';
import {
  FrequencyCounter,
  FrontendGauge,
  FrontendRate,
  RuntimeLimit,
  Sequence,
  SharedCount,
  StatBlock,
} from '@evenkeel/shm';
import type { StreamOptions } from '@evenkeel/sys';
import type { Backend } from './backend/backend.ts';
import { bufferOptions } from './connection/options.ts';
import type { DataThread } from './data-thread.ts';
import type { Generation } from './generation.ts';
import type { HttpProxy } from './http/http-proxy.ts';
import { HttpSession } from './http/session.ts';
import { compileCaptures, type CaptureSlots } from './stream/captures.ts';
import type { ClientSession } from './stream/client-session.ts';
import { StreamCounters } from './stream/counters.ts';
import { StreamLog, connectLine } from './stream/log-line.ts';
import type { TcpProxy } from './tcp/tcp-proxy.ts';
import { TcpStream } from './tcp/tcp-stream.ts';

const LOG_INFO = 6;

export class Frontend implements ProxyView {
  readonly name: string;
  readonly id: number;
  /** Index in the plan's list of proxies. */
  readonly index: number;
  readonly config: Proxy;
  readonly thread: DataThread;
  readonly generation: Generation;
  readonly defaultBackend: string | undefined;
  /** The TCP face of the proxy; frontends of both modes have one. */
  readonly tcp: TcpProxy;
  /** Rules, pages and numbers of mode http; undefined in mode tcp. */
  readonly http: HttpProxy | undefined;
  /** `timeout client` and its kind in ms; 0 = none. */
  readonly clientTimeoutMs: number;
  readonly clientFinTimeoutMs: number;
  /** `tune.bufsize`: what one direction of a stream holds, beside the one read that goes over. */
  readonly bufferBytes: number;
  /** `tune.sndbuf.client`, `tune.rcvbuf.client`; undefined for neither. */
  readonly socketOptions: StreamOptions | undefined;
  /** `rate-limit sessions`; 0 = none. */
  readonly rateLimit: number;
  /** Client connections of all threads. */
  readonly sessions: SharedCount;
  readonly connectionRate: FrequencyCounter;
  readonly sessionRate: FrequencyCounter;
  /** Requests of mode http. */
  readonly requestRate: FrequencyCounter;
  /** This thread's counters of the frontend. */
  readonly stat: StatBlock;
  readonly counters: StreamCounters;
  /** What is kept of its streams, also by rules of their backends. */
  readonly captures: CaptureSlots;

  readonly #configuredMaxconn: number;
  readonly #givenMaxconn: RuntimeLimit;
  readonly #backendRules: readonly CompiledUseBackend[];
  readonly #chooseDefault: () => Backend | undefined;
  readonly #log: StreamLog | undefined;
  readonly #logSet: number;
  readonly #logsAccepts: boolean;
  readonly #uniqueId: ((context: LogContext) => string) | undefined;

  constructor(generation: Generation, index: number, compiler: Compiler) {
    const { plan, thread } = generation;
    const {
      config,
      plan: { frontendSlot, logSet },
    } = generation.sections.at(index);
    const { segment } = thread;
    this.name = config.name;
    this.id = config.id;
    this.index = index;
    this.config = config;
    this.thread = thread;
    this.generation = generation;
    this.defaultBackend = config.defaultBackend;
    this.tcp = generation.tcp[index];
    this.http = generation.http[index];
    this.clientTimeoutMs = config.timeouts.client ?? 0;
    this.clientFinTimeoutMs = config.timeouts.clientFin ?? 0;
    const { tune } = plan.config.global;
    this.bufferBytes = tune.bufsize;
    this.socketOptions = bufferOptions(tune.sndbufClient, tune.rcvbufClient);
    this.#configuredMaxconn = config.maxconn ?? plan.limits.maxconn;
    this.#givenMaxconn = RuntimeLimit.ofFrontend(segment, frontendSlot);
    this.rateLimit = config.rateLimitSessions ?? 0;
    this.sessions = new SharedCount(segment, 'frontend', frontendSlot, FrontendGauge.sessions);
    this.connectionRate = new FrequencyCounter(segment, 'frontend', frontendSlot, FrontendRate.connections);
    this.sessionRate = new FrequencyCounter(segment, 'frontend', frontendSlot, FrontendRate.sessions);
    this.requestRate = new FrequencyCounter(segment, 'frontend', frontendSlot, FrontendRate.requests);
    this.stat = new StatBlock(segment, 'frontend', frontendSlot);
    this.counters = new StreamCounters(thread, this.stat);
    this.captures = compileCaptures(config, tune.httpCookielen);
    this.#backendRules = config.useBackend.map((rule) => compileUseBackend(rule, generation, compiler));
    const { defaultBackend } = config;
    this.#chooseDefault =
      defaultBackend === undefined ? () => generation.backends[index] : named(generation, defaultBackend);
    this.#logSet = logSet;
    this.#log = StreamLog.of(config, logSet, Sequence.ofLogLines(segment, frontendSlot), compiler, thread.log);
    this.#logsAccepts = logSet !== 0 && config.logFormat.kind === 'default';
    this.#uniqueId = config.uniqueIdFormat === undefined ? undefined : compiler.logFormat(config.uniqueIdFormat);
  }

  /** `maxconn` of the frontend, or the process's, or what an operator gave it. */
  get maxconn(): number {
    return this.#givenMaxconn.over(this.#configuredMaxconn);
  }

  // ------------------------------------------------------------------------------------------------------ for sessions

  /** Begins to serve an accepted connection that every limit and rule let pass. */
  serve(session: ClientSession): void {
    const log = this.#log;
    if (log !== undefined) {
      // The kernel no longer knows the ends of a connection that was reset.
      void session.connection.remote;
      if (log.needsDestination) void session.connection.local;
    }
    if (this.http === undefined) {
      this.logAccept(session);
      new TcpStream(session).start();
    } else {
      new HttpSession(session).start();
    }
  }

  /** Without a log format of its own a stream is logged when it begins (manual, section 8.2.1): in mode http each request. */
  logAccept(session: ClientSession): void {
    if (this.#logsAccepts) this.thread.log.emit(this.#logSet, LOG_INFO, connectLine(session, this.config));
  }

  // ------------------------------------------------------------------------------------------------- for sample fetches

  get frontendFigures(): FrontendFigures | undefined {
    return this.generation.views[this.index].frontendFigures;
  }

  get backendFigures(): BackendFigures | undefined {
    return this.generation.views[this.index].backendFigures;
  }

  /** Called by ClientSession.end only. */
  endSession(): void {
    this.generation.sessionEnded();
  }

  // ------------------------------------------------------------------------------------------------------- for streams

  /**
   * `use_backend` rules in order, then `default_backend`, then the own backend side of a `listen`; undefined where nothing
   * names one (503). The stream's context must show `backendChosen` false.
   */
  chooseBackend(context: LogContext): Backend | undefined {
    for (const rule of this.#backendRules) {
      if (rule.matches !== undefined && !rule.matches(context)) continue;
      const backend = rule.choose(context);
      // A name that was made from the request and is nobody's goes to the default (manual, "use_backend").
      if (backend !== undefined) return backend;
      break;
    }
    return this.#chooseDefault();
  }

  /** Whether the log line names our end of the server connection, which has to be asked for while that is open. */
  get logsBackendSource(): boolean {
    return this.#log?.needsBackendSource === true;
  }

  /** The lines of streams, if they write any. */
  get streamLog(): StreamLog | undefined {
    return this.#log;
  }

  /** `%lc`: log lines of this frontend's streams so far. */
  get logCounter(): number {
    return this.#log?.counter ?? 0;
  }

  /** `unique-id`: undefined without `unique-id-format`. */
  makeUniqueId(context: LogContext): string | undefined {
    return this.#uniqueId?.(context);
  }

  // ------------------------------------------------------------------------------------------------- for expressions

  /** Connections of the process (`%ac`). */
  get processConnections(): number {
    return this.thread.counts.connections.sum();
  }

  get frontendConnections(): number {
    return this.sessions.sum();
  }

  get backendConnections(): number {
    return this.generation.backends[this.index]?.currentSessions() ?? 0;
  }
}

interface CompiledUseBackend {
  readonly matches: ((context: SampleContext) => boolean) | undefined;
  choose(context: LogContext): Backend | undefined;
}

function compileUseBackend(rule: UseBackend, generation: Generation, compiler: Compiler): CompiledUseBackend {
  const matches = compiler.condition(rule.condition);
  if (typeof rule.target === 'string') {
    return { matches, choose: named(generation, rule.target) };
  }
  const name = compiler.logFormat(rule.target);
  return { matches, choose: (context) => generation.backendByName(name(context)) };
}

/** A backend whose name stands in the configuration: it may be built when the first stream comes, and is looked up once. */
function named(generation: Generation, name: string): () => Backend | undefined {
  let backend: Backend | undefined;
  return () => (backend ??= generation.backendByName(name));
}
