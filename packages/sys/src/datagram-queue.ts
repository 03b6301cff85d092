// Datagrams that wait for one receiver and leave together: one sendmmsg(2) hands the kernel all that it has room for. What
// waits is bounded in bytes and number, and its memory is taken once.
//
// The tables that the call reads are laid out here, as struct mmsghdr and struct iovec are on 64-bit Linux: only an iovec
// changes for each datagram.
//
// A receiver without room can be waited for. Being woken for every place that gets free would cost a switch of threads for
// each datagram, so it is slept for a moment in which the receiver takes several. A Unix socket of a receiver has few places:
// ten where net.unix.max_dgram_qlen is what the kernel sets it to.
//
// For a Unix target the socket is connected, which spares the kernel a walk along the path for every datagram. A new socket
// under the same name is found when the old one is gone, and within RECONNECT_MS when it is not. An internet target is named by
// each datagram: its route may change, and what is unreachable is not to be heard of.
import { encodeTarget, openDatagramSocket, resultOf, type DatagramTarget, type SendResult } from './datagram.ts';
import { MSG_DONTWAIT, MSG_NOSIGNAL } from './constants.ts';
import { errnoName } from './errors.ts';
import { addressOf, lastErrno, libc } from './native.ts';

export interface DatagramQueueOptions {
  /** Memory for what waits. */
  readonly bytes: number;
  /** Datagrams that may wait. */
  readonly datagrams: number;
  /** Longest time that one `flush(true)` waits for a receiver that takes nothing, in ms … */
  readonly waitMs: number;
  /** … and for one that goes on taking. */
  readonly totalWaitMs: number;
}

/**
 * How long is slept for a receiver without room, at first and at most. A receiver that runs takes ten datagrams in 30
 * microseconds, one that shares its processor gets it back within milliseconds; a sleep costs 3 to 25 microseconds of
 * processor time, the more where the machine is a virtual one, so that few lines at a time are dear.
 */
const FIRST_PAUSE_MICROSECONDS = 300;
const LONGEST_PAUSE_MICROSECONDS = 1600;
/** How often the path of a Unix target is walked while its socket goes on taking. */
const RECONNECT_MS = 1000;

/** sizeof struct mmsghdr, and where its fields lie, in bytes. */
const HEADER_BYTES = 64;
const Header = { name: 0, nameBytes: 8, vectors: 16, vectorCount: 24 } as const;
/** sizeof struct iovec: base and length. */
const VECTOR_BYTES = 16;
/** sizeof struct sockaddr_storage: room for any address. */
const ADDRESS_BYTES = 128;
const HIGH = 2 ** 32;

export class DatagramQueue {
  readonly #fd: number;
  /** Kept, because headers point to it. */
  readonly #name = Buffer.alloc(ADDRESS_BYTES);
  readonly #nameBytes: number;
  readonly #connects: boolean;
  /** Monotonic ms; -Infinity while it is not connected. */
  #connectedAtMs = -Infinity;
  readonly #arena: Buffer;
  readonly #arenaAddress: number;
  readonly #headers: Buffer;
  readonly #vectors: Uint32Array;
  readonly #limit: number;
  readonly #waitMs: number;
  readonly #totalWaitMs: number;
  readonly #lengths: Uint32Array;
  /** Datagrams from `first` up to `next` wait; they lie one behind the other from `start` up to `end`. */
  #first = 0;
  #next = 0;
  #start = 0;
  #end = 0;
  #isClosed = false;
  /** errno name of the last datagram that was not taken; undefined before one. */
  lastError: string | undefined;

