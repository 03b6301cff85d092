// Finds where a head starts and ends in received bytes. The only code that looks at a head before it is whole.
import { cr, lf } from './chars.ts';

/**
 * First offset at or after `from` that is not part of an empty line (CRLF or LF) in front of a start line (RFC 9112, 2.2).
 * Returns `to` when there is nothing else. A CR that may still be followed by LF is not skipped.
 */
export function skipEmptyLines(buffer: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to) {
    if (buffer[at] === lf) at++;
    else if (buffer[at] === cr && at + 1 < to && buffer[at + 1] === lf) at += 2;
    else break;
  }
  return at;
}

/**
 * Offset just after the empty line that ends a head (CRLF CRLF, and each of the two also as bare LF), or -1.
 *
 * To resume after more bytes came, pass `from = Math.max(start, previousTo - 3)`; the bytes before need no second look.
 */
export function findHeadEnd(buffer: Buffer, from: number, to: number): number {
  let at = buffer.indexOf(lf, from);
  while (at >= 0 && at < to - 1) {
    const next = buffer[at + 1];
    if (next === lf) return at + 2;
    if (next === cr && at + 2 < to && buffer[at + 2] === lf) return at + 3;
    at = buffer.indexOf(lf, at + 1);
  }
  return -1;
}
