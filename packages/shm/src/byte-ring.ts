// A ring of whole records from many threads to one: log lines on their way to the log thread.
//
// It is one ring for each producer, merged by the consumer. A producer that dies while it writes leaves nothing behind,
// because a record exists only once its ring's `written` moves; no reservation of a dead thread has to be found and skipped,
// and producers share no line that both write but the stamp. A full ring costs a counted drop, never a wait.
//
// Buffer: a control block, then for each producer a control block, then for each producer its bytes.
// word           unit              writer
// sleeping       1 while asleep    consumer (1), producers (compare-exchange to 0, then notify)
// stamp          number, wraps     producers (add): gives records of all producers an order
// written        bytes, wraps      its producer
// dropped        records, wraps    its producer
// taken          bytes, wraps      consumer
// All are sequentially consistent Int32; record bytes are stored plainly before `written` and read after it. `written` and
// `taken` count on over the ring's end and are cut by a mask, so that a full ring differs from an empty one.
//
// A record: length in bytes, tag, stamp, mark (Int32 each), payload, filled up to 8 bytes. It does not wrap: where it would,
// a filler (length -1) sends the consumer to the start.

/** Plain data for workers. */
export interface ByteRingHandle {
  readonly buffer: SharedArrayBuffer;
  readonly producers: number;
  /** A power of two. */
  readonly bytesPerProducer: number;
}

const BLOCK_BYTES = 128;
const BLOCK_INTS = BLOCK_BYTES / 4;
const RingWord = { sleeping: 0, stamp: 16 } as const;
/** The consumer's word lies on the second line of the block, away from what the producer writes. */
const ProducerWord = { written: 0, dropped: 1, taken: 16 } as const;

const HEADER_BYTES = 16;
const FILLER = -1;
const MIN_BYTES = 4096;
/** Positions are cut from Int32 counters, which must not be ambiguous. */
const MAX_BYTES = 1 << 28;

const dataStart = (producers: number): number => BLOCK_BYTES * (1 + producers);
const producerBlock = (producer: number): number => BLOCK_INTS * (1 + producer);
/** A record with its header, in the ring's unit of 8 bytes; so a filler's length word always fits. */
const recordBytes = (payload: number): number => (HEADER_BYTES + payload + 7) & ~7;

/** `bytesPerProducer` is rounded up to a power of two between 4 KiB and 256 MiB. */
export function createByteRing(producers: number, bytesPerProducer: number): ByteRingHandle {
  if (bytesPerProducer > MAX_BYTES) throw new RangeError(`bytesPerProducer ${bytesPerProducer} is above ${MAX_BYTES}`);
  const bytes = 2 ** Math.ceil(Math.log2(Math.max(bytesPerProducer, MIN_BYTES)));
  return {
    buffer: new SharedArrayBuffer(dataStart(producers) + producers * bytes),
    producers,
    bytesPerProducer: bytes,
  };
}

/** One thread's producing end; there must be one writer for each producer number at a time. */
export class ByteRingWriter {
  readonly #control: Int32Array;
  readonly #ints: Int32Array;
  readonly #bytes: Buffer;
  readonly #block: number;
  readonly #size: number;

  /** A successor of a dead producer goes on where that one stopped. */
  constructor(handle: ByteRingHandle, producer: number) {
    if (!(producer >= 0 && producer < handle.producers))
      throw new RangeError(`producer ${producer} is not below ${handle.producers}`);
    const start = dataStart(handle.producers) + producer * handle.bytesPerProducer;
    this.#control = new Int32Array(handle.buffer, 0, dataStart(handle.producers) / 4);
    this.#ints = new Int32Array(handle.buffer, start, handle.bytesPerProducer / 4);
    this.#bytes = Buffer.from(handle.buffer, start, handle.bytesPerProducer);
    this.#block = producerBlock(producer);
    this.#size = handle.bytesPerProducer;
  }

