// A connection directly on a libuv stream handle: what all plain TCP and Unix connections are. See stream-handle.ts for
// why. One object for each connection, no closure, no event emitter; a write that the kernel takes at once, which is
// nearly every one, allocates nothing.
import { SysError, openClientSocket, setStreamOptions } from '@evenkeel/sys';
import type { Connection, ConnectionOwner, OpenOptions, PeerAddress } from '../connection.ts';
import type { Clock } from '../thread-context.ts';
import { NO_ADDRESS, peerAddress } from './address.ts';
import { connectionError, type ConnectionError } from './error.ts';
import { tryOptions } from './options.ts';
import { DESK, slabOf, slabs, type Slab, type SlabReader } from './read-memory.ts';
import {
  loadStreamHandles,
  type AddressOut,
  type ConnectRequest,
  type ShutdownRequest,
  type StreamHandle,
  type StreamHandles,
  type TcpHandle,
  type UvStatus,
  type WriteRequest,
} from './stream-handle.ts';

/** What this runtime offers; loaded once, never changed. */
const runtime: StreamHandles | undefined = loadStreamHandles();

/** Whether connections of this kind can be made here. */
export const handleConnectionsSupported = runtime !== undefined;

/** Only called where `handleConnectionsSupported`. */
const uv = runtime as StreamHandles;

/** A read of at least this much is taken for part of a large transfer: the next one goes to a slab. */
const BULK_BYTES = 16_384;

export class HandleConnection implements Connection, SlabReader {
  owner: ConnectionOwner;
  bytesIn = 0;
  bytesOut = 0;
  isReadEnded = false;
  isWriteEnded = false;
  isClosed = false;
  /** Called by the shared handlers below only. */
  readonly clock: Clock;

  readonly #handle: StreamHandle;
  #reading = false;
  #connecting: boolean;
  /** Bytes of writes that libuv holds. */
  #pendingBytes = 0;
  /** FIN was sent or is in libuv's queue. */
  #finQueued = false;
  #finSent = false;
  #error: ConnectionError | undefined = undefined;
  /** Where reads go during a large transfer; the desk otherwise. */
  #slab: Slab | undefined = undefined;
  #slabWasRead = false;
  #remote: PeerAddress | undefined = undefined;
  #local: PeerAddress | undefined = undefined;

  /** Takes over a connected handle, or one that is about to connect. */
  constructor(handle: StreamHandle, clock: Clock, owner: ConnectionOwner, connecting: boolean) {
    this.#handle = handle;
    this.#connecting = connecting;
    this.clock = clock;
    this.owner = owner;
    handle.evenkeelConnection = this;
    handle.onread = onHandleRead;
    handle.useUserBuffer(DESK);
  }

  get writableLength(): number {
    return this.isClosed ? 0 : this.#pendingBytes;
  }

  /** As the kernel sees it now: a write that is half done counts half. */
  get unsentBytes(): number {
    return this.isClosed ? 0 : this.#handle.writeQueueSize;
  }

  get descriptor(): number {
    return this.isClosed ? -1 : this.#handle.fd;
  }

  get remote(): PeerAddress {
    if (this.#remote === undefined) {
      if (this.isClosed) return NO_ADDRESS;
      this.#remote = askAddress(this.#handle, 'getpeername');
    }
    return this.#remote;
  }

  get local(): PeerAddress {
    if (this.#local === undefined) {
      if (this.isClosed) return NO_ADDRESS;
      this.#local = askAddress(this.#handle, 'getsockname');
    }
    return this.#local;
  }

  write(chunk: Buffer): boolean {
    if (this.isClosed || this.isWriteEnded) return true;
    const bytes = chunk.length;
    this.bytesOut += bytes;
    const request = spareRequest ?? newRequest();
    const status = this.#handle.writeBuffer(request, chunk);
    return this.#written(request, status, bytes, chunk);
  }

  writeLatin1(text: string): boolean {
    if (this.isClosed || this.isWriteEnded) return true;
    const bytes = text.length;
    this.bytesOut += bytes;
    const request = spareRequest ?? newRequest();
    const status = this.#handle.writeLatin1String(request, text);
    return this.#written(request, status, bytes, undefined);
  }

