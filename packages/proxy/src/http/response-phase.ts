// The response head: read from the server, judged by rules, sent to the client together with what came of the body; and
// everything that may happen to the server connection before and after it.
import {
  findHeadEnd,
  HeadError,
  ListValueCursor,
  readResponseHead,
  serializeResponse,
  skipEmptyLines,
  type ResponseHead,
} from '@evenkeel/http';
import { createBodyReader } from '@evenkeel/http';
import { isGoodStatus, Observation } from '@evenkeel/shm';
import type { ConnectionError } from '../connection.ts';
import { keepInvalidResponse } from './keep-invalid.ts';
import { answerReply, answerStatus } from './answer.ts';
import { countDeniedResponse, countFailedResponse, countFailedRewrite, countServerResponse } from './counters.ts';
import { abandon, disown, dropServer, finish, logEarly, releaseServer, terminate } from './ending.ts';
import { captureCookieOfResponse, captureResponse } from './http-context.ts';
import { completeResponse, forwardResponse, sendText } from './response-body.ts';
import { applyAfterResponse, applyResponseRules } from './response-rules.ts';
import { Stage, Upload } from './stage.ts';
import type { HttpTransaction } from './transaction.ts';
import { startTunnel } from './tunnel.ts';

/** Methods that may be sent again when nobody knows whether they were carried out (RFC 9110, 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

// -------------------------------------------------------------------------------------------------------------- data

export function handleServerData(tx: HttpTransaction, chunk: Buffer): void {
  switch (tx.stage) {
    case Stage.head: {
      tx.hasResponseBytes = true;
      const { partial } = tx;
      if (partial === undefined) return readHeads(tx, chunk, 0);
      tx.partial = undefined;
      return readHeads(tx, Buffer.concat([partial, chunk]), partial.length);
    }
    case Stage.body:
      return forwardResponse(tx, chunk);
    case Stage.upload:
      // Nothing was asked for any more: the connection is not used again.
      tx.keepsServer = false;
      return;
    default:
    // The other stages wait for nothing of this kind.
  }
}

/** Reads interim responses and the final one from `buffer`; its first `scanned` bytes held no end of a head. */
function readHeads(tx: HttpTransaction, buffer: Buffer, scanned: number): void {
  const { backendHttp } = tx;
  const to = buffer.length;
  let from = 0;
  if (scanned === 0 || findHeadEnd(buffer, Math.max(0, scanned - 3), to) >= 0) {
    while ((from = skipEmptyLines(buffer, from, to)) < to) {
      const head = readResponseHead(buffer, from, to, tx.request!, backendHttp.responseHead);
      if (head === undefined) break;
      if (head instanceof HeadError) {
        keepInvalidResponse(tx, buffer, from, head);
        return refuseResponse(tx);
      }
      if (head.bytes > backendHttp.maxHeadBytes) return refuseResponse(tx);
      from += head.bytes;
      if (!head.informational) return startResponse(tx, head, buffer, from);
      sendInterim(tx, head);
    }
  }
  if (to - from >= backendHttp.maxHeadBytes) return refuseResponse(tx);
  if (from < to) tx.partial = from === 0 ? buffer : buffer.subarray(from);
  armServer(tx);
}

function armServer(tx: HttpTransaction): void {
  const { serverTimeoutMs } = tx.backendHttp;
  if (serverTimeoutMs > 0) tx.thread.wheel.arm(tx.serverTimer, tx.thread.now + serverTimeoutMs);
}

/** 1xx: passes without rules, but not to an HTTP/1.0 client, which would take it for the response (RFC 9110, 15.2). */
function sendInterim(tx: HttpTransaction, head: ResponseHead): void {
  const request = tx.request!;
  if (request.version === '1.0') return;
  tx.session.connection.writeLatin1(serializeResponse(head, request.version, 'keep-alive', 'none', tx.http.clientCase));
}

/** What the server sent is no response, or too much of one. */
function refuseResponse(tx: HttpTransaction): void {
  countFailedResponse(tx);
  if (tx.isHeldForRetry && tx.backendHttp.retryOn!.junkResponse && retry(tx)) return;
  observe(tx, Observation.badHeaders);
  terminate(tx, 'denied');
  answerStatus(tx, 502);
}

/**
 * NTLM and Negotiate authenticate the connection that they came over, against all of HTTP's rules: it then belongs to its client
 * alone (manual "http-reuse", "option prefer-last-server").
 */
function authenticatesConnection({ headers, status }: ResponseHead): boolean {
  const cursor = new ListValueCursor(headers, status === 401 ? 'www-authenticate' : 'proxy-authenticate');
  while (cursor.next()) if (/^(?:ntlm|nego)/i.test(cursor.value)) return true;
  return false;
}

/** `observe layer7` of the server: what its answer, or that it gave none, says of its health. */
function observe(tx: HttpTransaction, finding: number): void {
  const server = tx.assignedServer;
  if (server?.observes === true) server.observe(finding);
}

