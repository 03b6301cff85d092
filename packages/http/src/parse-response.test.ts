import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadError } from './head-error.ts';
import { defaultHeadOptions } from './limits.ts';
import { parseResponseHead, readResponseHead, type RequestedMessage } from './parse-response.ts';
import type { ResponseHead } from './response-head.ts';
import { serializeResponse } from './serialize.ts';

const get: RequestedMessage = { method: 'GET', upgrade: false };
const trailing = 'HTTP/1.1 200 Next\r\n';

/** As in the tests of requests: from text, from bytes, between other bytes and byte by byte, all with the same outcome. */
function parse(text: string, request: RequestedMessage = get): ResponseHead | HeadError {
  const fromText = parseResponseHead(text, request, defaultHeadOptions);
  const around = Buffer.from('xyz' + text + trailing, 'latin1');
  const between = readResponseHead(around, 3, around.length, request, defaultHeadOptions);
  assert.ok(between !== undefined);
  if (fromText instanceof HeadError) {
    assert.deepEqual(between, fromText);
    assert.equal(around.toString('latin1'), 'xyz' + text + trailing, 'refused bytes stay as they were');
  } else {
    assert.ok(between.kind === 'response');
    assert.equal(
      serializeResponse(between, '1.1', 'close', between.framing),
      serializeResponse(fromText, '1.1', 'close', fromText.framing),
    );
    assert.equal(between.bytes, text.length);
  }
  for (let length = 1; length < text.length; length++) {
    const part = readResponseHead(Buffer.from(text.slice(0, length), 'latin1'), 0, length, request, defaultHeadOptions);
    if (part !== undefined) assert.deepEqual(part, fromText, `prefix of ${length} bytes`);
  }
  return fromText;
}

function accepted(text: string, request?: RequestedMessage): ResponseHead {
  const head = parse(text, request);
  assert.ok(head.kind === 'response', `refused: ${JSON.stringify(head)}`);
  return head;
}

function refusal(text: string, request?: RequestedMessage): string {
  const head = parse(text, request);
  assert.ok(head instanceof HeadError, 'accepted');
  assert.deepEqual([head.status, head.side], [502, 'server']);
  return head.code;
}

test('status line and fields (RFC 9112, 4 and 5)', () => {
  const head = accepted('HTTP/1.1 404 Not Found\r\nServer: x\r\nContent-Length: 5\r\n\r\n');
  assert.deepEqual(
    [head.status, head.reason, head.version, head.framing, head.contentLength, head.keepAlive],
    [404, 'Not Found', '1.1', 'length', 5, true],
  );
  assert.equal(
    serializeResponse(head, '1.1', 'keep-alive', 'length'),
    'HTTP/1.1 404 Not Found\r\nserver: x\r\ncontent-length: 5\r\n\r\n',
  );
});

test('framing from fields, status and method (RFC 9112, 6.3)', () => {
  const cl = 'Content-Length: 5\r\n';
  const te = 'Transfer-Encoding: chunked\r\n';
  const rows: [number, string, RequestedMessage, ResponseHead['framing'], boolean][] = [
    [200, cl, get, 'length', true],
    [200, te, get, 'chunked', true],
    [200, cl + te, get, 'chunked', false],
    [200, '', get, 'close', false],
    [200, cl, { method: 'HEAD', upgrade: false }, 'none', true],
    [200, te, { method: 'HEAD', upgrade: false }, 'none', true],
    [304, cl, get, 'none', true],
    [204, cl, get, 'none', true],
    [100, cl, get, 'none', true],
    [103, te, get, 'none', true],
    [200, cl, { method: 'CONNECT', upgrade: false }, 'tunnel', false],
    [407, cl, { method: 'CONNECT', upgrade: false }, 'length', true],
  ];
  for (const [status, fields, request, framing, keepAlive] of rows) {
    const head = accepted(`HTTP/1.1 ${status} X\r\n${fields}\r\n`, request);
    assert.deepEqual([head.framing, head.keepAlive], [framing, keepAlive], `${status} ${fields} ${request.method}`);
  }
});

test('what has no body must not speak of one, HEAD and 304 may (RFC 9110, 8.6)', () => {
  for (const status of [100, 103, 204])
    assert.equal(accepted(`HTTP/1.1 ${status} X\r\nContent-Length: 5\r\n\r\n`).headers.count, 0);
  const head = accepted('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', { method: 'HEAD', upgrade: false });
  assert.deepEqual([head.headers.first('content-length'), head.announcedLength, head.contentLength], ['5', 5, 0]);
});

test('101 needs a request for it and says to what (RFC 9110, 15.2.2)', () => {
  const asked = { method: 'GET', upgrade: true };
  const text = 'HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n';
  assert.equal(accepted(text, asked).framing, 'tunnel');
  assert.equal(refusal(text), 'bad-upgrade');
  assert.equal(refusal('HTTP/1.1 101 S\r\n\r\n', asked), 'bad-upgrade');
  assert.equal(refusal('HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n', asked), 'bad-upgrade');
});

test('informational responses are not the last (RFC 9110, 15.2)', () => {
  assert.deepEqual(
    [100, 102, 103, 199].map((s) => accepted(`HTTP/1.1 ${s} X\r\n\r\n`).informational),
    [true, true, true, true],
  );
  assert.equal(accepted('HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n').informational, false);
});

test('persistence (RFC 9112, 9.3)', () => {
  const rows: [string, string, boolean][] = [
    ['1.1', '', true],
    ['1.1', 'Connection: close\r\n', false],
    ['1.0', '', false],
    ['1.0', 'Connection: keep-alive\r\n', true],
  ];
  for (const [version, fields, keepAlive] of rows)
    assert.equal(accepted(`HTTP/${version} 200 OK\r\nContent-Length: 0\r\n${fields}\r\n`).keepAlive, keepAlive);
});

test('refusals name what is wrong', () => {
  const wrong: [string, string][] = [
    ['HTTP/1.1 20 OK\r\n\r\n', 'bad-status'],
    ['HTTP/1.1 099 OK\r\n\r\n', 'bad-status'],
    ['HTTP/1.1\r\n\r\n', 'bad-status'],
    ['http/1.1 200 OK\r\n\r\n', 'bad-version'],
    ['HTTP/1.1 200 O\0K\r\n\r\n', 'bad-start-line'],
    ['HTTP/1.1 200 OK\r\n X: y\r\n\r\n', 'bad-header-name'],
    ['HTTP/1.1 200 OK\r\nX: \r\r\n\r\n', 'bad-line-end'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n', 'unsupported-transfer-coding'],
    ['HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n', 'bad-content-length'],
  ];
  for (const [text, code] of wrong) assert.equal(refusal(text), code, JSON.stringify(text));
});
