// Parses one request head (RFC 9112, 3 and 5) as HAProxy 2.6 does and brings it into canonical form. Bytes or text in, value
// out; never throws. Where it refuses more than HAProxy does, the desync corpus states the case and the reason.
import { allIn, cr, isBlank, laxTargetByte, space, targetByte, tokenLower } from './chars.ts';
import { listTokens, reduceTe, settleConnection } from './connection.ts';
import { FieldScan, scanFields } from './fields.ts';
import { mergeContentLength, mergeTransferEncoding } from './framing.ts';
import { findHeadEnd } from './head-end.ts';
import { HeadError, type HeadErrorCode } from './head-error.ts';
import { HeaderList } from './header-list.ts';
import { checkAbsoluteTarget, checkConnectTarget, mergeHosts, type HostCheck } from './host.ts';
import * as place from './known-names.ts';
import { latin1 } from './latin1.ts';
import type { HeadOptions } from './limits.ts';
import { RequestHead, type RequestFraming } from './request-head.ts';

/**
 * Above this many available bytes the head's end is looked for before anything is sliced, so that a body that came along is not
 * turned into text. Most heads are well below it.
 */
const sliceAllBytes = 2048;

/**
 * Parses a whole request head.
 *
 * `text` is one latin1 slice from the first byte of the request line to just after the empty line, as `findHeadEnd`
 * and `skipEmptyLines` delimit it.
 */
export function parseRequestHead(text: string, options: HeadOptions): RequestHead | HeadError {
  const scan = new FieldScan(0, undefined, 0);
  return parse(text, scan, options) ?? new HeadError('client', 'bad-line-end', 400, scan.offset);
}

/**
 * Parses the request head at the start of `buffer[from..to)`; `undefined` while it is incomplete and well so far. The
 * head's length is `head.bytes`. The fast way: on success the field names in `buffer` are lowered in place, which makes
 * these bytes the canonical text that the serializer sends.
 *
 * Call it for the first bytes of a head; after `undefined`, wait until `findHeadEnd` finds the end (or the limit is reached), since each
 * call reads from `from`. `from` must be behind empty lines (`skipEmptyLines`).
 */
