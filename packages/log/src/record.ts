/**
 * How a message travels through the ring from a producing thread to the log thread. The record's tag carries the log set and
 * the level, its mark the time, its bytes the message in latin1 (log formats escape what is not printable before this).
 * Structured data of RFC 5424 goes before the message, behind its own length in two bytes.
 */

/** Sets are numbered below this: the tag has 24 bits for them. */
export const MAX_LOG_SETS = 1 << 24;

const LEVEL_BITS = 0x07;
const STRUCTURED_BIT = 0x80;
/** What two bytes can count. */
export const MAX_STRUCTURED_BYTES = 0xffff;

/** The tag of a message of `level` (0 emerg to 7 debug) for log set `set`. */
export function packTag(set: number, level: number): number {
  return (set << 8) | level;
}

/** As packTag, for a message behind structured data. */
export function packStructuredTag(set: number, level: number): number {
  return packTag(set, level) | STRUCTURED_BIT;
}

/** Structured data and message as one record; data that is too long is left out. */
export function packStructured(data: string, message: string): string {
  const fits = data.length <= MAX_STRUCTURED_BYTES ? data : '';
  return String.fromCharCode(fits.length & 0xff, fits.length >> 8) + fits + message;
}

export function setOfTag(tag: number): number {
  return tag >>> 8;
}

export function levelOfTag(tag: number): number {
  return tag & LEVEL_BITS;
}

export function isStructured(tag: number): boolean {
  return (tag & STRUCTURED_BIT) !== 0;
}

/** The mark of a record that is written at `timeMs` of the clock that all threads share: microseconds, modulo 2^32. */
export function markOf(timeMs: number): number {
  return (timeMs * 1000) | 0;
}

/** How long ago, in ms, a record was written, at `timeMs` of the same clock. Right for 35 minutes. */
export function ageOfMark(mark: number, timeMs: number): number {
  return Math.max(0, (markOf(timeMs) - mark) | 0) / 1000;
}
