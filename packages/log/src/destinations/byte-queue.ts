/** Lines that wait for a pipe, terminal or file, one behind the other in a memory that is taken once. */

const LINE_FEED = 0x0a;

export class ByteQueue {
  readonly #bytes: Buffer;
  #start = 0;
  #end = 0;

  constructor(bytes: number) {
    this.#bytes = Buffer.allocUnsafeSlow(bytes);
  }

  /** Bytes that wait. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Copies the first `length` bytes of `line` behind what waits; false where there is no room. */
  push(line: Buffer, length: number): boolean {
    if (this.#end + length > this.#bytes.length) {
      this.#bytes.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
      if (this.#end + length > this.#bytes.length) return false;
    }
    line.copy(this.#bytes, this.#end, 0, length);
    this.#end += length;
    return true;
  }

  /** The oldest bytes, valid until the next push: whole lines of at most `limit` bytes, or what fits of a longer one. */
  head(limit: number): Buffer {
    if (this.length <= limit) return this.#bytes.subarray(this.#start, this.#end);
    const feed = this.#bytes.lastIndexOf(LINE_FEED, this.#start + limit - 1);
    const end = feed >= this.#start ? feed + 1 : this.#start + limit;
    return this.#bytes.subarray(this.#start, end);
  }

  /** The oldest line. */
  firstLine(): Buffer {
    const feed = this.#bytes.indexOf(LINE_FEED, this.#start);
    return this.#bytes.subarray(this.#start, feed >= 0 && feed < this.#end ? feed + 1 : this.#end);
  }

  /** Forgets the oldest `bytes`. */
  take(bytes: number): void {
    this.#start += bytes;
    if (this.#start >= this.#end) this.#start = this.#end = 0;
  }

  /** Lines that wait, one that was begun to be taken included. */
  lines(): number {
    let count = 0;
    for (let at = this.#start; at < this.#end; count++) {
      const feed = this.#bytes.indexOf(LINE_FEED, at);
      at = feed < 0 ? this.#end : feed + 1;
    }
    return count;
  }

  clear(): void {
    this.#start = this.#end = 0;
  }
}
