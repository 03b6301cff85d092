// One TCP-mode stream: a client connection, the way to a server, and the relay between both until both have closed. It
// knows nothing of how a server is chosen (Dispatch) and nothing of HTTP.
//
// Life: inspect (tcp-request content) -> dispatch (queue, connect) -> relay -> finished. The two directions end one by one:
// a FIN, and a time-out just the same, ends what comes from one side and is passed on to the other; the stream is over
// when nothing more comes from either side and everything was delivered. Memory is bounded: a side is read until its peer
// holds `tune.bufsize` unsent bytes, plus the one read that went over; before there is a server, the stream holds as much.
import type { Backend } from '../backend/backend.ts';
import {
  createDispatch,
  type Dispatch,
  type DispatchClient,
  type DispatchFailure,
  type ShutdownReason,
} from '../backend/dispatch.ts';
import type { Server } from '../backend/server.ts';
import type { Connection, ConnectionError } from '../connection.ts';
import type { Frontend } from '../frontend.ts';
import type { Captured } from '../stream/captures.ts';
import type { ClientSession, SessionUser, Standing } from '../stream/client-session.ts';
import {
  DISPATCH_TERMINATION,
  SHUTDOWN_EVENT,
  Termination,
  type StreamPhase,
  type TerminationEvent,
} from '../stream/termination.ts';
import { USUAL_LEVEL } from '../stream/log-line.ts';
import type { ThreadContext } from '../thread-context.ts';
import { Timer, type TimerOwner } from '../timers.ts';
import { serverOfRdpCookie } from './rdp-persistence.ts';
import { Side } from './side.ts';
import { TcpContext } from './tcp-context.ts';
import type { ContentRules } from './tcp-proxy.ts';

type State = 'frontend-inspection' | 'backend-inspection' | 'dispatch' | 'relay' | 'finished';

const INSPECT_TIMER = 0;
const CONTSTATS_TIMER = 1;
const RESPONSE_TIMER = 2;
/** How often counters of a running stream are brought up to date under `option contstats` (manual: every 5 seconds). */
const CONTSTATS_MS = 5000;

export class TcpStream implements DispatchClient, SessionUser, TimerOwner {
  readonly session: ClientSession;
  readonly frontend: Frontend;
  readonly thread: ThreadContext;
  readonly dispatch: Dispatch;
  readonly termination = new Termination();
  readonly bufferBytes: number;
  /** Which stream or request of the process it is (`%rt`). */
  readonly requestNumber: number;
  /** `option independent-streams` of the frontend or of the backend. */
  hasIndependentSides: boolean;
  backend: Backend | undefined = undefined;
  /** The inspect delay is over, or the side that is inspected has ended: conditions decide on what is there. */
  inspectionFinal = false;
  /** ms since the accept; -1 until then. For log lines. */
  dispatchStartMs = -1;
  /** When the wait for a server ended without one. */
  queueLeftMs = -1;
  connectedMs = -1;
  closedMs = -1;
  /** Of `tcp-request content capture`. */
  captured: Captured | undefined = undefined;
  /** Of `set-log-level`. */
  logLevel = USUAL_LEVEL;

  readonly #client: Side;
  #server: Side | undefined = undefined;
  #state: State = 'frontend-inspection';
  /** What the client sent before the server connection stood, or the server before rules let it through. */
  #held: Buffer[] | undefined = undefined;
  #heldBytes = 0;
  #inspectTimer: Timer | undefined = undefined;
  #responseRules: ContentRules | undefined = undefined;
  #contstatsTimer: Timer | undefined = undefined;
  #context: TcpContext | undefined = undefined;
  #isLogged = false;
  /** Bytes already in the statistics. */
  #countedIn = 0;
  #countedOut = 0;

  constructor(session: ClientSession) {
    const { frontend } = session;
    this.session = session;
    this.frontend = frontend;
    this.thread = frontend.thread;
    this.bufferBytes = frontend.bufferBytes;
    this.requestNumber = frontend.thread.counts.requests.take();
    this.hasIndependentSides = frontend.config.options.independentStreams;
    this.#client = new Side(this, session.connection, true, frontend.clientTimeoutMs, frontend.clientFinTimeoutMs);
    this.dispatch = createDispatch(frontend.thread, this);
    session.user = this;
  }

  start(): void {
    const { connection } = this.#client;
    this.#client.touch();
    connection.resume();
    this.#advance();
  }

  get sourceClient(): ClientSession {
    return this.session;
  }

  get serverConnection(): Connection | undefined {
    return this.#server?.connection;
  }

