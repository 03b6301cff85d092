// One interface over the ways a body ends (RFC 9112, 6.3), so that the stream moves bytes without knowing the framing, and
// the readers that only count. The chunked one is in chunked-reader.ts.
//
// Per received buffer: `const end = reader.read(buffer, from, to)`. Then either `reader.passThrough` is true and the bytes
// from..end go out as they are (the very buffer, not a copy), or `reader.output` holds what to send in their place.
// Bytes from `end` on belong to the next message. Nothing is output of a chunk-size line, of the last chunk or of trailers before
// it is whole and valid: an error never leaves half a line on the other side.
import { ChunkedReader } from './chunked-reader.ts';
import type { BodyErrorCode } from './head-error.ts';
import type { CaseMap, HeaderList } from './header-list.ts';

export interface BodyReader {
  /**
   * Takes the bytes `from..to` of `buffer` and returns the offset after the last byte that belongs to this body (`to`
   * unless the body ended or failed). Fields below describe this call until the next one.
   */
  read(buffer: Buffer, from: number, to: number): number;
  /** The sender closed: completes a read-until-close body and a tunnel; false when the body was cut short. */
  end(): boolean;
  /** The body is complete. */
  readonly done: boolean;
  /** Why the body is refused; `undefined` while it is well. */
  readonly error: BodyErrorCode | undefined;
  /** Whether `buffer[from..end)` may be forwarded as it is. */
  readonly passThrough: boolean;
  /** What to forward instead when `passThrough` is false: slices of the buffer and re-encoded parts, in order; may be empty. */
  readonly output: readonly Buffer[];
  /** Payload ranges of the last `read`: pairs start, end, in the buffer passed in; `2 * rangeCount` entries are valid. */
  readonly ranges: readonly number[];
  readonly rangeCount: number;
  /** Payload bytes of the body so far, without framing. */
  readonly payloadBytes: number;
  /** Payload bytes still to come: the rest of a Content-Length, 0 when done, else Infinity. */
  readonly remaining: number;
  /** Trailer fields once done; `undefined` when there were none. */
  readonly trailers: HeaderList | undefined;
}

/** Limits of a chunked body. */
export interface BodyLimits {
  /** Largest number of bytes between two chunks, or of the trailer section; HAProxy's is what fits in `tune.bufsize`. */
  readonly maxTrailerBytes: number;
  /** `tune.http.maxhdr`: one more than the largest number of trailer fields. */
  readonly maxTrailers: number;
  /** Spelling of trailer names for the side that the body goes to (`h1-case-adjust`), when it is bogus. */
  readonly caseMap?: CaseMap | undefined;
}

/** The reader for a framing as the head's parser found it; `contentLength` counts for `length` only. */
export function createBodyReader(
  framing: 'none' | 'length' | 'chunked' | 'close' | 'tunnel',
  contentLength: number,
  limits: BodyLimits,
): BodyReader {
  switch (framing) {
    case 'none':
      return new CountingReader(0);
    case 'length':
      return new CountingReader(contentLength);
    case 'chunked':
      return new ChunkedReader(limits);
    case 'close':
    case 'tunnel':
      return new CountingReader(Infinity);
  }
}

const nothing: readonly Buffer[] = [];

/** A body of a known length, or of any length until the sender closes (`Infinity`). Every byte is payload and passes through. */
export class CountingReader implements BodyReader {
  readonly error = undefined;
  readonly passThrough = true;
  readonly output = nothing;
  readonly ranges: number[] = [0, 0];
  readonly trailers = undefined;
  done: boolean;
  rangeCount = 0;
  payloadBytes = 0;
  remaining: number;

  constructor(length: number) {
    this.remaining = length;
    this.done = length === 0;
  }

  read(_buffer: Buffer, from: number, to: number): number {
    const end = to - from > this.remaining ? from + this.remaining : to;
    const taken = end - from;
    this.remaining -= taken;
    this.payloadBytes += taken;
    if (this.remaining === 0) this.done = true;
    this.ranges[0] = from;
    this.ranges[1] = end;
    this.rangeCount = taken > 0 ? 1 : 0;
    return end;
  }

  end(): boolean {
    if (this.remaining === Infinity) {
      this.remaining = 0;
      this.done = true;
    }
    return this.done;
  }
}
