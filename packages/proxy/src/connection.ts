// One end of a proxied conversation: the only thing through which streams, sessions and pools touch a socket. Its users
// know nothing of what lies below (TCP, a Unix socket, an inherited descriptor), and it knows nothing of what the bytes
// mean, of rules or of time-outs.
//
// The owner may change at any time (a pooled server connection has many in its life); it hears onData, onEnd, onDrain and,
// exactly once and last, onClose. No callback comes from within a call of the owner's own, but later. Half-open is always
// allowed: the peer's FIN is onEnd, ours is end(). When both were seen the descriptor is closed by itself. A paused
// connection sees neither FIN nor RST, so whoever pauses must have a timer running.
import type { StreamOptions } from '@evenkeel/sys';
import { openHandleConnection } from './connection/handle-connection.ts';
import { openSocketConnection } from './connection/socket-connection.ts';
import type { ConnectionError } from './connection/error.ts';
import type { Clock } from './thread-context.ts';

export { ConnectionError, connectionError, type ConnectionErrorKind } from './connection/error.ts';

/** Who a connection belongs to for the moment. Every callback runs with the thread's `now` fresh. */
export interface ConnectionOwner {
  /**
   * True for an owner that is done with each chunk when onData returns, but for what it passed to `write` of a connection:
   * large transfers then need no new memory for each read. Otherwise a chunk is the owner's to keep.
   */
  readonly borrowsChunks?: boolean;
  /** Bytes from the peer. */
  onData(chunk: Buffer): void;
  /** The peer sent FIN: no more onData. Writing is still possible. */
  onEnd(): void;
  /** After a write that returned false: everything was handed to the kernel. Follows also when end() was called meanwhile. */
  onDrain(): void;
  /** The descriptor is gone. `error` is undefined when both sides closed in order or we destroyed it. */
  onClose(error: ConnectionError | undefined): void;
  /** Only for connections made by `Connection.open`: the connection stands. It is paused until `resume`. */
  onConnect?(): void;
}

/** The owner of a connection that nobody has taken yet: hears nothing. */
export const NOBODY: ConnectionOwner = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };

export interface Connection {
  owner: ConnectionOwner;
  /** Bytes read from, and accepted for writing to, the peer in this connection's whole life. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** The peer sent FIN. */
  readonly isReadEnded: boolean;
  /** We sent, or will send after what is buffered, FIN; or the peer takes no more. */
  readonly isWriteEnded: boolean;
  /** onClose was or is about to be called: nothing may be written any more. */
  readonly isClosed: boolean;
  /** Bytes accepted by write and not yet handed to the kernel; a write that is half done counts whole. 0 once closed: they are lost. */
  readonly writableLength: number;
  /** The same, but exact where the transport can tell: shows progress of a slow peer. */
  readonly unsentBytes: number;
  /** The descriptor, for `sys`; -1 once it is gone. */
  readonly descriptor: number;
  /** The peer. An IPv4 client on an IPv6 socket shows in mapped form (`::ffff:192.0.2.1`), as on HAProxy. Asked of the kernel once, and kept after the close. */
  readonly remote: PeerAddress;
  /** Our end. */
  readonly local: PeerAddress;

  /** Hands bytes over; false when not all of them went to the kernel at once: onDrain follows. The bytes are kept either way. */
  write(chunk: Buffer): boolean;
  /** As `write`, for text whose characters are all below 256, one byte each: heads. */
  writeLatin1(text: string): boolean;
  /** FIN after everything written so far. */
  end(): void;
  /** Closes both ways at once; what was not written yet is lost. onClose follows, later, with no error. */
  destroy(): void;
  /** As `destroy`, but with RST where the transport has it. */
  reset(): void;
  pause(): void;
  /** Starts, or goes on, reading. A new connection is paused. */
  resume(): void;
  /** Nagle's algorithm off or on; TCP connections start with it off. */
  setNoDelay(on: boolean): void;
  /** SO_KEEPALIVE on; undefined leaves the kernel's value. Times in ms. */
  setKeepAlive(idleMs: number | undefined, intervalMs: number | undefined, count: number | undefined): void;
}

export interface OpenOptions {
  /** Numeric address, with `port`; or `path`, NUL first for the abstract name space. */
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
  readonly localAddress?: string;
  readonly localPort?: number;
  /** A bound, unconnected descriptor of `sys.openClientSocket`, to connect to host:port. */
  readonly fd?: number;
  /** Set on the socket before it connects, as far as the system lets us (`tune.sndbuf.server`). */
  readonly socketOptions?: StreamOptions;
}

export interface PeerAddress {
  /** Numeric address; empty for a Unix socket. */
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6 | 0;
}

export const Connection = {
  /** Starts connecting; the owner hears onConnect or onClose, later. Throws nothing: what fails at once is heard like the rest. */
  open(options: OpenOptions, clock: Clock, owner: ConnectionOwner): Connection {
    return openHandleConnection(options, clock, owner) ?? openSocketConnection(options, clock, owner);
  },
};
