import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeaderList } from './header-list.ts';
import { defaultHeadOptions } from './limits.ts';
import { readRequestHead } from './parse-request.ts';
import { readResponseHead } from './parse-response.ts';
import { makeRequestHead, type RequestHead } from './request-head.ts';
import { makeResponseHead, type ResponseHead } from './response-head.ts';
import { serializeRequest, serializeResponse, type ConnectionMode } from './serialize.ts';

function request(text: string): RequestHead {
  const buffer = Buffer.from(text, 'latin1');
  return readRequestHead(buffer, 0, buffer.length, defaultHeadOptions) as RequestHead;
}
function response(text: string, method = 'GET'): ResponseHead {
  const buffer = Buffer.from(text, 'latin1');
  return readResponseHead(buffer, 0, buffer.length, { method, upgrade: true }, defaultHeadOptions) as ResponseHead;
}
const connectionLines = (text: string): string[] => text.split('\r\n').filter((l) => /^connection:/i.test(l));

test('the server is told what its version does not say by itself (RFC 9112, 9.3; observed on HAProxy 2.6.12)', () => {
  const rows: [string, string, ConnectionMode, string[]][] = [
    ['1.1', '', 'keep-alive', []],
    ['1.1', '', 'close', ['connection: close']],
    ['1.0', '', 'keep-alive', ['connection: keep-alive']],
    ['1.0', '', 'close', []],
    ['1.1', 'Connection: close, foo\r\n', 'keep-alive', ['connection: foo']],
    ['1.1', 'Connection: keep-alive\r\n', 'close', ['connection: close']],
    ['1.1', 'Connection: foo\r\n', 'close', ['connection: foo', 'connection: close']],
    ['1.0', 'Connection: foo\r\n', 'keep-alive', ['connection: foo', 'connection: keep-alive']],
    ['1.1', 'Connection: Upgrade\r\nUpgrade: foo\r\n', 'close', ['connection: Upgrade']],
    ['1.0', 'Connection: upgrade\r\n', 'keep-alive', ['connection: upgrade']],
  ];
  for (const [version, fields, mode, lines] of rows) {
    assert.deepEqual(
      connectionLines(serializeRequest(request(`GET / HTTP/${version}\r\n${fields}\r\n`), mode)),
      lines,
      `${version} ${fields} ${mode}`,
    );
  }
});

test('the client is told what the two versions do not say by themselves (observed on HAProxy 2.6.12)', () => {
  const rows: [string, '1.0' | '1.1', string, ConnectionMode, string[]][] = [
    ['1.1', '1.1', '', 'keep-alive', []],
    ['1.1', '1.1', '', 'close', ['connection: close']],
    ['1.1', '1.0', '', 'keep-alive', ['connection: keep-alive']],
    ['1.1', '1.0', '', 'close', ['connection: close']],
    ['1.0', '1.1', '', 'keep-alive', ['connection: keep-alive']],
    ['1.0', '1.1', '', 'close', []],
    ['1.1', '1.1', 'Connection: close, foo\r\n', 'keep-alive', ['connection: foo']],
    ['1.1', '1.1', 'Connection: upgrade\r\nUpgrade: h2c\r\n', 'close', ['connection: upgrade']],
  ];
  for (const [version, asked, fields, mode, lines] of rows) {
    const head = response(`HTTP/${version} 200 OK\r\nContent-Length: 0\r\n${fields}\r\n`);
    assert.deepEqual(
      connectionLines(serializeResponse(head, asked, mode, 'length')),
      lines,
      `${version} to ${asked} ${fields} ${mode}`,
    );
  }
});

test('neither an informational response nor a tunnel says anything about the connection', () => {
  assert.equal(
    serializeResponse(response('HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n'), '1.0', 'close', 'none'),
    'HTTP/1.1 100 Continue\r\n\r\n',
  );
  assert.equal(
    serializeResponse(response('HTTP/1.1 200 OK\r\n\r\n', 'CONNECT'), '1.1', 'close', 'tunnel'),
    'HTTP/1.1 200 OK\r\n\r\n',
  );
});

