// Parses one request head (RFC 9112, 3 and 5) as HAProxy 2.6 does and brings it into canonical form. Bytes or text in, value
// out; never throws. Where it refuses more than HAProxy does, the desync corpus states the case and the reason.
import { allIn, cr, isBlank, laxTargetByte, space, targetByte, tokenLower } from './chars.ts'
import { ConnectionOptions, listTokens, reduceTe, takeConnectionOptions } from './connection.ts'
import { FieldScan, scanFields } from './fields.ts'
import { mergeContentLength, mergeTransferEncoding } from './framing.ts'
import { findHeadEnd } from './head-end.ts'
import { HeadError, type HeadErrorCode } from './head-error.ts'
import { HeaderList } from './header-list.ts'
import { checkAbsoluteTarget, checkConnectTarget, mergeHosts, type HostCheck } from './host.ts'
import * as place from './known-names.ts'
import { latin1 } from './latin1.ts'
import type { HeadOptions } from './limits.ts'
import { RequestHead, type RequestFraming } from './request-head.ts'

/**
 * Above this many available bytes the head's end is looked for before anything is sliced, so that a body that came along is not
 * turned into text. Most heads are well below it.
 */
const sliceAllBytes = 2048

/**
 * Parses a whole request head.
 *
 * `text` is one latin1 slice from the first byte of the request line to just after the empty line, as `findHeadEnd`
 * and `skipEmptyLines` delimit it.
 */
export function parseRequestHead(text: string, options: HeadOptions): RequestHead | HeadError {
  const scan = new FieldScan(0, undefined, 0)
  return parse(text, scan, options) ?? new HeadError('client', 'bad-line-end', 400, scan.offset)
}

/**
 * Parses the request head at the start of `buffer[from..to)`; `undefined` while it is incomplete and well so far. The
 * head's length is `head.bytes`. The fast way: on success the field names in `buffer` are lowered in place, which makes
 * these bytes the canonical text that the serializer sends.
 *
 * Call it for the first bytes of a head; after `undefined`, wait until `findHeadEnd` finds the end (or the limit is reached), since each
 * call reads from `from`. `from` must be behind empty lines (`skipEmptyLines`).
 */
export function readRequestHead(buffer: Buffer, from: number, to: number, options: HeadOptions): RequestHead | HeadError | undefined {
  let end = to
  if (to - from > sliceAllBytes) {
    end = findHeadEnd(buffer, from, to)
    if (end < 0) end = to
  }
  const text = latin1(buffer, from, end)
  const scan = new FieldScan(0, buffer, from)
  const head = parse(text, scan, options)
  if (head === undefined || head.kind === 'error') {
    // What was lowered so far is put back: the bytes are shown to the operator, or read again with more behind them.
    if (scan.upperCase) buffer.write(text, from, 'latin1')
    return head
  }
  if (scan.upperCase) {
    head.headers.finishParsing(latin1(buffer, from, from + head.bytes))
  } else {
    head.headers.finishParsing(end - from === head.bytes ? text : text.slice(0, head.bytes))
  }
  return head
}