  /** What rules and log formats see; made on first use. */
  get context(): TcpContext {
    return (this.#context ??= new TcpContext(this));
  }

  get isFinished(): boolean {
    return this.#state === 'finished';
  }

  /** What the client sent and no server has got yet, as latin1 text; undefined when there is none. */
  get heldText(): string | undefined {
    if (this.#held === undefined || this.#server !== undefined) return undefined;
    let text = '';
    for (const chunk of this.#held) text += chunk.toString('latin1');
    return text;
  }

  get isInspecting(): boolean {
    return this.#state === 'frontend-inspection' || this.#state === 'backend-inspection';
  }

  // ------------------------------------------------------------------------------------------- until a server is there

  /** Goes as far as rules and data allow. */
  #advance(): void {
    if (this.#state === 'frontend-inspection') {
      if (!this.#passes(this.frontend.tcp.request)) return;
      const backend = this.frontend.chooseBackend(this.context);
      if (backend === undefined) return this.#giveUp('S', 'C');
      this.backend = backend;
      this.dispatch.assign(backend);
      if (backend.config.options.independentStreams) this.hasIndependentSides = true;
      this.#state = 'backend-inspection';
    }
    if (this.#state === 'backend-inspection') {
      const backend = this.backend as Backend;
      const rules = this.frontend.generation.tcp[backend.index];
      if (rules !== this.frontend.tcp && !this.#passes(rules.request)) return;
      this.#state = 'dispatch';
      this.dispatchStartMs = this.#elapsed();
      if (backend.usesClientPort) this.session.tellDestination(this.dispatch);
      const key = this.frontend.generation.balanceKeys[backend.index];
      if (key !== undefined) this.dispatch.balanceHash = key(this.context);
      const { persistRdpCookie } = backend.config;
      this.dispatch.persistentServer = this.frontend.generation.useServer[backend.index]?.(this.context);
      if (persistRdpCookie !== undefined)
        this.dispatch.persistentServer ??= serverOfRdpCookie(backend, this.heldText ?? '', persistRdpCookie);
      this.dispatch.start();
      // A client that had closed already: as if it did now.
      if (this.#state === 'dispatch' && this.#client.isReadDone) this.#abortDispatchIfIdle();
    }
  }

  #passes(rules: ContentRules | undefined): boolean {
    if (rules === undefined) return true;
    if (rules.delayMs === 0 || this.#client.isReadDone) this.inspectionFinal = true;
    const verdict = rules.evaluate(this.context);
    if (verdict === 'wait') {
      if (this.#inspectTimer === undefined) {
        this.#inspectTimer = new Timer(this, INSPECT_TIMER);
        this.thread.wheel.arm(this.#inspectTimer, this.thread.now + rules.delayMs);
      }
      return false;
    }
    this.#stopInspectTimer();
    this.inspectionFinal = false;
    if (verdict === 'accept') return true;
    this.frontend.counters.deniedRequest(this.session, undefined);
    this.#giveUp('P', 'R');
    return false;
  }

  /** Bytes that came before there was anybody to send them to, or while rules are deciding about them. */
  hold(side: Side, chunk: Buffer): void {
    (this.#held ??= []).push(Buffer.from(chunk));
    this.#heldBytes += chunk.length;
    if (this.#heldBytes >= this.bufferBytes) side.pause();
    if (!side.isClient) this.#inspectResponse();
    else if (this.isInspecting) this.#advance();
  }

  /** What was held of `source` goes on to `target`. */
  #release(source: Side, target: Side): void {
    source.peer = target;
    const held = this.#held;
    if (held !== undefined) {
      this.#held = undefined;
      this.#heldBytes = 0;
      // In one piece: whoever answers and closes at the first of several would reset its answer away at the second.
      target.send(held.length === 1 ? held[0] : Buffer.concat(held), source);
      if (target.connection.writableLength < this.bufferBytes) source.resume();
    }
    if (source.isReadDone) target.end();
  }

  onServerConnection(_server: Server, connection: Connection, _reused: boolean): void {
    const backend = this.backend as Backend;
    const { timeouts } = backend.config;
    const client = this.#client;
    const server = new Side(this, connection, false, timeouts.server ?? 0, timeouts.serverFin ?? 0);
    this.#server = server;
    server.resetsAtEnd = backend.config.options.nolinger;
    this.connectedMs = this.#elapsed();
    if (this.frontend.logsBackendSource) void connection.local;
    this.#state = 'relay';
    if (timeouts.tunnel !== undefined) {
      client.setTimeout(timeouts.tunnel);
      server.setTimeout(timeouts.tunnel);
    } else {
      client.touch();
      server.touch();
    }
    this.#release(client, server);
    if (this.frontend.config.options.contstats) this.#armContstats();
    this.#logEarly();
    const rules = this.frontend.generation.tcp[backend.index].response;
    if (rules === undefined) {
      server.peer = client;
    } else {
      this.#responseRules = rules;
      this.#inspectResponse();
      if (this.isFinished) return;
    }
    connection.resume();
  }

  /** `tcp-response content`: nothing goes to the client before the rules let it; they are asked at once, and at each change. */
  #inspectResponse(): void {
    const rules = this.#responseRules;
    if (rules === undefined) return;
    const server = this.#server as Side;
    if (rules.delayMs === 0 || server.isReadDone) this.inspectionFinal = true;
    const verdict = rules.evaluate(this.context);
    if (verdict === 'wait') {
      if (this.#inspectTimer === undefined) {
        this.#inspectTimer = new Timer(this, RESPONSE_TIMER);
        this.thread.wheel.arm(this.#inspectTimer, this.thread.now + rules.delayMs);
      }
      return;
    }
    this.#responseRules = undefined;
    this.#stopInspectTimer();
    if (verdict === 'accept') return this.#release(server, this.#client);
    this.frontend.counters.deniedResponse(this.session, this.backend, this.dispatch.server);
    this.#giveUp('P', 'D');
  }

  #stopInspectTimer(): void {
    if (this.#inspectTimer === undefined) return;
    this.thread.wheel.remove(this.#inspectTimer);
    this.#inspectTimer = undefined;
  }

  onDispatchFailure(failure: DispatchFailure): void {
    const [cause, phase] = DISPATCH_TERMINATION[failure];
    if (failure === 'queue-timeout') this.queueLeftMs = this.#elapsed();
    this.#giveUp(cause, phase);
  }

  onServerShutdown(reason: ShutdownReason): void {
    this.#abort(SHUTDOWN_EVENT[reason]);
  }

  onKill(): void {
    this.#abort('killed');
  }

  standing(): Standing | undefined {
    if (this.#state === 'finished') return undefined;
    const { backend, dispatch } = this;
    return {
      phase: this.#state === 'relay' ? 'data' : (dispatch.waitsFor ?? 'request'),
      backend,
      server: backend === undefined ? undefined : dispatch.server,
      serverConnection: this.serverConnection,
      retries: dispatch.retries,
      requestNumber: this.requestNumber,
      requests: 0,
      request: undefined,
      status: -1,
    };
  }

  /** A TCP stream is never idle in the sense of a soft stop: it lives until its ends close. */
  onSoftStop(): void {}

  /** A client that ended before a server was found, and left nothing to send, or asked for by `option abortonclose`. */
  #abortDispatchIfIdle(): boolean {
    if (this.#heldBytes > 0 && !(this.backend as Backend).config.options.abortonclose) return false;
    const inQueue = this.dispatch.waitsFor === 'queue';
    if (inQueue) this.queueLeftMs = this.#elapsed();
    this.termination.set('client-abort', inQueue ? 'queue' : 'connect');
    this.#finish();
    return true;
  }

  // ---------------------------------------------------------------------------------------------- what the sides report

  onSideEnd(side: Side): void {
    if (this.#state === 'relay') {
      if (side.peer === undefined) this.#inspectResponse();
      else side.peer.end();
      this.#finishIfDone();
    } else if (this.#state === 'dispatch') {
      this.#abortDispatchIfIdle();
    } else if (this.isInspecting) {
      this.#advance();
    }
  }

  onSideDrain(side: Side): void {
    if (this.#state !== 'relay') return;
    this.#other(side)?.resume();
    this.#finishIfDone();
  }

  onSideClosed(side: Side, error: ConnectionError | undefined): void {
    if (this.#state === 'finished') return;
    if (error === undefined) {
      // Both directions of this side ended in order. Before there is a relay nothing could have ended the writing one.
      return this.#finishIfDone();
    }
    const { counters } = this.frontend;
    if (side.isClient) {
      // The manual counts the client's abort as one of the data phase once a server is being sought.
      this.termination.set('client-abort', this.isInspecting ? 'request' : 'data');
      if (this.dispatch.waitsFor === 'queue') this.queueLeftMs = this.#elapsed();
      if (this.isInspecting) counters.failedRequest(this.session);
      else counters.clientAbort(this.backend, this.dispatch.server);
      this.#server?.connection.reset();
      return this.#finish();
    }
    if (this.termination.set('server-abort', 'data')) counters.serverAbort(this.backend, this.dispatch.server);
    counters.failedResponse(this.backend, this.dispatch.server);
    // What the server sent before it broke off still goes to the client.
    this.#client.isReadDone = true;
    this.#client.end();
    this.#finishIfDone();
  }

  onSideTimeout(side: Side, isBlocked: boolean): void {
    if (!side.isClient && this.#client.isOverdue) {
      // Both at once: the client's is the first event.
      this.#client.onTimer();
      if (this.#state === 'finished') return;
    }
    const { counters } = this.frontend;
    if (side.isClient && this.#state !== 'relay') return this.#onEarlyClientTimeout();
    const isFirst = this.termination.set(side.isClient ? 'client-timeout' : 'server-timeout', 'data');
    if (isFirst && side.isClient) counters.clientAbort(this.backend, this.dispatch.server);
    else if (isFirst) counters.serverAbort(this.backend, this.dispatch.server);
    if (isBlocked) {
      // It takes nothing: what waits for it is lost, and the other side need not go on.
      side.connection.reset();
      return this.#finish();
    }
    side.isReadDone = true;
    if (side.peer === undefined) this.#inspectResponse();
    else side.peer.end();
    this.#finishIfDone();
  }

  #onEarlyClientTimeout(): void {
    if (this.isInspecting) {
      this.termination.set('client-timeout', 'request');
      this.frontend.counters.failedRequest(this.session);
      return this.#finish();
    }
    // A client that has sent its data waits for us, not we for it.
    if (this.#heldBytes > 0) return;
    const inQueue = this.dispatch.waitsFor === 'queue';
    this.termination.set('client-timeout', inQueue ? 'queue' : 'connect');
    this.frontend.counters.clientAbort(this.backend, this.dispatch.server);
    this.#client.isReadDone = true;
    // An attempt that is under way goes on: HAProxy lets it decide.
    if (inQueue) this.#finish();
  }

  onTimer(timer: Timer): void {
    if (timer.kind === CONTSTATS_TIMER) {
      this.#countBytes();
      return this.#armContstats();
    }
    this.inspectionFinal = true;
    if (timer.kind === RESPONSE_TIMER) this.#inspectResponse();
    else this.#advance();
  }

  #other(side: Side): Side | undefined {
    return side.isClient ? this.#server : this.#client;
  }

  // ------------------------------------------------------------------------------------------------------------- the end

  /** No server, or none allowed: the client is closed. */
  #giveUp(cause: Termination['cause'], phase: Termination['phase']): void {
    this.termination.setLetters(cause, phase);
    this.#finish();
  }

  #abort(event: TerminationEvent): void {
    if (this.#state === 'finished') return;
    // As on HAProxy, where a stream that was ended while it relayed has no second letter.
    const phase: StreamPhase = this.#state === 'relay' ? 'done' : this.#state === 'dispatch' ? 'connect' : 'request';
    this.termination.set(event, phase);
    this.#server?.connection.reset();
    this.#finish();
  }

  #finishIfDone(): void {
    const client = this.#client;
    const server = this.#server;
    if (this.#state === 'finished' || server === undefined || !client.isReadDone || !server.isReadDone) return;
    // Nothing more comes: what is still buffered has to go out, under the time-outs of the side that takes it.
    if (client.connection.writableLength > 0 || server.connection.writableLength > 0) {
      client.end();
      server.end();
    } else {
      this.#finish();
    }
  }

  #finish(): void {
    if (this.#state === 'finished') return;
    // A client that left while rules were deciding is logged, and counted, under the backend that it would have had.
    if (this.backend === undefined && this.termination.cause !== 'P') this.#blameBackend();
    this.#state = 'finished';
    this.closedMs = this.#elapsed();
    this.#stopInspectTimer();
    if (this.#contstatsTimer !== undefined) this.thread.wheel.remove(this.#contstatsTimer);
    this.#client.dispose();
    if (this.#server !== undefined) {
      if (this.backend?.config.options.nolinger) this.#server.connection.reset();
      this.#server.dispose();
      this.dispatch.discard();
    }
    this.#held = undefined;
    this.#countBytes();
    this.dispatch.close();
    this.frontend.counters.streamTimes(this.backend, this.dispatch, this.closedMs);
    if (!this.#isLogged) this.frontend.streamLog?.writeAtEnd(this.context);
    this.session.end();
  }

  #blameBackend(): void {
    const backend = this.frontend.chooseBackend(this.context);
    if (backend === undefined) return;
    this.backend = backend;
    this.dispatch.assign(backend);
    this.frontend.counters.clientAbort(backend, undefined);
  }

  #logEarly(): void {
    const log = this.frontend.streamLog;
    if (log === undefined || !log.isEarly) return;
    this.#isLogged = true;
    log.write(this.context);
  }

  #countBytes(): void {
    const bytesIn = this.#client.connection.bytesIn;
    const bytesOut = this.#server?.connection.bytesIn ?? 0;
    this.frontend.counters.bytes(
      this.session,
      this.backend,
      this.dispatch.server,
      bytesIn - this.#countedIn,
      bytesOut - this.#countedOut,
    );
    this.#countedIn = bytesIn;
    this.#countedOut = bytesOut;
  }

  #armContstats(): void {
    this.#contstatsTimer ??= new Timer(this, CONTSTATS_TIMER);
    this.thread.wheel.arm(this.#contstatsTimer, this.thread.now + CONTSTATS_MS);
  }

  #elapsed(): number {
    return Math.round(this.thread.now - this.session.acceptedMs);
  }
}
