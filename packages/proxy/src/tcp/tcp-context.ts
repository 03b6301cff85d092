// What rules and log formats see of a TCP stream (manual, sections 7 and 8.2). A view: it holds nothing but the stream,
// and is made only where a rule or a log line asks.
import type { LogContext, LogTimers, ProxyView, ServerView } from '@evenkeel/expr';
import { parseIpAddress, type IpAddress } from '@evenkeel/expr';
import { limitClass, limitOffset, type StreamControls } from '../rules/controls.ts';
import type { ClientSession } from '../stream/client-session.ts';
import { captureText, emptyCaptures } from '../stream/captures.ts';
import { serverView } from '../stream/views.ts';
import type { TcpStream } from './tcp-stream.ts';

export class TcpContext implements LogContext, StreamControls {
  readonly request = undefined;
  readonly response = undefined;
  readonly loggedRequestLine = undefined;
  readonly status = 0;
  readonly cookieState = '--';
  readonly requestCookie = undefined;
  readonly responseCookie = undefined;
  readonly serverNameFallback = '<NOSRV>';
  readonly timers: LogTimers;

  readonly #stream: TcpStream;
  #uniqueId: string | undefined = undefined;

  constructor(stream: TcpStream) {
    this.#stream = stream;
    this.timers = new TcpTimers(stream);
  }

  setPriorityClass(priorityClass: number): void {
    this.#stream.dispatch.priorityClass = limitClass(priorityClass);
  }
  setPriorityOffset(offsetMs: number): void {
    this.#stream.dispatch.offsetMs = limitOffset(offsetMs);
  }
  /** Nothing of a TCP stream is ever sent twice. */
  disableRetries(): void {}
  /** No part of a TCP stream is a response that could be captured. */
  keepCapture(direction: 'request' | 'response', slot: number, text: string): boolean {
    const slots = this.#stream.frontend.captures.request;
    if (direction === 'response' || slots.length === 0) return false;
    return captureText(slots, (this.#stream.captured ??= emptyCaptures(slots)), slot, text);
  }
  setLogLevel(level: number): void {
    this.#stream.logLevel = level;
  }
  get logLevel(): number {
    return this.#stream.logLevel;
  }

  get session(): ClientSession {
    return this.#stream.session;
  }
  get backend(): ProxyView {
    const { backend, frontend } = this.#stream;
    return frontend.generation.views[backend?.index ?? frontend.index];
  }
  get backendChosen(): boolean {
    return this.#stream.backend !== undefined;
  }
  get server(): ServerView | undefined {
    const { server } = this.#stream.dispatch;
    return server === undefined ? undefined : serverView(server);
  }
  get inspectionFinal(): boolean {
    return this.#stream.inspectionFinal;
  }
  get requestBuffer(): string | undefined {
    return this.#stream.heldText;
  }
  get uniqueId(): string | undefined {
    return (this.#uniqueId ??= this.#stream.frontend.makeUniqueId(this));
  }

  get early(): boolean {
    return this.#stream.frontend.config.options.logasap;
  }
  get requestDateMs(): number {
    return this.#stream.session.acceptDateMs;
  }
  get bytesRead(): number {
    return this.#stream.serverConnection?.bytesIn ?? 0;
  }
  get bytesUploaded(): number {
    return this.#stream.session.connection.bytesIn;
  }
  get logCounter(): number {
    return this.#stream.frontend.logCounter;
  }
  get requestCounter(): number {
    return this.#stream.requestNumber;
  }
  get activeConnections(): number {
    return this.#stream.frontend.processConnections;
  }
  get terminationState(): string {
    return this.#stream.termination.text;
  }
  get retries(): number {
    return this.#stream.dispatch.retries;
  }
  get redispatched(): boolean {
    return this.#stream.dispatch.redispatched;
  }
  get backendQueue(): number {
    return this.#stream.dispatch.backendQueuePosition;
  }
  get serverQueue(): number {
    return this.#stream.dispatch.serverQueuePosition;
  }
  get capturedRequestHeaders(): readonly (string | undefined)[] {
    return this.#stream.captured ?? emptyCaptures(this.#stream.frontend.captures.request);
  }
  get capturedResponseHeaders(): readonly (string | undefined)[] {
    return emptyCaptures(this.#stream.frontend.captures.response);
  }
  get backendSource(): IpAddress | undefined {
    const address = this.#stream.serverConnection?.local.address;
    return address === undefined || address === '' ? undefined : parseIpAddress(address);
  }
  get backendSourcePort(): number {
    return this.#stream.serverConnection?.local.port ?? 0;
  }
}

class TcpTimers implements LogTimers {
  readonly handshakeMs = 0;
  readonly idleMs = -1;
  readonly requestMs = -1;
  readonly #stream: TcpStream;

  constructor(stream: TcpStream) {
    this.#stream = stream;
  }

  get queueMs(): number {
    const { dispatchStartMs, queueLeftMs, dispatch } = this.#stream;
    if (queueLeftMs >= 0) return queueLeftMs;
    return dispatch.queueTimeMs < 0 ? -1 : dispatchStartMs + Math.round(dispatch.queueTimeMs);
  }
  get connectMs(): number {
    return this.#stream.connectedMs;
  }
  get dataMs(): number {
    return this.#stream.connectedMs;
  }
  get closeMs(): number {
    const { closedMs, connectedMs } = this.#stream;
    return closedMs >= 0 ? closedMs : connectedMs;
  }
}
