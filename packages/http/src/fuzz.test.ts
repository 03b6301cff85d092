// Properties of the parser as a whole: what it accepts leaves in one canonical form that parses to the same, and no bytes make it throw.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HeadError } from './head-error.ts';
import { defaultHeadOptions } from './limits.ts';
import { parseRequestHead, readRequestHead } from './parse-request.ts';
import { parseResponseHead, readResponseHead } from './parse-response.ts';
import type { RequestHead } from './request-head.ts';
import type { ResponseHead } from './response-head.ts';
import { serializeRequest, serializeResponse } from './serialize.ts';

const lax = { ...defaultHeadOptions, acceptInvalid: true };
const fieldsOf = (head: RequestHead | ResponseHead): [string, string][] =>
  Array.from({ length: head.headers.count }, (_, i) => [head.headers.nameAt(i), head.headers.valueAt(i)]);

/** Lines that are likely to meet the parser's decisions, mixed with ordinary ones. */
const nearFraming = fc.constantFrom(
  'Content-Length: 3',
  'Content-Length: 0',
  'content-length: 3, 3',
  'Content-Length: 4',
  'Content-Length: +3',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip, chunked',
  'TRANSFER-ENCODING: CHUNKED',
  'transfer-encoding:',
  'Connection: close',
  'Connection: keep-alive, x',
  'Connection: upgrade',
  'Connection: content-length',
  'Upgrade: foo',
  'Upgrade: websocket',
  'Host: a',
  'Host: b',
  'TE: trailers, gzip',
  'Expect: 100-continue',
  ' folded',
  '\tfolded',
  'X : y',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
);
const plain = fc
  .record({
    name: fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,12}$/),
    value: fc.string({ unit: fc.constantFrom(...Array.from('abcXYZ019 \t,;="\\\x80\xff')), maxLength: 20 }),
  })
  .map(({ name, value }) => `${name}: ${value}`);
const lines = fc.array(fc.oneof(nearFraming, plain), { maxLength: 8 });
const lineEnd = fc.constantFrom('\r\n', '\n');
const requestText = fc
  .record({
    start: fc.constantFrom(
      'GET / HTTP/1.1',
      'POST /a?b HTTP/1.1',
      'POST /a HTTP/1.0',
      'GET http://a/ HTTP/1.1',
      'CONNECT a:80 HTTP/1.1',
      'GET\t/  HTTP/1.3',
      'OPTIONS * HTTP/1.1',
      'DELETE /x HTTP/1.0',
    ),
    lines,
    end: lineEnd,
  })
  .map(({ start, lines: fields, end }) => [start, ...fields, '', ''].join(end));
const responseText = fc
  .record({
    start: fc.constantFrom(
      'HTTP/1.1 200 OK',
      'HTTP/1.0 200 OK',
      'HTTP/1.1 204 No',
      'HTTP/1.1 304 Not',
      'HTTP/1.1 100 Go',
      'HTTP/1.1 101 Switch',
      'HTTP/1.1\t404',
      'HTTP/1.2 500 a  b',
    ),
    lines,
    end: lineEnd,
  })
  .map(({ start, lines: fields, end }) => [start, ...fields, '', ''].join(end));

/** The framing fields of serialized text, however it was made. */
function framingLines(text: string): string[] {
  return text.split('\r\n').filter((line) => /^(content-length|transfer-encoding)\s*:/i.test(line));
}

function assertOneForm(text: string): void {
  assert.ok(text.endsWith('\r\n\r\n'));
  assert.ok(!/[\0]|\r(?!\n)|(?<!\r)\n/.test(text), 'a bare CR, a bare LF or a NUL');
  const fields = text.slice(0, -4).split('\r\n').slice(1);
  for (const line of fields) assert.match(line, /^[^A-Z\s:]+: /s);
  assert.ok(framingLines(text).length <= 1, `two framings: ${JSON.stringify(text)}`);
  for (const line of framingLines(text))
    assert.match(line, /^(content-length: (0|[1-9]\d*)|transfer-encoding: chunked)$/);
}

test('requests: canonical, one framing, and parse(serialize(x)) = x (property)', () => {
  fc.assert(
    fc.property(requestText, fc.constantFrom('keep-alive' as const, 'close' as const), (text, mode) => {
      const head = parseRequestHead(text, defaultHeadOptions);
      if (head instanceof HeadError) return;
      const wire = serializeRequest(head, mode);
      assertOneForm(wire);
      const again = parseRequestHead(wire, defaultHeadOptions);
      assert.ok(again.kind === 'request', `refused its own output: ${JSON.stringify(wire)}`);
      assert.deepEqual(
        [again.method, again.uri, again.version, again.framing, again.contentLength, fieldsOf(again)],
        [head.method, head.uri, head.version, head.framing, head.contentLength, fieldsOf(head)],
      );
      assert.equal(serializeRequest(again, mode), wire);
    }),
    { numRuns: 2000 },
  );
});

