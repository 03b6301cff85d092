/**
 * How a message travels through the ring from a producing thread to the log thread: the ring's tag carries the log set and
 * the level, its bytes are the message in latin1 (log formats escape what is not printable before this).
 */

/** Sets are numbered below this: the tag has 24 bits for them. */
export const MAX_LOG_SETS = 1 << 24;

/** The tag of a message of `level` (0 emerg to 7 debug) for log set `set`. */
export function packTag(set: number, level: number): number {
  return (set << 8) | level;
}

export function setOfTag(tag: number): number {
  return tag >>> 8;
}

export function levelOfTag(tag: number): number {
  return tag & 0xff;
}
