// From a parsed request head to a request that is on its way to a server: monitor page, services, rules of the frontend, choice
// of the backend, rules of the backend, forwarded headers, dispatch, first write. In the manual's order.
import { type RequestHead, serializeRequest } from '@evenkeel/http';
import type { DispatchFailure } from '../backend/dispatch.ts';
import type { Connection } from '../connection.ts';
import { DISPATCH_TERMINATION, type TerminationEvent } from '../stream/termination.ts';
import { oneLine } from '../errors/reply.ts';
import type { Verdict } from '../rules/compile.ts';
import { answerReply, answerStatus } from './answer.ts';
import { countFailedRewrite, countIntercepted, countRequest } from './counters.ts';
import { abandon, terminate } from './ending.ts';
import { addForwardedHeader } from './forwarded.ts';
import { captureCookieOfRequest, captureRequest, startCaptures } from './http-context.ts';
import type { HttpProxy } from './http-proxy.ts';
import { COALESCE_BYTES, latin1 } from './latin1.ts';
import { forgetHeld, isBodyBuffered, startUpload, waitForBody } from './request-body.ts';
import { TransactionService } from './service-exchange.ts';
import { Stage, Step, Upload } from './stage.ts';
import type { HttpTransaction } from './transaction.ts';

// ---------------------------------------------------------------------------------------------------------- beginning

/** Starts with a complete head; the body's bytes that came with it start at `offset` of `buffer`. */
export function beginRequest(tx: HttpTransaction, head: RequestHead, buffer: Buffer, offset: number): void {
  tx.request = head;
  tx.frontend.logAccept(tx.session.client);
  startCaptures(tx);
  if (tx.frontend.tcp.request?.evaluate(tx.context) === 'reject') {
    // Before HTTP rules and before the request counts as one: it is not even named in the log.
    tx.request = undefined;
    tx.upload = head.framing === 'none' ? Upload.complete : Upload.open;
    return rejectContent(tx);
  }
  tx.requestMethod = head.method;
  tx.requestUri = head.uri;
  tx.requestEndMs = tx.thread.now;
  tx.bytesIn = head.bytes;
  tx.clientBytesBefore = tx.session.connection.bytesIn - (buffer.length - offset) - head.bytes;
  countRequest(tx);
  if (!startUpload(tx, head, buffer, offset)) {
    // A body that is wrong from its first bytes on: nobody has seen the request yet, so it counts as not understood.
    tx.request = undefined;
    tx.requestEndMs = -1;
    return refuseRequest(tx, 'denied', 400);
  }
  captureRequest(tx, head);
  const { http } = tx;
  if (http.monitorUri !== undefined && head.uri === http.monitorUri) return answerMonitor(tx);
  if (http.services.length > 0) {
    const mounted = http.services.find((each) => each.matches(tx.context));
    if (mounted !== undefined) {
      tx.service = new TransactionService(tx, mounted.service);
      return tx.service.start();
    }
  }
  advanceRequest(tx);
}

/** There is no request to speak of: answers with `status` as far as there is anybody to read it, logs, closes. */
export function refuseRequest(tx: HttpTransaction, event: TerminationEvent, status: number): void {
  const { session } = tx;
  tx.termination.set(event, 'request');
  tx.isRefused = true;
  tx.capturedRequest = undefined;
  tx.status = status;
  tx.upload = Upload.open;
  tx.frontend.counters.failedRequest(session.client);
  session.refuseActive(status);
  // What is said to no request is no response: HAProxy counts none of its bytes.
  tx.bytesOutBefore = session.connection.bytesOut;
  abandon(tx);
}

/** `monitor-uri`: answered before anything else, neither logged nor counted as a response. */
function answerMonitor(tx: HttpTransaction): void {
  tx.isMonitor = true;
  countIntercepted(tx);
  const fails = tx.http.monitorFails?.(tx.context) === true;
  terminate(tx, 'local');
  answerStatus(tx, fails ? 503 : 200);
}

// ---------------------------------------------------------------------------------------------------------- the rules