test('responses: canonical, one framing, and parse(serialize(x)) = x (property)', () => {
  fc.assert(
    fc.property(responseText, fc.constantFrom('GET', 'HEAD', 'CONNECT'), fc.boolean(), (text, method, upgrade) => {
      const request = { method, upgrade };
      const head = parseResponseHead(text, request, defaultHeadOptions);
      if (head instanceof HeadError) return;
      const wire = serializeResponse(head, '1.1', 'keep-alive', head.framing);
      assertOneForm(wire);
      const again = parseResponseHead(wire, request, defaultHeadOptions);
      assert.ok(again.kind === 'response', `refused its own output: ${JSON.stringify(wire)}`);
      assert.deepEqual(
        [again.status, again.reason, again.version, again.framing, again.contentLength, fieldsOf(again)],
        [head.status, head.reason, head.version, head.framing, head.contentLength, fieldsOf(head)],
      );
    }),
    { numRuns: 2000 },
  );
});

// Mutations of a good head: bytes replaced, doubled, dropped or moved.
const mutation = fc.record({
  at: fc.nat({ max: 300 }),
  how: fc.constantFrom('replace', 'insert', 'delete', 'repeat'),
  byte: fc.oneof(fc.constantFrom(0, 9, 10, 13, 32, 44, 58, 127), fc.nat({ max: 255 })),
});
function mutate(text: string, steps: { at: number; how: string; byte: number }[]): string {
  for (const { at, how, byte } of steps) {
    const i = at % (text.length + 1);
    const letter = String.fromCharCode(byte);
    if (how === 'replace') text = text.slice(0, i) + letter + text.slice(i + 1);
    else if (how === 'insert') text = text.slice(0, i) + letter + text.slice(i);
    else if (how === 'delete') text = text.slice(0, i) + text.slice(i + 1);
    else text = text.slice(0, i) + text.slice(Math.max(0, i - 10), i) + text.slice(i);
  }
  return text;
}

test('mutated requests never throw, and what is accepted leaves in one form (property)', () => {
  fc.assert(
    fc.property(requestText, fc.array(mutation, { maxLength: 6 }), fc.boolean(), (text, steps, relaxed) => {
      const mutated = mutate(text, steps);
      const buffer = Buffer.from(mutated, 'latin1');
      const head = readRequestHead(buffer, 0, buffer.length, relaxed ? lax : defaultHeadOptions);
      if (head === undefined || head.kind === 'error') {
        assert.equal(buffer.toString('latin1'), mutated);
        return;
      }
      const wire = serializeRequest(head, 'keep-alive');
      if (!relaxed) assertOneForm(wire);
      assert.ok(framingLines(wire).length <= 1, JSON.stringify(wire));
      const slow = parseRequestHead(mutated.slice(0, head.bytes), relaxed ? lax : defaultHeadOptions);
      assert.ok(slow.kind === 'request' && serializeRequest(slow, 'keep-alive') === wire, 'bytes and text disagree');
    }),
    { numRuns: 4000 },
  );
});

test('mutated responses never throw, and what is accepted leaves in one form (property)', () => {
  fc.assert(
    fc.property(
      responseText,
      fc.array(mutation, { maxLength: 6 }),
      fc.constantFrom('GET', 'HEAD', 'CONNECT'),
      (text, steps, method) => {
        const mutated = mutate(text, steps);
        const buffer = Buffer.from(mutated, 'latin1');
        const head = readResponseHead(buffer, 0, buffer.length, { method, upgrade: true }, defaultHeadOptions);
        if (head === undefined || head.kind === 'error') return;
        assertOneForm(serializeResponse(head, '1.1', 'close', head.framing));
      },
    ),
    { numRuns: 4000 },
  );
});

test('any bytes at all never throw (property)', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const buffer = Buffer.from(bytes);
      readRequestHead(buffer, 0, buffer.length, defaultHeadOptions);
      readRequestHead(buffer, 0, buffer.length, lax);
      readResponseHead(buffer, 0, buffer.length, { method: 'GET', upgrade: false }, defaultHeadOptions);
      parseRequestHead(buffer.toString('latin1'), defaultHeadOptions);
      parseResponseHead(buffer.toString('latin1'), { method: 'GET', upgrade: false }, lax);
    }),
    { numRuns: 2000 },
  );
});
