// The corpus against the parser alone: the same cases, played by the smallest possible proxy without sockets, once with all bytes in
// one buffer and once byte by byte. Also the rules that the corpus itself must keep.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createBodyReader,
  defaultHeadOptions,
  findHeadEnd,
  readRequestHead,
  readResponseHead,
  serializeRequest,
  serializeResponse,
  skipEmptyLines,
  type BodyReader,
  type HeadOptions,
  type RequestHead,
  type RequestedMessage,
} from '@evenkeel/http';
import { maxHeadBytes, type DesyncCase, type RequestCase, type ResponseCase } from './case.ts';
import { corpus } from './corpus.ts';
import { assertCanonical, assertForwarded } from './facts.ts';
import { decodeRequests, decodeResponses } from './wire.ts';

const limits = { maxTrailerBytes: maxHeadBytes, maxTrailers: 101 };
const optionsOf = (entry: DesyncCase): HeadOptions => ({
  ...defaultHeadOptions,
  acceptInvalid: entry.frontend === 'lax',
});

/** What one direction of the proxy made of its input. */
interface Result {
  out: string;
  status: number | undefined;
}

/** Bytes as they arrive: `piece` bytes at a time; the rest that was not consumed stays in front. */
class Input {
  #bytes: Buffer;
  #available: number;
  #piece: number;
  position = 0;

  constructor(text: string, piece: number) {
    this.#bytes = Buffer.from(text, 'latin1');
    this.#piece = piece;
    this.#available = Math.min(piece, this.#bytes.length);
  }

  get buffer(): Buffer {
    return this.#bytes;
  }
  get available(): number {
    return this.#available;
  }

  /** Lets more bytes arrive; false at the end of the input. */
  more(): boolean {
    if (this.#available === this.#bytes.length) return false;
    this.#available = Math.min(this.#available + this.#piece, this.#bytes.length);
    return true;
  }
}

/** Reads a head at the position; `undefined` when the input ends before it. Too long a head counts as refused. */
function readHead<Head extends object>(
  input: Input,
  read: (from: number, to: number) => Head | undefined,
): Head | 'nothing' | 'cut' | 'too-large' {
  for (;;) {
    input.position = skipEmptyLines(input.buffer, input.position, input.available);
    const head = read(input.position, Math.min(input.available, input.position + maxHeadBytes));
    if (head !== undefined) return head;
    if (input.available - input.position >= maxHeadBytes) return 'too-large';
    if (!input.more()) return input.position === input.available ? 'nothing' : 'cut';
  }
}

/** Moves a body; false when it was refused. */
function moveBody(input: Input, reader: BodyReader, send: (bytes: Buffer) => void): boolean {
  while (!reader.done) {
    const end = reader.read(input.buffer, input.position, input.available);
    if (reader.passThrough) send(input.buffer.subarray(input.position, end));
    else for (const part of reader.output) send(part);
    input.position = end;
    if (reader.error !== undefined) return false;
    if (reader.done) return true;
    if (!input.more()) return true;
  }
  return true;
}

/** What leaves for the server, and the status that the client got instead of more. */
function proxyRequests(entry: RequestCase, piece: number): Result {
  const input = new Input(entry.raw, piece);
  const options = optionsOf(entry);
  let out = '';
  for (;;) {
    const head = readHead(input, (from, to) => readRequestHead(input.buffer, from, to, options));
    if (head === 'nothing') return { out, status: undefined };
    if (head === 'cut' || head === 'too-large') return { out, status: 400 };
    if (head.kind === 'error') return { out, status: head.status };
    input.position += head.bytes;
    let message = serializeRequest(head, 'keep-alive');
    const upgraded = entry.tunnel !== undefined && (head.framing === 'tunnel' || head.upgrade);
    const reader = createBodyReader(upgraded ? 'tunnel' : head.framing, head.contentLength, limits);
    const well = moveBody(input, reader, (bytes) => {
      message += bytes.toString('latin1');
    });
    // A refused body: the request is dropped, or cut off where it stands.
    out += message;
    if (!well) return { out, status: 400 };
    if (!head.keepAlive || upgraded || !reader.done) return { out, status: undefined };
  }
}

/** What leaves for the client. */
function proxyResponses(entry: ResponseCase, piece: number): Result {
  const input = new Input(entry.raw, piece);
  const options = optionsOf(entry);
  const asked = Buffer.from(entry.request ?? 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'latin1');
  const request = readRequestHead(asked, 0, asked.length, defaultHeadOptions) as RequestHead & RequestedMessage;
  let out = '';
  for (;;) {
    const head = readHead(input, (from, to) => readResponseHead(input.buffer, from, to, request, options));
    if (typeof head === 'string' || head.kind === 'error') return { out, status: 502 };
    input.position += head.bytes;
    const message = serializeResponse(
      head,
      request.version,
      head.framing === 'close' ? 'close' : 'keep-alive',
      head.framing,
    );
    if (head.informational) {
      out += message;
      continue;
    }
    const reader = createBodyReader(head.framing, head.contentLength, limits);
    let body = '';
    if (
      !moveBody(input, reader, (bytes) => {
        body += bytes.toString('latin1');
      })
    )
      return { out, status: 502 };
    return { out: out + message + body, status: undefined };
  }
}

function check(entry: DesyncCase, piece: number): void {
  const { outcome } = entry;
  if (entry.kind === 'request') {
    const { out, status } = proxyRequests(entry, piece);
    const decoded = decodeRequests(out, entry.tunnel !== undefined);
    assertForwarded(decoded, outcome);
    assertCanonical(decoded);
    assert.equal(status, outcome.refused);
  } else {
    const { out, status } = proxyResponses(entry, piece);
    assert.equal(status, outcome.refused);
    if (status !== undefined) return;
    const method = (entry.request ?? 'GET ').split(' ')[0];
    const decoded = decodeResponses(out, method);
    assertForwarded(decoded, outcome);
    assertCanonical(decoded);
  }
}

for (const entry of corpus) {
  test(entry.id, () => {
    check(entry, Infinity);
    // Long heads byte by byte would only repeat the same at length.
    check(entry, entry.raw.length > 4000 ? 997 : 1);
  });
}

test('the corpus: identifiers are unique, and what is stricter is said and explained', () => {
  assert.equal(new Set(corpus.map((c) => c.id)).size, corpus.length);
  assert.ok(corpus.length >= 200);
  for (const entry of corpus) {
    assert.equal(entry.haproxy !== undefined, entry.stricterThanHaproxy !== undefined, entry.id);
    assert.ok(entry.why.length > 0, entry.id);
  }
});

test('the corpus: findHeadEnd agrees with the parser about the end of every accepted head', () => {
  for (const entry of corpus) {
    if (entry.kind !== 'request' || entry.id.includes('no version')) continue;
    const bytes = Buffer.from(entry.raw, 'latin1');
    const start = skipEmptyLines(bytes, 0, bytes.length);
    const head = readRequestHead(bytes, start, bytes.length, optionsOf(entry));
    if (head?.kind === 'request') assert.equal(findHeadEnd(bytes, start, bytes.length), start + head.bytes, entry.id);
  }
});
