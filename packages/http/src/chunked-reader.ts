// Incremental decoder of the chunked transfer coding (RFC 9112, 7.1) over received buffers. Accepts what HAProxy accepts:
// bare LF for CRLF, leading zeros, blanks and extensions behind the size. What is already in canonical form (`hex CRLF data CRLF`, no
// extension) passes through untouched; the rest leaves re-encoded.
//
// Machine: size line -> payload -> line end -> size line ... ; size 0 -> trailers -> done. What stands between two payloads is
// held back until it is whole; held bytes that came in an earlier buffer leave in canonical form with the next output.
import type { BodyLimits, BodyReader } from './body-reader.ts';
import { cr, isBlank, lf } from './chars.ts';
import { encodeLastChunk } from './chunk-encoder.ts';
import { FieldScan, scanFields } from './fields.ts';
import type { BodyErrorCode } from './head-error.ts';
import { HeaderList } from './header-list.ts';
import { latin1 } from './latin1.ts';

type State =
  | 'size'
  | 'size-blank'
  | 'extension'
  | 'size-lf'
  | 'payload'
  | 'payload-end'
  | 'payload-lf'
  | 'trailers'
  | 'done'
  | 'error';

/** HAProxy takes at most 13 significant hex digits; so every size and its sum with an offset is exact in a double. */
const maxSize = 2 ** 52 - 1;

/** Trailer fields that are dropped: they would speak about framing, routing or the connection (RFC 9110, 6.5.1). */
const forbiddenTrailers = new Set([
  'content-length',
  'transfer-encoding',
  'host',
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
  'expect',
]);

