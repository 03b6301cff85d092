// One connection to a server, from the connect call to its end, as its server sees it. It owns the Connection while it is
// being opened and while it is idle; in between the stream does.

import type { Address } from '@evenkeel/config';
import { setStreamOptions } from '@evenkeel/sys';
import { Connection, type ConnectionError, type ConnectionOwner, type OpenOptions } from '../connection.ts';
import type { Clock } from '../thread-context.ts';
import type { IdleConnections } from './idle-connections.ts';
import type { ConnectionList } from './pool.ts';
import { isGranted, SOCKS4_REPLY_BYTES, socks4Request } from './socks4.ts';
import type { Server } from './server.ts';

/** Who waits for a connection to be established. */
export interface Opener {
  onOpened(connection: ServerConnection): void;
  /** The attempt failed; `error` is undefined where the server closed at once. */
  onOpenFailed(connection: ServerConnection, error: ConnectionError | undefined): void;
}

export class ServerConnection implements ConnectionOwner {
  readonly server: Server;
  readonly connection: Connection;
  /** Requests that it has carried, the present one included. */
  requests = 0;
  /** Its number among those that its client had for itself; 0 while it may be shared. Written by PrivateConnections. */
  privateNumber = 0;
  /** Moves of the server before this was opened. */
  readonly #moves: number;
  /** The idle list that it is in, and its neighbours there; written by ServerPool and ConnectionList only. */
  list: ConnectionList | undefined = undefined;
  newer: ServerConnection | undefined = undefined;
  older: ServerConnection | undefined = undefined;
  /** Its neighbours among all idle ones of the thread; written by IdleConnections only. */
  newerOnThread: ServerConnection | undefined = undefined;
  olderOnThread: ServerConnection | undefined = undefined;
  #opener: Opener | undefined;
  /** Where it is to lead. */
  readonly #target: OpenOptions;
  /** What came so far of a SOCKS4 proxy's answer. */
  #reply: Buffer | undefined = undefined;
  /** The port of the server's source that it holds; 0: none. */
  readonly #sourcePort: number;
  /** Kept for one client only: told when it ends while idle. */
  #keeper: ConnectionKeeper | undefined = undefined;
  /** Among the open connections of the thread. */
  #isCounted = true;

  /** Starts connecting. Counted as used in the server's pool until `endUse`, `keep` or `close`. */
  constructor(server: Server, options: OpenOptions, clock: Clock, opener: Opener, sourcePort = 0) {
    this.server = server;
    this.#sourcePort = sourcePort;
    this.#moves = server.moves;
    this.#opener = opener;
    server.pool.countUse();
    this.#all.opened();
    this.#target = options;
    const { socketOptions } = server.backend;
    const first = server.config.socks4 === undefined ? options : viaSocks4(server.config.socks4, options);
    this.connection = Connection.open(socketOptions === undefined ? first : { ...first, socketOptions }, clock, this);
    // Whoever gets it reads at once; asking now spares a system call for each connection.
    this.connection.resume();
  }

  get isUsable(): boolean {
    const { connection } = this;
    return !connection.isClosed && !connection.isReadEnded && !connection.isWriteEnded;
  }

