// Answers of the proxy itself: error pages and what rules reply. A page is parsed as a server's response would be, so that
// `http-after-response` rules, framing and connection handling are the same for both.
import { HeadError, parseResponseHead, serializeResponse, type ResponseHead } from '@evenkeel/http';
import { builtinErrorPage, type ErrorPage } from '../errors/pages.ts';
import type { CompiledReply } from '../errors/reply.ts';
import { abandon, dropServer, finish } from './ending.ts';
import { applyAfterResponse } from './response-rules.ts';
import { Stage, Upload } from './stage.ts';
import type { HttpTransaction } from './transaction.ts';

/** Answers with the page that the backend, else the frontend, has for `status`, else with the built-in one, and ends. */
export function answerStatus(tx: HttpTransaction, status: number): void {
  answerPage(tx, status, pageOf(tx, status));
}

/** Answers with what a rule replies. */
export function answerReply(tx: HttpTransaction, reply: CompiledReply): void {
  answerPage(tx, reply.status, reply.make === undefined ? pageOf(tx, reply.status) : reply.make(tx.context));
}

function pageOf(tx: HttpTransaction, status: number): ErrorPage {
  return tx.backendHttp.pages.own(status, tx.context) ?? tx.http.pages.page(status, tx.context);
}

function answerPage(tx: HttpTransaction, status: number, page: ErrorPage): void {
  if (tx.server !== undefined) dropServer(tx);
  tx.status = status;
  // An empty error file: the client is closed without a word (manual, "errorfile").
  if (page.head === '') return abandon(tx);
  const [head, body] = parsePage(tx, page);
  tx.response = head;
  applyAfterResponse(tx);
  sendHead(tx, head, head.framing === 'none' ? '' : body);
  finishAnswer(tx);
}

function parsePage(tx: HttpTransaction, page: ErrorPage): readonly [ResponseHead, string] {
  const head = parseResponseHead(page.head, tx.request!, tx.backendHttp.responseHead);
  if (!(head instanceof HeadError) && (head.framing !== 'length' || head.contentLength === page.body.length))
    return [head, page.body];
  // A file that is not a response: the built-in page is better than bytes that no client can read.
  const builtin = builtinErrorPage(500);
  return [parseResponseHead(builtin.head, tx.request!, tx.backendHttp.responseHead) as ResponseHead, builtin.body];
}

/** Decides about the client's connection and writes the head of an own answer, `body` with it. */
export function sendHead(tx: HttpTransaction, head: ResponseHead, body: string): void {
  const { session, http } = tx;
  const request = tx.request!;
  tx.keepsClient =
    request.keepAlive &&
    head.keepAlive &&
    head.framing !== 'close' &&
    !http.closesClients &&
    !session.isStopping &&
    tx.upload === Upload.complete;
  session.connection.writeLatin1(
    serializeResponse(head, request.version, tx.keepsClient ? 'keep-alive' : 'close', head.framing, http.clientCase) +
      body,
  );
}

/** The answer was written: ends now, or when a slow client has taken it. */
export function finishAnswer(tx: HttpTransaction): void {
  if (tx.session.connection.writableLength === 0) return finish(tx);
  tx.stage = Stage.flush;
  tx.session.awaitDrain();
}
