// What rules and log formats see of a transaction (manual, sections 7, 8.2 and 8.4). A view: it holds nothing but the
// transaction, so it serves all requests of a connection.
import {
  parseIpAddress,
  type IpAddress,
  type LogContext,
  type LogTimers,
  type ProxyView,
  type ServerView,
} from '@evenkeel/expr';
import type { RequestHead, ResponseHead } from '@evenkeel/http';
import { limitClass, limitOffset, type StreamControls } from '../rules/controls.ts';
import { captureHeaders, captureText, emptyCaptures } from '../stream/captures.ts';
import type { ClientSession } from '../stream/client-session.ts';
import { serverView } from '../stream/views.ts';
import { captureRequestCookie, captureResponseCookie } from './cookie-capture.ts';
import { heldBodyText } from './request-body.ts';
import type { HttpTransaction } from './transaction.ts';

export class HttpContext implements LogContext, StreamControls {
  readonly timers: LogTimers;
  readonly cookieState = '--';
  /** Rules run when the head is complete: nothing more will come. */
  readonly inspectionFinal = true;

  readonly #tx: HttpTransaction;

  constructor(tx: HttpTransaction) {
    this.#tx = tx;
    this.timers = new HttpTimers(tx);
  }

  setPriorityClass(priorityClass: number): void {
    this.#tx.dispatch.priorityClass = limitClass(priorityClass);
  }
  setPriorityOffset(offsetMs: number): void {
    this.#tx.dispatch.offsetMs = limitOffset(offsetMs);
  }
  disableRetries(): void {
    this.#tx.isRetryDisabled = true;
  }
  keepCapture(direction: 'request' | 'response', slot: number, text: string): boolean {
    const tx = this.#tx;
    const { request, response } = tx.frontend.captures;
    if (direction === 'request') return captureText(request, tx.capturedRequest, slot, text);
    if (response.length === 0) return false;
    return captureText(response, (tx.capturedResponse ??= emptyCaptures(response)), slot, text);
  }
  setLogLevel(level: number): void {
    this.#tx.logLevel = level;
  }
  get logLevel(): number {
    return this.#tx.logLevel;
  }

