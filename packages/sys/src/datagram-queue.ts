// Datagrams that wait for one receiver and leave together: one sendmmsg(2) hands the kernel all that it has room for. What
// waits is bounded in bytes and number, and its memory is taken once.
//
// The tables that the call reads are laid out here, as struct mmsghdr and struct iovec are on 64-bit Linux: only an iovec
// changes for each datagram. The socket itself blocks, so that a caller who may wait for a receiver without room can do it
// in the kernel (SO_SNDTIMEO); every other call says MSG_DONTWAIT.
import { encodeTarget, openDatagramSocket, resultOf, type DatagramTarget, type SendResult } from './datagram.ts';
import { MSG_DONTWAIT, MSG_NOSIGNAL, SOL_SOCKET, SO_SNDTIMEO } from './constants.ts';
import { errnoName } from './errors.ts';
import { addressOf, check, lastErrno, libc } from './native.ts';

export interface DatagramQueueOptions {
  /** Memory for what waits. */
  readonly bytes: number;
  /** Datagrams that may wait. */
  readonly datagrams: number;
  /** Longest time that one `flush(true)` waits for a receiver that takes nothing, in ms … */
  readonly waitMs: number;
  /** … and for one that goes on taking, up to BURST times `waitMs` more where it takes one now and then. */
  readonly totalWaitMs: number;
}

/** Datagrams in a call that may wait: each of them may wait on its own. */
const BURST = 4;

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
  /** Kept, because the headers point to it. */
  readonly #name = Buffer.alloc(ADDRESS_BYTES);
  readonly #arena: Buffer;
  readonly #arenaAddress: number;
  readonly #headers: Buffer;
  readonly #vectors: Uint32Array;
  readonly #limit: number;
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
    this.#limit = datagrams;
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
      this.#headers.writeBigUInt64LE(nameAddress, at + Header.name);
      this.#headers.writeUInt32LE(name.length, at + Header.nameBytes);
      this.#headers.writeBigUInt64LE(vectorsAddress + BigInt(index * VECTOR_BYTES), at + Header.vectors);
      this.#headers.writeUInt32LE(1, at + Header.vectorCount);
    }
    this.#fd = openDatagramSocket(target, false);
    // struct timeval
    const time = BigInt64Array.of(BigInt(Math.floor(waitMs / 1000)), BigInt((waitMs % 1000) * 1000));
    const bytesOfTime = new Uint8Array(time.buffer);
    check('setsockopt', libc().setsockopt(this.#fd, SOL_SOCKET, SO_SNDTIMEO, bytesOfTime, 16), 'SO_SNDTIMEO');
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
   * `mayWait` lets the call block for a receiver without room, as long as the options allow.
   */
  flush(mayWait: boolean): SendResult {
    let waitsUntil = 0;
    while (this.#first < this.#next) {
      if (this.#isClosed) return 'gone';
      let taken = this.#send(this.waiting, MSG_DONTWAIT | MSG_NOSIGNAL);
      let errno = taken < 0 ? lastErrno() : 0;
      if (taken < 0 && mayWait && resultOf(errno) === 'again') {
        const now = performance.now();
        if (waitsUntil === 0) waitsUntil = now + this.#totalWaitMs;
        if (now >= waitsUntil) return 'again';
        taken = this.#send(Math.min(this.waiting, BURST), MSG_NOSIGNAL);
        errno = taken < 0 ? lastErrno() : 0;
      }
      if (taken < 0) {
        this.lastError = errnoName(errno);
        return resultOf(errno);
      }
      this.drop(taken);
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

  #send(count: number, flags: number): number {
    return libc().sendmmsg(this.#fd, this.#headers.subarray(this.#first * HEADER_BYTES), count, flags);
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