  /**
   * Publishes one whole record, or counts a drop and returns false: when the ring is full, or the record could never fit.
   * `tag` and `mark` are any 32-bit numbers (destination, level, time …). Never blocks.
   */
  write(tag: number, mark: number, bytes: Uint8Array): boolean {
    const at = this.#reserve(bytes.length);
    if (at < 0) return false;
    this.#bytes.set(bytes, at + HEADER_BYTES);
    this.#commit(at, tag, mark, bytes.length);
    return true;
  }

  /** As `write`; 'latin1' keeps one byte for each character. */
  writeText(tag: number, mark: number, text: string, encoding: 'latin1' | 'utf8'): boolean {
    // A UTF-16 unit takes at most three bytes; what is not needed is not committed.
    const room = encoding === 'latin1' ? text.length : text.length * 3;
    const at = this.#reserve(room);
    if (at < 0) return false;
    this.#commit(at, tag, mark, this.#bytes.write(text, at + HEADER_BYTES, room, encoding));
    return true;
  }

  /** Where a record of that payload may be written, or -1. */
  #reserve(payload: number): number {
    const needed = recordBytes(payload);
    const written = this.#control[this.#block + ProducerWord.written];
    const at = written & (this.#size - 1);
    const toEnd = this.#size - at;
    const filler = needed > toEnd ? toEnd : 0;
    const used = (written - Atomics.load(this.#control, this.#block + ProducerWord.taken)) | 0;
    if (used + filler + needed > this.#size) {
      Atomics.add(this.#control, this.#block + ProducerWord.dropped, 1);
      return -1;
    }
    if (filler === 0) return at;
    this.#ints[at >> 2] = FILLER;
    return 0;
  }

  #commit(at: number, tag: number, mark: number, length: number): void {
    const header = at >> 2;
    this.#ints[header] = length;
    this.#ints[header + 1] = tag;
    this.#ints[header + 2] = Atomics.add(this.#control, RingWord.stamp, 1);
    this.#ints[header + 3] = mark;
    const written = this.#control[this.#block + ProducerWord.written];
    const filler = at === 0 ? -written & (this.#size - 1) : 0;
    Atomics.store(this.#control, this.#block + ProducerWord.written, (written + filler + recordBytes(length)) | 0);
    // The consumer says that it sleeps before it looks once more, so either it sees this record or it is seen to sleep.
    if (
      Atomics.load(this.#control, RingWord.sleeping) === 1 &&
      Atomics.compareExchange(this.#control, RingWord.sleeping, 1, 0) === 1
    ) {
      Atomics.notify(this.#control, RingWord.sleeping);
    }
  }
}

/** A record in place: what it says is valid while its visitor runs. One object serves for all records of a reader. */
export interface RingRecord {
  tag: number;
  mark: number;
  producer: number;
  /** The producer's ring; the payload is from `start` up to `end`. */
  bytes: Buffer;
  start: number;
  end: number;
}

interface Producer {
  readonly number: number;
  readonly block: number;
  readonly ints: Int32Array;
  readonly bytes: Buffer;
  /** What of it is being drained: from `taken` up to `written`, its word when the drain began. */
  taken: number;
  written: number;
}

/** The consuming end; there must be exactly one at a time. */
export class ByteRingReader {
  /** What `Atomics.waitAsync(words, index, 1)` or `Atomics.wait(words, index, 1)` takes after `prepareToSleep()`. */
  readonly words: Int32Array;
  readonly index: number = RingWord.sleeping;
  readonly #size: number;
  readonly #producers: readonly Producer[];
  /** Those that have something, while a drain runs. */
  readonly #active: Producer[] = [];
  readonly #record: RingRecord = { tag: 0, mark: 0, producer: 0, bytes: Buffer.alloc(0), start: 0, end: 0 };

  constructor(handle: ByteRingHandle) {
    this.words = new Int32Array(handle.buffer, 0, dataStart(handle.producers) / 4);
    this.#size = handle.bytesPerProducer;
    this.#producers = Array.from({ length: handle.producers }, (_, number) => {
      const start = dataStart(handle.producers) + number * handle.bytesPerProducer;
      return {
        number,
        block: producerBlock(number),
        ints: new Int32Array(handle.buffer, start, handle.bytesPerProducer / 4),
        bytes: Buffer.from(handle.buffer, start, handle.bytesPerProducer),
        taken: 0,
        written: 0,
      };
    });
  }

  /**
   * Hands at most `limit` of the records that were there at the call to `visit`, and returns how many. Each producer's records
   * come in their order; of several producers the record with the lowest stamp comes first, which is the order of writing.
   */
  drain(visit: (record: RingRecord) => void, limit: number): number {
    const active = this.#active;
    active.length = 0;
    // Most producers have nothing most of the time: they are asked once, not for each record.
    for (const producer of this.#producers) {
      producer.taken = this.words[producer.block + ProducerWord.taken];
      producer.written = Atomics.load(this.words, producer.block + ProducerWord.written);
      if (producer.taken !== producer.written) active.push(producer);
    }
    let drained = 0;
    while (drained < limit && active.length > 0) {
      const next = active.length === 1 ? active[0] : this.#oldest();
      this.#hand(next, visit);
      if (next.taken === next.written) active.splice(active.indexOf(next), 1);
      drained++;
    }
    return drained;
  }

  /** A mark behind everything that is written by now, for `isPast`; good for 2 GiB. */
  mark(): readonly number[] {
    return this.#producers.map(({ block }) => Atomics.load(this.words, block + ProducerWord.written));
  }

  /** Whether everything that was written before `mark` was drained. */
  isPast(mark: readonly number[]): boolean {
    return this.#producers.every(
      ({ block, number }) => ((this.words[block + ProducerWord.taken] - mark[number]) | 0) >= 0,
    );
  }

  /** Records that did not fit, over all producers, since the start; wraps at 2^32. */
  dropped(): number {
    return (
      this.#producers.reduce((sum, { block }) => sum + Atomics.load(this.words, block + ProducerWord.dropped), 0) >>> 0
    );
  }

  /**
   * Says that the consumer is about to sleep; false when records are waiting. After true, wait on `words[index]` while it
   * is 1: the next record of any producer wakes the sleeper.
   */
  prepareToSleep(): boolean {
    Atomics.store(this.words, RingWord.sleeping, 1);
    if (!this.#hasRecords()) return true;
    Atomics.store(this.words, RingWord.sleeping, 0);
    return false;
  }

  #hasRecords(): boolean {
    for (const { block } of this.#producers)
      if (this.words[block + ProducerWord.taken] !== Atomics.load(this.words, block + ProducerWord.written))
        return true;
    return false;
  }

  /** Hands on the next record of a producer that has one. */
  #hand(producer: Producer, visit: (record: RingRecord) => void): void {
    const record = this.#record;
    const header = this.#header(producer);
    const length = producer.ints[header];
    record.tag = producer.ints[header + 1];
    record.mark = producer.ints[header + 3];
    record.producer = producer.number;
    record.bytes = producer.bytes;
    record.start = header * 4 + HEADER_BYTES;
    record.end = record.start + length;
    producer.taken = (producer.taken + recordBytes(length)) | 0;
    try {
      visit(record);
    } finally {
      // A record that the visitor cannot digest must not come again for ever.
      Atomics.store(this.words, producer.block + ProducerWord.taken, producer.taken);
    }
  }

  /** The active producer whose next record has the lowest stamp. */
  #oldest(): Producer {
    let oldest = this.#active[0];
    let lowest = oldest.ints[this.#header(oldest) + 2];
    for (let index = 1; index < this.#active.length; index++) {
      const producer = this.#active[index];
      const stamp = producer.ints[this.#header(producer) + 2];
      if (((stamp - lowest) | 0) >= 0) continue;
      oldest = producer;
      lowest = stamp;
    }
    return oldest;
  }

  /** Where the next record of a producer that has one begins, in Int32. A filler in front of it is skipped. */
  #header(producer: Producer): number {
    const at = producer.taken & (this.#size - 1);
    if (producer.ints[at >> 2] !== FILLER) return at >> 2;
    // A filler is published together with the record after it.
    producer.taken = (producer.taken + this.#size - at) | 0;
    return 0;
  }
}