  get session(): ClientSession {
    return this.#tx.session.client;
  }
  get backend(): ProxyView {
    const { backend, frontend } = this.#tx;
    return frontend.generation.views[backend?.index ?? frontend.index];
  }
  get backendChosen(): boolean {
    return this.#tx.backend !== undefined;
  }
  get server(): ServerView | undefined {
    const server = this.#tx.assignedServer;
    return server === undefined ? undefined : serverView(server);
  }
  get request(): RequestHead | undefined {
    return this.#tx.request;
  }
  get response(): ResponseHead | undefined {
    return this.#tx.response;
  }
  get requestBody(): string | undefined {
    return heldBodyText(this.#tx);
  }
  get uniqueId(): string | undefined {
    const tx = this.#tx;
    return tx.isRefused ? undefined : (tx.uniqueId ??= tx.frontend.makeUniqueId(this));
  }

  get requestDateMs(): number {
    const { client } = this.#tx.session;
    const { requestStartMs, originMs } = this.#tx;
    return client.acceptDateMs + Math.round((requestStartMs < 0 ? originMs : requestStartMs) - client.acceptedMs);
  }
  get loggedRequestLine(): string | undefined {
    const { request, requestMethod, requestUri, http } = this.#tx;
    return request === undefined
      ? undefined
      : `${requestMethod} ${requestUri} ${request.protocol}`.slice(0, http.logUriBytes);
  }
  get early(): boolean {
    return this.#tx.http.proxy.options.logasap;
  }
  get status(): number {
    return this.#tx.status;
  }
  get bytesRead(): number {
    return this.#tx.session.connection.bytesOut - this.#tx.bytesOutBefore;
  }
  get bytesUploaded(): number {
    return this.#tx.bytesIn;
  }
  get logCounter(): number {
    return this.#tx.frontend.logCounter;
  }
  get requestCounter(): number {
    return this.#tx.requestNumber;
  }
  get activeConnections(): number {
    return this.#tx.frontend.processConnections;
  }
  get terminationState(): string {
    return this.#tx.termination.text;
  }
  get retries(): number {
    return this.#tx.backend === undefined ? 0 : this.#tx.dispatch.retries;
  }
  get redispatched(): boolean {
    return this.#tx.backend !== undefined && this.#tx.dispatch.redispatched;
  }
  get backendQueue(): number {
    return this.#tx.backend === undefined ? 0 : this.#tx.dispatch.backendQueuePosition;
  }
  get serverQueue(): number {
    return this.#tx.backend === undefined ? 0 : this.#tx.dispatch.serverQueuePosition;
  }
  get serverNameFallback(): string {
    return this.#tx.service?.name ?? '<NOSRV>';
  }
  get backendSource(): IpAddress | undefined {
    const address = this.#tx.backendSource?.address;
    return address === undefined || address === '' ? undefined : parseIpAddress(address);
  }
  get backendSourcePort(): number {
    return this.#tx.backendSource?.port ?? 0;
  }
  get requestCookie(): string | undefined {
    return this.#tx.requestCookie;
  }
  get responseCookie(): string | undefined {
    return this.#tx.responseCookie;
  }
  get capturedRequestHeaders(): readonly (string | undefined)[] {
    return this.#tx.capturedRequest ?? NO_CAPTURES;
  }
  get capturedResponseHeaders(): readonly (string | undefined)[] {
    const { capturedResponse, frontend, isRefused } = this.#tx;
    if (capturedResponse !== undefined) return capturedResponse;
    const slots = frontend.captures.response;
    return isRefused || slots.length === 0 ? NO_CAPTURES : emptyCaptures(slots);
  }
}

/** Of what never became a request: HAProxy prints no braces then. */
const NO_CAPTURES: readonly undefined[] = [];

/** Makes room for captures of the request; rules may fill it from now on. */
export function startCaptures(tx: HttpTransaction): void {
  const { request } = tx.frontend.captures;
  if (request.length > 0) tx.capturedRequest = emptyCaptures(request);
}

/** Keeps what the configured captures of the request name, before any HTTP rule changes it. */
export function captureRequest(tx: HttpTransaction, head: RequestHead): void {
  if (tx.capturedRequest !== undefined) captureHeaders(tx.frontend.captures.request, head.headers, tx.capturedRequest);
}

/** The same for the response. */
export function captureResponse(tx: HttpTransaction, head: ResponseHead): void {
  const slots = tx.frontend.captures.response;
  if (slots.length === 0) return;
  tx.capturedResponse = emptyCaptures(slots);
  captureHeaders(slots, head.headers, tx.capturedResponse);
}

/** `capture cookie`, after the rules of requests. */
export function captureCookieOfRequest(tx: HttpTransaction, head: RequestHead): void {
  const { cookie } = tx.frontend.captures;
  if (cookie !== undefined) tx.requestCookie = captureRequestCookie(cookie, head.headers);
}

/** The same, after the rules of responses. */
export function captureCookieOfResponse(tx: HttpTransaction, head: ResponseHead): void {
  const { cookie } = tx.frontend.captures;
  if (cookie !== undefined) tx.responseCookie = captureResponseCookie(cookie, head.headers);
}

/** ms since the accept, which for later requests of a connection is the end of the one before (manual, 8.4). */
class HttpTimers implements LogTimers {
  readonly handshakeMs = 0;
  readonly #tx: HttpTransaction;

  constructor(tx: HttpTransaction) {
    this.#tx = tx;
  }

  get idleMs(): number {
    return this.#since(this.#tx.requestStartMs);
  }
  get requestMs(): number {
    return this.#since(this.#tx.requestEndMs);
  }
  get queueMs(): number {
    const { queueLeftMs, dispatchStartMs, dispatch } = this.#tx;
    if (queueLeftMs >= 0) return this.#since(queueLeftMs);
    return dispatchStartMs < 0 || dispatch.queueTimeMs < 0 ? -1 : this.#since(dispatchStartMs + dispatch.queueTimeMs);
  }
  get connectMs(): number {
    const { dispatchStartMs, dispatch } = this.#tx;
    if (dispatchStartMs < 0 || dispatch.connectTimeMs < 0) return -1;
    return this.#since(dispatchStartMs + dispatch.queueTimeMs + dispatch.connectTimeMs);
  }
  get dataMs(): number {
    return this.#since(this.#tx.responseMs);
  }
  get closeMs(): number {
    const { endMs, thread } = this.#tx;
    return this.#since(endMs < 0 ? thread.now : endMs);
  }

  #since(timeMs: number): number {
    return timeMs < 0 ? -1 : Math.round(timeMs - this.#tx.originMs);
  }
}
