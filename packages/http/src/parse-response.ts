// Parses one response head (RFC 9112, 4 and 5) as HAProxy 2.6 does and brings it into canonical form. Bytes or text in, value
// out; never throws. Every refusal is a 502: the client is not to blame.
import { cr, isBlank, space } from './chars.ts';
import { listTokens, settleConnection } from './connection.ts';
import { FieldScan, scanFields } from './fields.ts';
import { mergeContentLength, mergeTransferEncoding } from './framing.ts';
import { findHeadEnd } from './head-end.ts';
import { HeadError, type HeadErrorCode } from './head-error.ts';
import { HeaderList } from './header-list.ts';
import * as place from './known-names.ts';
import { latin1 } from './latin1.ts';
import type { HeadOptions } from './limits.ts';
import { ResponseHead, type ResponseFraming } from './response-head.ts';

/** What of the request decides about its response. A `RequestHead` is one. */
export interface RequestedMessage {
  /** The method that was sent: HEAD and CONNECT decide the framing. */
  readonly method: string;
  /** Whether another protocol was asked for: a 101 is refused otherwise. */
  readonly upgrade: boolean;
}

/** As for requests: above this many bytes the end of the head is looked for first, so that no body is turned into text. */
const sliceAllBytes = 2048;

/** Parses a whole response head that answers `request`; `text` as in `parseRequestHead`. */
export function parseResponseHead(
  text: string,
  request: RequestedMessage,
  options: HeadOptions,
): ResponseHead | HeadError {
  const scan = new FieldScan(0, undefined, 0);
  return parse(text, scan, request, options) ?? refused('bad-line-end', scan.offset);
}

/** Parses the response head at the start of `buffer[from..to)`; see `readRequestHead`. */
export function readResponseHead(
  buffer: Buffer,
  from: number,
  to: number,
  request: RequestedMessage,
  options: HeadOptions,
): ResponseHead | HeadError | undefined {
  let end = to;
  if (to - from > sliceAllBytes) {
    end = findHeadEnd(buffer, from, to);
    if (end < 0) end = to;
  }
  const text = latin1(buffer, from, end);
  const scan = new FieldScan(0, buffer, from);
  const head = parse(text, scan, request, options);
  if (head === undefined || head.kind === 'error') {
    // What was lowered so far is put back: the bytes are shown to the operator, or read again with more behind them.
    if (scan.upperCase) buffer.write(text, from, 'latin1');
    return head;
  }
  if (scan.upperCase) {
    head.headers.finishParsing(latin1(buffer, from, from + head.bytes));
  } else {
    head.headers.finishParsing(end - from === head.bytes ? text : text.slice(0, head.bytes));
  }
  return head;
}

function parse(
  text: string,
  scan: FieldScan,
  request: RequestedMessage,
  options: HeadOptions,
): ResponseHead | HeadError | undefined {
  const line = parseStatusLine(text, options);
  if (line === undefined || line instanceof HeadError) return line;
  const headers = new HeaderList();
  scan.offset = line.end;
  scanFields(text, scan, headers, options.maxHeaders, options.acceptInvalid);
  if (scan.code !== undefined) return scan.code === 'incomplete' ? undefined : refused(scan.code, scan.offset);

  const { status } = line;
  const asked = settleConnection(scan, headers);
  const upgradeOption = asked.upgrade;
  let keepAlive = line.version === '1.1' ? !asked.close : asked.keepAlive && !asked.close;

  // Framing (RFC 9112, 6.3): the fields first, then what the status and the method make of them.
  let framing: ResponseFraming = 'close';
  let contentLength = 0;
  let announcedLength = -1;
  if ((scan.seen & framingFields) !== 0) {
    const body = settleBody(line, headers, scan.seen);
    if (typeof body === 'string') return refused(body, scan.offset);
    framing = body.framing;
    contentLength = body.contentLength;
    if (body.faulty) keepAlive = false;
  }
  if (status === 101) {
    const code = checkSwitch(headers, request, upgradeOption);
    if (code !== undefined) return refused(code, scan.offset);
    framing = 'tunnel';
  } else if (status < 200 || status === 204) {
    framing = 'none';
  } else if (request.method === 'CONNECT' && status < 300) {
    framing = 'tunnel';
  } else if (request.method === 'HEAD' || status === 304) {
    if (framing === 'length') announcedLength = contentLength;
    framing = 'none';
    contentLength = 0;
  }
  if (status < 200 || status === 204 || framing === 'tunnel') {
    // These have no body whatever their fields say, and must not speak of one (RFC 9110, 8.6 and RFC 9112, 6.1).
    if ((scan.seen & framingFields) !== 0) {
      headers.removeAll('content-length');
      headers.removeAll('transfer-encoding');
    }
    contentLength = 0;
  }
  if (framing === 'close' || framing === 'tunnel') keepAlive = false;

  const facts = { framing, contentLength, announcedLength, keepAlive, upgradeOption, bytes: scan.offset };
  const head = new ResponseHead(status, line.reason, line.version, line.protocol, headers, facts, line.verbatim);
  if (scan.bytes === undefined) headers.finishParsing(text);
  return head;
}

const framingFields = (1 << place.contentLength) | (1 << place.transferEncoding);

/** The words of a status line. */
class StatusLine {
  status: number;
  reason: string;
  version: '1.0' | '1.1';
  /** As it will be forwarded. */
  protocol: string;
  /** Whether the line is already the one that would be written: the same words, single spaces, CRLF. */
  verbatim: boolean;
  /** Offset of the next line. */
  end: number;