  #written(request: WriteRequest, status: UvStatus, bytes: number, chunk: Buffer | undefined): boolean {
    if (status !== 0) {
      this.#writeFailed(status);
      return true;
    }
    if (uv.streamState[uv.lastWriteWasAsyncAt] === 0) return true;
    // libuv keeps the request and the bytes: neither may be used again until it says so.
    spareRequest = undefined;
    request.handle = this.#handle;
    request.chunk = chunk;
    request.bytes = bytes;
    const slab = chunk === undefined ? undefined : slabOf(chunk);
    if (slab !== undefined) {
      slab.writes++;
      request.slab = slab;
    }
    this.#pendingBytes += bytes;
    return false;
  }

  /** The peer takes no more. What it sent before it said so is still readable: the read side brings the end, if it is open. */
  #writeFailed(status: UvStatus): void {
    const error = connectionError(uv.errname(status));
    if (this.#reading && !this.isReadEnded) {
      this.isWriteEnded = true;
      this.#error ??= error;
    } else {
      this.#fail(error);
    }
  }

  end(): void {
    if (this.isClosed || this.isWriteEnded) return;
    this.isWriteEnded = true;
    if (this.#pendingBytes === 0) {
      // Both ways are done: closing sends the FIN.
      if (this.isReadEnded) return this.#close();
    }
    this.#finQueued = true;
    const request = new uv.ShutdownWrap();
    request.oncomplete = onShutdown;
    request.handle = this.#handle;
    const status = this.#handle.shutdown(request);
    if (status < 0) this.#fail(connectionError(uv.errname(status)));
    else if (status === 1) this.handleShutdown(0);
  }

  destroy(): void {
    if (!this.isClosed) this.#close();
  }

  reset(): void {
    if (this.isClosed) return;
    const tcp = this.#handle as TcpHandle;
    // A connecting socket sends no RST, and libuv refuses while a FIN waits behind unsent bytes: linger does it then.
    if (this.#connecting || tcp.reset === undefined) return this.#close();
    if (this.#finQueued && !this.#finSent) {
      setStreamOptions(this.#handle.fd, { resetOnClose: true });
      return this.#close();
    }
    this.#reading = false;
    if (tcp.reset() !== 0) return this.#close();
    this.#closed();
  }

  pause(): void {
    if (!this.#reading) return;
    this.#reading = false;
    if (!this.isClosed) this.#handle.readStop();
  }

  resume(): void {
    if (this.#reading || this.isClosed || this.isReadEnded) return;
    this.#reading = true;
    // Also while connecting, where the transport lets it: the kernel then hears of both in one call.
    const status = this.#handle.readStart();
    if (status !== 0 && !this.#connecting) this.#fail(connectionError(uv.errname(status)));
  }

  setNoDelay(on: boolean): void {
    const tcp = this.#handle as TcpHandle;
    if (!this.isClosed && tcp.setNoDelay !== undefined) tcp.setNoDelay(on);
  }

  setKeepAlive(idleMs: number | undefined, intervalMs: number | undefined, count: number | undefined): void {
    if (this.isClosed || (this.#handle as TcpHandle).setNoDelay === undefined) return;
    setStreamOptions(this.#handle.fd, {
      keepAlive: {
        enabled: true,
        ...(idleMs === undefined ? undefined : { idleSeconds: seconds(idleMs) }),
        ...(intervalMs === undefined ? undefined : { intervalSeconds: seconds(intervalMs) }),
        ...(count === undefined ? undefined : { count }),
      },
    });
  }

  // Called by the shared handlers below only.

  /** Returns where the next read goes, undefined for the same place. */
  handleRead(): Uint8Array | undefined {
    const length = uv.streamState[uv.readBytesOrErrorAt];
    if (length > 0) {
      this.clock.refresh();
      this.bytesIn += length;
      return this.#slab === undefined ? this.#readToDesk(length) : this.#readToSlab(this.#slab, length);
    }
    // 0: nothing to read after all (EAGAIN).
    if (length !== 0 && !this.isClosed) this.#readEnded(length);
    return undefined;
  }

  #readToDesk(length: number): Uint8Array | undefined {
    const chunk = Buffer.allocUnsafe(length);
    DESK.copy(chunk, 0, 0, length);
    this.owner.onData(chunk);
    if (length < BULK_BYTES || this.isClosed) return undefined;
    slabs.join(this);
    this.#slab = slabs.take();
    return this.#slab.buffer;
  }

  #readToSlab(slab: Slab, length: number): Uint8Array | undefined {
    const borrowed = this.owner.borrowsChunks === true;
    // While the owner has the chunk the slab is nobody's: it may close this connection meanwhile.
    this.#slab = undefined;
    this.owner.onData(length === slab.buffer.length ? slab.buffer : slab.buffer.subarray(0, length));
    const goesOn = length >= BULK_BYTES && !this.isClosed;
    if (borrowed && slab.writes === 0) {
      if (goesOn) {
        this.#slab = slab;
        this.#slabWasRead = true;
        return undefined;
      }
      slabs.giveBack(slab);
    } else if (borrowed) {
      slab.isDetached = true;
    }
    if (goesOn) {
      this.#slab = slabs.take();
      this.#slabWasRead = true;
      return this.#slab.buffer;
    }
    slabs.leave(this);
    return DESK;
  }

  leaveIdleSlab(): boolean {
    const slab = this.#slab;
    if (slab === undefined) return true;
    if (this.#slabWasRead) {
      this.#slabWasRead = false;
      return false;
    }
    this.#handle.useUserBuffer(DESK);
    this.#slab = undefined;
    slabs.giveBack(slab);
    return true;
  }

  #readEnded(status: UvStatus): void {
    this.clock.refresh();
    if (status !== uv.endOfFile) return this.#fail(this.#error ?? connectionError(uv.errname(status)));
    this.isReadEnded = true;
    this.#reading = false;
    if (this.#error !== undefined) return this.#fail(this.#error);
    this.owner.onEnd();
    if (this.#finSent && !this.isClosed) this.#close();
  }

  handleWritten(status: UvStatus, bytes: number): void {
    this.#pendingBytes -= bytes;
    if (this.isClosed) return;
    this.clock.refresh();
    if (status !== 0) return this.#writeFailed(status);
    if (this.#pendingBytes === 0) this.owner.onDrain();
  }

  handleShutdown(status: UvStatus): void {
    if (this.isClosed) return;
    this.#finSent = true;
    if (status < 0) {
      // The peer is gone; where reading is on, it says so too.
      if (this.#reading) this.#error ??= connectionError(uv.errname(status));
      else this.#fail(connectionError(uv.errname(status)));
    } else if (this.isReadEnded) this.#close();
  }

  handleConnected(status: UvStatus): void {
    if (this.isClosed) return;
    this.clock.refresh();
    this.#connecting = false;
    if (status !== 0) return this.#fail(connectionError(uv.errname(status)));
    if (this.#reading) this.#handle.readStart();
    this.owner.onConnect?.();
  }

  handleClosed(): void {
    this.clock.refresh();
    this.owner.onClose(this.#error);
  }

  /** Ends a connection whose handle could not even be opened or start to connect. */
  failOpening(status: UvStatus): void {
    this.#fail(connectionError(uv.errname(status)));
  }

  #fail(error: ConnectionError): void {
    if (this.isClosed) return;
    this.#error = error;
    this.#close();
  }

  #close(): void {
    this.#handle.close();
    this.#closed();
  }

  #closed(): void {
    this.isClosed = true;
    this.#reading = false;
    const slab = this.#slab;
    if (slab !== undefined) {
      this.#slab = undefined;
      slabs.leave(this);
      slabs.giveBack(slab);
    }
    // The descriptor is closed already; owners hear of it from outside their own calls.
    process.nextTick(tellClosed, this);
  }
}

/**
 * A write request that no write holds: libuv looks at it only when the kernel does not take all bytes at once. It means
 * nothing between two writes, so it is no state of anybody.
 */
let spareRequest: WriteRequest | undefined;

function newRequest(): WriteRequest {
  const request = new uv.WriteWrap();
  request.oncomplete = onWritten;
  request.chunk = undefined;
  request.slab = undefined;
  request.bytes = 0;
  spareRequest = request;
  return request;
}

function tellClosed(connection: HandleConnection): void {
  connection.handleClosed();
}

function onHandleRead(this: StreamHandle): Uint8Array | undefined {
  return (this.evenkeelConnection as HandleConnection).handleRead();
}
function onWritten(this: WriteRequest, status: UvStatus): void {
  this.chunk = undefined;
  const slab = this.slab as Slab | undefined;
  if (slab !== undefined) {
    this.slab = undefined;
    slabs.endWrite(slab);
  }
  (this.handle.evenkeelConnection as HandleConnection).handleWritten(status, this.bytes);
}
function onShutdown(this: ShutdownRequest, status: UvStatus): void {
  (this.handle.evenkeelConnection as HandleConnection).handleShutdown(status);
}
function onConnected(this: ConnectRequest, status: UvStatus, handle: StreamHandle): void {
  (handle.evenkeelConnection as HandleConnection).handleConnected(status);
}

function askAddress(handle: StreamHandle, which: 'getpeername' | 'getsockname'): PeerAddress {
  const tcp = handle as TcpHandle;
  if (tcp[which] === undefined) return NO_ADDRESS;
  const out: AddressOut = {};
  return tcp[which](out) === 0 ? peerAddress(out.address, out.port) : NO_ADDRESS;
}

/** Kernel time-outs of keep-alive are whole seconds; less than one means one. */
function seconds(ms: number): number {
  return Math.max(1, Math.round(ms / 1000));
}

/** Starts connecting; undefined where this runtime has no such handles. */
export function openHandleConnection(
  options: OpenOptions,
  clock: Clock,
  owner: ConnectionOwner,
): Connection | undefined {
  if (runtime === undefined) return undefined;
  if (options.path !== undefined) {
    const pipe = new runtime.Pipe(runtime.pipeSocketType);
    const connection = new HandleConnection(pipe, clock, owner, true);
    const request = new runtime.PipeConnectWrap();
    request.oncomplete = onConnected;
    const status = pipe.connect(request, options.path);
    if (status !== 0) connection.failOpening(status);
    else if (options.socketOptions !== undefined) tryOptions(pipe.fd, options.socketOptions);
    return connection;
  }
  const tcp = new runtime.TCP(runtime.tcpSocketType);
  const connection = new HandleConnection(tcp, clock, owner, true);
  const status = connectTcp(tcp, options);
  if (status !== 0) connection.failOpening(status);
  return connection;
}

function connectTcp(tcp: TcpHandle, options: OpenOptions): UvStatus {
  const host = options.host ?? '';
  // A numeric address, so this tells; asking node:net runs a regular expression for each connection.
  const v6 = host.includes(':');
  let status = 0;
  if (options.fd !== undefined) status = tcp.open(options.fd);
  else if (options.localAddress !== undefined) {
    const port = options.localPort ?? 0;
    status = v6 ? tcp.bind6(options.localAddress, port, 0) : tcp.bind(options.localAddress, port);
  } else if (options.socketOptions !== undefined) status = openUnbound(tcp, v6);
  if (status !== 0) return status;
  if (options.socketOptions !== undefined) tryOptions(tcp.fd, options.socketOptions);
  const request = new uv.TCPConnectWrap();
  request.oncomplete = onConnected;
  status = v6 ? tcp.connect6(request, host, options.port ?? 0) : tcp.connect(request, host, options.port ?? 0);
  if (status === 0) tcp.setNoDelay(true);
  return status;
}

/** Gives a handle its socket before it connects: libuv would make it then. */
function openUnbound(tcp: TcpHandle, v6: boolean): UvStatus {
  try {
    return tcp.open(openClientSocket({ family: v6 ? 'ipv6' : 'ipv4' }));
  } catch (error) {
    if (error instanceof SysError) return -error.errno;
    throw error;
  }
}

/** An accepted handle as a connection, paused. */
export function acceptHandle(handle: StreamHandle, clock: Clock, owner: ConnectionOwner): Connection {
  const tcp = handle as TcpHandle;
  if (tcp.setNoDelay !== undefined) tcp.setNoDelay(true);
  return new HandleConnection(handle, clock, owner, false);
}
