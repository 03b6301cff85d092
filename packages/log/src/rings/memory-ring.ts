/**
 * The memory of a `ring` section (manual section 3.9): events of any length in a fixed number of bytes, where the newest
 * replace the oldest, but never what a reader that holds on still has to read. Pure.
 *
 * An event takes what it takes in HAProxy's rings: its length in one to four bytes, its bytes, and one byte more (a line
 * feed here, so that a backing file can be read), so that as many events fit. Positions count bytes since the ring was made
 * and never wrap; an event's position is that of its first byte.
 */

/** Longest length code. */
const LENGTH_BYTES = 4;
const LINE_FEED = 0x0a;

/** Lengths below this are one byte; the next 2,048 take two, the next 262,144 three. */
const ONE_BYTE = 240;
const TWO_BYTES = ONE_BYTE + 2048;
const THREE_BYTES = TWO_BYTES + 262_144;

function lengthBytes(length: number): number {
  if (length < ONE_BYTE) return 1;
  if (length < TWO_BYTES) return 2;
  return length < THREE_BYTES ? 3 : 4;
}

export class MemoryRing {
  /** The bytes, and the position that lies at their start: `position % size`. */
  readonly bytes: Buffer;
  readonly #code = Buffer.alloc(LENGTH_BYTES);
  #oldest = 0;
  #next = 0;

  /** `size` in bytes, at least 2; `start`: the position of the first event. */
  constructor(size: number, start = 0) {
    this.bytes = Buffer.alloc(size);
    this.#oldest = start;
    this.#next = start;
  }

  get size(): number {
    return this.bytes.length;
  }

  /** Position of the oldest event that is left; `next` where there is none. */
  get oldest(): number {
    return this.#oldest;
  }

  /** Position of the event that will come next. */
  get next(): number {
    return this.#next;
  }

  /**
   * Stores the first `length` bytes of `event`. False, and nothing changed, where it could never fit, or where what would
   * have to go is at or behind `held`: the position up to which the slowest reader has read.
   */
  push(event: Buffer, length: number, held = Infinity): boolean {
    const needed = lengthBytes(length) + length + 1;
    // One byte is never used: HAProxy keeps it for its readers at the very end.
    if (needed > this.size - 1) return false;
    let oldest = this.#oldest;
    while (this.#next + needed - oldest > this.size - 1) {
      if (oldest >= held) return false;
      oldest = this.#after(oldest);
    }
    this.#oldest = oldest;
    const codeBytes = this.#encode(length);
    this.#write(this.#code, codeBytes);
    this.#write(event, length);
    this.bytes[this.#next++ % this.size] = LINE_FEED;
    return true;
  }

  /** An event of that length, which does not fit, is passed over: positions go on behind it, and nothing before it is left. */
  skip(length: number): void {
    this.#next += lengthBytes(length) + length + 1;
    this.#oldest = this.#next;
  }

  /**
   * Hands the events from `position` on to `visit`, as a copy in `room` and its length, until `visit` returns false, and
   * returns the position after the last one that it took. What was replaced meanwhile is passed over. `room` must hold the
   * longest event.
   */
  read(position: number, room: Buffer, visit: (length: number) => boolean): number {
    let at = Math.max(position, this.#oldest);
    while (at < this.#next) {
      const { length, bytes } = this.#decode(at);
      this.#copy(at + bytes, room, length);
      if (!visit(length)) break;
      at += bytes + length + 1;
    }
    return at;
  }

  #after(position: number): number {
    const { length, bytes } = this.#decode(position);
    return position + bytes + length + 1;
  }

  #encode(length: number): number {
    const code = this.#code;
    if (length < ONE_BYTE) {
      code[0] = length;
      return 1;
    }
    if (length < TWO_BYTES) {
      code[0] = ONE_BYTE + ((length - ONE_BYTE) >> 8);
      code[1] = (length - ONE_BYTE) & 0xff;
      return 2;
    }
    if (length < THREE_BYTES) {
      code[0] = 248 + ((length - TWO_BYTES) >> 16);
      code.writeUInt16BE((length - TWO_BYTES) & 0xffff, 1);
      return 3;
    }
    code[0] = 252;
    code.writeUIntBE(length - THREE_BYTES, 1, 3);
    return 4;
  }

  #decode(position: number): { readonly length: number; readonly bytes: number } {
    const first = this.#at(position);
    if (first < ONE_BYTE) return { length: first, bytes: 1 };
    if (first < 248) return { length: ONE_BYTE + ((first - ONE_BYTE) << 8) + this.#at(position + 1), bytes: 2 };
    const low = (this.#at(position + 1) << 8) + this.#at(position + 2);
    if (first < 252) return { length: TWO_BYTES + ((first - 248) << 16) + low, bytes: 3 };
    return { length: THREE_BYTES + (low << 8) + this.#at(position + 3), bytes: 4 };
  }

  #at(position: number): number {
    return this.bytes[position % this.size];
  }

  #write(source: Buffer, length: number): void {
    const start = this.#next % this.size;
    const head = Math.min(length, this.size - start);
    source.copy(this.bytes, start, 0, head);
    if (head < length) source.copy(this.bytes, 0, head, length);
    this.#next += length;
  }

  #copy(position: number, room: Buffer, length: number): void {
    const start = position % this.size;
    const head = Math.min(length, this.size - start);
    this.bytes.copy(room, 0, start, start + head);
    if (head < length) this.bytes.copy(room, head, 0, length - head);
  }
}
