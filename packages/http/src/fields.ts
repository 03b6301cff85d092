// Scans the field lines of a head or of a trailer section (RFC 9112, 5) into a header list. Shared by requests, responses
// and trailers; knows what a field line is, not what any field means, except that it notes which framing fields occurred
// and takes a plain `connection: keep-alive` or `close` out on the way.
//
// Accepted as HAProxy accepts them: bare LF as line end, folded lines (each CR and LF becomes a blank). Refused: bare CR, blanks
// before the colon, bytes outside the token alphabet in names, NUL anywhere.
import { allIn, colon, cr, isBlank, lf, space, tokenLower } from './chars.ts';
import type { HeadErrorCode } from './head-error.ts';
import type { HeaderList } from './header-list.ts';
import { connection, findSpelling, ordinary, placeOf } from './known-names.ts';

/** Bits of `FieldScan.seen`, by place of the known name: `1 << contentLength` and so on. */
export type SeenBits = number;

/** Outcome and running state of one scan. */
export class FieldScan {
  /** Offset just after the empty line when `code` is undefined, else where the scan stopped. */
  offset: number;
  code: HeadErrorCode | 'incomplete' | undefined = undefined;
  /** Which of the names below `ordinary` occurred, also those taken out. */
  seen: SeenBits = 0;
  /** A `connection` field that was just `keep-alive`, or just `close`, occurred and was taken out. */
  keepAlive = false;
  close = false;
  /** Whether some name holds upper-case letters. */
  upperCase = false;
  /**
   * The bytes that the text was taken from, from `base` on: names are lowered in them as they are found, so that after a
   * good scan they are canonical. `undefined`: the text stands alone.
   */
  readonly bytes: Uint8Array | undefined;
  readonly base: number;
  /** Field lines so far. */
  lines = 0;

  constructor(offset: number, bytes: Uint8Array | undefined, base: number) {
    this.offset = offset;
    this.bytes = bytes;
    this.base = base;
  }
}

/**
 * Scans field lines from `scan.offset` to the empty line and adds each to `headers`. `incomplete` when the text ends before the
 * empty line and what stands there is well so far.
 */
export function scanFields(
  text: string,
  scan: FieldScan,
  headers: HeaderList,
  maxHeaders: number,
  acceptInvalid: boolean,
): void {
  let position = scan.offset;
  const nul = text.indexOf('\0', position);
  const bytes = scan.bytes;
  const base = scan.base;
  for (;;) {
    const first = text.charCodeAt(position);
    if (first === cr && text.charCodeAt(position + 1) === lf) return finish(scan, position + 2);
    if (first === lf) return finish(scan, position + 1);
    const lineFeed = text.indexOf('\n', position);
    if (lineFeed < 0) return fail(scan, 'incomplete', position);
    // HAProxy keeps one of its `tune.http.maxhdr` slots for the end mark, so 101 allows 100 lines.
    if (++scan.lines >= maxHeaders) return fail(scan, 'too-many-headers', position);

    // Name: a usual spelling is known as it stands; any other is checked and lowered byte by byte.
    let nameEnd = text.indexOf(':', position);
    if (nameEnd < 0 || nameEnd > lineFeed) return fail(scan, 'bad-header-name', position);
    const written = text.slice(position, nameEnd);
    const spelling = findSpelling(written, text, position, nameEnd);
    let name: string;
    let place: number;
    let lowered = true;
    if (spelling !== undefined) {
      name = spelling.name;
      place = spelling.place;
      if (spelling.upperAt.length > 0) {
        lowered = bytes !== undefined;
        scan.upperCase = true;
        if (bytes !== undefined) for (const at of spelling.upperAt) bytes[base + position + at] |= 0x20;
      }
    } else {
      if (!allIn(tokenLower, text, position, nameEnd) || nameEnd === position) {
        nameEnd = acceptInvalid ? laxNameEnd(text, position) : -1;
        if (nameEnd < 0) return fail(scan, 'bad-header-name', position);
      }
      name = written.toLowerCase();
      place = placeOf(name);
      if (name !== written) {
        lowered = bytes !== undefined;
        scan.upperCase = true;
        if (bytes !== undefined) for (let i = 0; i < name.length; i++) bytes[base + position + i] = name.charCodeAt(i);
      }
    }

    // Value: up to the line end, without surrounding blanks.
    let valueStart = nameEnd + 1;
    let canonical = text.charCodeAt(valueStart) === space;
    if (canonical) valueStart++;
    if (isBlank(text.charCodeAt(valueStart))) {
      canonical = false;
      do valueStart++;
      while (isBlank(text.charCodeAt(valueStart)));
    }
    const carriage = text.indexOf('\r', nameEnd);
    let valueEnd = lineFeed;
    if (carriage === lineFeed - 1) valueEnd = carriage;
    else if (carriage >= 0 && carriage < lineFeed) return fail(scan, 'bad-line-end', carriage);
    else canonical = false;
    let next = lineFeed + 1;
    let value: string;
    if (isBlank(text.charCodeAt(next))) {
      canonical = false;
      next = foldedEnd(text, next);
      if (next < 0) return fail(scan, 'bad-line-end', -next);
      if (next === 0) return fail(scan, 'incomplete', position);
      value = unfold(text.slice(nameEnd + 1, next));
    } else {
      if (valueStart > valueEnd) valueStart = valueEnd;
      if (isBlank(text.charCodeAt(valueEnd - 1)) && valueEnd > valueStart) {
        canonical = false;
        do valueEnd--;
        while (valueEnd > valueStart && isBlank(text.charCodeAt(valueEnd - 1)));
      }
      value = text.slice(valueStart, valueEnd);
    }

    if (nul >= 0 && nul < next) return fail(scan, 'bad-header-value', nul);
    if (place >= 0 && place < ordinary) {
      scan.seen |= 1 << place;
      if (place === connection && takeOut(value, scan)) {
        position = next;
        continue;
      }
    }
    headers.addParsed(name, value, canonical && lowered ? position : -1);
    position = next;
  }
}

