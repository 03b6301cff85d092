// What the client does, or fails to do, while a transaction runs: it closes one way, it is gone, it keeps silent; and what
// the thread or the server's state does to a transaction from outside. Phase by phase, with the termination states of the
// manual's section 8.5.
//
// A client that closes its sending side is not gone: it may wait for the response. Only `option abortonclose` takes it so,
// and only until the response begins. A reset means that nobody reads any more, but a request that the server is working on goes
// on all the same without that option: the server may be changing something, and would not be told apart from a failure.
import { answerReply, answerStatus } from './answer.ts';
import { countFailedResponse } from './counters.ts';
import { abandon, dropServer, terminate } from './ending.ts';
import { SHUTDOWN_EVENT } from '../stream/termination.ts';
import type { ShutdownReason } from '../backend/dispatch.ts';
import { Stage, Upload } from './stage.ts';
import type { HttpTransaction } from './transaction.ts';

/** FIN from the client. */
export function handleClientEnd(tx: HttpTransaction): void {
  const isUploading = tx.upload !== Upload.complete;
  switch (tx.stage) {
    case Stage.request:
      // What is there of the body is all that rules will see.
      if (isUploading) tx.advance();
      return;
    case Stage.tarpit:
      if (abortsOnClose(tx)) leaveTarpit(tx);
      return;
    case Stage.dispatch:
    case Stage.head:
      if (isUploading) return abortUpload(tx);
      if (abortsOnClose(tx)) abortWait(tx);
      return;
    case Stage.body:
    case Stage.upload:
      if (isUploading) abortUpload(tx);
      return;
    default:
    // The other stages wait for nothing of this kind.
  }
}

/** The client's connection is gone. */
export function handleClientGone(tx: HttpTransaction): void {
  switch (tx.stage) {
    case Stage.request:
      return tx.advance();
    case Stage.tarpit:
      if (abortsOnClose(tx)) leaveTarpit(tx);
      return;
    case Stage.dispatch:
    case Stage.head:
      if (tx.upload !== Upload.complete) return abortUpload(tx);
      if (abortsOnClose(tx)) abortWait(tx);
      return;
    case Stage.body:
    case Stage.upload:
    case Stage.flush:
      terminate(tx, 'client-abort');
      tx.frontend.counters.clientAbort(tx.backend, tx.assignedServer);
      return abandon(tx);
    default:
    // The other stages wait for nothing of this kind.
  }
}

function abortsOnClose(tx: HttpTransaction): boolean {
  return tx.backendHttp.proxy.options.abortonclose || tx.http.proxy.options.abortonclose;
}

/** The client of a tarpit left: logged as what it would have got. HAProxy has no letter of its own for it, for all its manual says. */
function leaveTarpit(tx: HttpTransaction): void {
  tx.queueLeftMs = tx.thread.now;
  terminate(tx, 'denied');
  answerReply(tx, tx.tarpitReply!);
}

/** The rest of the request will never come: no answer would be one to it. */
function abortUpload(tx: HttpTransaction): void {
  if (tx.stage === Stage.head) tx.termination.set('client-abort', 'data');
  else terminate(tx, 'client-abort');
  tx.frontend.counters.clientAbort(tx.backend, tx.assignedServer);
  abandon(tx);
}

/** `option abortonclose`: the client left before the response began. Only a server that has the request is told about it. */
function abortWait(tx: HttpTransaction): void {
  terminate(tx, 'client-abort');
  if (tx.stage === Stage.head) {
    tx.frontend.counters.clientAbort(tx.backend, tx.assignedServer);
    tx.keepsClient = false;
    return answerStatus(tx, 400);
  }
  if (tx.dispatch.waitsFor === 'queue') tx.queueLeftMs = tx.thread.now;
  tx.dispatch.cancel();
  abandon(tx);
}

/** `timeout client` (or, while rules wait for the body, `timeout http-request`). */
export function handleClientTimeout(tx: HttpTransaction): void {
  const { session } = tx;
  switch (tx.stage) {
    case Stage.request:
      terminate(tx, 'client-timeout');
      tx.frontend.counters.failedRequest(session.client);
      tx.requestEndMs = -1;
      return answerStatus(tx, 408);
    case Stage.dispatch:
    case Stage.head: {
      if (tx.upload !== Upload.open) return;
      // It is not read, so it cannot be late; or the server's time-out, which runs beside and is not longer, decides.
      const { serverTimeoutMs } = tx.backendHttp;
      const isServersTurn =
        tx.server !== undefined && serverTimeoutMs > 0 && serverTimeoutMs <= tx.http.clientTimeoutMs;
      if (session.isPaused || isServersTurn) return session.touch();
      if (tx.stage === Stage.head) tx.termination.set('client-timeout', 'data');
      else terminate(tx, 'client-timeout');
      tx.frontend.counters.clientAbort(tx.backend, tx.assignedServer);
      tx.dispatch.cancel();
      return answerStatus(tx, 408);
    }
    case Stage.body:
      if (session.connection.unsentBytes === 0) return session.touch();
      return resetClient(tx);
    case Stage.flush:
      return resetClient(tx);
    case Stage.upload:
      if (session.isPaused) return session.touch();
      terminate(tx, 'client-timeout');
      tx.frontend.counters.clientAbort(tx.backend, tx.assignedServer);
      return abandon(tx);
    default:
    // The other stages wait for nothing of this kind.
  }
}

/** The client takes nothing: what waits for it is lost. */
function resetClient(tx: HttpTransaction): void {
  terminate(tx, 'client-timeout');
  tx.frontend.counters.clientAbort(tx.backend, tx.assignedServer);
  tx.session.connection.reset();
  abandon(tx);
}

/** `on-marked-down shutdown-sessions`, or an operator's `shutdown sessions server`. */
export function handleServerShutdown(tx: HttpTransaction, reason: ShutdownReason): void {
  const event = SHUTDOWN_EVENT[reason];
  if (tx.tunnel !== undefined) return tx.tunnel.stop(event);
  terminate(tx, event);
  if (tx.status > 0) tx.frontend.counters.serverAbort(tx.backend, tx.assignedServer);
  else countFailedResponse(tx);
  dropServer(tx);
  tx.dispatch.finish();
  if (tx.status > 0) return abandon(tx);
  answerStatus(tx, 502);
}

/**
 * An operator, or the end of `hard-stop-after`. As on HAProxy who waits for a response is answered as if the server had failed, and
 * a request that was not sent yet ends without a word, and without a letter of its phase.
 */
export function handleKill(tx: HttpTransaction): void {
  if (tx.tunnel !== undefined) return tx.tunnel.stop('killed');
  switch (tx.stage) {
    case Stage.dispatch:
      tx.termination.set('killed', 'done');
      tx.dispatch.cancel();
      return abandon(tx);
    case Stage.head:
      terminate(tx, 'killed');
      countFailedResponse(tx);
      dropServer(tx);
      tx.dispatch.finish();
      return answerStatus(tx, 502);
    default:
      terminate(tx, 'killed');
      if (tx.server !== undefined) tx.frontend.counters.serverAbort(tx.backend, tx.assignedServer);
      tx.session.connection.reset();
      return abandon(tx);
  }
}