  /** Nothing has to exist at the target yet. Throws SysError (EMFILE, EINVAL for an address that is not numeric) or UnsupportedError. */
  constructor(target: DatagramTarget, { bytes, datagrams, waitMs, totalWaitMs }: DatagramQueueOptions) {
    const name = encodeTarget(target);
    this.#name.set(name);
    this.#nameBytes = name.length;
    this.#connects = target.family === 'unix';
    this.#limit = datagrams;
    this.#waitMs = waitMs;
    this.#totalWaitMs = totalWaitMs;
    this.#arena = Buffer.allocUnsafeSlow(bytes);
    this.#arenaAddress = addressOf(this.#arena);
    this.#headers = Buffer.alloc(datagrams * HEADER_BYTES);
    this.#lengths = new Uint32Array(datagrams);
    this.#vectors = new Uint32Array((datagrams * VECTOR_BYTES) / 4);
    const vectorsAddress = BigInt(addressOf(this.#vectors));
    const nameAddress = BigInt(addressOf(this.#name));
    for (let index = 0; index < datagrams; index++) {
      const at = index * HEADER_BYTES;
      if (!this.#connects) {
        this.#headers.writeBigUInt64LE(nameAddress, at + Header.name);
        this.#headers.writeUInt32LE(name.length, at + Header.nameBytes);
      }
      this.#headers.writeBigUInt64LE(vectorsAddress + BigInt(index * VECTOR_BYTES), at + Header.vectors);
      this.#headers.writeUInt32LE(1, at + Header.vectorCount);
    }
    this.#fd = openDatagramSocket(target, true);
  }

  /** Datagrams that wait. */
  get waiting(): number {
    return this.#next - this.#first;
  }

  /** Copies the first `length` bytes of `payload` behind what waits; false where there is no room. */
  push(payload: Uint8Array, length: number): boolean {
    if (this.#next === this.#limit || this.#end + length > this.#arena.length) {
      this.#moveToStart();
      if (this.#next === this.#limit || this.#end + length > this.#arena.length) return false;
    }
    this.#arena.set(payload.length === length ? payload : payload.subarray(0, length), this.#end);
    this.#place(this.#next++, length);
    return true;
  }

  /**
   * Hands on what waits, oldest first. 'sent': nothing is left. Otherwise the oldest that is left was refused for that reason.
   * `mayWait` lets the call stand still for a receiver without room, as long as the options allow.
   */
  flush(mayWait: boolean): SendResult {
    let pause = FIRST_PAUSE_MICROSECONDS;
    let waitsUntil = -Infinity;
    let silentUntil = -Infinity;
    while (this.#first < this.#next) {
      if (this.#isClosed) return 'gone';
      const errno = this.#handOn();
      if (errno === 0) {
        pause = FIRST_PAUSE_MICROSECONDS;
        silentUntil = -Infinity;
        continue;
      }
      this.lastError = errnoName(errno);
      const result = resultOf(errno);
      if (result !== 'again' || !mayWait) return result;
      const now = performance.now();
      if (waitsUntil === -Infinity) waitsUntil = now + this.#totalWaitMs;
      if (silentUntil === -Infinity) silentUntil = now + this.#waitMs;
      if (now >= waitsUntil || now >= silentUntil) return result;
      libc().usleep(pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MICROSECONDS);
    }
    return 'sent';
  }

  /** Forgets the oldest `count` that wait. */
  drop(count: number): void {
    const first = Math.min(this.#next, this.#first + count);
    if (first === this.#next) {
      this.#first = this.#next = this.#start = this.#end = 0;
      return;
    }
    while (this.#first < first) this.#start += this.#lengths[this.#first++];
  }

  /** Afterwards every flush is 'gone'. */
  close(): void {
    if (!this.#isClosed) libc().close(this.#fd);
    this.#isClosed = true;
  }

  /** Hands on what there is room for: 0, or the errno of the oldest that waits. */
  #handOn(): number {
    const errno = this.#connects ? this.#connect() : 0;
    if (errno !== 0) return errno;
    const refusal = this.#send();
    if (refusal === 0 || !this.#connects || resultOf(refusal) !== 'gone') return refusal;
    // The receiver is gone. Another one may be there under its name.
    this.#connectedAtMs = -Infinity;
    return this.#connect() || this.#send();
  }

  #send(): number {
    const headers = this.#headers.subarray(this.#first * HEADER_BYTES);
    const taken = libc().sendmmsg(this.#fd, headers, this.waiting, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (taken < 0) return lastErrno();
    this.drop(taken);
    return 0;
  }

  /** 0 when it is connected to what has the name, or had it a moment ago; else an errno. */
  #connect(): number {
    const now = performance.now();
    if (now - this.#connectedAtMs < RECONNECT_MS) return 0;
    const isRefused = libc().connect(this.#fd, this.#name, this.#nameBytes) < 0;
    // A receiver that has taken its name away takes on what it is sent, until it closes.
    if (isRefused && this.#connectedAtMs === -Infinity) return lastErrno();
    this.#connectedAtMs = now;
    return 0;
  }

  /** Makes the room behind what waits as large as it can be. */
  #moveToStart(): void {
    if (this.#first === 0) return;
    this.#arena.copyWithin(0, this.#start, this.#end);
    const lengths = this.#lengths.slice(this.#first, this.#next);
    this.#first = this.#next = this.#start = this.#end = 0;
    for (const length of lengths) this.#place(this.#next++, length);
  }

  /** Makes datagram `index` the next `length` bytes of the memory. */
  #place(index: number, length: number): void {
    const address = this.#arenaAddress + this.#end;
    const vector = index * (VECTOR_BYTES / 4);
    this.#vectors[vector] = address >>> 0;
    this.#vectors[vector + 1] = Math.floor(address / HIGH);
    this.#vectors[vector + 2] = length;
    this.#lengths[index] = length;
    this.#end += length;
  }
}
