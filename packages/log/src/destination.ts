/**
 * Where lines leave the process. A destination never waits for its receiver: what the receiver does not take is held up to
 * a bound, or dropped and counted. One object per distinct target of a configuration, living in the log thread.
 */

import { write } from 'node:fs';
import { lookup } from 'node:dns';
import { isIPv6, isIP } from 'node:net';
import { openDatagram } from '@evenkeel/sys';
import type { Datagram } from '@evenkeel/sys';
import type { LogTarget } from '@evenkeel/config';

export interface Destination {
  /** Takes one line, or drops and counts it. Never blocks and never throws. */
  send(line: Buffer): void;
  /** Lines dropped so far. */
  readonly dropped: number;
  /** Why the last line was dropped: an errno name or a short text. */
  readonly reason: string;
  /** Calls back when nothing that was taken is still held. */
  whenIdle(callback: () => void): void;
  close(): void;
}

export function openDestination(where: LogTarget['destination']): Destination {
  switch (where.kind) {
    case 'stdout':
      return new DescriptorDestination(1);
    case 'stderr':
      return new DescriptorDestination(2);
    case 'fd':
      return new DescriptorDestination(where.fd);
    case 'unix':
      return new DatagramDestination(() => openDatagram({ family: 'unix', path: where.path }));
    case 'udp':
      return new HostDestination(where.host, where.port);
    case 'ring':
      // Rings are checked when the configuration is read: none exists that could be named here.
      throw new Error(`no ring section is named '${where.name}'`);
  }
}

/**
 * Bytes that wait for a slow pipe, terminal or file. 256 KiB holds about a thousand lines: the burst of one busy second
 * behind a reader that hiccups, and little enough that a reader that is gone costs no memory worth the name.
 */
const DESCRIPTOR_QUEUE_BYTES = 256 * 1024;

/** A pipe, terminal or file. Writes are asynchronous and one at a time; lines that came meanwhile leave together. */
class DescriptorDestination implements Destination {
  readonly #fd: number;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #busy = false;
  #idleCallbacks: (() => void)[] = [];
  dropped = 0;
  reason = '';

  constructor(fd: number) {
    this.#fd = fd;
  }