export function readRequestHead(
  buffer: Buffer,
  from: number,
  to: number,
  options: HeadOptions,
): RequestHead | HeadError | undefined {
  let end = to;
  if (to - from > sliceAllBytes) {
    end = findHeadEnd(buffer, from, to);
    if (end < 0) end = to;
  }
  const text = latin1(buffer, from, end);
  const scan = new FieldScan(0, buffer, from);
  const head = parse(text, scan, options);
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

function parse(text: string, scan: FieldScan, options: HeadOptions): RequestHead | HeadError | undefined {
  const line = parseRequestLine(text, options);
  if (line === undefined || line instanceof HeadError) return line;
  const headers = new HeaderList();
  if (line.simple) return simpleRequest(line, headers);
  scan.offset = line.end;
  scanFields(text, scan, headers, options.maxHeaders, options.acceptInvalid);
  if (scan.code !== undefined) return scan.code === 'incomplete' ? undefined : refused(scan.code, 400, scan.offset);

  const { method } = line;
  const seen = scan.seen;
  const code = settleTarget(line, headers, (seen & (1 << place.host)) !== 0);
  if (code !== undefined) return refused(code, 400, 0);
  const asked = settleConnection(scan, headers);
  const upgradeOption = asked.upgrade;
  let keepAlive = line.version === '1.1' ? !asked.close : asked.keepAlive && !asked.close;
  let framing: RequestFraming = method === 'CONNECT' ? 'tunnel' : 'none';
  let contentLength = 0;
  if ((seen & framingFields) !== 0) {
    const body = settleBody(line, headers, seen, options);
    if (body instanceof HeadError) return body;
    if (framing !== 'tunnel') framing = body.framing;
    contentLength = body.contentLength;
    if (body.faulty) keepAlive = false;
  }
  let upgrade = false;
  if ((seen & (1 << place.upgrade)) !== 0 && upgradeOption) {
    const granted = settleUpgrade(line, headers, framing === 'chunked' || contentLength > 0);
    if (typeof granted === 'string') return refused(granted, 400, scan.offset);
    upgrade = granted;
  }
  if ((seen & (1 << place.te)) !== 0) reduceTe(headers);
  const expectContinue = (seen & (1 << place.expect)) !== 0 && line.version === '1.1' && expectsContinue(headers);

  const facts = { framing, contentLength, keepAlive, expectContinue, upgrade, upgradeOption, bytes: scan.offset };
  const head = new RequestHead(method, line.uri, line.version, line.protocol, headers, facts, line.isVerbatim(text));
  if (scan.bytes === undefined) headers.finishParsing(text);
  return head;
}

const framingFields = (1 << place.contentLength) | (1 << place.transferEncoding);

/** The words of a request line. */
class RequestLine {
  method: string;
  uri: string;
  version: '1.0' | '1.1';
  /** As it will be forwarded. */
  protocol: string;
  /** Whether the line's own last word is `protocol`. */
  sameProtocol: boolean;
  /** HTTP/0.9: the line is the whole request. */
  simple: boolean;
  /** Offset of the next line. */
  end: number;

  constructor(
    method: string,
    uri: string,
    version: '1.0' | '1.1',
    protocol: string,
    sameProtocol: boolean,
    simple: boolean,
    end: number,
  ) {
    this.method = method;
    this.uri = uri;
    this.version = version;
    this.protocol = protocol;
    this.sameProtocol = sameProtocol;
    this.simple = simple;
    this.end = end;
  }

  /** Whether the line in `text` is already the one that would be written: the same words, single spaces, CRLF. */
  isVerbatim(text: string): boolean {
    const methodEnd = this.method.length;
    const uriEnd = methodEnd + 1 + this.uri.length;
    return (
      this.sameProtocol &&
      this.end === uriEnd + 1 + this.protocol.length + 2 &&
      text.charCodeAt(methodEnd) === space &&
      text.charCodeAt(uriEnd) === space &&
      text.charCodeAt(this.end - 2) === cr
    );
  }
}

/** RFC 9112, 3. Words may be apart by any blanks, as in HAProxy; nothing stands in front of the first or behind the last. */
function parseRequestLine(text: string, options: HeadOptions): RequestLine | HeadError | undefined {
  const lineFeed = text.indexOf('\n');
  if (lineFeed < 0) return undefined;
  const lineEnd = text.charCodeAt(lineFeed - 1) === cr ? lineFeed - 1 : lineFeed;
  let methodEnd = 0;
  while (tokenLower[text.charCodeAt(methodEnd)] > 0) methodEnd++;
  if (methodEnd === 0 || !isBlank(text.charCodeAt(methodEnd))) return refused('bad-method', 400, methodEnd);
  const method = knownMethod(text, methodEnd);

  // The usual end ` HTTP/1.1` is recognised as it stands.
  let start = methodEnd + 1;
  let end = lineEnd - 9;
  let version: '1.0' | '1.1' = '1.1';
  let protocol = 'HTTP/1.1';
  let sameProtocol = true;
  if (!(end > start && text.startsWith(' HTTP/1.1', end))) {
    let wordStart = lineEnd;
    while (wordStart > start && !isBlank(text.charCodeAt(wordStart - 1))) wordStart--;
    const simple = options.acceptInvalid && method === 'GET' ? simpleTarget(text, methodEnd, lineEnd) : undefined;
    if (simple !== undefined) return new RequestLine(method, simple, '1.0', 'HTTP/1.0', false, true, lineFeed + 1);
    const word = text.slice(wordStart, lineEnd);
    const found = protocolOf(word, options.acceptInvalid);
    if (found === undefined) return refused('bad-version', 400, wordStart);
    version = found.version;
    protocol = found.protocol;
    sameProtocol = protocol === word;
    end = wordStart - 1;
  }
  while (isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  if (end <= start) return refused('bad-start-line', 400, start);
  if (!allIn(options.acceptInvalid ? laxTargetByte : targetByte, text, start, end))
    return refused('bad-target', 400, start);
  // A blank at the start of the next line would continue this one, which has no meaning. (RFC 9112, 2.2)
  if (isBlank(text.charCodeAt(lineFeed + 1))) return refused('bad-header-name', 400, lineFeed + 1);
  return new RequestLine(method, text.slice(start, end), version, protocol, sameProtocol, false, lineFeed + 1);
}

/** Brings target and `host` into agreement (RFC 9112, 3.2); may change `line.uri`. */
function settleTarget(line: RequestLine, headers: HeaderList, hostSeen: boolean): HeadErrorCode | undefined {
  if (hostSeen) {
    const code = mergeHosts(headers);
    if (code !== undefined) return code;
  }
  const { method, uri } = line;
  // The preface of HTTP/2 is not a request (RFC 9113, 3.4).
  if (method === 'PRI') return 'bad-method';
  if (method !== 'CONNECT' && (uri.charCodeAt(0) === 47 || uri === '*')) return undefined;
  const hostIndex = hostSeen ? headers.indexOf('host') : -1;
  let checked: HostCheck = { code: 'bad-target' };
  if (method === 'CONNECT') checked = checkConnectTarget(uri, headers, hostIndex);
  else if (uri.includes('://')) checked = checkAbsoluteTarget(uri, headers, hostIndex);
  if ('code' in checked) return checked.code;
  line.uri = checked.uri;
  return undefined;
}

/**
 * Length of the body (RFC 9112, 6.3) with one field left to say it. `faulty`: the client sent two framings and is not
 * trusted with another request (RFC 9112, 6.1).
 */
function settleBody(
  line: RequestLine,
  headers: HeaderList,
  seen: number,
  options: HeadOptions,
): { framing: 'length' | 'chunked'; contentLength: number; faulty: boolean } | HeadError {
  const { method } = line;
  const chunked = (seen & (1 << place.transferEncoding)) !== 0;
  const counted = (seen & (1 << place.contentLength)) !== 0;
  let contentLength = 0;
  if (counted) {
    const merged = mergeContentLength(headers);
    if (typeof merged === 'string') return refused(merged, 400, 0);
    contentLength = merged;
  }
  if (chunked) {
    const code = mergeTransferEncoding(headers);
    if (code !== undefined) return refused(code, code === 'unsupported-transfer-coding' ? 422 : 400, 0);
    if (counted) headers.removeAll('content-length');
    contentLength = 0;
  }
  if (line.version === '1.0' && (chunked || contentLength > 0)) {
    // Servers differ on bodies of old GETs (configuration.txt, h1-accept-payload-with-any-method).
    const unusual = method === 'GET' || method === 'HEAD' || method === 'DELETE';
    if (unusual && options.acceptPayload !== true) return refused('body-not-allowed', 413, 0);
    // HTTP/1.0 has no chunked coding: who sends it has a faulty framing (RFC 9112, 6.1).
    if (chunked) return refused('bad-transfer-encoding', 400, 0);
  }
  if (method === 'CONNECT') {
    if (chunked || contentLength > 0) return refused('body-not-allowed', 400, 0);
    headers.removeAll('content-length');
  }
  return { framing: chunked ? 'chunked' : 'length', contentLength, faulty: chunked && counted };
}

/**
 * Whether another protocol may follow (RFC 9110, 7.8). With a body the request cannot be followed by one, so the offer is taken
 * out, as HAProxy does; HTTP/1.0 has no upgrade. A WebSocket request needs its key (RFC 6455, 4.2.1).
 */
function settleUpgrade(line: RequestLine, headers: HeaderList, hasBody: boolean): boolean | HeadErrorCode {
  if (hasBody) {
    headers.removeAll('upgrade');
    return false;
  }
  if (listTokens(headers, 'upgrade').includes('websocket') && !hasWebSocketKey(headers)) return 'bad-upgrade';
  return line.version === '1.1';
}

function expectsContinue(headers: HeaderList): boolean {
  return headers.values('expect').some((value) => value.toLowerCase() === '100-continue');
}

function refused(code: HeadErrorCode, status: number, offset: number): HeadError {
  return new HeadError('client', code, status, offset);
}

/** The common methods as constants, so that comparing them later is comparing pointers. */
function knownMethod(text: string, end: number): string {
  if (end === 3) {
    if (text.startsWith('GET')) return 'GET';
    if (text.startsWith('PUT')) return 'PUT';
  } else if (end === 4) {
    if (text.startsWith('POST')) return 'POST';
    if (text.startsWith('HEAD')) return 'HEAD';
  }
  return text.slice(0, end);
}

/**
 * Version from the last word of the request line. Any `HTTP/d.d` from 1.1 up is spoken to as 1.1, as in HAProxy; 0.x is
 * refused, since what it announces has neither fields nor a status line. `option accept-invalid-http-request` adds several digits and
 * other protocol names, which are forwarded as they are and treated as 1.0.
 */
function protocolOf(word: string, acceptInvalid: boolean): { version: '1.0' | '1.1'; protocol: string } | undefined {
  if (word === 'HTTP/1.0') return { version: '1.0', protocol: word };
  const match = /^([A-Z]{1,16})\/([0-9]{1,4})\.([0-9]{1,4})$/.exec(word);
  if (match === null) return undefined;
  const major = Number(match[2]);
  const minor = Number(match[3]);
  if (!acceptInvalid && (match[1] !== 'HTTP' || word.length !== 8 || major === 0)) return undefined;
  if (match[1] !== 'HTTP') return { version: '1.0', protocol: word };
  const version = major > 1 || (major === 1 && minor >= 1) ? '1.1' : '1.0';
  return { version, protocol: 'HTTP/' + version };
}

/** Target of a line `GET SP target`, HTTP/0.9's whole request, or `undefined` when the line has more words. */
function simpleTarget(text: string, methodEnd: number, lineEnd: number): string | undefined {
  let start = methodEnd;
  let end = lineEnd;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.charCodeAt(start) === 47 && allIn(laxTargetByte, text, start, end) ? text.slice(start, end) : undefined;
}

/** HTTP/0.9 under `option accept-invalid-http-request`: forwarded as HTTP/1.0 without fields; nothing may follow it. */
function simpleRequest(line: RequestLine, headers: HeaderList): RequestHead {
  const facts = {
    framing: 'none',
    contentLength: 0,
    keepAlive: false,
    expectContinue: false,
    upgrade: false,
    upgradeOption: false,
    bytes: line.end,
  } as const;
  return new RequestHead(line.method, line.uri, line.version, line.protocol, headers, facts, false);
}

/** A key of 24 bytes, the base64 length of 16 (RFC 6455, 4.1): what HAProxy asks of a WebSocket request. */
function hasWebSocketKey(headers: HeaderList): boolean {
  return headers.values('sec-websocket-key').some((key) => key.length === 24);
}
