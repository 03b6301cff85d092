// A connection on a `net.Socket`: for runtimes without the handles of stream-handle.ts, and for streams that only exist
// as sockets. The socket carries its connection in one field and shares its listeners with all others.
import * as net from 'node:net';
import { descriptorOf, setStreamOptions } from '@evenkeel/sys';
import type { Connection, ConnectionOwner, OpenOptions, PeerAddress } from '../connection.ts';
import type { Clock } from '../thread-context.ts';
import { NO_ADDRESS, peerAddress } from './address.ts';
import { connectionError, type ConnectionError } from './error.ts';
import { tryOptions } from './options.ts';
import { slabOf, slabs } from './read-memory.ts';

interface OwnedSocket extends net.Socket {
  evenkeelConnection: SocketConnection;
}

export class SocketConnection implements Connection {
  owner: ConnectionOwner;
  bytesIn = 0;
  bytesOut = 0;
  isReadEnded = false;
  isWriteEnded = false;
  isClosed = false;

  readonly #socket: OwnedSocket;
  readonly #clock: Clock;
  #waitsForDrain = false;
  #error: ConnectionError | undefined = undefined;
  #remote: PeerAddress | undefined = undefined;
  #local: PeerAddress | undefined = undefined;
  #told = false;

  /** Takes over a socket made with allowHalfOpen. It stays paused until `resume`. */
  constructor(socket: net.Socket, clock: Clock, owner: ConnectionOwner) {
    const owned = socket as OwnedSocket;
    owned.evenkeelConnection = this;
    this.#socket = owned;
    this.#clock = clock;
    this.owner = owner;
    owned.on('data', onSocketData);
    owned.on('end', onSocketEnd);
    owned.on('drain', onSocketDrain);
    // After end() there is no drain any more.
    owned.on('finish', onSocketDrain);
    owned.on('error', onSocketError);
    owned.on('close', onSocketClose);
    owned.pause();
  }

  get writableLength(): number {
    return this.isClosed ? 0 : this.#socket.writableLength;
  }

  get unsentBytes(): number {
    return this.isClosed ? 0 : this.#socket.writableLength;
  }

