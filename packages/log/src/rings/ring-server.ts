/**
 * One `server` line of a ring section: a connection that every event of the ring is sent over (RFC 6587: octet counting, or
 * a line feed behind each). The ring keeps what it has not got, once it was connected for the first time. A connection that
 * ends is made again: at once where it had lasted, else after growing pauses.
 */

import { lookup } from 'node:dns';
import { Socket, isIP, isIPv6 } from 'node:net';
import type { Ring, Server } from '@evenkeel/config';
import { descriptorOf, openClientSocket, setStreamOptions } from '@evenkeel/sys';

/** What a server needs of its ring. */
export interface RingEvents {
  readonly oldest: number;
  readonly next: number;
  read(position: number, visit: (event: Buffer, length: number) => boolean): number;
}

/** Bytes in one write, the last event beyond them, and bytes that may be on their way: the ring holds everything else. */
const CHUNK_BYTES = 16 * 1024;
const UNDERWAY_BYTES = 64 * 1024;
/** A connection that lasted so long was a good one. */
const LASTING_MS = 1000;
const FIRST_PAUSE_MS = 250;
const LAST_PAUSE_MS = 5000;

export class RingServer {
  readonly #ring: RingEvents;
  readonly #settings: Server;
  readonly #timeouts: Pick<Ring, 'timeoutConnectMs' | 'timeoutServerMs'>;
  /** Undefined between connections. */
  #socket: Socket | undefined;
  #isConnected = false;
  #connectedAtMs = 0;
  #pauseMs = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #start: number;
  /** Position of the event to send next; -1 before the first connection. */
  #position = -1;
  /** Position up to which the kernel has taken everything. */
  #taken = -1;
  #isClosed = false;
  #idleCallbacks: (() => void)[] = [];
  #failure = 'it is not connected yet';

  /** The first connection gets the events from position `start` on that are left by then. */
  constructor(
    ring: RingEvents,
    settings: Server,
    timeouts: Pick<Ring, 'timeoutConnectMs' | 'timeoutServerMs'>,
    start: number,
  ) {
    this.#start = start;
    this.#ring = ring;
    this.#settings = settings;
    this.#timeouts = timeouts;
    this.#connect();
  }

  /** The ring must keep events from here on. */
  get held(): number {
    return this.#taken < 0 ? Infinity : this.#taken;
  }

  get name(): string {
    return this.#settings.name;
  }

  /** Position of the first event that it was not sent: what is on its way over a connection that stands will arrive. */
  get unsent(): number {
    if (this.#isConnected) return this.#position;
    return this.#taken < 0 ? this.#start : this.#taken;
  }

  /** What stands between the server and the oldest event that it has not got. */
  get state(): string {
    return `server ${this.#settings.name}: ${this.#isConnected ? 'it does not read' : this.#failure}`;
  }

  /** Sends what is new, as far as the connection takes it. */
  pump(): void {
    const socket = this.#socket;
    if (socket === undefined || !this.#isConnected) return;
    while (this.#position < this.#ring.next && socket.writableLength < UNDERWAY_BYTES) {
      const chunk = this.#nextChunk();
      const position = this.#position;
      if (this.#timer === undefined) this.#watch(socket);
      socket.write(chunk, (error) => {
        if (error !== undefined && error !== null) return;
        this.#taken = position;
        clearTimeout(this.#timer);
        this.#timer = undefined;
        if (socket.writableLength > 0) this.#watch(socket);
        this.pump();
        if (this.#taken === this.#ring.next) this.#becomeIdle();
      });
    }
  }

  whenIdle(callback: () => void): void {
    if (this.#isConnected && this.#taken < this.#ring.next) this.#idleCallbacks.push(callback);
    else callback();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#socket?.destroySoon();
    this.#becomeIdle();
  }

  #becomeIdle(): void {
    for (const callback of this.#idleCallbacks.splice(0)) callback();
  }

  /** The next events as they are framed, which moves the position. */
  #nextChunk(): Buffer {
    const counts = this.#settings.logProto === 'octet-count';
    const parts: Buffer[] = [];
    let bytes = 0;
    this.#position = this.#ring.read(this.#position, (event, length) => {
      if (bytes >= CHUNK_BYTES) return false;
      const head = counts ? `${length} ` : '';
      const part = Buffer.allocUnsafe(head.length + length + (counts ? 0 : 1));
      part.write(head, 0, 'latin1');
      event.copy(part, head.length, 0, length);
      if (!counts) part[length] = 0x0a;
      parts.push(part);
      bytes += part.length;
      return true;
    });
    return Buffer.concat(parts, bytes);
  }

  /** `timeout server`: for the data that wait in the socket. */
  #watch(socket: Socket): void {
    const limitMs = this.#timeouts.timeoutServerMs;
    if (limitMs === undefined || limitMs === 0) return;
    this.#timer = setTimeout(() => {
      this.#failure = 'it did not read in time';
      socket.destroy();
    }, limitMs);
  }

