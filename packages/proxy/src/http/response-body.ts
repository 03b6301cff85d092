// The response's body on its way to the client, with backpressure: the server is not read while a buffer's worth waits for the
// client. And the end of a response.
import type { Connection } from '../connection.ts';
import { countFailedResponse } from './counters.ts';
import { abandon, finish, releaseServer, terminate } from './ending.ts';
import { keepInvalidResponse } from './keep-invalid.ts';
import { COALESCE_BYTES, latin1 } from './latin1.ts';
import { Stage, Upload } from './stage.ts';
import type { HttpTransaction } from './transaction.ts';

/** Sends the head and what came of the body with it: `from..end` of `buffer`, or what the reader made of it. */
export function sendText(tx: HttpTransaction, text: string, buffer: Buffer, from: number, end: number): void {
  const { connection } = tx.session;
  const reader = tx.responseReader;
  if (reader !== undefined && !reader.passThrough) {
    connection.writeLatin1(text);
    for (const piece of reader.output) connection.write(piece);
  } else if (end === from) {
    connection.writeLatin1(text);
  } else if (text.length + end - from <= COALESCE_BYTES) {
    connection.writeLatin1(text + latin1(buffer, from, end));
  } else {
    connection.writeLatin1(text);
    connection.write(buffer.subarray(from, end));
  }
  if (connection.writableLength > 0) slowDown(tx, connection);
}

/** More of the body. */
export function forwardResponse(tx: HttpTransaction, chunk: Buffer): void {
  const { connection } = tx.session;
  const reader = tx.responseReader!;
  const end = reader.read(chunk, 0, chunk.length);
  if (reader.error !== undefined) {
    keepInvalidResponse(tx, chunk, 0, end);
    return breakOff(tx);
  }
  if (reader.passThrough) connection.write(end === chunk.length ? chunk : chunk.subarray(0, end));
  else for (const piece of reader.output) connection.write(piece);
  if (reader.done) {
    if (end < chunk.length) tx.keepsServer = false;
    return completeResponse(tx);
  }
  if (connection.writableLength > 0) {
    slowDown(tx, connection);
    if (tx.isServerPaused) return;
  }
  const { serverTimeoutMs } = tx.backendHttp;
  if (serverTimeoutMs > 0) tx.thread.wheel.arm(tx.serverTimer, tx.thread.now + serverTimeoutMs);
}

/** The client does not keep up: its time-out runs, and beyond a buffer the server waits. */
function slowDown(tx: HttpTransaction, connection: Connection): void {
  tx.session.awaitDrain();
  if (tx.isServerPaused || connection.writableLength < tx.http.bufferBytes || tx.server === undefined) return;
  tx.isServerPaused = true;
  tx.server.pause();
  tx.thread.wheel.disarm(tx.serverTimer);
}

/** The client took everything. */
export function handleClientDrain(tx: HttpTransaction): void {
  if (tx.stage === Stage.flush) return finish(tx);
  if (tx.service !== undefined) return tx.service.drained();
  if (tx.uploadReader !== undefined) tx.session.touch();
  if (!tx.isServerPaused) return;
  tx.isServerPaused = false;
  const { serverTimeoutMs } = tx.backendHttp;
  if (serverTimeoutMs > 0) tx.thread.wheel.arm(tx.serverTimer, tx.thread.now + serverTimeoutMs);
  tx.server?.resume();
}

/** The server took everything: the client may send more of its body. */
export function handleServerDrain(tx: HttpTransaction): void {
  const { serverTimeoutMs } = tx.backendHttp;
  if (serverTimeoutMs > 0 && !tx.isServerPaused && !tx.backendHttp.hasIndependentStreams) {
    tx.thread.wheel.arm(tx.serverTimer, tx.thread.now + serverTimeoutMs);
  }
  if (tx.uploadReader === undefined) return;
  tx.session.resume();
  tx.session.touch();
}

/** The last byte of the response was written. */
export function completeResponse(tx: HttpTransaction): void {
  if (tx.upload !== Upload.complete) {
    // The server answered early. It keeps getting the rest of the request for as long as it takes it.
    tx.stage = Stage.upload;
    tx.session.touch();
    return;
  }
  releaseServer(tx);
  if (tx.session.connection.writableLength === 0) return finish(tx);
  tx.stage = Stage.flush;
  tx.session.awaitDrain();
}

/** The framing broke in the middle of the body. The manual has `PD` for it (8.5); HAProxy blames the server. */
function breakOff(tx: HttpTransaction): void {
  terminate(tx, 'server-abort');
  countFailedResponse(tx);
  abandon(tx);
}
