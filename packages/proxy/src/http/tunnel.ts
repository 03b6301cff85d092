// After `101 Switching Protocols`, or 2xx to CONNECT: bytes flow both ways, unread, until both ends have closed (RFC 9110,
// 7.8 and 9.3.6). Half-close is passed on; `timeout tunnel`, where set, replaces the time-outs of both sides (manual).
//
// The two ends are those of the TCP relay. The tunnel owns both connections; when it is over, the transaction is finished
// and with it the session.
import type { ConnectionError } from '../connection.ts';
import { Side, type SideOwner } from '../tcp/side.ts';
import type { TerminationEvent } from '../stream/termination.ts';
import type { ThreadContext } from '../thread-context.ts';
import { finish, logEarly, terminate } from './ending.ts';
import { Stage } from './stage.ts';
import type { HttpTransaction } from './transaction.ts';

/** Sends the head of the response that opens the tunnel, and begins to relay with what the server sent behind it. */
export function startTunnel(tx: HttpTransaction, text: string, first: Buffer): void {
  tx.keepsClient = false;
  tx.keepsServer = false;
  tx.stage = Stage.tunnel;
  tx.session.connection.writeLatin1(text);
  logEarly(tx);
  tx.tunnel = new HttpTunnel(tx);
  tx.tunnel.start(first);
}

export class HttpTunnel implements SideOwner {
  readonly thread: ThreadContext;
  readonly bufferBytes: number;
  readonly hasIndependentSides: boolean;

  readonly #tx: HttpTransaction;
  readonly #client: Side;
  readonly #server: Side;
  #isOver = false;

  constructor(tx: HttpTransaction) {
    const { http, backendHttp, session } = tx;
    this.#tx = tx;
    this.thread = tx.thread;
    this.bufferBytes = http.bufferBytes;
    this.hasIndependentSides = http.hasIndependentStreams || backendHttp.hasIndependentStreams;
    const { tunnelTimeoutMs } = backendHttp;
    this.#client = new Side(
      this,
      session.connection,
      true,
      tunnelTimeoutMs || http.clientTimeoutMs,
      http.clientFinTimeoutMs,
    );
    this.#server = new Side(
      this,
      tx.server!,
      false,
      tunnelTimeoutMs || backendHttp.serverTimeoutMs,
      backendHttp.serverFinTimeoutMs,
    );
    this.#client.peer = this.#server;
    this.#server.peer = this.#client;
  }

  start(first: Buffer): void {
    const tx = this.#tx;
    tx.thread.wheel.disarm(tx.serverTimer);
    tx.session.disarm();
    this.#client.touch();
    this.#server.touch();
    if (first.length > 0) this.#client.send(first);
    const ahead = tx.session.takeAhead();
    if (ahead !== undefined) {
      tx.bytesIn += ahead.length;
      this.#server.send(ahead);
    }
    tx.session.resume();
    if (tx.session.isEnded) this.#client.onEnd();
  }

  // --------------------------------------------------------------------------------------------------- from the sides

  /** Never needed: both sides have a peer from the start. */
  hold(): void {}

  onSideEnd(side: Side): void {
    side.peer!.end();
    this.#finishIfDone();
  }

  onSideDrain(side: Side): void {
    side.peer!.resume();
    this.#finishIfDone();
  }

  onSideClosed(side: Side, error: ConnectionError | undefined): void {
    if (this.#isOver) return;
    const tx = this.#tx;
    const { counters } = tx.frontend;
    if (error === undefined) return this.#finishIfDone();
    if (side.isClient) {
      if (terminate(tx, 'client-abort')) counters.clientAbort(tx.backend, tx.assignedServer);
      this.#server.connection.reset();
      return this.#finish();
    }
    if (terminate(tx, 'server-abort')) counters.serverAbort(tx.backend, tx.assignedServer);
    counters.failedResponse(tx.backend, tx.assignedServer);
    this.#client.isReadDone = true;
    this.#client.end();
    this.#finishIfDone();
  }

  onSideTimeout(side: Side, isBlocked: boolean): void {
    const tx = this.#tx;
    const { counters } = tx.frontend;
    if (!side.isClient && this.#client.isOverdue) {
      // Both at once: the client's is the first event.
      this.#client.onTimer();
      if (this.#isOver) return;
    }
    if (side.isClient) {
      if (terminate(tx, 'client-timeout')) counters.clientAbort(tx.backend, tx.assignedServer);
    } else if (terminate(tx, 'server-timeout')) counters.serverAbort(tx.backend, tx.assignedServer);
    if (isBlocked) {
      side.connection.reset();
      return this.#finish();
    }
    side.isReadDone = true;
    side.peer!.end();
    // Without its server the tunnel is over; a client that keeps silent may still be told something.
    if (!side.isClient) this.#client.isReadDone = true;
    this.#finishIfDone();
  }

  /** Ends both sides at once. As on HAProxy what was ended while it relayed has no second letter. */
  stop(event: TerminationEvent): void {
    if (this.#isOver) return;
    this.#tx.termination.set(event, 'done');
    this.#client.connection.reset();
    this.#server.connection.reset();
    this.#finish();
  }

  // ------------------------------------------------------------------------------------------------------------ the end

  #finishIfDone(): void {
    const client = this.#client;
    const server = this.#server;
    if (this.#isOver || !client.isReadDone || !server.isReadDone) return;
    if (client.connection.writableLength > 0 || server.connection.writableLength > 0) {
      client.end();
      server.end();
    } else this.#finish();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const tx = this.#tx;
    tx.bytesIn += this.#relayedBytes();
    tx.server = undefined;
    tx.tunnel = undefined;
    this.#client.dispose();
    this.#server.dispose();
    tx.dispatch.discard();
    finish(tx);
  }

  /** What the client sent through the tunnel, as far as it is not counted yet. */
  #relayedBytes(): number {
    return this.#client.connection.bytesIn - this.#tx.clientBytesBefore - this.#tx.bytesIn;
  }
}
