// One interface over the ways a body ends (RFC 9112, 6.3), so that the stream moves bytes without knowing the framing.
//
// Per received buffer: `const end = reader.read(buffer, from, to)`. Then either `reader.passThrough` is true and the bytes
// from..end go out as they are (the very buffer, not a copy), or `reader.output` holds what to send in their place.
// Bytes from `end` on belong to the next message. Nothing is output of a chunk-size line, of the last chunk or of trailers before
// it is whole and valid: an error never leaves half a line on the other side.
import type { BodyErrorCode } from './head-error.ts'
import type { HeaderList } from './header-list.ts'

export interface BodyReader {
  /**
   * Takes the bytes `from..to` of `buffer` and returns the offset after the last byte that belongs to this body (`to`
   * unless the body ended or failed). Fields below describe this call until the next one.
   */
  read(buffer: Buffer, from: number, to: number): number
  /** The sender closed: completes a read-until-close body; false when the body was cut short. */
  end(): boolean
  /** The body is complete. */
  readonly done: boolean
  /** Why the body is refused; `undefined` while it is well. */
  readonly error: BodyErrorCode | undefined
  /** Whether `buffer[from..end)` may be forwarded as it is. */
  readonly passThrough: boolean
  /** What to forward instead when `passThrough` is false: slices of the buffer and re-encoded parts, in order; may be empty. */
  readonly output: readonly Buffer[]
  /** Payload ranges of the last `read`: pairs start, end, in the buffer passed in; `2 * rangeCount` entries are valid. */
  readonly ranges: readonly number[]
  readonly rangeCount: number
  /** Payload bytes of the body so far, without framing. */
  readonly payloadBytes: number
  /** Payload bytes still to come as far as known: rest of a Content-Length, else Infinity while not done. */
  readonly remaining: number
  /** Trailer fields once done; `undefined` when there were none. */
  readonly trailers: HeaderList | undefined
}

/** Limits of a chunked body. */
export interface BodyLimits {
  /** Largest size of the trailer section in bytes, of the wire. */
  readonly maxTrailerBytes: number
  /** Largest number of trailer fields (`tune.http.maxhdr`). */
  readonly maxTrailers: number
}

/** The reader for a framing as the head's parser found it; `contentLength` counts for `length` only. */
export declare function createBodyReader(
  framing: 'none' | 'length' | 'chunked' | 'close' | 'tunnel',
  contentLength: number,
  limits: BodyLimits,
): BodyReader