  get descriptor(): number {
    return descriptorOf(this.#socket);
  }

  get remote(): PeerAddress {
    if (this.isClosed && this.#remote === undefined) return NO_ADDRESS;
    return (this.#remote ??= peerAddress(this.#socket.remoteAddress, this.#socket.remotePort));
  }

  get local(): PeerAddress {
    if (this.isClosed && this.#local === undefined) return NO_ADDRESS;
    return (this.#local ??= peerAddress(this.#socket.localAddress, this.#socket.localPort));
  }

  write(chunk: Buffer): boolean {
    if (this.isClosed || this.isWriteEnded) return true;
    this.bytesOut += chunk.length;
    const slab = slabOf(chunk);
    if (slab === undefined) {
      this.#socket.write(chunk);
    } else {
      slab.writes++;
      this.#socket.write(chunk, () => slabs.endWrite(slab));
    }
    return this.#settle();
  }

  writeLatin1(text: string): boolean {
    if (this.isClosed || this.isWriteEnded) return true;
    this.bytesOut += text.length;
    this.#socket.write(text, 'latin1');
    return this.#settle();
  }

  /** The socket, with a high-water mark of one byte, says drain after every write; only what really waited is told. */
  #settle(): boolean {
    if (this.#socket.writableLength === 0) return true;
    this.#waitsForDrain = true;
    return false;
  }

  end(): void {
    if (this.isClosed || this.isWriteEnded) return;
    this.isWriteEnded = true;
    this.#socket.end();
  }

  destroy(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#socket.destroy();
  }

  reset(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    const socket = this.#socket;
    if (socket.connecting) socket.destroy();
    else if (this.isWriteEnded && !socket.writableFinished) {
      // libuv refuses to reset a socket whose FIN is on its way, and Node then never closes it.
      const fd = descriptorOf(socket);
      if (fd >= 0) setStreamOptions(fd, { resetOnClose: true });
      socket.destroy();
    } else socket.resetAndDestroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    if (!this.isClosed) this.#socket.resume();
  }

  setNoDelay(on: boolean): void {
    this.#socket.setNoDelay(on);
  }

  setKeepAlive(idleMs: number | undefined, intervalMs: number | undefined, count: number | undefined): void {
    // Later than the type declarations: the interval in ms and the number of probes.
    const set = this.#socket.setKeepAlive as (
      this: net.Socket,
      on: boolean,
      idleMs?: number,
      intervalMs?: number,
      count?: number,
    ) => net.Socket;
    set.call(this.#socket, true, idleMs, intervalMs, count);
  }

  // Called by the shared listeners only.

  handleData(chunk: Buffer): void {
    if (this.isClosed) return;
    this.#clock.refresh();
    this.bytesIn += chunk.length;
    this.owner.onData(chunk);
  }

  handleEnd(): void {
    if (this.isClosed) return;
    this.#clock.refresh();
    this.isReadEnded = true;
    this.owner.onEnd();
  }

  handleDrain(): void {
    if (!this.#waitsForDrain || this.isClosed) return;
    this.#waitsForDrain = false;
    this.#clock.refresh();
    this.owner.onDrain();
  }

  handleConnect(): void {
    if (this.isClosed) return;
    this.#clock.refresh();
    this.owner.onConnect?.();
  }

  handleError(error: NodeJS.ErrnoException): void {
    if (!this.isClosed) this.#error ??= connectionError(error.code ?? 'EUNKNOWN');
  }

  handleClose(): void {
    if (this.#told) return;
    this.#told = true;
    this.isClosed = true;
    this.#clock.refresh();
    this.owner.onClose(this.#error);
  }
}

function onSocketData(this: net.Socket, chunk: Buffer): void {
  (this as OwnedSocket).evenkeelConnection.handleData(chunk);
}
function onSocketEnd(this: net.Socket): void {
  (this as OwnedSocket).evenkeelConnection.handleEnd();
}
function onSocketDrain(this: net.Socket): void {
  (this as OwnedSocket).evenkeelConnection.handleDrain();
}
function onSocketConnect(this: net.Socket): void {
  (this as OwnedSocket).evenkeelConnection.handleConnect();
}
function onSocketError(this: net.Socket, error: NodeJS.ErrnoException): void {
  (this as OwnedSocket).evenkeelConnection.handleError(error);
}
function onSocketClose(this: net.Socket): void {
  (this as OwnedSocket).evenkeelConnection.handleClose();
}

/** Starts connecting; what fails at once is heard through onClose. */
export function openSocketConnection(options: OpenOptions, clock: Clock, owner: ConnectionOwner): Connection {
  const { socketOptions } = options;
  const socket = new net.Socket({
    allowHalfOpen: true,
    writableHighWaterMark: 1,
    ...(options.fd === undefined ? undefined : { fd: options.fd, readable: true, writable: true }),
  } as net.SocketConstructorOpts);
  const connection = new SocketConnection(socket, clock, owner);
  socket.on('connect', onSocketConnect);
  // The descriptor is there once the attempt has begun.
  if (socketOptions !== undefined) process.nextTick(() => tryOptions(descriptorOf(socket), socketOptions));
  if (options.path !== undefined) {
    socket.connect({ path: options.path });
    return connection;
  }
  socket.setNoDelay(true);
  socket.connect({
    host: options.host ?? '',
    port: options.port ?? 0,
    autoSelectFamily: false,
    ...(options.localAddress === undefined ? undefined : { localAddress: options.localAddress }),
    ...(options.localPort === undefined ? undefined : { localPort: options.localPort }),
  });
  return connection;
}

/** An accepted socket, made with allowHalfOpen and paused, as a connection. */
export function acceptSocket(socket: net.Socket, clock: Clock, owner: ConnectionOwner): Connection {
  socket.setNoDelay(true);
  return new SocketConnection(socket, clock, owner);
}
