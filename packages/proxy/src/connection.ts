// One end of a proxied conversation: the only thing through which streams, sessions and pools touch a socket. It knows
// nothing of what the bytes mean, of rules or of time-outs.
//
// A socket carries its Connection in one field and shares its listeners with every other socket, so a connection costs
// no closure. The owner may change at any time (a pooled server connection has many in its life); it hears onData,
// onEnd, onDrain and, exactly once and last, onClose. Half-open is always allowed: the peer's FIN is onEnd, ours is
// end(). A paused socket sees neither FIN nor RST, so whoever pauses must have a timer running.
import * as net from 'node:net'
import { descriptorOf } from '@evenkeel/sys'
import type { Clock } from './thread-context.ts'

/** Why a connection ended other than by both sides closing in order. */
export type ConnectionErrorKind =
  | 'reset' // the peer aborted: ECONNRESET, EPIPE
  | 'refused' // ECONNREFUSED, or a Unix socket that is not there
  | 'timeout' // the kernel gave up: ETIMEDOUT (TCP_USER_TIMEOUT, keep-alive probes, SYN retries)
  | 'unreachable' // EHOSTUNREACH, ENETUNREACH and their kind
  | 'resource' // this process or machine ran out: EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL (no port left), EAGAIN
  | 'other'

export class ConnectionError {
  readonly kind: ConnectionErrorKind
  /** errno name, for logs: `ECONNRESET`. */
  readonly code: string
  constructor(kind: ConnectionErrorKind, code: string) {
    this.kind = kind
    this.code = code
  }
}

/** Who a connection belongs to for the moment. Every callback runs with the thread's `now` fresh. */
export interface ConnectionOwner {
  /** Bytes from the peer. The buffer is the owner's to keep or to pass on; nobody writes to it again. */
  onData(chunk: Buffer): void
  /** The peer sent FIN: no more onData. Writing is still possible. */
  onEnd(): void
  /** After a write that returned false: everything was handed to the kernel. */
  onDrain(): void
  /** The descriptor is gone. `error` is undefined when both sides closed in order or we destroyed it. */
  onClose(error: ConnectionError | undefined): void
  /** Only for connections made by `Connection.open`: the connection stands. */
  onConnect?(): void
}

export interface OpenOptions {
  /** Numeric address, with `port`; or `path`, NUL first for the abstract name space; or a descriptor that is bound already. */
  readonly host?: string
  readonly port?: number
  readonly path?: string
  readonly localAddress?: string
  readonly localPort?: number
  /** A bound, unconnected descriptor of `sys.openClientSocket`, to connect to host:port. */
  readonly fd?: number
}

export interface PeerAddress {
  /** Numeric address; empty for a Unix socket. */
  readonly address: string
  readonly port: number
  readonly family: 4 | 6 | 0
}

const NO_ADDRESS: PeerAddress = { address: '', port: 0, family: 0 }
const MAPPED_IPV4 = '::ffff:'

interface OwnedSocket extends net.Socket {
  evenkeelConnection: Connection
}

/** Until somebody takes the connection: hears nothing. */
export const NOBODY: ConnectionOwner = {
  onData() {},
  onEnd() {},
  onDrain() {},
  onClose() {},
}

export class Connection {
  owner: ConnectionOwner
  /** Bytes read from and accepted for writing to the peer, in this connection's whole life. */
  bytesIn = 0
  bytesOut = 0
  /** The peer sent FIN. */
  isReadEnded = false
  /** We sent, or will send after what is buffered, FIN. */
  isWriteEnded = false
  /** onClose was or is about to be called: nothing may be written any more. */
  isClosed = false
  /** Monotonic ms of the accept or of the connect call. */
  readonly openedMs: number

  readonly #socket: OwnedSocket
  readonly #clock: Clock
  #error: ConnectionError | undefined
  #remote: PeerAddress | undefined
  #local: PeerAddress | undefined

  /** Takes over a socket made with allowHalfOpen. It stays paused until `resume`. */
  constructor(socket: net.Socket, clock: Clock, owner: ConnectionOwner) {
    const owned = socket as OwnedSocket
    owned.evenkeelConnection = this
    this.#socket = owned
    this.#clock = clock
    this.owner = owner
    this.openedMs = clock.now
    owned.on('data', onSocketData)
    owned.on('end', onSocketEnd)
    owned.on('drain', onSocketDrain)
    owned.on('error', onSocketError)
    owned.on('close', onSocketClose)
    owned.pause()
  }

  /** Starts connecting; the owner hears onConnect or onClose. Throws nothing: what fails at once is heard like the rest. */
  static open(options: OpenOptions, clock: Clock, owner: ConnectionOwner): Connection {
    const socket =
      options.fd === undefined
        ? new net.Socket({ allowHalfOpen: true })
        : new net.Socket({ allowHalfOpen: true, fd: options.fd, readable: true, writable: true })
    const connection = new Connection(socket, clock, owner)
    socket.on('connect', onSocketConnect)
    if (options.path !== undefined) {
      socket.connect({ path: options.path })
    } else {
      socket.setNoDelay(true)
      socket.connect({
        host: options.host ?? '',
        port: options.port ?? 0,
        autoSelectFamily: false,
        ...(options.localAddress === undefined ? undefined : { localAddress: options.localAddress }),
        ...(options.localPort === undefined ? undefined : { localPort: options.localPort }),
      })
    }
    return connection
  }

