// One request and its response: the object that all phases work on, and the callbacks through which the outside reaches
// them. It holds the state of the exchange; what happens in each phase is in request-phase.ts, request-body.ts,
// response-phase.ts, response-body.ts, answer.ts, tunnel.ts and ending.ts.
//
// There is one for each client connection, used again for each request: between two requests it refers to nothing.
import { listValue, type RequestHead, type ResponseHead, type BodyReader } from '@evenkeel/http';
import type { Backend } from '../backend/backend.ts';
import {
  createDispatch,
  type Dispatch,
  type DispatchClient,
  type DispatchFailure,
  type ShutdownReason,
} from '../backend/dispatch.ts';
import type { Server } from '../backend/server.ts';
import type { Connection, ConnectionError, ConnectionOwner, PeerAddress } from '../connection.ts';
import type { Frontend } from '../frontend.ts';
import type { Captured } from '../stream/captures.ts';
import { USUAL_LEVEL } from '../stream/log-line.ts';
import { Termination, type TerminationEvent } from '../stream/termination.ts';
import type { ThreadContext } from '../thread-context.ts';
import { Timer, type TimerOwner } from '../timers.ts';
import {
  handleClientGone,
  handleClientEnd,
  handleClientTimeout,
  handleKill,
  handleServerShutdown,
} from './client-events.ts';
import { countRequest } from './counters.ts';
import { HttpContext } from './http-context.ts';
import type { HttpProxy } from './http-proxy.ts';
import { handleClientData } from './request-body.ts';
import {
  advanceRequest,
  beginRequest,
  handleDispatchFailure,
  handleServerConnection,
  handleServerRedirect,
  handleTarpitEnd,
  refuseRequest,
} from './request-phase.ts';
import { handleClientDrain, handleServerDrain } from './response-body.ts';
import { handleServerClose, handleServerData, handleServerEnd, handleServerTimeout } from './response-phase.ts';
import type { HttpSession } from './session.ts';
import type { TransactionService } from './service-exchange.ts';
import type { HttpTunnel } from './tunnel.ts';
import { Stage, Step, Upload, type StageNumber, type StepNumber, type UploadState } from './stage.ts';
import type { CompiledReply } from '../errors/reply.ts';

export class HttpTransaction implements ConnectionOwner, DispatchClient, TimerOwner {
  readonly session: HttpSession;
  readonly thread: ThreadContext;
  readonly dispatch: Dispatch;
  readonly termination = new Termination();
  /** `timeout server`, or the tarpit's delay. */
  readonly serverTimer: Timer;

  stage: StageNumber = Stage.idle;
  step: StepNumber = Step.frontendBody;
  frontend: Frontend;
  http: HttpProxy;
  backend: Backend | undefined = undefined;
  /** The backend's face; the frontend's until a backend was chosen. */
  backendHttp: HttpProxy;

  // ------------------------------------------------------------------------------------------------------ the request
  request: RequestHead | undefined = undefined;
  /** As the client sent them, for the log line. */
  requestMethod = '';
  requestUri = '';
  upload: UploadState = Upload.complete;
  uploadReader: BodyReader | undefined = undefined;
  /**
   * Pieces of the request's body, as they go out: those that wait for a server connection, and those that were sent and may be
   * needed again if the connection turns out to be dead.
   */
  held: Buffer[] | undefined = undefined;
  heldBytes = 0;
  /** The whole request can be sent once more: its body up to now is in `held`. */
  isReplayable = false;
  /** It is kept whole for what `retry-on` names. */
  isHeldForRetry = false;
  /** `http-request disable-l7-retry` */
  isRetryDisabled = false;
  /** The head as it is sent to the server. */
  requestText = '';
  capturedRequest: Captured | undefined = undefined;
  /** Of `capture cookie`. */
  requestCookie: string | undefined = undefined;
  tarpitReply: CompiledReply | undefined = undefined;
  service: TransactionService | undefined = undefined;
  tunnel: HttpTunnel | undefined = undefined;

  // ----------------------------------------------------------------------------------------------------- the response
  /** The server connection while it is ours. */
  server: Connection | undefined = undefined;
  isServerPaused = false;
  /** It carried a request before. */
  isServerReused = false;
  /** It may carry another request after this one. */
  keepsServer = false;
  /** The client's connection may carry another request after this one. */
  keepsClient = false;
  response: ResponseHead | undefined = undefined;
  /** Received and not consumed: part of a response head. */
  partial: Buffer | undefined = undefined;
  /** At least one byte came from the server. */
  hasResponseBytes = false;
  responseReader: BodyReader | undefined = undefined;
  capturedResponse: Captured | undefined = undefined;
  responseCookie: string | undefined = undefined;

  // ------------------------------------------------------------------------------------------------- for the log line
  /** Sent to the client, or meant to be; -1 for none. */
  status = -1;
  /** Monotonic ms; -1 where not reached. */
  originMs = 0;
  requestStartMs = -1;
  /** Monotonic ms until which a body that rules wait for must be here. */
  bodyDeadlineMs = Infinity;
  requestEndMs = -1;
  dispatchStartMs = -1;
  queueLeftMs = -1;
  responseMs = -1;
  endMs = -1;
  /** Bytes of the request, head and body. */
  bytesIn = 0;
  /** `bytesOut` of the client connection when the request began, and its `bytesIn` without what is the request's. */
  bytesOutBefore = 0;
  clientBytesBefore = 0;
  isLogged = false;
  /** Of `set-log-level`. */
  logLevel = USUAL_LEVEL;
  isMonitor = false;
  /** It never became a request. */
  isRefused = false;
  /** Our end of the server connection, where the log line names it. */
  backendSource: PeerAddress | undefined = undefined;
  uniqueId: string | undefined = undefined;
  /** Which request of the process it is (`%rt`). */
  requestNumber = 0;
  #context: HttpContext | undefined = undefined;

