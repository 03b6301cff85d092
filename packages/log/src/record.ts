/**
 * One message on its way through the ring from a producing thread to the log thread.
 *
 * Layout, little endian: time since the epoch in ms as float64 at 0, log set number as uint16 at 8, level as uint8 at 10,
 * one unused byte at 11, then the message in latin1 (log formats escape or encode what is not printable before this).
 */

export const RECORD_HEAD_BYTES = 12;

export interface LogRecord {
  /** ms since the epoch. */
  readonly timeMs: number;
  readonly set: number;
  /** 0 (emerg) to 7 (debug). */
  readonly level: number;
  readonly message: string;
}

/** Writes a record to the front of `scratch` and returns its length in bytes; a message that does not fit is cut. */
export function encodeRecord(scratch: Buffer, timeMs: number, set: number, level: number, message: string): number {
  scratch.writeDoubleLE(timeMs, 0);
  scratch.writeUInt16LE(set, 8);
  scratch[10] = level;
  scratch[11] = 0;
  return RECORD_HEAD_BYTES + scratch.write(message, RECORD_HEAD_BYTES, 'latin1');
}

export function decodeRecord(bytes: Uint8Array): LogRecord {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    timeMs: buffer.readDoubleLE(0),
    set: buffer.readUInt16LE(8),
    level: buffer[10],
    message: buffer.toString('latin1', RECORD_HEAD_BYTES),
  };
}