  send(line: Buffer): void {
    if (this.#waitingBytes + line.length > DESCRIPTOR_QUEUE_BYTES) {
      this.dropped++;
      this.reason = 'the reader is too slow';
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    if (!this.#busy) this.#flush();
  }

  whenIdle(callback: () => void): void {
    if (this.#busy) this.#idleCallbacks.push(callback);
    else callback();
  }

  close(): void {
    // Descriptors 1, 2 and inherited ones belong to whoever started the process.
  }

  #flush(): void {
    const lines = this.#waiting;
    const bytes = lines.length === 1 ? lines[0] : Buffer.concat(lines);
    this.#waiting = [];
    this.#busy = true;
    this.#write(bytes, lines.length);
  }

  #write(bytes: Buffer, lines: number): void {
    write(this.#fd, bytes, (error, written) => {
      if (error !== null && error.code === 'EAGAIN') {
        // A non-blocking pipe that is full: what is held stays held, and is tried again when the kernel may have room.
        setTimeout(() => this.#write(bytes, lines), 20);
        return;
      }
      if (error === null && written < bytes.length) {
        this.#write(bytes.subarray(written), lines);
        return;
      }
      if (error !== null) {
        this.dropped += lines;
        this.reason = error.code ?? error.message;
      }
      this.#waitingBytes = 0;
      for (const line of this.#waiting) this.#waitingBytes += line.length;
      if (this.#waiting.length > 0) {
        this.#flush();
        return;
      }
      this.#busy = false;
      for (const callback of this.#idleCallbacks.splice(0)) callback();
    });
  }
}

/** Lines kept for a receiver that is there and has no room: its queue holds ten by default (unix(7), max_dgram_qlen). */
const WAITING_LINES = 1024;
/** How often such a receiver is asked again, and for how long when it takes nothing at all. */
const RETRY_MS = 2;
const PATIENCE_MS = 1000;

/**
 * A datagram socket of syslog. HAProxy drops a line that the kernel does not take at once; here lines come in bursts, after
 * the log thread slept or while it started, and nobody is kept waiting by a thread that tries again.
 */
class DatagramDestination implements Destination {
  readonly #open: () => Datagram;
  #socket: Datagram | undefined;
  readonly #waiting: Buffer[] = [];
  #retry: NodeJS.Timeout | undefined;
  #lastSentMs = 0;
  readonly #idleCallbacks: (() => void)[] = [];
  dropped = 0;
  reason = '';

  constructor(open: () => Datagram) {
    this.#open = open;
  }

  send(line: Buffer): void {
    try {
      this.#socket ??= this.#open();
    } catch (error) {
      this.dropped++;
      this.reason = error instanceof Error ? error.message : String(error);
      return;
    }
    if (this.#waiting.length > 0) this.#wait(line, this.#socket);
    else if (!this.#try(line, this.#socket)) {
      this.#lastSentMs = performance.now();
      this.#wait(line, this.#socket);
      this.#retryLater(this.#socket);
    }
  }

  /** False where the receiver has no room; a line that it cannot get at all is dropped. */
  #try(line: Buffer, socket: Datagram): boolean {
    const result = socket.send(line);
    if (result === 'again') return false;
    if (result !== 'sent') this.#drop(1, socket.lastError ?? result);
    return true;
  }

  #wait(line: Buffer, socket: Datagram): void {
    if (this.#waiting.length < WAITING_LINES) this.#waiting.push(line);
    else this.#drop(1, socket.lastError ?? 'again');
  }

  #drop(lines: number, reason: string): void {
    this.dropped += lines;
    this.reason = reason;
  }

  #retryLater(socket: Datagram): void {
    this.#retry = setTimeout(() => {
      const now = performance.now();
      let sent = 0;
      while (sent < this.#waiting.length && this.#try(this.#waiting[sent], socket)) sent++;
      this.#waiting.splice(0, sent);
      if (sent > 0) this.#lastSentMs = now;
      if (now - this.#lastSentMs > PATIENCE_MS) this.#drop(this.#waiting.splice(0).length, socket.lastError ?? 'again');
      if (this.#waiting.length > 0) return this.#retryLater(socket);
      for (const callback of this.#idleCallbacks.splice(0)) callback();
    }, RETRY_MS);
  }

  whenIdle(callback: () => void): void {
    if (this.#waiting.length === 0) callback();
    else this.#idleCallbacks.push(callback);
  }

  close(): void {
    clearTimeout(this.#retry);
    this.#socket?.close();
    this.#socket = undefined;
  }
}

/** Lines kept while a log host's name is being resolved, once, at the start. */
const RESOLVING_LINES = 512;

/** `host:port`; a name is resolved once, as HAProxy does when it reads the configuration. */
class HostDestination implements Destination {
  readonly #inner: DatagramDestination;
  #address: string | undefined;
  #waiting: Buffer[] | undefined;
  #failure: string | undefined;
  #ownDrops = 0;
  readonly #idleCallbacks: (() => void)[] = [];

  constructor(host: string, port: number) {
    this.#inner = new DatagramDestination(() => {
      const address = this.#address ?? '';
      return openDatagram({ family: isIPv6(address) ? 'ipv6' : 'ipv4', address, port });
    });
    if (isIP(host) !== 0) {
      this.#address = host;
      return;
    }
    this.#waiting = [];
    lookup(host, (error, address) => {
      const waiting = this.#waiting ?? [];
      this.#waiting = undefined;
      if (error === null) this.#address = address;
      else this.#failure = `${host}: ${error.code ?? error.message}`;
      for (const line of waiting) this.send(line);
      for (const callback of this.#idleCallbacks) callback();
    });
  }

  send(line: Buffer): void {
    if (this.#waiting !== undefined && this.#waiting.length < RESOLVING_LINES) this.#waiting.push(line);
    else if (this.#waiting !== undefined || this.#failure !== undefined) this.#ownDrops++;
    else this.#inner.send(line);
  }

  get dropped(): number {
    return this.#ownDrops + this.#inner.dropped;
  }

  get reason(): string {
    return this.#failure ?? (this.#inner.reason || 'the name is still being resolved');
  }

  whenIdle(callback: () => void): void {
    if (this.#waiting === undefined) this.#inner.whenIdle(callback);
    else this.#idleCallbacks.push(callback);
  }

  close(): void {
    this.#inner.close();
  }
}