  /** A body's chunks are written on as they come; a head's may be kept until it is whole. */
  get borrowsChunks(): boolean {
    return this.stage === Stage.body;
  }

  /** The request's body goes to a server as it comes, and none of it is kept. */
  get streamsUpload(): boolean {
    return this.server !== undefined && this.uploadReader !== undefined && !this.isReplayable;
  }

  constructor(session: HttpSession) {
    this.session = session;
    this.thread = session.thread;
    this.frontend = session.frontend;
    this.http = session.http;
    this.backendHttp = session.http;
    this.dispatch = createDispatch(session.thread, this);
    this.serverTimer = new Timer(this, 0);
  }

  /** The server that this request was sent to, or tried; the dispatch still knows that of the request before. */
  get assignedServer(): Server | undefined {
    return this.backend === undefined ? undefined : this.dispatch.server;
  }

  /** For servers whose `source` depends on the client: address and headers are the transaction's to tell. */
  get sourceClient(): this {
    return this;
  }
  get clientAddress(): PeerAddress {
    return this.session.client.clientAddress;
  }
  headerValue(name: string, position: number): string | undefined {
    return listValue(this.request!.headers, name, position);
  }

  /** What rules and log formats see; made on first use. */
  get context(): HttpContext {
    return (this.#context ??= new HttpContext(this));
  }

  // -------------------------------------------------------------------------------------------------- from the session

  /** A request head was parsed; what follows it in `buffer` starts at `offset`. */
  begin(head: RequestHead, buffer: Buffer, offset: number): void {
    this.#reset();
    beginRequest(this, head, buffer, offset);
  }

  /** No request head: the client is answered with `status`, as far as there is anybody, and closed. */
  refuse(event: TerminationEvent, status: number): void {
    this.#reset();
    countRequest(this);
    refuseRequest(this, event, status);
  }

  /** Goes on with rules that waited for the request's body. */
  advance(): void {
    if (this.service === undefined) advanceRequest(this);
    else this.service.start();
  }

  onClientData(chunk: Buffer): void {
    handleClientData(this, chunk);
  }

  onClientEnd(): void {
    handleClientEnd(this);
  }

  onClientDrain(): void {
    handleClientDrain(this);
  }

  onClientGone(): void {
    handleClientGone(this);
  }

  onClientTimeout(): void {
    handleClientTimeout(this);
  }

  kill(): void {
    handleKill(this);
  }

  /** The client connection is closed for good. */
  dispose(): void {
    this.thread.wheel.remove(this.serverTimer);
    this.dispatch.close();
  }

  #reset(): void {
    const { session } = this;
    const { frontend, http } = session;
    this.frontend = frontend;
    this.http = http;
    this.backendHttp = http;
    this.backend = undefined;
    this.stage = Stage.request;
    this.step = Step.frontendBody;
    this.upload = Upload.complete;
    this.isReplayable = true;
    this.isHeldForRetry = false;
    this.isRetryDisabled = false;
    this.isServerPaused = false;
    this.keepsServer = false;
    this.keepsClient = false;
    this.hasResponseBytes = false;
    this.status = -1;
    this.originMs = session.originMs;
    this.requestStartMs = session.requestStartMs;
    this.bodyDeadlineMs = Infinity;
    this.requestEndMs = -1;
    this.dispatchStartMs = -1;
    this.queueLeftMs = -1;
    this.responseMs = -1;
    this.endMs = -1;
    this.bytesIn = 0;
    this.bytesOutBefore = session.connection.bytesOut;
    this.isLogged = false;
    this.logLevel = USUAL_LEVEL;
    this.isMonitor = false;
    this.isRefused = false;
    this.backendSource = undefined;
    this.requestNumber = frontend.thread.counts.requests.take();
    this.termination.reset();
  }

  /** Lets go of everything that belongs to the request that has ended. */
  release(): void {
    this.stage = Stage.idle;
    this.request = undefined;
    this.response = undefined;
    this.uploadReader = undefined;
    this.responseReader = undefined;
    this.held = undefined;
    this.heldBytes = 0;
    this.partial = undefined;
    this.requestText = '';
    this.requestUri = '';
    this.capturedRequest = undefined;
    this.capturedResponse = undefined;
    this.requestCookie = undefined;
    this.responseCookie = undefined;
    this.tarpitReply = undefined;
    this.service = undefined;
    this.uniqueId = undefined;
  }

  // ------------------------------------------------------------------------------------------- from the dispatch

  onServerConnection(_server: Server, connection: Connection, reused: boolean): void {
    handleServerConnection(this, connection, reused);
  }

  onServerRedirect(prefix: string): void {
    handleServerRedirect(this, prefix);
  }

  onDispatchFailure(failure: DispatchFailure): void {
    handleDispatchFailure(this, failure);
  }

  onServerShutdown(reason: ShutdownReason): void {
    handleServerShutdown(this, reason);
  }

  // ------------------------------------------------------------------------------------- from the server connection

  onData(chunk: Buffer): void {
    handleServerData(this, chunk);
  }

  onEnd(): void {
    handleServerEnd(this);
  }

  onDrain(): void {
    handleServerDrain(this);
  }

  onClose(error: ConnectionError | undefined): void {
    handleServerClose(this, error);
  }

  onTimer(): void {
    if (this.stage === Stage.tarpit) handleTarpitEnd(this);
    else handleServerTimeout(this);
  }
}