function parse(text: string, scan: FieldScan, options: HeadOptions): RequestHead | HeadError | undefined {
  const lineFeed = text.indexOf('\n')
  if (lineFeed < 0) return undefined
  const lineEnd = text.charCodeAt(lineFeed - 1) === cr ? lineFeed - 1 : lineFeed

  let methodEnd = 0
  while (tokenLower[text.charCodeAt(methodEnd)]! > 0) methodEnd++
  if (methodEnd === 0 || !isBlank(text.charCodeAt(methodEnd))) return refused('bad-method', 400, methodEnd)
  const method = knownMethod(text, methodEnd)

  // The usual form `METHOD SP target SP HTTP/1.1`; the rest goes the long way.
  let targetStart = methodEnd + 1
  let targetEnd = lineEnd - 9
  let version: '1.0' | '1.1' = '1.1'
  let protocol = 'HTTP/1.1'
  let lineIntact = true
  if (!(targetEnd > targetStart && text.startsWith(' HTTP/1.1', targetEnd))) {
    const simple = options.acceptInvalid && method === 'GET' ? simpleTarget(text, methodEnd, lineEnd) : undefined
    if (simple !== undefined) return simpleRequest(simple, lineFeed + 1)
    let wordStart = lineEnd
    while (wordStart > targetStart && !isBlank(text.charCodeAt(wordStart - 1))) wordStart--
    const word = text.slice(wordStart, lineEnd)
    const found = protocolOf(word, options.acceptInvalid)
    if (found === undefined) return refused('bad-version', 400, wordStart)
    version = found.version
    protocol = found.protocol
    lineIntact = protocol === word
    targetEnd = wordStart - 1
  }
  while (isBlank(text.charCodeAt(targetStart))) targetStart++
  while (targetEnd > targetStart && isBlank(text.charCodeAt(targetEnd - 1))) targetEnd--
  if (targetEnd <= targetStart) return refused('bad-start-line', 400, targetStart)
  if (!allIn(options.acceptInvalid ? laxTargetByte : targetByte, text, targetStart, targetEnd)) return refused('bad-target', 400, targetStart)
  let uri = text.slice(targetStart, targetEnd)

  const headers = new HeaderList()
  scan.offset = lineFeed + 1
  // A blank here would fold the first field into the request line, which has no meaning.
  if (isBlank(text.charCodeAt(lineFeed + 1))) return refused('bad-header-name', 400, lineFeed + 1)
  scanFields(text, scan, headers, options.maxHeaders, options.acceptInvalid)
  if (scan.code !== undefined) return scan.code === 'incomplete' ? undefined : refused(scan.code, 400, scan.offset)
  const seen = scan.seen

  // Host and target (RFC 9112, 3.2).
  let hostIndex = -1
  if ((seen & (1 << place.host)) !== 0) {
    hostIndex = headers.indexOf('host')
    const code = mergeHosts(headers)
    if (code !== undefined) return refused(code, 400, scan.offset)
  }
  if (method === 'CONNECT' || text.charCodeAt(targetStart) !== 47) {
    const checked = checkTarget(method, uri, headers, hostIndex)
    if ('code' in checked) return refused(checked.code, 400, targetStart)
    uri = checked.uri
  }
  // The preface of HTTP/2 is not a request (RFC 9113, 3.4).
  if (method === 'PRI') return refused('bad-method', 400, 0)

  // Connection options.
  let close = scan.close
  let keepAlive = scan.keepAlive
  let upgradeOption = false
  if ((seen & (1 << place.connection)) !== 0 && headers.has('connection')) {
    const found = new ConnectionOptions()
    takeConnectionOptions(headers, found)
    close ||= found.close
    keepAlive ||= found.keepAlive
    upgradeOption = found.upgrade
  }
  let persistent = version === '1.1' ? !close : keepAlive && !close

  // Framing (RFC 9112, 6.3).
  let framing: RequestFraming = 'none'
  let contentLength = 0
  if ((seen & ((1 << place.contentLength) | (1 << place.transferEncoding))) !== 0) {
    if ((seen & (1 << place.contentLength)) !== 0) {
      const merged = mergeContentLength(headers)
      if (typeof merged === 'string') return refused(merged, 400, scan.offset)
      contentLength = merged
      framing = 'length'
    }
    if ((seen & (1 << place.transferEncoding)) !== 0) {
      const code = mergeTransferEncoding(headers)
      if (code !== undefined) return refused(code, code === 'unsupported-transfer-coding' ? 422 : 400, scan.offset)
      // Transfer-Encoding overrides, and the client that sent both is not trusted with another request (RFC 9112, 6.1).
      if (framing === 'length') {
        headers.removeAll('content-length')
        persistent = false
      }
      framing = 'chunked'
      contentLength = 0
    }
    const body = framing === 'chunked' || contentLength > 0
    if (version === '1.0' && body) {
      // Servers differ on bodies of old GETs; HAProxy refuses them.
      if (options.acceptPayload !== true && (method === 'GET' || method === 'HEAD' || method === 'DELETE')) return refused('body-not-allowed', 413, scan.offset)
      // HTTP/1.0 has no chunked coding: who sends it has a faulty framing (RFC 9112, 6.1).
      if (framing === 'chunked') return refused('bad-transfer-encoding', 400, scan.offset)
    }
    if (method === 'CONNECT') {
      if (body) return refused('body-not-allowed', 400, scan.offset)
      headers.removeAll('content-length')
      contentLength = 0
    }
  }
  if (method === 'CONNECT') framing = 'tunnel'

  // Upgrade (RFC 9110, 7.8). With a body the request cannot be followed by another protocol, so the offer is taken out.
  let upgrade = false
  if ((seen & (1 << place.upgrade)) !== 0 && upgradeOption) {
    if (framing === 'chunked' || contentLength > 0) headers.removeAll('upgrade')
    else {
      upgrade = version === '1.1'
      if (listTokens(headers, 'upgrade').includes('websocket') && !hasWebSocketKey(headers)) return refused('bad-upgrade', 400, scan.offset)
    }
  }
  if ((seen & (1 << place.te)) !== 0) reduceTe(headers)

  // Whether the line in the text is already the one that would be written: the same words, single spaces, CRLF.
  lineIntact &&= lineFeed === method.length + uri.length + protocol.length + 3 && text.charCodeAt(methodEnd) === space &&
    text.charCodeAt(targetEnd) === space && text.charCodeAt(lineEnd) === cr
  const head = new RequestHead(method, uri, version, protocol, headers, {
    framing,
    contentLength,
    keepAlive: persistent,
    expectContinue: (seen & (1 << place.expect)) !== 0 && version === '1.1' && headers.values('expect').some(value => value.toLowerCase() === '100-continue'),
    upgrade,
    upgradeOption,
    bytes: scan.offset,
  }, lineIntact)
  if (scan.bytes === undefined) headers.finishParsing(text)
  return head
}