// ---------------------------------------------------------------------------------------------------- the final head

function startResponse(tx: HttpTransaction, head: ResponseHead, buffer: Buffer, from: number): void {
  const { session, http } = tx;
  const to = buffer.length;
  tx.response = head;
  if (tx.frontend.generation.tcp[tx.backend!.index].response?.evaluate(tx.context) === 'reject') {
    // `tcp-response content reject`: closed without an answer.
    tx.response = undefined;
    tx.termination.setLetters('P', 'D');
    countDeniedResponse(tx);
    return abandon(tx);
  }
  if (tx.isHeldForRetry) {
    if (tx.backendHttp.retryOn!.statuses.has(head.status) && retryAfterResponse(tx, head, to - from)) return;
    tx.isHeldForRetry = false;
  }
  countServerResponse(tx, head.status);
  if ((head.status === 401 || head.status === 407) && authenticatesConnection(head)) {
    tx.dispatch.privateConnection = true;
    tx.dispatch.prefersLastServer = true;
  }
  observe(tx, isGoodStatus(head.status) ? Observation.goodResponse : Observation.badStatus);
  tx.held = undefined;
  tx.isReplayable = false;
  if (session.connection.isClosed) return endWithoutClient(tx, head, to - from);
  // The body is looked at before anything is sent, so that a framing that is broken at once still becomes a 502.
  let end = from;
  let isComplete = head.framing === 'none';
  if (head.framing === 'length' && to - from >= head.contentLength) {
    end = from + head.contentLength;
    isComplete = true;
  } else if (!isComplete && head.framing !== 'tunnel') {
    const reader = createBodyReader(head.framing, head.contentLength, http.responseBody);
    end = reader.read(buffer, from, to);
    if (reader.error !== undefined) {
      const start = from - head.bytes;
      keepInvalidResponse(tx, buffer, start, end - start);
      tx.response = undefined;
      return refuseResponse(tx);
    }
    tx.responseReader = reader;
    isComplete = reader.done;
  }
  captureResponse(tx, head);
  const verdict = applyResponseRules(tx);
  if (verdict !== undefined)
    return obeyResponse(tx, verdict.kind, verdict.reply, isComplete && end === to && head.keepAlive);
  captureCookieOfResponse(tx, head);
  applyAfterResponse(tx);
  tx.responseMs = tx.thread.now;
  tx.status = head.status;
  const request = tx.request!;
  tx.keepsServer = tx.keepsServer && head.keepAlive;
  tx.keepsClient =
    request.keepAlive &&
    !http.closesClients &&
    !session.isStopping &&
    head.framing !== 'close' &&
    head.framing !== 'tunnel';
  const text = serializeResponse(
    head,
    request.version,
    tx.keepsClient ? 'keep-alive' : 'close',
    head.framing,
    http.clientCase,
  );
  if (text.length > http.bufferBytes) {
    tx.termination.setLetters('P', 'H');
    countFailedRewrite(tx);
    return answerStatus(tx, 500);
  }
  if (head.framing === 'tunnel') return startTunnel(tx, text, buffer.subarray(from));
  tx.stage = Stage.body;
  sendText(tx, text, buffer, from, end);
  logEarly(tx);
  if (isComplete) {
    // A server that says more than it announced has lost count: its connection carries nothing else.
    if (end < to) tx.keepsServer = false;
    completeResponse(tx);
  } else armServer(tx);
}

function obeyResponse(
  tx: HttpTransaction,
  kind: string,
  reply: Parameters<typeof answerReply>[1] | undefined,
  isWhole: boolean,
): void {
  if (isWhole && tx.upload === Upload.complete) releaseServer(tx);
  if (kind === 'return') terminate(tx, 'local');
  else {
    terminate(tx, 'denied');
    countDeniedResponse(tx);
  }
  if (reply === undefined) abandon(tx);
  else answerReply(tx, reply);
}

/** The client left while the server was working: the response is counted and thrown away (manual, "option abortonclose"). */
function endWithoutClient(tx: HttpTransaction, head: ResponseHead, available: number): void {
  tx.responseMs = tx.thread.now;
  tx.status = head.status;
  tx.stage = Stage.body;
  terminate(tx, 'client-abort');
  tx.frontend.counters.clientAbort(tx.backend, tx.assignedServer);
  tx.keepsServer = tx.keepsServer && head.keepAlive;
  const isWhole =
    head.framing === 'none' ? available === 0 : head.framing === 'length' && available === head.contentLength;
  if (isWhole) releaseServer(tx);
  abandon(tx);
}

// ------------------------------------------------------------------------------------------------- the server leaves

/** The server sent FIN. */
export function handleServerEnd(tx: HttpTransaction): void {
  switch (tx.stage) {
    case Stage.head:
      return loseServer(tx, false);
    case Stage.body:
      if (!tx.responseReader!.end()) return truncate(tx);
      return completeResponse(tx);
    case Stage.upload:
      return drainUpload(tx);
    default:
    // The other stages wait for nothing of this kind.
  }
}

