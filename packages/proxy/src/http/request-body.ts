// The request's body on its way: from the client's bytes through its framing to the server connection, or to where it waits for
// one. Bounded in both places: the client is not read while a buffer's worth waits.
import { createBodyReader, type RequestHead } from '@evenkeel/http';
import { answerStatus } from './answer.ts';
import { abandon, finish, releaseServer, terminate } from './ending.ts';
import { keepInvalidRequest } from './keep-invalid.ts';
import { latin1 } from './latin1.ts';
import { Stage, Step, Upload } from './stage.ts';
import type { HttpTransaction } from './transaction.ts';

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

/** Takes what came of the body with the head; false where its framing is broken already. */
export function startUpload(tx: HttpTransaction, head: RequestHead, buffer: Buffer, offset: number): boolean {
  const { framing, contentLength } = head;
  const available = buffer.length - offset;
  if (framing === 'none' || framing === 'tunnel') {
    // What follows a CONNECT belongs to the tunnel once it is granted; until then it is kept like a request that came ahead.
    if (available > 0) tx.session.keepAhead(buffer.subarray(offset));
    return true;
  }
  if (framing === 'length' && available >= contentLength) {
    if (contentLength > 0) holdBody(tx, buffer.subarray(offset, offset + contentLength));
    tx.bytesIn += contentLength;
    if (available > contentLength) tx.session.keepAhead(buffer.subarray(offset + contentLength));
    return true;
  }
  const reader = createBodyReader(framing, contentLength, tx.http.requestBody);
  tx.upload = Upload.open;
  tx.uploadReader = reader;
  if (available > 0) {
    const end = reader.read(buffer, offset, buffer.length);
    if (reader.error !== undefined) {
      const start = offset - head.bytes;
      keepInvalidRequest(tx.frontend, tx.session.connection, undefined, buffer, start, end - start);
      return false;
    }
    tx.bytesIn += end - offset;
    if (reader.passThrough) holdBody(tx, buffer.subarray(offset, end));
    else for (const piece of reader.output) holdBody(tx, piece);
    if (reader.done) {
      tx.upload = Upload.complete;
      tx.uploadReader = undefined;
      if (end < buffer.length) tx.session.keepAhead(buffer.subarray(end));
      return true;
    }
  }
  tx.session.touch();
  return true;
}

/** Bytes from the client while the transaction runs. */
export function handleClientData(tx: HttpTransaction, chunk: Buffer): void {
  const reader = tx.uploadReader;
  if (reader === undefined) return tx.session.keepAhead(chunk);
  const end = reader.read(chunk, 0, chunk.length);
  if (reader.error !== undefined) {
    keepInvalidRequest(tx.frontend, tx.session.connection, tx.backend, chunk, 0, end);
    return handleBadBody(tx);
  }
  tx.bytesIn += end;
  if (tx.upload === Upload.open) {
    if (reader.passThrough) forwardBody(tx, end === chunk.length ? chunk : chunk.subarray(0, end));
    else for (const piece of reader.output) forwardBody(tx, piece);
  }
  if (!reader.done) {
    if (tx.stage !== Stage.request) tx.session.touch();
    else if (isBodyBuffered(tx)) resumeRules(tx);
    else tx.session.touchUntil(tx.bodyDeadlineMs);
    return;
  }
  tx.uploadReader = undefined;
  tx.upload = Upload.complete;
  tx.session.disarm();
  // The chunk may be borrowed: what comes ahead is kept longer.
  if (end < chunk.length) tx.session.keepAhead(Buffer.from(chunk.subarray(end)));
  if (tx.stage === Stage.request) resumeRules(tx);
  else if (tx.stage === Stage.upload) {
    releaseServer(tx);
    finish(tx);
  }
}

function forwardBody(tx: HttpTransaction, piece: Buffer): void {
  if (piece.length === 0) return;
  const { server } = tx;
  if (server === undefined) {
    holdBody(tx, piece);
    if (tx.heldBytes >= tx.http.bufferBytes) tx.session.pause();
    return;
  }
  if (tx.isReplayable) holdForReplay(tx, piece);
  if (!server.write(piece) && server.writableLength >= tx.http.bufferBytes) tx.session.pause();
  const { serverTimeoutMs } = tx.backendHttp;
  // What is sent shows that the connection lives, but under option independent-streams (manual).
  if (serverTimeoutMs > 0 && !tx.isServerPaused && !tx.backendHttp.hasIndependentStreams) {
    tx.thread.wheel.arm(tx.serverTimer, tx.thread.now + serverTimeoutMs);
  }
}

function holdBody(tx: HttpTransaction, piece: Buffer): void {
  if (piece.length === 0) return;
  tx.heldBytes += piece.length;
  if (tx.held === undefined) tx.held = [piece];
  else tx.held.push(piece);
}

function holdForReplay(tx: HttpTransaction, piece: Buffer): void {
  if (tx.heldBytes + piece.length <= tx.http.bufferBytes) return holdBody(tx, piece);
  forgetHeld(tx);
}

/** What is held of the body, as latin1 text without framing; undefined when that is nothing. */
export function heldBodyText({ held, request }: HttpTransaction): string | undefined {
  if (held === undefined) return undefined;
  let text = '';
  for (const piece of held) text += latin1(piece, 0, piece.length);
  return request?.framing === 'chunked' ? withoutChunks(text) : text;
}

/** The data of all chunks that are there, the last perhaps in part. */
function withoutChunks(text: string): string {
  let data = '';
  let at = 0;
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at);
    const size = lineEnd < 0 ? 0 : Number.parseInt(text.slice(at, lineEnd), 16);
    if (!(size > 0)) return data;
    data += text.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 2 + size + 2;
  }
}

/** What was sent of the body cannot be sent again from now on. */
export function forgetHeld(tx: HttpTransaction): void {
  tx.isReplayable = false;
  tx.held = undefined;
  tx.heldBytes = 0;
}

/** The framing broke on the way. The server cannot be told otherwise than by closing its connection. */
function handleBadBody(tx: HttpTransaction): void {
  terminate(tx, 'denied');
  tx.frontend.counters.failedRequest(tx.session.client);
  if (tx.status > 0) abandon(tx);
  else answerStatus(tx, 400);
}

// -------------------------------------------------------------------------------------- option http-buffer-request

/** Whether rules need not wait for more: all of the body, a full buffer of it, or nobody who sends it. */
export function isBodyBuffered(tx: HttpTransaction): boolean {
  return tx.upload !== Upload.open || tx.session.isEnded || tx.request!.bytes + tx.heldBytes >= tx.http.maxHeadBytes;
}

/**
 * Waits for the body (manual, "option http-buffer-request"): it has `timeout http-request`, counted anew from the end of
 * the head as on HAProxy, and the client may not be silent for longer than `timeout client`.
 */
export function waitForBody(tx: HttpTransaction): void {
  const { session, http } = tx;
  const request = tx.request!;
  if (request.expectContinue) {
    // Nobody else will tell the client to go on. The server then sees a body that needs no such question.
    request.headers.removeAll('expect');
    if (tx.heldBytes === 0 && request.version === '1.1') session.connection.writeLatin1(CONTINUE);
  }
  tx.bodyDeadlineMs = http.requestTimeoutMs > 0 ? tx.thread.now + http.requestTimeoutMs : Infinity;
  session.touchUntil(tx.bodyDeadlineMs);
}

function resumeRules(tx: HttpTransaction): void {
  tx.requestEndMs = tx.thread.now;
  if (tx.step === Step.frontendBody || tx.step === Step.backendBody) tx.advance();
}