/** Hex value of a byte, or -1. */
function hexValue(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

export class ChunkedReader implements BodyReader {
  done = false;
  error: BodyErrorCode | undefined = undefined;
  passThrough = true;
  output: Buffer[] = [];
  readonly ranges: number[] = [0, 0];
  rangeCount = 0;
  payloadBytes = 0;
  trailers: HeaderList | undefined = undefined;

  #limits: BodyLimits;
  #state: State = 'size';
  /** Size of the chunk whose line is being read, then what is left of its payload. */
  #size = 0;
  #digits = 0;
  /** Bytes since the last payload byte: bounded, since they are not payload. */
  #between = 0;
  /** Whether the held bytes are canonical so far, and whether all of them are in the current buffer. */
  #heldCanonical = true;
  #heldHere = true;
  /** Offset in the current buffer of the first held byte. */
  #heldFrom = 0;
  /** Offset up to which the current buffer went to `output`; `passThrough` while nothing did. */
  #emitted = 0;
  /** The trailer section so far, as text. */
  #trailerText = '';

  constructor(limits: BodyLimits) {
    this.#limits = limits;
  }

  get remaining(): number {
    return this.done ? 0 : Infinity;
  }

  end(): boolean {
    return this.done;
  }

  read(buffer: Buffer, from: number, to: number): number {
    this.passThrough = true;
    this.output = [];
    this.rangeCount = 0;
    this.#emitted = from;
    this.#heldFrom = from;
    if (this.#between > 0) this.#heldHere = false;
    const end = this.#advance(buffer, from, to);
    this.#flush(buffer, end);
    return end;
  }

  #advance(buffer: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to) {
      switch (this.#state) {
        case 'payload': {
          const end = to - at < this.#size ? to : at + this.#size;
          this.#addRange(at, end);
          this.#size -= end - at;
          at = end;
          if (this.#size === 0) this.#startHolding('payload-end', at);
          continue;
        }
        case 'trailers':
          return this.#readTrailers(buffer, at, to);
        case 'done':
        case 'error':
          return at;
        default: {
          const code = buffer[at];
          at++;
          if (++this.#between > this.#limits.maxTrailerBytes) return this.#fail('chunk-line-too-long', at);
          this.#step(code, buffer, at);
          if (this.error !== undefined) return at - 1;
        }
      }
    }
    return at;
  }

  /** One byte between payloads; `next` is the offset behind it. */
  #step(code: number, buffer: Buffer, next: number): void {
    switch (this.#state) {
      case 'payload-end':
        if (code === cr) this.#state = 'payload-lf';
        else if (code === lf) this.#endPayload(false, buffer, next);
        else this.#fail('bad-chunk-end', next);
        return;
      case 'payload-lf':
        if (code === lf) this.#endPayload(true, buffer, next);
        else this.#fail('bad-chunk-end', next);
        return;
      case 'size': {
        const digit = hexValue(code);
        if (digit >= 0) {
          // A leading zero is not canonical, but the single 0 of the last chunk is.
          if (this.#digits > 0 && this.#size === 0) this.#heldCanonical = false;
          this.#size = this.#size * 16 + digit;
          this.#digits++;
          if (this.#size > maxSize) this.#fail('chunk-too-large', next);
        } else if (this.#digits === 0) this.#fail('bad-chunk-size', next);
        else if (code === cr) this.#state = 'size-lf';
        else if (code === lf) this.#endSizeLine(false, buffer, next);
        else this.#behindSize(code, next);
        return;
      }
      case 'size-blank':
        if (code === cr) this.#state = 'size-lf';
        else if (code === lf) this.#endSizeLine(false, buffer, next);
        else this.#behindSize(code, next);
        return;
      case 'extension':
        if (code === cr) this.#state = 'size-lf';
        else if (code === lf) this.#endSizeLine(false, buffer, next);
        else if (code === 0) this.#fail('bad-chunk-extension', next);
        return;
      case 'size-lf':
        if (code === lf) this.#endSizeLine(true, buffer, next);
        else this.#fail('bad-chunk-size', next);
        return;
      default:
        return;
    }
  }

  /** A byte behind the digits that is not the line end: blanks, then an extension; nothing else. */
  #behindSize(code: number, next: number): void {
    this.#heldCanonical = false;
    if (isBlank(code)) this.#state = 'size-blank';
    else if (code === 59) this.#state = 'extension';
    else this.#fail('bad-chunk-size', next);
  }

  /** The line end behind a payload is whole: it leaves at once, since a receiver may wait for it before it looks at the chunk. */
  #endPayload(canonical: boolean, buffer: Buffer, next: number): void {
    if (!(canonical && this.#heldHere)) this.#replaceHeld(buffer, '\r\n', next);
    this.#startHolding('size', next);
    this.#size = 0;
    this.#digits = 0;
  }

  #endSizeLine(canonical: boolean, buffer: Buffer, next: number): void {
    if (!canonical) this.#heldCanonical = false;
    if (this.#size === 0) {
      this.#state = 'trailers';
      return;
    }
    this.#state = 'payload';
    if (!(this.#heldCanonical && this.#heldHere)) {
      this.#replaceHeld(buffer, this.#size.toString(16) + '\r\n', next);
    }
    this.#between = 0;
  }

  /** From here on bytes are held back until what they are part of is whole. */
  #startHolding(state: State, at: number): void {
    this.#state = state;
    this.#heldCanonical = true;
    this.#heldHere = true;
    this.#heldFrom = at;
    this.#between = 0;
  }

  /** Puts `text` in the place of the held bytes, which end before `next`. */
  #replaceHeld(buffer: Buffer, text: string, next: number): void {
    this.passThrough = false;
    if (this.#heldFrom > this.#emitted) this.output.push(buffer.subarray(this.#emitted, this.#heldFrom));
    this.output.push(Buffer.from(text, 'latin1'));
    this.#emitted = next;
    this.#heldFrom = next;
  }

  /** Collects the trailer section; it ends with the first empty line (RFC 9112, 7.1.2). */
  #readTrailers(buffer: Buffer, from: number, to: number): number {
    const held = this.#trailerText.length;
    const room = this.#limits.maxTrailerBytes - held;
    const stop = to - from > room ? from + room : to;
    const text = held === 0 ? latin1(buffer, from, stop) : this.#trailerText + latin1(buffer, from, stop);
    const end = sectionEnd(text, Math.max(0, held - 3));
    if (end < 0) {
      if (text.charCodeAt(0) === cr && text.length > 1) return this.#fail('bad-trailer', from);
      if (stop < to) return this.#fail('trailers-too-large', stop);
      this.#trailerText = text;
      this.#between++;
      return to;
    }
    const next = from + end - held;
    if (end > 2) {
      this.#heldCanonical = false;
      if (!this.#parseTrailers(text.slice(0, end))) return this.#fail('bad-trailer', from);
    } else if (text.charCodeAt(0) !== cr) this.#heldCanonical = false;
    this.#state = 'done';
    this.done = true;
    if (!(this.#heldCanonical && this.#heldHere)) {
      this.#replaceHeld(buffer, encodeLastChunk(this.trailers, this.#limits.caseMap), next);
    }
    this.#between = 0;
    this.#trailerText = '';
    return next;
  }

  #parseTrailers(text: string): boolean {
    const parsed = new HeaderList();
    const scan = new FieldScan(0, undefined, 0);
    const first = text.charCodeAt(0);
    if (isBlank(first)) return false;
    scanFields(text, scan, parsed, this.#limits.maxTrailers, false);
    if (scan.code !== undefined) return false;
    const kept = new HeaderList();
    for (let i = 0; i < parsed.count; i++) {
      const name = parsed.nameAt(i);
      if (!forbiddenTrailers.has(name)) kept.addParsed(name, parsed.valueAt(i), -1);
    }
    if (kept.count > 0) this.trailers = kept;
    return true;
  }

  #addRange(start: number, end: number): void {
    this.payloadBytes += end - start;
    this.ranges[this.rangeCount * 2] = start;
    this.ranges[this.rangeCount * 2 + 1] = end;
    this.rangeCount++;
  }

  #fail(code: BodyErrorCode, at: number): number {
    this.error = code;
    this.#state = 'error';
    return at;
  }

  /** Hands out what is not held back of the bytes up to `end`. */
  #flush(buffer: Buffer, end: number): void {
    const holding = this.#between > 0 || this.error !== undefined;
    const stop = holding ? Math.max(this.#heldFrom, this.#emitted) : end;
    if (this.passThrough && stop === end) return;
    this.passThrough = false;
    if (stop > this.#emitted) this.output.push(buffer.subarray(this.#emitted, stop));
  }
}

/** Offset behind the empty line that ends a trailer section, looking from `from`; the section may be just that line. */
function sectionEnd(text: string, from: number): number {
  if (text.startsWith('\n')) return 1;
  if (text.startsWith('\r\n')) return 2;
  for (let at = text.indexOf('\n', from); at >= 0; at = text.indexOf('\n', at + 1)) {
    if (text.charCodeAt(at + 1) === lf) return at + 2;
    if (text.charCodeAt(at + 1) === cr && text.charCodeAt(at + 2) === lf) return at + 3;
  }
  return -1;
}
