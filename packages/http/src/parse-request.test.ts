import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadError } from './head-error.ts';
import { defaultHeadOptions, type HeadOptions } from './limits.ts';
import { parseRequestHead, readRequestHead } from './parse-request.ts';
import type { RequestHead } from './request-head.ts';
import { serializeRequest } from './serialize.ts';

const trailing = 'POST /next HTTP/1.1\r\n';

/**
 * Parses `text` in every way there is, and asserts that they agree: from text, from bytes, from bytes with others around, and byte
 * by byte, where every proper prefix must be incomplete or already refused in the same way.
 */
function parse(text: string, options: HeadOptions = defaultHeadOptions): RequestHead | HeadError {
  const fromText = parseRequestHead(text, options);
  const whole = readRequestHead(Buffer.from(text, 'latin1'), 0, text.length, options);
  const around = Buffer.from('xyz' + text + trailing, 'latin1');
  const between = readRequestHead(around, 3, around.length, options);
  assert.ok(whole !== undefined && between !== undefined);
  if (fromText instanceof HeadError) {
    assert.deepEqual(whole, fromText);
    assert.deepEqual(between, fromText);
    assert.equal(around.toString('latin1'), 'xyz' + text + trailing, 'refused bytes stay as they were');
  } else {
    assert.ok(whole.kind === 'request' && between.kind === 'request');
    for (const mode of ['keep-alive', 'close'] as const) {
      assert.equal(serializeRequest(whole, mode), serializeRequest(fromText, mode));
      assert.equal(serializeRequest(between, mode), serializeRequest(fromText, mode));
    }
    assert.equal(around.toString('latin1', 3 + text.length), trailing, 'bytes behind the head stay as they were');
    assert.equal(between.bytes, text.length);
  }
  for (let length = 1; length < text.length; length++) {
    const part = readRequestHead(Buffer.from(text.slice(0, length), 'latin1'), 0, length, options);
    if (part !== undefined) assert.deepEqual(part, fromText, `prefix of ${length} bytes`);
  }
  return fromText;
}

function accepted(text: string, options?: HeadOptions): RequestHead {
  const head = parse(text, options);
  assert.ok(head.kind === 'request', `refused: ${JSON.stringify(head)}`);
  return head;
}

function refusal(text: string, options?: HeadOptions): [number, string] {
  const head = parse(text, options);
  assert.ok(head instanceof HeadError, 'accepted');
  assert.equal(head.side, 'client');
  return [head.status, head.code];
}

test('request line and fields (RFC 9112, 3 and 5)', () => {
  const head = accepted('GET /a?b=c HTTP/1.1\r\nHost: a.example\r\nX-Foo:  bar \r\nEmpty:\r\n\r\n');
  assert.equal(head.method, 'GET');
  assert.equal(head.uri, '/a?b=c');
  assert.equal(head.version, '1.1');
  assert.equal(head.target.path, '/a');
  assert.equal(head.target.query, 'b=c');
  assert.equal(head.headers.count, 3);
  assert.deepEqual(
    [0, 1, 2].map((i) => [head.headers.nameAt(i), head.headers.valueAt(i)]),
    [
      ['host', 'a.example'],
      ['x-foo', 'bar'],
      ['empty', ''],
    ],
  );
  assert.equal(head.framing, 'none');
  assert.equal(head.keepAlive, true);
  assert.equal(
    serializeRequest(head, 'keep-alive'),
    'GET /a?b=c HTTP/1.1\r\nhost: a.example\r\nx-foo: bar\r\nempty: \r\n\r\n',
  );
});

test('every way of writing a line leaves as the canonical one (RFC 9112, 2.2 and 5.2)', () => {
  const canonical = 'GET / HTTP/1.1\r\nhost: a\r\nx: y\r\n\r\n';
  for (const text of [
    'GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n',
    'GET / HTTP/1.1\nHost: a\nX: y\n\n',
    'GET  /\tHTTP/1.1\r\nhost:a\r\nx:\t y \t\r\n\r\n',
    'GET / HTTP/1.1\r\nHOST:\r\n a\r\nX: y\r\n\r\n',
    'GET / HTTP/1.7\r\nHost: a\r\nX: y\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nhost: A\r\nX: y\r\n\r\n',
    'GET / HTTP/1.1\r\nConnection: Keep-Alive\r\nHost: a\r\nX: y\r\nConnection: CLOSE\r\n\r\n',
  ])
    assert.equal(serializeRequest(accepted(text), 'keep-alive'), canonical, JSON.stringify(text));
});

test('persistence: 1.1 unless close, 1.0 only with keep-alive, close wins (RFC 9112, 9.3)', () => {
  const persistence: [string, string, boolean][] = [
    ['1.1', '', true],
    ['1.1', 'Connection: close\r\n', false],
    ['1.1', 'Connection: keep-alive, close\r\n', false],
    ['1.1', 'Connection: x\r\nConnection: Close\r\n', false],
    ['1.0', '', false],
    ['1.0', 'Connection: keep-alive\r\n', true],
    ['1.0', 'Connection: x, Keep-Alive\r\n', true],
    ['1.0', 'Connection: keep-alive\r\nConnection: close\r\n', false],
  ];
  for (const [version, fields, keepAlive] of persistence)
    assert.equal(accepted(`GET / HTTP/${version}\r\n${fields}\r\n`).keepAlive, keepAlive, version + fields);
});

