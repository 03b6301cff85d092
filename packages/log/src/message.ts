/** A message on its way through the log thread: one object serves for all of them. Bytes are latin1, without header or line end. */
export interface LogMessage {
  /** 0 (emerg) to 7 (debug). */
  level: number;
  /** ms since the epoch, with microseconds. */
  timeMs: number;
  /** What formats of RFC 5424 put before the message; empty where there is none. */
  structuredData: string;
  /** The message is from `start` up to `end`. */
  bytes: Buffer;
  start: number;
  end: number;
}