/** Goes through the steps of the request stage from where it stands, as far as rules and the request's body allow. */
export function advanceRequest(tx: HttpTransaction): void {
  if (tx.step === Step.frontendBody) {
    if (tx.http.buffersRequests && !isBodyBuffered(tx)) return waitForBody(tx);
    tx.step = Step.frontendRules;
  }
  if (tx.step === Step.frontendRules) {
    const { request } = tx.http.rules;
    if (request !== undefined) {
      const verdict = request(tx.context);
      if (verdict !== undefined && verdict.kind !== 'allow') return obey(tx, verdict, tx.http);
    }
    const backend = tx.frontend.chooseBackend(tx.context);
    if (backend === undefined) {
      tx.termination.setLetters('S', 'C');
      // HAProxy logs no time of the request where nothing was to become of it.
      tx.requestEndMs = -1;
      return answerStatus(tx, 503);
    }
    tx.backend = backend;
    tx.backendHttp = tx.frontend.generation.http[backend.index]!;
    tx.dispatch.assign(backend);
    const contentRules = tx.frontend.generation.tcp[backend.index].request;
    if (
      contentRules !== undefined &&
      backend.index !== tx.frontend.index &&
      contentRules.evaluate(tx.context) === 'reject'
    )
      return rejectContent(tx);
    tx.step = Step.backendBody;
  }
  if (tx.step === Step.backendBody) {
    const { buffersRequests, buffersPosts } = tx.backendHttp;
    const waits = buffersRequests || (buffersPosts && tx.request!.method === 'POST');
    if (waits && !isBodyBuffered(tx)) return waitForBody(tx);
    tx.step = Step.backendRules;
  }
  const { backendHttp } = tx;
  if (backendHttp !== tx.http && backendHttp.rules.request !== undefined) {
    const verdict = backendHttp.rules.request(tx.context);
    if (verdict !== undefined && verdict.kind !== 'allow') return obey(tx, verdict, backendHttp);
  }
  dispatchRequest(tx);
}

/** `tcp-request content reject`: closed without an answer. */
function rejectContent(tx: HttpTransaction): void {
  tx.frontend.counters.deniedRequest(tx.session.client, undefined);
  tx.termination.setLetters('P', 'R');
  tx.requestEndMs = -1;
  abandon(tx);
}

/** `section`: whose rule it was. */
function obey(tx: HttpTransaction, verdict: Verdict, section: HttpProxy): void {
  switch (verdict.kind) {
    case 'allow':
      return;
    case 'reject':
      tx.frontend.counters.deniedRequest(tx.session.client, tx.backend);
      terminate(tx, 'denied');
      tx.requestEndMs = -1;
      return abandon(tx);
    case 'deny':
      captureCookieOfRequest(tx, tx.request!);
      tx.frontend.counters.deniedRequest(tx.session.client, tx.backend);
      terminate(tx, 'denied');
      return answerReply(tx, verdict.reply!);
    case 'return':
      countIntercepted(tx);
      terminate(tx, 'local');
      return answerReply(tx, verdict.reply!);
    case 'tarpit':
      captureCookieOfRequest(tx, tx.request!);
      tx.frontend.counters.deniedRequest(tx.session.client, tx.backend);
      tx.stage = Stage.tarpit;
      tx.requestEndMs = -1;
      tx.tarpitReply = verdict.reply;
      if (section.tarpitTimeoutMs === 0) return handleTarpitEnd(tx);
      tx.thread.wheel.arm(tx.serverTimer, tx.thread.now + section.tarpitTimeoutMs);
  }
}

/** The delay of a tarpit is over. */
export function handleTarpitEnd(tx: HttpTransaction): void {
  tx.queueLeftMs = tx.thread.now;
  terminate(tx, 'denied');
  answerReply(tx, tx.tarpitReply!);
}

// ---------------------------------------------------------------------------------------------------- towards a server

function dispatchRequest(tx: HttpTransaction): void {
  const { session, backendHttp, http, dispatch } = tx;
  const request = tx.request!;
  if (session.isEnded && tx.upload === Upload.open) {
    // The rest of the body will never come, so no server is bothered.
    tx.termination.set('client-abort', 'request');
    tx.frontend.counters.failedRequest(session.client);
    tx.frontend.counters.clientAbort(tx.backend, undefined);
    return abandon(tx);
  }
  captureCookieOfRequest(tx, request);
  addHeaders(tx, request);
  if (backendHttp.serverNameHeader !== undefined) request.headers.removeAll(backendHttp.serverNameHeader);
  const balanceKey = tx.frontend.generation.balanceKeys[tx.backend!.index];
  if (balanceKey !== undefined) dispatch.balanceHash = balanceKey(tx.context);
  const closes = http.closesServers || backendHttp.closesServers;
  tx.requestText = serializeRequest(
    request,
    closes && !backendHttp.pretendsKeepAlive ? 'close' : 'keep-alive',
    backendHttp.serverCase,
  );
  if (tx.requestText.length > http.bufferBytes) {
    tx.termination.setLetters('P', 'R');
    countFailedRewrite(tx);
    return answerStatus(tx, 500);
  }
  tx.stage = Stage.dispatch;
  tx.dispatchStartMs = tx.thread.now;
  dispatch.firstRequest = session.requests === 1;
  const choose = tx.frontend.generation.useServer[tx.backend!.index];
  if (choose !== undefined) dispatch.persistentServer = choose(tx.context);
  if (tx.backend!.hasRedirects) dispatch.mayRedirect = tx.requestMethod === 'GET' || tx.requestMethod === 'HEAD';
  if (tx.backend!.usesClientPort) session.client.tellDestination(dispatch);
  dispatch.start();
}

