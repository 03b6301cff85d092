// A service answering a transaction's request: its side of the exchange, with the framing, rules and backpressure that a server's
// response would have.
import {
  chunkEnd,
  encodeChunkHeader,
  lastChunk,
  makeResponseHead,
  serializeResponse,
  type HeaderList,
  type RequestHead,
  type ResponseFraming,
} from '@evenkeel/http';
import type { LogContext } from '@evenkeel/expr';
import type { Service, ServiceExchange } from '../services/service.ts';
import { answerStatus, finishAnswer } from './answer.ts';
import { countIntercepted } from './counters.ts';
import { abandon, terminate } from './ending.ts';
import { applyAfterResponse } from './response-rules.ts';
import { Stage, Upload } from './stage.ts';
import type { HttpTransaction } from './transaction.ts';

export class TransactionService implements ServiceExchange {
  readonly name: string;
  onDrain: (() => void) | undefined = undefined;
  onAbort: (() => void) | undefined = undefined;

  readonly #tx: HttpTransaction;
  readonly #service: Service;
  #framing: ResponseFraming | undefined = undefined;
  #isServing = false;
  #isEnded = false;

  constructor(tx: HttpTransaction, service: Service) {
    this.#tx = tx;
    this.#service = service;
    this.name = service.name;
  }

  get context(): LogContext {
    return this.#tx.context;
  }
  get request(): RequestHead {
    return this.#tx.request!;
  }
  get body(): Buffer {
    return this.#tx.held === undefined ? Buffer.alloc(0) : Buffer.concat(this.#tx.held);
  }

  // ----------------------------------------------------------------------------------------------- from the transaction

  /** Serves at once, or when the body that the service wants is there. */
  start(): void {
    const tx = this.#tx;
    if (this.#isServing) return;
    const { maxBodyBytes } = this.#service;
    if (maxBodyBytes > 0) {
      if (tx.heldBytes > maxBodyBytes) {
        terminate(tx, 'denied');
        return answerStatus(tx, 413);
      }
      if (tx.upload === Upload.open) {
        if (!tx.session.isEnded) return;
        terminate(tx, 'client-abort');
        tx.frontend.counters.failedRequest(tx.session.client);
        return abandon(tx);
      }
    }
    this.#isServing = true;
    countIntercepted(tx);
    terminate(tx, 'local');
    this.#service.serve(this);
  }

  /** The client takes bytes again. */
  drained(): void {
    if (this.#isEnded) finishAnswer(this.#tx);
    else this.onDrain?.();
  }

  /** The transaction is over, whether or not the service has finished. */
  abandon(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (this.#isServing) this.onAbort?.();
  }

  // --------------------------------------------------------------------------------------------------- from the service

  writeHead(status: number, reason: string, headers: HeaderList): void {
    const tx = this.#tx;
    if (this.#isEnded || this.#framing !== undefined) return;
    const request = this.request;
    const length = headers.first('content-length');
    headers.removeAll('content-length');
    this.#framing = framingOf(request, length);
    const head = makeResponseHead(status, reason, headers, this.#framing, length === undefined ? 0 : Number(length));
    tx.response = head;
    tx.status = status;
    tx.responseMs = tx.thread.now;
    applyAfterResponse(tx);
    tx.keepsClient =
      request.keepAlive &&
      this.#framing !== 'close' &&
      !tx.http.closesClients &&
      !tx.session.isStopping &&
      tx.upload === Upload.complete;
    tx.stage = Stage.body;
    tx.session.connection.writeLatin1(
      serializeResponse(
        head,
        request.version,
        tx.keepsClient ? 'keep-alive' : 'close',
        this.#framing,
        tx.http.clientCase,
      ),
    );
  }

  write(data: Buffer): boolean {
    const { connection } = this.#tx.session;
    if (this.#isEnded || data.length === 0 || this.#framing === 'none') return true;
    if (this.#framing === 'chunked') {
      connection.writeLatin1(encodeChunkHeader(data.length));
      connection.write(data);
      connection.writeLatin1(chunkEnd);
    } else connection.write(data);
    if (connection.writableLength === 0) return true;
    this.#tx.session.awaitDrain();
    return connection.writableLength < this.#tx.http.bufferBytes;
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (this.#framing === 'chunked') this.#tx.session.connection.writeLatin1(lastChunk);
    finishAnswer(this.#tx);
  }
}

function framingOf(request: RequestHead, length: string | undefined): ResponseFraming {
  if (request.method === 'HEAD') return 'none';
  if (length !== undefined) return 'length';
  return request.version === '1.1' ? 'chunked' : 'close';
}