  #connect(): void {
    if (this.#isClosed) return;
    const { address } = this.#settings;
    switch (address.kind) {
      case 'unix':
        return this.#open({ path: address.path });
      case 'abstract':
        return this.#open({ path: `\0${address.name.padEnd(107, '\0')}` });
      case 'inet': {
        // Port 514 is that of syslog over TCP, as it is of UDP.
        const port = address.port?.first ?? 514;
        const host = address.host === '*' ? '127.0.0.1' : address.host;
        if (isIP(host) !== 0) return this.#open({ host, port });
        lookup(host, { family: address.family ?? 0 }, (error, found) => {
          if (error === null) this.#open({ host: found, port });
          else this.#connectLater(`${host}: ${error.code ?? error.message}`);
        });
        return;
      }
      case 'fd':
        // Refused when the configuration is read.
        return;
    }
  }

  #open(to: { readonly path: string } | { readonly host: string; readonly port: number }): void {
    if (this.#isClosed) return;
    let socket: Socket;
    try {
      socket = this.#makeSocket(to);
    } catch (error) {
      this.#connectLater(error instanceof Error ? error.message : String(error));
      return;
    }
    this.#socket = socket;
    const { timeoutConnectMs } = this.#timeouts;
    if (timeoutConnectMs !== undefined && timeoutConnectMs > 0) {
      this.#timer = setTimeout(() => {
        this.#failure = 'it did not answer in time';
        socket.destroy();
      }, timeoutConnectMs);
    }
    socket.on('error', (error: NodeJS.ErrnoException) => (this.#failure = error.code ?? error.message));
    socket.once('close', () => this.#onClose());
    // What a receiver of logs has to say is not listened to; that it ends is heard.
    socket.resume();
    socket.connect(to, () => this.#onConnect(socket));
  }

  /** A socket of its own kind where it must leave from an address or interface. */
  #makeSocket(to: { readonly path: string } | { readonly host: string; readonly port: number }): Socket {
    const { source } = this.#settings;
    if ('path' in to || source === undefined) return new Socket();
    const { address, interface: device } = source;
    const fd = openClientSocket({
      family: isIPv6(to.host) ? 'ipv6' : 'ipv4',
      ...(address.kind === 'inet' && address.host !== '*' ? { address: address.host } : {}),
      ...(address.kind === 'inet' && address.port !== undefined ? { port: address.port.first } : {}),
      ...(device === undefined ? {} : { interface: device }),
    });
    return new Socket({ fd });
  }

  #onConnect(socket: Socket): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isConnected = true;
    this.#connectedAtMs = performance.now();
    this.#failure = 'the connection was closed';
    this.#applyOptions(socket);
    // What the first connection finds in the ring is sent too; a later one goes on where the kernel had taken everything.
    if (this.#taken < 0) this.#taken = Math.max(this.#start, this.#ring.oldest);
    this.#position = this.#taken;
    this.pump();
  }

  #onClose(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#socket = undefined;
    const lasted = this.#isConnected && performance.now() - this.#connectedAtMs >= LASTING_MS;
    this.#isConnected = false;
    this.#becomeIdle();
    if (this.#isClosed) return;
    if (lasted) {
      this.#pauseMs = 0;
      this.#connect();
    } else this.#connectLater(this.#failure);
  }

  #connectLater(failure: string): void {
    this.#failure = failure;
    this.#pauseMs = this.#pauseMs === 0 ? FIRST_PAUSE_MS : Math.min(LAST_PAUSE_MS, this.#pauseMs * 2);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#connect();
    }, this.#pauseMs);
  }

  #applyOptions(socket: Socket): void {
    const { tcpUserTimeoutMs } = this.#settings;
    if (tcpUserTimeoutMs === undefined) return;
    const fd = descriptorOf(socket);
    try {
      if (fd >= 0) setStreamOptions(fd, { userTimeoutMs: tcpUserTimeoutMs });
    } catch {
      // The connection is good without it.
    }
  }
}
