// One HTTP/1 client connection: waits for request heads, hands each to the transaction, waits for the next one. It knows
// where a head begins and ends in what the client sent, and the time-outs of waiting; nothing of servers or rules.
//
// While it waits between requests it holds no buffer. The transaction object is made with the first request and used again
// for all others. What the client sends ahead (pipelining) is kept here, bounded, until the response before it is complete.
import { findHeadEnd, HeadError, readRequestHead, skipEmptyLines } from '@evenkeel/http';
import type { Connection, ConnectionError, ConnectionOwner } from '../connection.ts';
import type { Frontend } from '../frontend.ts';
import type { ClientSession, SessionUser, Standing } from '../stream/client-session.ts';
import type { TerminationEvent } from '../stream/termination.ts';
import type { ThreadContext } from '../thread-context.ts';
import { Timer, type TimerOwner } from '../timers.ts';
import type { HttpProxy } from './http-proxy.ts';
import { PHASE_OF_STAGE } from './stage.ts';
import { HttpTransaction } from './transaction.ts';
import { keepInvalidRequest } from './keep-invalid.ts';

/** Waits for a request, or for the rest of its head. */
const WAITING = 0;
/** The transaction runs. */
const ACTIVE = 1;
/** Everything was said: what is buffered goes out, what comes in is thrown away. */
const CLOSING = 2;
const CLOSED = 3;

/**
 * How long a client that may still be sending is read before its connection is closed: closing with unread bytes makes the
 * kernel send a reset, which destroys an answer that the client has not read yet. A few round trips.
 */
const LINGER_MS = 1000;

export class HttpSession implements ConnectionOwner, SessionUser, TimerOwner {
  readonly client: ClientSession;
  readonly connection: Connection;
  readonly thread: ThreadContext;
  frontend: Frontend;
  http: HttpProxy;
  /** Monotonic ms from which the next request's times count: the accept, or the end of the request before. */
  originMs: number;
  /** Monotonic ms of the first byte of the request that is waited for or served; -1 before it. */
  requestStartMs = -1;
  /** Requests so far, the present one included. */
  requests = 0;
  /** The client sent FIN. */
  isEnded = false;
  /** No further request is taken: the thread stops softly, or the frontend is gone. */
  isStopping = false;

  readonly #timer: Timer;
  #state = WAITING;
  /** Received and not consumed: part of a head, or what came ahead. */
  #pending: Buffer | undefined = undefined;
  #transaction: HttpTransaction | undefined = undefined;
  #isPaused = false;
  #isParsing = false;
  /** The peer may be sending what nobody will read: close in a way that does not destroy the answer. */
  #mustLinger = false;
  /** Unsent bytes when the timer last looked; fewer of them is progress. */
  #unsentBefore = 0;

  /** Chunks of a body that goes to a server are written on as they come; everything else may be kept. */
  get borrowsChunks(): boolean {
    return this.#state === ACTIVE && this.#transaction!.streamsUpload;
  }

  constructor(client: ClientSession) {
    const { connection, frontend } = client;
    this.client = client;
    this.connection = connection;
    this.thread = frontend.thread;
    this.frontend = frontend;
    this.http = frontend.http as HttpProxy;
    this.originMs = client.acceptedMs;
    this.#timer = new Timer(this, 0);
    client.user = this;
    connection.owner = this;
  }

  start(): void {
    this.#armWaiting();
    this.connection.resume();
  }

  // ------------------------------------------------------------------------------------------------ from the connection

  onData(chunk: Buffer): void {
    switch (this.#state) {
      case ACTIVE:
        this.#transaction!.onClientData(chunk);
        break;
      case WAITING: {
        const pending = this.#pending;
        if (pending === undefined) {
          if (this.requestStartMs < 0) this.#startRequest();
          this.#parse(chunk, 0);
        } else {
          this.#pending = undefined;
          this.#parse(Buffer.concat([pending, chunk]), pending.length);
        }
        break;
      }
    }
  }

