/**
 * The cookie in the first message of a remote desktop client (MS-RDPBCGR 2.2.1.1, "Client X.224 Connection Request PDU"): a line
 * `Cookie: NAME=VALUE` behind the TPKT header (RFC 1006, 4 bytes) and the fixed part of the X.224 request (7 bytes), which
 * are not looked at, as HAProxy does not.
 */

const LABEL_START = 11;
const LABEL = 'cookie:';

export interface RdpCookie {
  /** Undefined where there is none, or none yet. */
  readonly value: string | undefined;
  /** False while more bytes may make a cookie of what is there. */
  readonly isFinal: boolean;
}

const ABSENT: RdpCookie = { value: undefined, isFinal: true };
const UNDECIDED: RdpCookie = { value: undefined, isFinal: false };

/** The cookie called `name`, whatever its case, or of any name where it is undefined. `text` is latin1. */
export function readRdpCookie(text: string, name: string | undefined): RdpCookie {
  const label = text.slice(LABEL_START, LABEL_START + LABEL.length).toLowerCase();
  if (!LABEL.startsWith(label)) return ABSENT;
  if (label !== LABEL) return UNDECIDED;
  let start = LABEL_START + LABEL.length;
  while (text[start] === ' ') start++;
  let end = start;
  while (end < text.length && text[end] !== '\r' && text[end] !== '\n') end++;
  const isWhole = text.indexOf('\r\n', end) >= 0;
  const equals = text.indexOf('=', start);
  const nameEnd = equals < 0 || equals > end ? end : equals;
  const found = text.slice(start, nameEnd).toLowerCase();
  const wanted = name?.toLowerCase() ?? found;
  if (nameEnd === text.length) return wanted.startsWith(found) ? UNDECIDED : ABSENT;
  if (nameEnd === end || found !== wanted) return ABSENT;
  return isWhole ? { value: text.slice(nameEnd + 1, end), isFinal: true } : UNDECIDED;
}