  constructor(
    status: number,
    reason: string,
    version: '1.0' | '1.1',
    protocol: string,
    verbatim: boolean,
    end: number,
  ) {
    this.status = status;
    this.reason = reason;
    this.version = version;
    this.protocol = protocol;
    this.verbatim = verbatim;
    this.end = end;
  }
}

/** RFC 9112, 4. Words may be apart by any blanks, as in HAProxy; the reason may be missing. */
function parseStatusLine(text: string, options: HeadOptions): StatusLine | HeadError | undefined {
  const lineFeed = text.indexOf('\n');
  if (lineFeed < 0) return undefined;
  const lineEnd = text.charCodeAt(lineFeed - 1) === cr ? lineFeed - 1 : lineFeed;
  let protocolEnd = 8;
  let version: '1.0' | '1.1' = '1.1';
  let protocol = 'HTTP/1.1';
  let verbatim = lineFeed > lineEnd;
  if (!text.startsWith('HTTP/1.1 ')) {
    protocolEnd = 0;
    while (protocolEnd < lineEnd && !isBlank(text.charCodeAt(protocolEnd))) protocolEnd++;
    const word = text.slice(0, protocolEnd);
    const found = protocolOf(word, options.acceptInvalid);
    if (found === undefined) return refused('bad-version', 0);
    version = found.version;
    protocol = found.protocol;
    verbatim &&= protocol === word && text.charCodeAt(protocolEnd) === space;
  }
  let statusStart = protocolEnd;
  while (isBlank(text.charCodeAt(statusStart))) statusStart++;
  const status = statusAt(text, statusStart);
  const statusEnd = statusStart + 3;
  if (status === 0 || (statusEnd < lineEnd && !isBlank(text.charCodeAt(statusEnd))))
    return refused('bad-status', statusStart);
  let reasonStart = statusEnd;
  while (reasonStart < lineEnd && isBlank(text.charCodeAt(reasonStart))) reasonStart++;
  const reason = text.slice(reasonStart, lineEnd);
  if (reason.includes('\r') || reason.includes('\0')) return refused('bad-start-line', reasonStart);
  if (isBlank(text.charCodeAt(lineFeed + 1))) return refused('bad-header-name', lineFeed + 1);
  verbatim &&= statusStart === protocolEnd + 1 && reasonStart === statusEnd + 1 && text.charCodeAt(statusEnd) === space;
  return new StatusLine(status, reason, version, protocol, verbatim, lineFeed + 1);
}

/** What the framing fields say, with one left to say it; `faulty` when two said it, or HTTP/1.0 spoke of chunks (RFC 9112, 6.1). */
function settleBody(
  line: StatusLine,
  headers: HeaderList,
  seen: number,
): { framing: 'length' | 'chunked'; contentLength: number; faulty: boolean } | HeadErrorCode {
  const chunked = (seen & (1 << place.transferEncoding)) !== 0;
  const counted = (seen & (1 << place.contentLength)) !== 0;
  let contentLength = 0;
  if (counted) {
    const merged = mergeContentLength(headers);
    if (typeof merged === 'string') return merged;
    contentLength = merged;
  }
  if (!chunked) return { framing: 'length', contentLength, faulty: false };
  const code = mergeTransferEncoding(headers);
  if (code !== undefined) return code;
  if (counted) headers.removeAll('content-length');
  const old = line.version === '1.0';
  if (old) {
    // HTTP/1.0 has no chunked coding: having decoded it, this proxy sends the response on as its own 1.1.
    line.version = '1.1';
    line.protocol = 'HTTP/1.1';
    line.verbatim = false;
  }
  return { framing: 'chunked', contentLength: 0, faulty: counted || old };
}

function refused(code: HeadErrorCode, offset: number): HeadError {
  return new HeadError('server', code, 502, offset);
}

/** Status of three digits at `start`, 100 to 999; 0 when there is none (RFC 9112, 4). */
function statusAt(text: string, start: number): number {
  const hundreds = text.charCodeAt(start) - 48;
  const tens = text.charCodeAt(start + 1) - 48;
  const ones = text.charCodeAt(start + 2) - 48;
  if (!(hundreds >= 1 && hundreds <= 9 && tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9)) return 0;
  return hundreds * 100 + tens * 10 + ones;
}

/**
 * Version from the first word of the status line. `option accept-invalid-http-response` adds several digits, and other protocol
 * names for the answers to such requests.
 */
function protocolOf(word: string, acceptInvalid: boolean): { version: '1.0' | '1.1'; protocol: string } | undefined {
  const match = /^([A-Z]{1,16})\/([0-9]{1,4})\.([0-9]{1,4})$/.exec(word);
  if (match === null) return undefined;
  const major = Number(match[2]);
  const minor = Number(match[3]);
  if (!acceptInvalid && (match[1] !== 'HTTP' || word.length !== 8)) return undefined;
  if (match[1] !== 'HTTP') return { version: '1.0', protocol: word };
  const version = major > 1 || (major === 1 && minor >= 1) ? '1.1' : '1.0';
  return { version, protocol: 'HTTP/' + version };
}

/** A 101 must have been asked for and must say to what it switches (RFC 9110, 15.2.2; RFC 6455, 4.1 for WebSocket). */
function checkSwitch(
  headers: HeaderList,
  request: RequestedMessage,
  upgradeOption: boolean,
): HeadErrorCode | undefined {
  if (!request.upgrade || !upgradeOption) return 'bad-upgrade';
  const protocols = listTokens(headers, 'upgrade');
  if (protocols.length === 0) return 'bad-upgrade';
  return protocols.includes('websocket') && !headers.has('sec-websocket-accept') ? 'bad-upgrade' : undefined;
}