test('rules change the start line', () => {
  const head = request('GET /a?b HTTP/1.1\r\nHost: a\r\n\r\n');
  head.setUri('/new');
  assert.equal(serializeRequest(head, 'keep-alive'), 'GET /new HTTP/1.1\r\nhost: a\r\n\r\n');
  assert.equal(head.target.path, '/new');
  head.method = 'PUT';
  assert.equal(serializeRequest(head, 'keep-alive'), 'PUT /new HTTP/1.1\r\nhost: a\r\n\r\n');
  const answer = response('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  answer.status = 503;
  answer.reason = 'Gone';
  assert.equal(
    serializeResponse(answer, '1.1', 'keep-alive', 'length'),
    'HTTP/1.1 503 Gone\r\ncontent-length: 0\r\n\r\n',
  );
});

test('no rule makes a message ambiguous: framing fields are written from the facts', () => {
  const head = request('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n');
  head.headers.add('transfer-encoding', 'chunked');
  head.headers.set('content-length', '99');
  head.headers.add('connection', 'close, bar');
  assert.equal(
    serializeRequest(head, 'keep-alive'),
    'POST / HTTP/1.1\r\nhost: a\r\nconnection: bar\r\ncontent-length: 3\r\n\r\n',
  );
  const none = request('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  none.headers.add('content-length', '5');
  assert.equal(serializeRequest(none, 'keep-alive'), 'GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  const removed = request('POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: a\r\n\r\n');
  removed.headers.removeAll('transfer-encoding');
  assert.equal(
    serializeRequest(removed, 'keep-alive'),
    'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n',
  );
  const announced = response('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', 'HEAD');
  announced.headers.add('content-length', '6');
  assert.equal(
    serializeResponse(announced, '1.1', 'keep-alive', 'none'),
    'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n',
  );
});

test('a response can leave with another framing than it came with', () => {
  const head = response('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\n');
  assert.equal(
    serializeResponse(head, '1.1', 'keep-alive', 'chunked'),
    'HTTP/1.1 200 OK\r\nx: y\r\ntransfer-encoding: chunked\r\n\r\n',
  );
  assert.equal(
    serializeResponse(head, '1.1', 'close', 'close'),
    'HTTP/1.1 200 OK\r\nx: y\r\nconnection: close\r\n\r\n',
  );
});

test('h1-case-adjust spells names, also that of the added field (configuration.txt, 3.1)', () => {
  const map = new Map([
    ['content-length', 'Content-Length'],
    ['connection', 'Connection'],
    ['x', 'X'],
  ]);
  assert.equal(
    serializeRequest(request('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nx: y\r\n\r\n'), 'close', map),
    'POST / HTTP/1.1\r\nhost: a\r\nContent-Length: 3\r\nX: y\r\nConnection: close\r\n\r\n',
  );
  assert.equal(
    serializeResponse(response('HTTP/1.1 200 OK\r\nX: y\r\n\r\n'), '1.1', 'close', 'close', map),
    'HTTP/1.1 200 OK\r\nX: y\r\nConnection: close\r\n\r\n',
  );
});

test('heads that were made here get their framing from their facts', () => {
  const headers = new HeaderList();
  headers.add('host', 'a');
  assert.equal(
    serializeRequest(makeRequestHead('OPTIONS', '/', '1.0', headers), 'close'),
    'OPTIONS / HTTP/1.0\r\nhost: a\r\n\r\n',
  );
  const fields = new HeaderList();
  fields.add('content-type', 'text/plain');
  assert.equal(
    serializeResponse(makeResponseHead(200, 'OK', fields, 'length', 3), '1.1', 'close', 'length'),
    'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 3\r\nconnection: close\r\n\r\n',
  );
});
