/**
 * From header and message to the bytes of one line. Pure; the bytes lie in a memory that every line uses again.
 *
 * HAProxy cuts header and message together, before the line feed. Line feeds and NULs at the end of a message are left out,
 * as there; those inside become spaces here, so that no request can forge a second line.
 */

import type { LogMessage } from './message.ts';

const NUL = 0;
const LINE_FEED = 0x0a;
const SPACE = 0x20;

export class LineComposer {
  /** The line that was composed last: its first bytes, up to the number that compose() returned. */
  readonly bytes: Buffer;

  /** `longest`: bytes of the longest line, without its line feed. */
  constructor(longest: number) {
    this.bytes = Buffer.allocUnsafeSlow(longest + 1);
  }

  /**
   * `header` (latin1), then at most `messageLength` bytes of the message, `length` bytes in all, then a line feed where
   * `endsWithLineFeed`. Returns the bytes of the line, with the line feed.
   */
  compose(
    header: string,
    { bytes: source, start, end }: LogMessage,
    messageLength: number,
    length: number,
    endsWithLineFeed: boolean,
  ): number {
    const { bytes } = this;
    const limit = Math.min(length, bytes.length - 1);
    const from = header === '' ? 0 : bytes.write(header, 0, limit, 'latin1');
    let last = end;
    while (last > start && (source[last - 1] === LINE_FEED || source[last - 1] === NUL)) last--;
    const room = Math.min(messageLength, limit - from);
    const to = from + Math.min(room, last - start);
    source.copy(bytes, from, start, start + to - from);
    replace(bytes, NUL, from, to);
    replace(bytes, LINE_FEED, from, to);
    return endsWithLineFeed ? to + 1 : to;
  }

  /** A text of its own as a line, cut to `length` bytes; `text` has one character for each byte. */
  composeText(text: string, length: number, endsWithLineFeed: boolean): number {
    const to = this.bytes.write(text, 0, Math.min(length, this.bytes.length - 1), 'latin1');
    this.bytes[to] = LINE_FEED;
    return endsWithLineFeed ? to + 1 : to;
  }
}

/** Puts spaces in place of a byte that must not be there; leaves that byte behind `to`, which makes the search end there. */
function replace(bytes: Buffer, unwanted: number, from: number, to: number): void {
  bytes[to] = unwanted;
  for (let at = bytes.indexOf(unwanted, from); at < to; at = bytes.indexOf(unwanted, at + 1)) bytes[at] = SPACE;
}