  /** Open both ways, nothing unsent, and the server is still there, where it leads. */
  get #isWorthKeeping(): boolean {
    const { moves, isRemoved } = this.server;
    return this.isUsable && this.connection.writableLength === 0 && this.#moves === moves && !isRemoved;
  }

  /** The attempt is given up: nobody is told. */
  abandon(): void {
    this.#opener = undefined;
    this.endUse();
    this.connection.destroy();
  }

  /** From a stream's hands into the shared pool; closed where that does not want it. */
  release(): void {
    this.connection.owner = this;
    if (!this.#isWorthKeeping) {
      this.endUse();
      this.connection.destroy();
    } else if (this.server.pool.keep(this)) {
      this.connection.resume();
    } else {
      this.#uncount();
      // Reset, as HAProxy does, so that no source port is kept in TIME_WAIT: at some hundred connections a second that nobody
      // keeps, there would soon be none left.
      this.connection.reset();
    }
  }

  /** From a stream's hands into those of one client; returns false where it is of no more use, and closes it. */
  releaseTo(keeper: ConnectionKeeper): boolean {
    this.server.pool.countEndOfUse();
    this.connection.owner = this;
    if (!this.#isWorthKeeping || !this.#all.mayKeep) {
      this.#uncount();
      this.connection.destroy();
      return false;
    }
    this.#keeper = keeper;
    this.#all.add(this);
    this.connection.resume();
    return true;
  }

  /** Back from the client's hands into a stream's. */
  reclaim(): void {
    this.#leaveKeeper();
    this.server.pool.countUse();
  }

  /** A stream is done with it and closes it itself. */
  endUse(): void {
    this.server.pool.countEndOfUse();
    this.#uncount();
  }

  /** Closes it while it is idle; its pool, or who keeps it, has let go of it. */
  close(): void {
    this.#leaveKeeper();
    this.#uncount();
    this.connection.destroy();
  }

  /** Closes it while it is idle, for the sake of others: its pool, or who keeps it, is told. */
  closeIdle(): void {
    this.#endIdle();
  }

  /** All idle connections of the thread. */
  get #all(): IdleConnections {
    return this.server.backend.thread.idle;
  }

  #uncount(): void {
    if (!this.#isCounted) return;
    this.#isCounted = false;
    this.#all.closed();
    if (this.#sourcePort !== 0) this.server.source!.release(this.#sourcePort);
  }

  #leaveKeeper(): ConnectionKeeper | undefined {
    const keeper = this.#keeper;
    if (keeper === undefined) return undefined;
    this.#keeper = undefined;
    this.#all.remove(this);
    return keeper;
  }

  onConnect(): void {
    const opener = this.#opener;
    if (opener === undefined) return;
    applySocketOptions(this.server, this.connection);
    if (this.server.config.socks4 !== undefined) return this.#askSocks4();
    this.#opener = undefined;
    opener.onOpened(this);
  }

  #askSocks4(): void {
    const request = socks4Request(this.#target.host ?? '', this.#target.port ?? 0);
    if (request === undefined) this.connection.destroy();
    else this.connection.writeLatin1(request);
  }

  /** The answer of a SOCKS4 proxy, and perhaps the first bytes of the server behind it. */
  #readReply(chunk: Buffer): void {
    const opener = this.#opener!;
    const reply = this.#reply === undefined ? chunk : Buffer.concat([this.#reply, chunk]);
    this.#reply = reply;
    if (reply.length < SOCKS4_REPLY_BYTES) return;
    if (!isGranted(reply)) return this.connection.destroy();
    this.#opener = undefined;
    this.#reply = undefined;
    opener.onOpened(this);
    if (reply.length > SOCKS4_REPLY_BYTES && !this.connection.isClosed)
      this.connection.owner.onData(reply.subarray(SOCKS4_REPLY_BYTES));
  }

  onData(chunk: Buffer): void {
    if (this.#opener !== undefined) return this.#readReply(chunk);
    // A server that speaks unasked: whatever that is would be taken for the answer to somebody's next request.
    this.#endIdle();
  }

  onEnd(): void {
    // A SOCKS4 proxy that hangs up: onClose tells the opener.
    if (this.#opener !== undefined) return this.connection.destroy();
    this.#endIdle();
  }

  onDrain(): void {
    // Nothing is written while idle.
  }

  onClose(error: ConnectionError | undefined): void {
    const opener = this.#opener;
    if (opener !== undefined) {
      this.#opener = undefined;
      this.endUse();
      if (error !== undefined && NO_DESCRIPTOR.has(error.code)) this.#all.handleShortage();
      opener.onOpenFailed(this, error);
      return;
    }
    this.#endIdle();
  }

  #endIdle(): void {
    if (this.list !== undefined) this.server.pool.forget(this);
    this.#leaveKeeper()?.onKeptClosed(this);
    this.#uncount();
    this.connection.destroy();
  }
}

/** The way to a server behind a SOCKS4 proxy begins there. */
function viaSocks4(socks4: Address, options: OpenOptions): OpenOptions {
  if (socks4.kind !== 'inet') return options;
  return { ...options, host: socks4.host, port: socks4.port!.first };
}

/** Errors of opening a connection that closing others can mend. */
const NO_DESCRIPTOR: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE']);

/** Who keeps idle connections for one client only. */
export interface ConnectionKeeper {
  onKeptClosed(connection: ServerConnection): void;
}

/** `option srvtcpka` with its knobs, and `tcp-ut`. */
function applySocketOptions(server: Server, connection: Connection): void {
  const { options } = server.backend.config;
  if (server.openOptions.path !== undefined) return;
  if (options.srvtcpka) connection.setKeepAlive(options.srvtcpkaIdleMs, options.srvtcpkaIntvlMs, options.srvtcpkaCnt);
  const { tcpUserTimeoutMs } = server.config;
  if (tcpUserTimeoutMs !== undefined) setStreamOptions(connection.descriptor, { userTimeoutMs: tcpUserTimeoutMs });
}