  onEnd(): void {
    this.isEnded = true;
    if (this.#state === ACTIVE) this.#transaction!.onClientEnd();
    else if (this.#state === WAITING) this.#endWaiting('client-abort', 400);
  }

  onDrain(): void {
    this.#unsentBefore = 0;
    if (this.#state === ACTIVE) {
      this.thread.wheel.disarm(this.#timer);
      this.#transaction!.onClientDrain();
    } else if (this.#state === CLOSING) this.#closeDrained();
  }

  onClose(_error: ConnectionError | undefined): void {
    const state = this.#state;
    if (state === WAITING) this.#endWaiting('client-abort', 400);
    if (state === ACTIVE) {
      // The transaction may go on without its client; it ends the session when it is done.
      this.isEnded = true;
      this.#transaction!.onClientGone();
    } else this.#end();
  }

  // ---------------------------------------------------------------------------------------------------- request heads

  #startRequest(): void {
    this.requestStartMs = this.thread.now;
    if (this.frontend !== this.client.listener.frontend && !this.isFirst) this.#moveToCurrent();
  }

  get isFirst(): boolean {
    return this.requests === 0;
  }

  /** A request on a kept connection belongs to the configuration that is published when it begins. */
  #moveToCurrent(): void {
    if (this.client.moveToCurrent()) {
      this.frontend = this.client.frontend;
      this.http = this.frontend.http as HttpProxy;
    } else this.isStopping = true;
  }

  /** Takes heads from `buffer` for as long as they are whole and answered at once. Its first `scanned` bytes held no end of a head. */
  #parse(buffer: Buffer, scanned: number): void {
    this.#isParsing = true;
    let bytes: Buffer | undefined = buffer;
    let from = scanned;
    while (bytes !== undefined) {
      if (!this.#parseOne(bytes, from) || this.#state !== WAITING) break;
      bytes = this.#pending;
      this.#pending = undefined;
      from = 0;
    }
    this.#isParsing = false;
  }

  /** Returns whether a request was begun. */
  #parseOne(buffer: Buffer, scanned: number): boolean {
    const { http } = this;
    const to = buffer.length;
    const from = skipEmptyLines(buffer, 0, to);
    if (from < to && (scanned === 0 || findHeadEnd(buffer, Math.max(from, scanned - 3), to) >= 0)) {
      const head = readRequestHead(buffer, from, to, http.requestHead);
      if (head !== undefined) {
        if (head instanceof HeadError) {
          keepInvalidRequest(this.frontend, this.connection, undefined, buffer, from, head);
          this.#refuse('denied', head.status);
        } else if (head.bytes > http.maxHeadBytes) this.#refuseLong(buffer, from);
        else {
          this.#begin();
          this.#transaction!.begin(head, buffer, from + head.bytes);
          return true;
        }
        return false;
      }
    }
    if (to - from >= http.maxHeadBytes) this.#refuseLong(buffer, from);
    else {
      if (from < to) this.#pending = from === 0 ? buffer : buffer.subarray(from);
      this.#armWaiting();
    }
    return false;
  }

  #refuseLong(buffer: Buffer, from: number): void {
    keepInvalidRequest(this.frontend, this.connection, undefined, buffer, from, undefined);
    this.#refuse('denied', 400);
  }

  #begin(): void {
    this.requests++;
    this.#state = ACTIVE;
    this.thread.wheel.disarm(this.#timer);
    this.#transaction ??= new HttpTransaction(this);
  }

  // ----------------------------------------------------------------------------------------------------- for the transaction

  /** Keeps what came behind the request; reading stops when it is more than a buffer. */
  keepAhead(bytes: Buffer): void {
    this.#pending = this.#pending === undefined ? bytes : Buffer.concat([this.#pending, bytes]);
    if (this.#pending.length >= this.http.bufferBytes) this.pause();
  }

  /** Hands over what was kept: a tunnel's first bytes. */
  takeAhead(): Buffer | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }

  /** The client is not read until `resume`; a timer must run. */
  pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.connection.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.connection.resume();
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Bytes that were received and are kept here. */
  get heldBytes(): number {
    return this.#pending?.length ?? 0;
  }

  /** `timeout client` from now: the client is expected to send, or to take, something. */
  touch(): void {
    const { clientTimeoutMs } = this.http;
    if (clientTimeoutMs > 0) this.thread.wheel.arm(this.#timer, this.thread.now + clientTimeoutMs);
  }

  /** As `touch`, but no later than monotonic ms `deadline`. */
  touchUntil(deadline: number): void {
    const { clientTimeoutMs } = this.http;
    const inactivity = clientTimeoutMs > 0 ? this.thread.now + clientTimeoutMs : Infinity;
    this.thread.wheel.arm(this.#timer, Math.min(inactivity, deadline));
  }

  /** The client does not take what is sent: `timeout client` runs until it does. */
  awaitDrain(): void {
    if (this.#unsentBefore === 0) {
      this.#unsentBefore = this.connection.unsentBytes;
      this.touch();
    }
  }

  /** A time-out other than `timeout client`: monotonic ms. */
  armAt(deadline: number): void {
    this.thread.wheel.arm(this.#timer, deadline);
  }

  /** Nothing is expected of the client any more, but that it takes what was sent. */
  disarm(): void {
    if (this.#unsentBefore === 0) this.thread.wheel.disarm(this.#timer);
  }

  /** The transaction has ended. `keep`: the connection may carry another request. `mustLinger`: the client may still be sending. */
  afterTransaction(keep: boolean, mustLinger: boolean): void {
    this.originMs = this.thread.now;
    this.requestStartMs = -1;
    this.#unsentBefore = 0;
    if (this.connection.isClosed) return this.#end();
    if (!keep || this.isStopping || (this.isEnded && this.#pending === undefined)) return this.close(mustLinger);
    this.#state = WAITING;
    this.resume();
    const pending = this.#pending;
    if (pending === undefined) this.#armWaiting();
    else {
      this.#startRequest();
      if (this.#isParsing) return;
      this.#pending = undefined;
      this.#parse(pending, 0);
    }
  }

  /** A tunnel, or another owner of the connection, has closed it for good. */
  endClosed(): void {
    this.#end();
  }

  /** The request was refused before a transaction knew it: `status` is sent as it is, and the connection closes. */
  refuseActive(status: number): void {
    this.connection.writeLatin1(this.http.pages.refusal(status));
  }

  /** Ends the connection when everything that was written is with the kernel. */
  close(mustLinger: boolean): void {
    this.#state = CLOSING;
    this.#mustLinger = (mustLinger || this.#pending !== undefined) && !this.isEnded;
    this.#pending = undefined;
    if (this.connection.writableLength > 0) {
      this.connection.end();
      this.resume();
      this.#unsentBefore = 0;
      this.awaitDrain();
    } else this.#closeDrained();
  }

  /** Closes at once; what is unsent is lost. */
  abort(): void {
    this.#state = CLOSING;
    this.#pending = undefined;
    this.connection.destroy();
  }

  #closeDrained(): void {
    // option nolinger: at the price of what the client has not read yet (manual).
    if (this.frontend.config.options.nolinger) return this.connection.reset();
    if (!this.#mustLinger) return this.connection.destroy();
    this.connection.end();
    this.resume();
    this.armAt(this.thread.now + LINGER_MS);
  }

  // --------------------------------------------------------------------------------------------------------- time-outs

  /**
   * The time-outs of waiting for a request (manual, "timeout http-request", "timeout http-keep-alive", "timeout client"):
   * the client's inactivity counts always; besides, a head has `http-request` in all from its first byte, the wait for the
   * first one has as much from the accept, and the wait for another request has `http-keep-alive`. Both begin anew with the
   * first byte, as on HAProxy, also where that is of an empty line.
   */
  #armWaiting(): void {
    const { http, thread } = this;
    const { now } = thread;
    let deadline = http.clientTimeoutMs > 0 ? now + http.clientTimeoutMs : Infinity;
    if (this.requestStartMs < 0 && !this.isFirst) {
      if (http.keepAliveTimeoutMs > 0) deadline = Math.min(deadline, now + http.keepAliveTimeoutMs);
    } else if (http.requestTimeoutMs > 0) {
      const start = this.requestStartMs < 0 ? this.originMs : this.requestStartMs;
      deadline = Math.min(deadline, start + http.requestTimeoutMs);
    }
    thread.wheel.arm(this.#timer, deadline);
  }

  onTimer(): void {
    switch (this.#state) {
      case WAITING:
        this.#endWaiting('client-timeout', 408);
        break;
      case ACTIVE:
        if (!this.#hasProgress()) this.#transaction!.onClientTimeout();
        break;
      case CLOSING:
        if (this.#hasProgress()) break;
        if (this.connection.writableLength > 0) this.connection.reset();
        else this.connection.destroy();
        break;
    }
  }

  /** A slow client is not a dead one: fewer unsent bytes than before give it another `timeout client`. */
  #hasProgress(): boolean {
    const before = this.#unsentBefore;
    if (before === 0) return false;
    const unsent = this.connection.unsentBytes;
    if (unsent >= before) return false;
    this.#unsentBefore = unsent;
    this.touch();
    return true;
  }

  // ------------------------------------------------------------------------------------------------------------ endings

  /** The client left, or kept silent, before its request was complete. */
  #endWaiting(event: TerminationEvent, status: number): void {
    if (this.requestStartMs < 0) {
      // Nothing was asked. Only the first wait is worth an answer, and not where probes are to be ignored.
      if (!this.isFirst) return this.#closeIdle();
      if (this.frontend.config.options.httpIgnoreProbes) return this.#closeIdle();
    }
    this.#refuse(event, status);
  }

  #closeIdle(): void {
    this.#state = CLOSING;
    this.connection.destroy();
  }

  /** Answers a request that could not be understood, or never came, and closes (manual, 8.5: `PR`, `CR`, `cR`). */
  #refuse(event: TerminationEvent, status: number): void {
    this.#begin();
    this.#transaction!.refuse(event, status);
  }

  #end(): void {
    if (this.#state === CLOSED) return;
    this.#state = CLOSED;
    this.#pending = undefined;
    this.thread.wheel.remove(this.#timer);
    this.#transaction?.dispose();
    this.client.end();
  }

  // ----------------------------------------------------------------------------------------------------- from the thread

  onSoftStop(): void {
    this.isStopping = true;
    // option idle-close-on-response: the connection is closed with the next response, which says so (manual).
    const { idleCloseOnResponse } = this.frontend.config.options;
    if (this.#state === WAITING && this.requestStartMs < 0 && !this.isFirst && !idleCloseOnResponse) this.#closeIdle();
  }

  standing(): Standing | undefined {
    if (this.#state !== ACTIVE) return undefined;
    const tx = this.#transaction!;
    return {
      phase: tx.tunnel === undefined ? PHASE_OF_STAGE[tx.stage] : 'tunnel',
      backend: tx.backend,
      server: tx.assignedServer,
      serverConnection: tx.server,
      retries: tx.dispatch.retries,
      requestNumber: tx.requestNumber,
      requests: this.requests,
      request: `${tx.requestMethod} ${tx.requestUri}`,
      status: tx.status,
    };
  }

  onKill(): void {
    if (this.#state === ACTIVE) this.#transaction!.kill();
    else if (this.#state !== CLOSED) this.abort();
  }
}
