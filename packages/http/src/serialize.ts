// Heads to wire text: one latin1 string with lower-case names, exactly one framing, and the `connection` field that the
// caller decided on. The parser has put the list into canonical form; where rules then touched framing fields, they are
// written anew from what the parser found, so no rule can make a message ambiguous.
import { ConnectionOptions, takeConnectionOptions } from './connection.ts';
import { HeaderList, type CaseMap } from './header-list.ts';
import type { RequestHead } from './request-head.ts';
import type { ResponseFraming, ResponseHead } from './response-head.ts';

/** What the connection is told: kept, or closed after this message. An upgrade is taken from the head itself. */
export type ConnectionMode = 'keep-alive' | 'close';

const emptyLine = '\r\n';
const keepAliveTail = 'connection: keep-alive\r\n\r\n';
const closeTail = 'connection: close\r\n\r\n';

/**
 * Request head for the server. `connection` is what the server shall do after it. `caseMap` only when
 * `option h1-case-adjust-bogus-server` is on.
 *
 * As in HAProxy: nothing is added for the version's own default, nor beside `connection: upgrade`.
 */
export function serializeRequest(head: RequestHead, connection: ConnectionMode, caseMap?: CaseMap): string {
  let tail = emptyLine;
  if (!head.upgradeOption) {
    if (connection === 'close') {
      if (head.version === '1.1') tail = closeTail;
    } else if (head.version === '1.0') tail = keepAliveTail;
  }
  const headers = head.headers.framingTouched
    ? withFraming(head.headers, head.framing, head.contentLength, -1)
    : head.headers;
  const startLine = headers === head.headers ? head.changedStartLine() : requestLine(head);
  return headers.toWire(startLine, adjusted(tail, caseMap), caseMap);
}

/**
 * Response head for the client. `requestVersion` is the client's; `connection` is what will happen to its connection;
 * `framing` is the outgoing one (usually `head.framing`; `chunked` when the body is chunked on the way).
 * `caseMap` only when `option h1-case-adjust-bogus-client` is on.
 */
export function serializeResponse(
  head: ResponseHead,
  requestVersion: '1.0' | '1.1',
  connection: ConnectionMode,
  framing: ResponseFraming,
  caseMap?: CaseMap,
): string {
  let tail = emptyLine;
  if (!head.upgradeOption && head.status >= 200 && framing !== 'tunnel') {
    if (connection === 'close') {
      if (head.version === '1.1') tail = closeTail;
    } else if (head.version === '1.0' || requestVersion === '1.0') tail = keepAliveTail;
  }
  let headers = head.headers;
  if (headers.framingTouched || framing !== head.framing)
    headers = withFraming(headers, framing, head.contentLength, head.announcedLength);
  const startLine = headers === head.headers ? head.changedStartLine() : statusLine(head);
  return headers.toWire(startLine, adjusted(tail, caseMap), caseMap);
}

function requestLine(head: RequestHead): string {
  return head.method + ' ' + head.uri + ' ' + head.protocol + '\r\n';
}

function statusLine(head: ResponseHead): string {
  return head.protocol + ' ' + head.status + ' ' + head.reason + '\r\n';
}

function adjusted(tail: string, caseMap: CaseMap | undefined): string {
  const name = caseMap === undefined || tail === emptyLine ? undefined : caseMap.get('connection');
  return name === undefined ? tail : name + tail.slice('connection'.length);
}

/** A copy of `headers` whose framing fields are just those of `framing`, and whose `connection` fields hold no `close` or `keep-alive`. */
function withFraming(
  headers: HeaderList,
  framing: ResponseFraming,
  contentLength: number,
  announcedLength: number,
): HeaderList {
  const copy = new HeaderList();
  for (let index = 0; index < headers.count; index++) {
    const name = headers.nameAt(index);
    if (name !== 'content-length' && name !== 'transfer-encoding') copy.addParsed(name, headers.valueAt(index), -1);
  }
  takeConnectionOptions(copy, new ConnectionOptions());
  if (framing === 'length') copy.addParsed('content-length', String(contentLength), -1);
  else if (framing === 'chunked') copy.addParsed('transfer-encoding', 'chunked', -1);
  else if (framing === 'none' && announcedLength >= 0) copy.addParsed('content-length', String(announcedLength), -1);
  return copy;
}