/** Headers that options add, behind those of the rules: `unique-id-header`, `forwardfor`, `originalto`. */
function addHeaders(tx: HttpTransaction, request: RequestHead): void {
  const { http, backendHttp } = tx;
  if (http.uniqueIdHeader !== undefined) {
    const id = tx.context.uniqueId;
    if (id !== undefined) request.headers.add(http.uniqueIdHeader, id);
  }
  if (http.forwardfor !== undefined || backendHttp.forwardfor !== undefined) {
    addForwardedHeader(
      request.headers,
      http.forwardfor,
      backendHttp === http ? undefined : backendHttp.forwardfor,
      tx.session.client.source,
    );
  }
  if (http.originalto !== undefined || backendHttp.originalto !== undefined) {
    addForwardedHeader(
      request.headers,
      http.originalto,
      backendHttp === http ? undefined : backendHttp.originalto,
      tx.session.client.destination,
    );
  }
}

export function handleDispatchFailure(tx: HttpTransaction, failure: DispatchFailure): void {
  const [cause, phase] = DISPATCH_TERMINATION[failure];
  tx.termination.setLetters(cause, phase);
  if (failure === 'queue-timeout') tx.queueLeftMs = tx.thread.now;
  answerStatus(tx, 503);
}

/** The server has a `redir` prefix: the client is sent there, and no connection is made (manual 5.2). */
export function handleServerRedirect(tx: HttpTransaction, prefix: string): void {
  const location = prefix + tx.request!.target.pathWithQuery;
  tx.termination.setLetters('L', 'C');
  const head =
    'HTTP/1.1 302 Found\r\ncache-control: no-cache\r\ncontent-length: 0\r\n' +
    `location: ${oneLine(location)}\r\nconnection: close\r\n\r\n`;
  answerReply(tx, { status: 302, make: () => ({ head, body: '' }) });
}

/** A connection is there: sends what there is of the request. */
export function handleServerConnection(tx: HttpTransaction, connection: Connection, reused: boolean): void {
  const { http, backendHttp } = tx;
  tx.server = connection;
  tx.isServerPaused = false;
  tx.isServerReused = reused;
  tx.keepsServer = !http.closesServers && !backendHttp.closesServers;
  tx.stage = Stage.head;
  connection.owner = tx;
  if (tx.frontend.logsBackendSource) tx.backendSource = connection.local;
  const { held } = tx;
  const text = backendHttp.serverNameHeader === undefined ? tx.requestText : withServerName(tx, backendHttp);
  if (backendHttp.retryOn !== undefined) tx.isHeldForRetry = isWhole(tx);
  if (held === undefined) {
    connection.writeLatin1(text);
  } else {
    sendWithBody(connection, text, held, tx.heldBytes);
    // Only a connection that was used before may turn out to be dead in a way that nobody is to blame for.
    if ((!reused || tx.heldBytes > http.bufferBytes) && !tx.isHeldForRetry) forgetHeld(tx);
  }
  if (!reused) tx.isReplayable = false;
  const { serverTimeoutMs } = backendHttp;
  if (serverTimeoutMs > 0) tx.thread.wheel.arm(tx.serverTimer, tx.thread.now + serverTimeoutMs);
  if (tx.upload === Upload.open && connection.writableLength < http.bufferBytes) tx.session.resume();
  connection.resume();
}

/** Whether the request can be sent again whatever becomes of it: it is here whole and fits into a buffer (manual, "retry-on"). */
function isWhole(tx: HttpTransaction): boolean {
  return (
    !tx.isRetryDisabled && tx.upload === Upload.complete && tx.request!.bytes + tx.heldBytes <= tx.http.maxHeadBytes
  );
}

/** `http-send-name-header`: names the server that this very attempt goes to. */
function withServerName(tx: HttpTransaction, { serverCase, serverNameHeader }: HttpProxy): string {
  const name = serverCase?.get(serverNameHeader!) ?? serverNameHeader;
  return `${tx.requestText.slice(0, -2)}${name}: ${tx.dispatch.server!.name}\r\n\r\n`;
}

function sendWithBody(connection: Connection, text: string, held: readonly Buffer[], bytes: number): void {
  if (text.length + bytes > COALESCE_BYTES) {
    connection.writeLatin1(text);
    for (const piece of held) connection.write(piece);
    return;
  }
  let all = text;
  for (const piece of held) all += latin1(piece, 0, piece.length);
  connection.writeLatin1(all);
}