test('framing from the fields (RFC 9112, 6.3)', () => {
  const length = accepted('POST / HTTP/1.1\r\nContent-Length: 003\r\n\r\n');
  assert.deepEqual([length.framing, length.contentLength, length.headers.first('content-length')], ['length', 3, '3']);
  const chunked = accepted('POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n');
  assert.deepEqual(
    [chunked.framing, chunked.contentLength, chunked.headers.first('transfer-encoding')],
    ['chunked', 0, 'chunked'],
  );
  const both = accepted('POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n');
  assert.deepEqual([both.framing, both.headers.has('content-length'), both.keepAlive], ['chunked', false, false]);
  assert.deepEqual(refusal('POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n'), [
    400,
    'differing-content-lengths',
  ]);
  assert.deepEqual(refusal('POST / HTTP/1.1\r\nContent-Length: -3\r\n\r\n'), [400, 'bad-content-length']);
  assert.deepEqual(refusal('POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'), [
    422,
    'unsupported-transfer-coding',
  ]);
  assert.deepEqual(refusal('POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n'), [400, 'bad-transfer-encoding']);
});

test('payload with HTTP/1.0 GET is a 413 unless h1-accept-payload-with-any-method (configuration.txt, 3.1)', () => {
  const text = 'GET / HTTP/1.0\r\nContent-Length: 3\r\n\r\n';
  assert.deepEqual(refusal(text), [413, 'body-not-allowed']);
  assert.equal(accepted(text, { ...defaultHeadOptions, acceptPayload: true }).contentLength, 3);
});

test('tune.http.maxhdr bounds the field lines, also those that are merged or taken out (configuration.txt, 3.2)', () => {
  const options = { ...defaultHeadOptions, maxHeaders: 5 };
  assert.equal(accepted('GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n', options).headers.count, 4);
  assert.deepEqual(refusal('GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\n\r\n', options), [
    400,
    'too-many-headers',
  ]);
  assert.deepEqual(refusal('GET / HTTP/1.1\r\n' + 'Connection: close\r\n'.repeat(5) + '\r\n', options), [
    400,
    'too-many-headers',
  ]);
});

test('Expect: 100-continue counts in HTTP/1.1 only (RFC 9110, 10.1.1)', () => {
  assert.equal(accepted('POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\n').expectContinue, true);
  assert.equal(accepted('POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n').expectContinue, false);
  assert.equal(accepted('POST / HTTP/1.1\r\nExpect: other\r\n\r\n').expectContinue, false);
});

test('upgrade needs the option, the field, HTTP/1.1 and no body (RFC 9110, 7.8)', () => {
  const up = accepted('GET / HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: Foo/1, bar\r\n\r\n');
  assert.deepEqual([up.upgrade, up.upgradeTokens, up.connectionTokens], [true, ['foo/1', 'bar'], ['upgrade']]);
  for (const text of [
    'GET / HTTP/1.1\r\nUpgrade: foo\r\n\r\n',
    'GET / HTTP/1.1\r\nConnection: upgrade\r\n\r\n',
    'GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n',
    'POST / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: foo\r\nContent-Length: 3\r\n\r\n',
  ])
    assert.deepEqual([accepted(text).upgrade, accepted(text).upgradeTokens], [false, []], text);
});

test('CONNECT has no body and is a tunnel (RFC 9110, 9.3.6)', () => {
  const head = accepted('CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n');
  assert.deepEqual(
    [head.framing, head.target.form, head.target.authority, head.headers.first('host')],
    ['tunnel', 'authority', 'a:443', 'a'],
  );
  assert.deepEqual(refusal('CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nTransfer-Encoding: chunked\r\n\r\n'), [
    400,
    'body-not-allowed',
  ]);
});

test('refusals name what is wrong', () => {
  const wrong: [string, string][] = [
    [' GET / HTTP/1.1\r\n\r\n', 'bad-method'],
    ['GET\r\n\r\n', 'bad-method'],
    ['PRI * HTTP/2.0\r\n\r\n', 'bad-method'],
    ['GET HTTP/1.1\r\n\r\n', 'bad-start-line'],
    ['GET / HTTP/0.9\r\n\r\n', 'bad-version'],
    ['GET /\r\n\r\n', 'bad-version'],
    ['GET /\x80 HTTP/1.1\r\n\r\n', 'bad-target'],
    ['GET a HTTP/1.1\r\n\r\n', 'bad-target'],
    ['GET / HTTP/1.1\r\nX : y\r\n\r\n', 'bad-header-name'],
    ['GET / HTTP/1.1\r\nX\r\n\r\n', 'bad-header-name'],
    ['GET / HTTP/1.1\r\nX: a\0b\r\n\r\n', 'bad-header-value'],
    ['GET / HTTP/1.1\r\nX: a\rb\r\n\r\n', 'bad-line-end'],
    ['GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 'differing-hosts'],
    ['GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n', 'host-mismatch'],
    ['GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', 'bad-host'],
    ['GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n', 'bad-upgrade'],
  ];
  for (const [text, code] of wrong) assert.deepEqual(refusal(text), [400, code], JSON.stringify(text));
});

test('text that ends before the empty line is refused, bytes that do are incomplete', () => {
  const text = 'GET / HTTP/1.1\r\nHost: a\r\n';
  assert.deepEqual(parseRequestHead(text, defaultHeadOptions), new HeadError('client', 'bad-line-end', 400, 25));
  assert.equal(readRequestHead(Buffer.from(text), 0, text.length, defaultHeadOptions), undefined);
});

test('a body in the same buffer is left alone, also a large one', () => {
  const text = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n';
  const buffer = Buffer.from(text + 'X: Y\r\n'.repeat(10_000), 'latin1');
  const head = readRequestHead(buffer, 0, buffer.length, defaultHeadOptions);
  assert.ok(head?.kind === 'request');
  assert.equal(head.bytes, text.length);
  assert.equal(
    serializeRequest(head, 'keep-alive'),
    text.replace('Host', 'host').replace('Content-Length', 'content-length'),
  );
  assert.equal(buffer.toString('latin1', text.length), 'X: Y\r\n'.repeat(10_000));
});