  get clock(): Clock {
    return this.#clock
  }

  /** Hands bytes over; false when the owner should wait for onDrain. The bytes are kept either way. */
  write(chunk: Buffer): boolean {
    if (this.isClosed || this.isWriteEnded) return true
    this.bytesOut += chunk.length
    return this.#socket.write(chunk)
  }

  /** As `write`, for text whose characters are all below 256, one byte each: heads. */
  writeLatin1(text: string): boolean {
    if (this.isClosed || this.isWriteEnded) return true
    this.bytesOut += text.length
    return this.#socket.write(text, 'latin1')
  }

  /** FIN after everything written so far. */
  end(): void {
    if (this.isClosed || this.isWriteEnded) return
    this.isWriteEnded = true
    this.#socket.end()
  }

  /** Closes both ways at once; what was not written yet is lost. onClose follows, later, with no error. */
  destroy(): void {
    if (!this.isClosed) this.#socket.destroy()
  }

  /** Closes with RST. */
  reset(): void {
    if (this.isClosed) return
    if (this.#socket.connecting) this.#socket.destroy()
    else this.#socket.resetAndDestroy()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Bytes accepted by write and not yet handed to the kernel. */
  get writableLength(): number {
    return this.#socket.writableLength
  }

  /** The descriptor, for `sys`; -1 once it is gone. */
  get descriptor(): number {
    return descriptorOf(this.#socket)
  }

  /** The peer. An IPv4 client on an IPv6 socket shows as IPv4. Asked of the kernel once, and kept after the close. */
  get remote(): PeerAddress {
    return (this.#remote ??= addressOf(this.#socket.remoteAddress, this.#socket.remotePort))
  }

  /** Our end. */
  get local(): PeerAddress {
    return (this.#local ??= addressOf(this.#socket.localAddress, this.#socket.localPort))
  }

  /** Turns Nagle's algorithm off or on. */
  setNoDelay(on: boolean): void {
    this.#socket.setNoDelay(on)
  }

  /** SO_KEEPALIVE; undefined leaves the kernel's value. Times in ms. */
  setKeepAlive(idleMs: number | undefined, intervalMs: number | undefined, count: number | undefined): void {
    setKeepAlive(this.#socket, idleMs, intervalMs, count)
  }

  // Called by the shared listeners only.

  handleData(chunk: Buffer): void {
    this.#clock.refresh()
    this.bytesIn += chunk.length
    this.owner.onData(chunk)
  }

  handleEnd(): void {
    this.#clock.refresh()
    this.isReadEnded = true
    this.owner.onEnd()
  }

  handleDrain(): void {
    this.#clock.refresh()
    this.owner.onDrain()
  }

  handleConnect(): void {
    this.#clock.refresh()
    this.owner.onConnect?.()
  }

  handleError(error: NodeJS.ErrnoException): void {
    this.#error ??= connectionError(error.code ?? 'EUNKNOWN')
  }

  handleClose(): void {
    if (this.isClosed) return
    this.#clock.refresh()
    this.isClosed = true
    this.owner.onClose(this.#error)
  }
}

function onSocketData(this: net.Socket, chunk: Buffer): void {
  ;(this as OwnedSocket).evenkeelConnection.handleData(chunk)
}
function onSocketEnd(this: net.Socket): void {
  ;(this as OwnedSocket).evenkeelConnection.handleEnd()
}
function onSocketDrain(this: net.Socket): void {
  ;(this as OwnedSocket).evenkeelConnection.handleDrain()
}
function onSocketConnect(this: net.Socket): void {
  ;(this as OwnedSocket).evenkeelConnection.handleConnect()
}
function onSocketError(this: net.Socket, error: NodeJS.ErrnoException): void {
  ;(this as OwnedSocket).evenkeelConnection.handleError(error)
}
function onSocketClose(this: net.Socket): void {
  ;(this as OwnedSocket).evenkeelConnection.handleClose()
}

function addressOf(address: string | undefined, port: number | undefined): PeerAddress {
  if (address === undefined || port === undefined) return NO_ADDRESS
  if (address.startsWith(MAPPED_IPV4)) return { address: address.slice(MAPPED_IPV4.length), port, family: 4 }
  return { address, port, family: address.includes(':') ? 6 : 4 }
}

function setKeepAlive(socket: net.Socket, idleMs: number | undefined, intervalMs: number | undefined, count: number | undefined): void {
  // Declared by Node since 24.?: setKeepAlive(enable, initialDelayMs, intervalMs, count).
  const set = socket.setKeepAlive as (this: net.Socket, enable: boolean, idleMs?: number, intervalMs?: number, count?: number) => net.Socket
  set.call(socket, true, idleMs, intervalMs, count)
}

const KIND_OF_CODE: Readonly<Record<string, ConnectionErrorKind>> = {
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ECONNABORTED: 'reset',
  ECONNREFUSED: 'refused',
  ENOENT: 'refused',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETDOWN: 'unreachable',
  EMFILE: 'resource',
  ENFILE: 'resource',
  ENOBUFS: 'resource',
  ENOMEM: 'resource',
  EADDRNOTAVAIL: 'resource',
  EAGAIN: 'resource',
}

/** Files an errno name under its kind. */
export function connectionError(code: string): ConnectionError {
  return new ConnectionError(KIND_OF_CODE[code] ?? 'other', code)
}