function finish(scan: FieldScan, offset: number): void {
  scan.offset = offset;
}

function fail(scan: FieldScan, code: HeadErrorCode | 'incomplete', offset: number): void {
  scan.code = code;
  scan.offset = offset;
}

/** The two values that nearly every `Connection` field has; HAProxy removes these tokens from what it forwards. */
function takeOut(value: string, scan: FieldScan): boolean {
  if (value.length === 10) {
    if (value === 'keep-alive' || value === 'Keep-Alive') return (scan.keepAlive = true);
  } else if (value.length === 5) {
    if (value === 'close' || value === 'Close') return (scan.close = true);
  }
  return false;
}

/**
 * End of a name under `option accept-invalid-http-request` or `-response`: any visible byte, bytes above 127 and inner
 * blanks. Controls, and blanks next to the colon or at the start, stay refused: some servers strip them and would then
 * see a framing field where this proxy saw an unknown one. -1 when there is no such name.
 */
function laxNameEnd(text: string, start: number): number {
  for (let i = start; ; i++) {
    const code = text.charCodeAt(i);
    if (code === colon)
      return i > start && text.charCodeAt(start) !== space && text.charCodeAt(i - 1) !== space ? i : -1;
    if (!(code >= space) || code === 127) return -1;
  }
}

/**
 * Offset after the last line of a folded field whose first continuation starts at `next`; minus the offset of a bare CR; 0 when
 * the text ends in it.
 */
function foldedEnd(text: string, next: number): number {
  while (isBlank(text.charCodeAt(next))) {
    const lineFeed = text.indexOf('\n', next);
    if (lineFeed < 0) return 0;
    const carriage = text.indexOf('\r', next);
    if (carriage >= 0 && carriage < lineFeed - 1) return -carriage;
    next = lineFeed + 1;
  }
  return next;
}

/** A folded value on one line: each CR and LF becomes a space (RFC 9112, 5.2), blanks around the whole go. */
function unfold(lines: string): string {
  return trimBlanks(lines.replace(/[\r\n]/g, ' '));
}

/** `text` without SP and HTAB at both ends. (`String.trim` would also take other bytes.) */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}
