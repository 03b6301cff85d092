// What a server has answered so far on one connection: raw bytes, or an HTTP response with its body. Bounded by the buffer of
// checks; pure.

import {
  createBodyReader,
  findHeadEnd,
  readResponseHead,
  skipEmptyLines,
  type BodyReader,
  type ResponseHead,
} from '@evenkeel/http';

/** The answer as rules see it. */
export interface Answer {
  /** Bytes of a TCP answer, body of an HTTP response; latin1. */
  readonly content: string;
  /** Nothing more will come that counts: the server closed, the response is whole, or the buffer is full. */
  readonly isLast: boolean;
  /** Nothing at all was received. */
  readonly isEmpty: boolean;
  readonly head: ResponseHead | undefined;
}

export interface AnswerReader extends Answer {
  take(bytes: Buffer): void;
  /** The server closed its side. */
  end(): void;
  /** Cannot be an answer of this protocol. */
  readonly isInvalid: boolean;
  /** There is enough for rules to look at. */
  readonly isReady: boolean;
}

export class TcpAnswer implements AnswerReader {
  content = '';
  readonly head = undefined;
  readonly isInvalid = false;
  readonly #limit: number;
  #ended = false;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  get isEmpty(): boolean {
    return this.content === '';
  }
  get isReady(): boolean {
    return this.content !== '';
  }
  get isLast(): boolean {
    return this.#ended || this.content.length >= this.#limit;
  }

  take(bytes: Buffer): void {
    const room = this.#limit - this.content.length;
    if (room > 0) this.content += bytes.toString('latin1', 0, room);
  }

  end(): void {
    this.#ended = true;
  }
}

/** A head that is not whole is read again for each line that comes: at most `maxHeaders` times before it is refused. */
const EARLY_BYTES = 64;
const LF = 0x0a;
const CR = 0x0d;
/** What every response begins with: anything else is told before a line is whole. */
const PROTOCOL = Buffer.from('HTTP/');

export class HttpAnswer implements AnswerReader {
  content = '';
  head: ResponseHead | undefined;
  isInvalid = false;
  readonly #limit: number;
  readonly #maxHeaders: number;
  readonly #method: string;
  #received = Buffer.alloc(0);
  #body: BodyReader | undefined;
  #ended = false;
  /** Bytes that the head takes of the buffer. */
  #headBytes = 0;

  /** `maxHeaders`: `tune.http.maxhdr`. `method` is what was asked by. */
  constructor(limitBytes: number, maxHeaders: number, method: string) {
    this.#limit = limitBytes;
    this.#maxHeaders = maxHeaders;
    this.#method = method;
  }

  get isEmpty(): boolean {
    return this.head === undefined && this.#received.length === 0;
  }
  get isReady(): boolean {
    return this.head !== undefined;
  }
  get isLast(): boolean {
    return this.#ended || this.#body?.done === true || this.#headBytes + this.content.length >= this.#limit;
  }

  take(bytes: Buffer): void {
    if (this.isInvalid) return;
    if (this.#body !== undefined) return this.#takeBody(bytes);
    const room = this.#limit - this.#received.length;
    this.#received = Buffer.concat([this.#received, bytes.subarray(0, room)]);
    const isFull = this.#received.length >= this.#limit;
    if (isFull || this.#received.length <= EARLY_BYTES || bytes.includes(LF)) this.#readHead(isFull);
  }

  end(): void {
    this.#ended = true;
    if (this.head === undefined) this.isInvalid = true;
    else this.#body?.end();
  }

  #readHead(isFull: boolean): void {
    const from = skipEmptyLines(this.#received, 0, this.#received.length);
    // Reading a head lowers the names in the bytes.
    const bytes = Buffer.from(this.#received.subarray(from));
    // The rest of an empty line is still to come.
    if (bytes.length === 1 && bytes[0] === CR) return;
    const known = Math.min(bytes.length, PROTOCOL.length);
    if (PROTOCOL.compare(bytes, 0, known, 0, known) !== 0) {
      this.isInvalid = true;
      return;
    }
    const isWhole = findHeadEnd(bytes, 0, bytes.length) >= 0;
    const head = readResponseHead(
      bytes,
      0,
      bytes.length,
      { method: this.#method, upgrade: false },
      {
        acceptInvalid: false,
        maxHeaders: this.#maxHeaders,
      },
    );
    if (head === undefined) {
      this.isInvalid = isFull || isWhole;
      return;
    }
    if (head.kind === 'error') {
      this.isInvalid = true;
      return;
    }
    this.head = head;
    this.#headBytes = head.bytes;
    const limits = { maxTrailerBytes: this.#limit, maxTrailers: this.#maxHeaders };
    this.#body = createBodyReader(head.framing, head.contentLength, limits);
    this.#received = Buffer.alloc(0);
    this.#takeBody(bytes.subarray(head.bytes));
  }

  #takeBody(bytes: Buffer): void {
    const body = this.#body!;
    if (body.done || this.isLast) return;
    body.read(bytes, 0, bytes.length);
    for (let range = 0; range < body.rangeCount; range++) {
      const from = body.ranges[2 * range];
      const room = this.#limit - this.#headBytes - this.content.length;
      this.content += bytes.toString('latin1', from, Math.min(body.ranges[2 * range + 1], from + Math.max(0, room)));
    }
    if (body.error !== undefined) this.isInvalid = true;
  }
}