function refused(code: HeadErrorCode, status: number, offset: number): HeadError {
  return new HeadError('client', code, status, offset)
}

/** The common methods as constants, so that comparing them later is comparing pointers. */
function knownMethod(text: string, end: number): string {
  if (end === 3) {
    if (text.startsWith('GET')) return 'GET'
    if (text.startsWith('PUT')) return 'PUT'
  } else if (end === 4) {
    if (text.startsWith('POST')) return 'POST'
    if (text.startsWith('HEAD')) return 'HEAD'
  }
  return text.slice(0, end)
}

/**
 * Version from the last word of the request line. Any `HTTP/d.d` from 1.1 up is spoken to as 1.1, as in HAProxy; 0.x is
 * refused, since what it announces has neither fields nor a status line. `option accept-invalid-http-request` adds several digits and
 * other protocol names, which are forwarded as they are and treated as 1.0.
 */
function protocolOf(word: string, acceptInvalid: boolean): { version: '1.0' | '1.1'; protocol: string } | undefined {
  if (word === 'HTTP/1.0') return { version: '1.0', protocol: word }
  const match = /^([A-Z]{1,16})\/([0-9]{1,4})\.([0-9]{1,4})$/.exec(word)
  if (match === null) return undefined
  const major = Number(match[2])
  const minor = Number(match[3])
  if (!acceptInvalid && (match[1] !== 'HTTP' || word.length !== 8 || major === 0)) return undefined
  if (match[1] !== 'HTTP') return { version: '1.0', protocol: word }
  const version = major > 1 || (major === 1 && minor >= 1) ? '1.1' : '1.0'
  return { version, protocol: 'HTTP/' + version }
}

/** Target of a line `GET SP target`, HTTP/0.9's whole request, or `undefined` when the line has more words. */
function simpleTarget(text: string, methodEnd: number, lineEnd: number): string | undefined {
  let start = methodEnd
  let end = lineEnd
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.charCodeAt(start) === 47 && allIn(laxTargetByte, text, start, end) ? text.slice(start, end) : undefined
}

/** HTTP/0.9 under `option accept-invalid-http-request`: forwarded as HTTP/1.0 without fields; nothing may follow it. */
function simpleRequest(uri: string, bytes: number): RequestHead {
  return new RequestHead('GET', uri, '1.0', 'HTTP/1.0', new HeaderList(), {
    framing: 'none', contentLength: 0, keepAlive: false, expectContinue: false, upgrade: false, upgradeOption: false, bytes,
  }, false)
}

function checkTarget(method: string, uri: string, headers: HeaderList, hostIndex: number): HostCheck {
  if (method === 'CONNECT') return checkConnectTarget(uri, headers, hostIndex)
  if (uri === '*') return { uri }
  return uri.includes('://') ? checkAbsoluteTarget(uri, headers, hostIndex) : { code: 'bad-target' }
}

/** A key of 24 bytes, the base64 length of 16 (RFC 6455, 4.1): what HAProxy asks of a WebSocket request. */
function hasWebSocketKey(headers: HeaderList): boolean {
  return headers.values('sec-websocket-key').some(key => key.length === 24)
}