/** Its connection is gone. */
export function handleServerClose(tx: HttpTransaction, error: ConnectionError | undefined): void {
  if (tx.server === undefined) return;
  switch (tx.stage) {
    case Stage.head:
      return loseServer(tx, error !== undefined);
    case Stage.body:
      // Also a body that ends with the connection is cut short by a reset.
      return truncate(tx);
    case Stage.upload:
      return drainUpload(tx);
    default:
    // The other stages wait for nothing of this kind.
  }
}

// ------------------------------------------------------------------------------------------------------------ retry-on

/** Sends the request once more because of what `retry-on` names; false, with nothing done, where `retries` is spent. */
function retry(tx: HttpTransaction): boolean {
  const { dispatch } = tx;
  if (!dispatch.mayRetry) return false;
  dropServer(tx);
  tx.stage = Stage.dispatch;
  tx.response = undefined;
  tx.partial = undefined;
  tx.hasResponseBytes = false;
  return dispatch.retry();
}

/** The same because of a status. The connection of a response that is there whole can carry another request. */
function retryAfterResponse(tx: HttpTransaction, head: ResponseHead, available: number): boolean {
  if (!tx.dispatch.mayRetry) return false;
  tx.keepsServer = tx.keepsServer && head.keepAlive;
  if (head.framing === 'none' ? available === 0 : head.framing === 'length' && available === head.contentLength)
    releaseServer(tx);
  return retry(tx);
}

/** The server left without a response. */
function loseServer(tx: HttpTransaction, byReset: boolean): void {
  if (tx.isHeldForRetry && tx.backendHttp.retryOn!.emptyResponse && tx.dispatch.mayRetry) {
    // HAProxy takes a reset for a failed response even where another follows.
    if (byReset) countFailedResponse(tx);
    retry(tx);
    return;
  }
  if (!tx.hasResponseBytes && tx.isReplayable && replay(tx)) return;
  const wasUploading = tx.upload === Upload.open;
  const isRetriedByClient = !tx.hasResponseBytes && tx.isServerReused && tx.session.requests > 1;
  tx.termination.set('server-abort', wasUploading && byReset ? 'data' : 'headers');
  countFailedResponse(tx);
  // HAProxy counts the connection that broke, and the response that is missing.
  if (byReset) countFailedResponse(tx);
  observe(tx, byReset ? Observation.readError : Observation.closed);
  // A kept connection that was closed by the time of its next request is no news to a client: it tries again by itself. An
  // error would tell it that the request failed, which nobody knows.
  if (isRetriedByClient) return abandon(tx);
  answerStatus(tx, 502);
}

/** Sends the request once more over another connection, where that cannot do harm. */
function replay(tx: HttpTransaction): boolean {
  const { server } = tx;
  if (server === undefined || !IDEMPOTENT.has(tx.request!.method)) return false;
  tx.thread.wheel.disarm(tx.serverTimer);
  tx.stage = Stage.dispatch;
  tx.server = undefined;
  if (tx.dispatch.retryAfterReuseFailure()) {
    disown(server);
    server.destroy();
    return true;
  }
  tx.stage = Stage.head;
  tx.server = server;
  return false;
}

/** The response was cut short: the client gets what there is, and its connection closes, which tells it so. */
function truncate(tx: HttpTransaction): void {
  terminate(tx, 'server-abort');
  // A length that is not reached, or a chunk that is broken off, makes the response invalid.
  observe(tx, Observation.badResponse);
  tx.frontend.counters.serverAbort(tx.backend, tx.assignedServer);
  countFailedResponse(tx);
  abandon(tx);
}

/** The response is complete and nobody reads the rest of the request: it is read here, to keep the client's connection. */
function drainUpload(tx: HttpTransaction): void {
  tx.keepsServer = false;
  dropServer(tx);
  tx.upload = Upload.drained;
  tx.session.resume();
  tx.session.touch();
}

/** `timeout server` (manual): no response, no byte of its body, or no acceptance of the request's. */
export function handleServerTimeout(tx: HttpTransaction): void {
  switch (tx.stage) {
    case Stage.head:
      if (tx.isHeldForRetry && tx.backendHttp.retryOn!.responseTimeout && retry(tx)) return;
      terminate(tx, 'server-timeout');
      countFailedResponse(tx);
      observe(tx, Observation.timeout);
      return answerStatus(tx, 504);
    case Stage.body:
      terminate(tx, 'server-timeout');
      tx.frontend.counters.serverAbort(tx.backend, tx.assignedServer);
      return abandon(tx);
    case Stage.upload:
      // It has answered; only if it does not take the rest of the request is it late.
      if (tx.server === undefined || tx.server.writableLength === 0) return;
      terminate(tx, 'server-timeout');
      tx.keepsClient = false;
      return finish(tx);
    default:
    // The other stages wait for nothing of this kind.
  }
}
