/** Plain data for workers. */
export interface ByteRingHandle {
  readonly buffer: SharedArrayBuffer
  readonly producers: number
  readonly bytesPerProducer: number
}

/** `bytesPerProducer` is rounded up to a power of two; at least 4,096. */
export declare function createByteRing(producers: number, bytesPerProducer: number): ByteRingHandle

/** One thread's producing end; there must be one writer for each producer number at a time. */
export declare class ByteRingWriter {
  constructor(handle: ByteRingHandle, producer: number)
  /** Publishes one whole record, or counts a drop and returns false. `tag` is any 32-bit number (destination, level …). Never blocks. */
  write(tag: number, bytes: Uint8Array): boolean
  writeText(tag: number, text: string, encoding: 'latin1' | 'utf8'): boolean
}

/** The consuming end; exactly one. */
export declare class ByteRingReader {
  constructor(handle: ByteRingHandle)
  /**
   * Hands at most `limit` records to `visit`, oldest first over all producers; returns how many. `bytes` is a view that
   * is valid during the call only.
   */
  drain(visit: (tag: number, bytes: Buffer, producer: number) => void, limit: number): number
  /** Records that did not fit, over all producers, since the start. */
  dropped(): number
  /**
   * Says that the consumer is about to sleep; false when records are waiting. After true, pass `words` and `index` to
   * `Atomics.waitAsync(words, index, 0)` or `Atomics.wait`; a producer's next record wakes it.
   */
  prepareToSleep(): boolean
  readonly words: Int32Array
  readonly index: number
}
