// CONNECT (RFC 9110, 9.3.6) and Upgrade (RFC 9110, 7.8; RFC 6455, 4).
import { forwarded, refused, type DesyncCase, type Outcome } from '../case.ts';

const granted = 'HTTP/1.1 200 OK\r\n\r\n';
const stricter = (haproxy: Outcome, why: string): Partial<DesyncCase> => ({ haproxy, stricterThanHaproxy: why });

function connect(id: string, uri: string, host: string, outcome: Outcome, more: Partial<DesyncCase> = {}): DesyncCase {
  return {
    kind: 'request',
    id: `connect: ${id}`,
    why: 'RFC 9112, 3.2.3; RFC 9110, 9.3.6',
    raw: `CONNECT ${uri} HTTP/1.1\r\nHost: ${host}\r\n\r\nhello`,
    tunnel: { answer: granted, until: 'hello' },
    outcome,
    ...more,
  };
}
const passed = (uri: string, host: string): Outcome =>
  forwarded({ head: [`CONNECT ${uri} HTTP/1.1`, `host: ${host}`], body: 'hello' });

const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
const switched = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: foo\r\nConnection: upgrade\r\n\r\n';
const webSocket =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n';

function upgrade(
  id: string,
  why: string,
  fields: string,
  answer: string,
  outcome: Outcome,
  more: Partial<DesyncCase> = {},
): DesyncCase {
  return {
    kind: 'request',
    id: `upgrade: ${id}`,
    why,
    raw: `GET /upgrade HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\nhello`,
    tunnel: { answer, until: 'hello' },
    outcome,
    ...more,
  };
}
const asked = (...fields: string[]): Outcome =>
  forwarded({ head: ['GET /upgrade HTTP/1.1', 'host: a', ...fields], body: 'hello' });

export const tunnelCases: DesyncCase[] = [
  connect('host and port', 'a:8080', 'a:8080', passed('a:8080', 'a:8080')),
  connect('port 80', 'a:80', 'a:80', passed('a:80', 'a')),
  connect('port 80, Host without', 'a:80', 'a', passed('a:80', 'a')),
  connect('port 443', 'a:443', 'a:443', passed('a:443', 'a')),
  connect('IPv6', '[::1]:8080', '[::1]:8080', passed('[::1]:8080', '[::1]:8080')),
  connect('Host disagrees', 'a:8080', 'b:8080', refused(400)),
  connect('Host disagrees in the port', 'a:8080', 'a', refused(400)),
  connect('ports 80 and 443', 'a:80', 'a:443', refused(400)),
  connect('Host empty', 'a:80', '', refused(400)),
  connect('no port', 'a', 'a', refused(400)),
  connect('empty port', 'a:', 'a:', refused(400)),
  connect('port that is no number', 'a:x', 'a:x', refused(400)),
  connect('port with sign', 'a:+80', 'a:+80', refused(400)),
  connect('port 0', 'a:0', 'a:0', refused(400), stricter(passed('a:0', 'a:0'), 'there is no such port')),
  connect(
    'port 65536',
    'a:65536',
    'a:65536',
    refused(400),
    stricter(passed('a:65536', 'a:65536'), 'a server may wrap it to port 0'),
  ),
  connect(
    'no host',
    ':80',
    ':80',
    refused(400),
    stricter(passed(':80', ''), 'RFC 9110, 4.2.1: an empty host is invalid'),
  ),
  connect('path', '/', 'a', refused(400)),
  connect(
    'port and path',
    'a:80/',
    'a:80',
    refused(400),
    stricter(passed('a:80/', 'a'), 'RFC 9112, 3.2.3: host and port only'),
  ),
  connect('absolute form', 'http://a/', 'a', refused(400)),
  connect('asterisk', '*', '*', refused(400)),
  connect(
    'userinfo',
    'u@a:80',
    'a:80',
    refused(400),
    stricter(passed('u@a:80', 'a'), 'RFC 9112, 3.2.3: host and port only'),
  ),
  {
    kind: 'request',
    id: 'connect: coding',
    why: 'RFC 9110, 9.3.6: no content',
    raw: 'CONNECT a:8080 HTTP/1.1\r\nHost: a:8080\r\nTransfer-Encoding: chunked\r\n\r\n',
    outcome: refused(400),
    haproxy: forwarded({
      head: ['CONNECT a:8080 HTTP/1.1', 'host: a:8080', 'transfer-encoding: chunked', 'connection: close'],
      cut: true,
    }),
    stricterThanHaproxy: 'a server may wait for chunks where the tunnel starts',
  },
  connect(
    'length',
    'a:8080',
    'a:8080\r\nContent-Length: 3',
    refused(400),
    stricter(
      passed('a:8080', 'a:8080'),
      'RFC 9110, 9.3.6: no content; a proxy in front may have taken the first tunnel bytes for a body',
    ),
  ),
  connect(
    'length 0',
    'a:8080',
    'a:8080\r\nContent-Length: 0',
    passed('a:8080', 'a:8080'),
    stricter(
      forwarded({ head: ['CONNECT a:8080 HTTP/1.1', 'host: a:8080', 'content-length: 0'], body: 'hello' }),
      'RFC 9110, 9.3.6: no content, so the field says nothing and is taken out',
    ),
  ),
  connect('bad length', 'a:8080', 'a:8080\r\nContent-Length: x', refused(400)),

  upgrade(
    'plain',
    'RFC 9110, 7.8',
    'Connection: Upgrade\r\nUpgrade: foo',
    switched,
    asked('connection: upgrade', 'upgrade: foo'),
  ),
  upgrade(
    'beside keep-alive',
    'RFC 9110, 7.8',
    'Connection: keep-alive, Upgrade\r\nUpgrade: foo/1, bar',
    switched,
    asked('connection: upgrade', 'upgrade: foo/1, bar'),
  ),
  upgrade(
    'WebSocket',
    'RFC 6455, 4.1',
    `Connection: Upgrade\r\nUpgrade: websocket\r\n${key}`,
    webSocket,
    asked(
      'connection: upgrade',
      'upgrade: websocket',
      key.replace(/^[^:]*/, (n) => n.toLowerCase()),
    ),
  ),
  upgrade(
    'WebSocket without key',
    'RFC 6455, 4.2.1',
    'Connection: Upgrade\r\nUpgrade: websocket',
    webSocket,
    refused(400),
  ),
  upgrade(
    'WebSocket with a short key',
    'RFC 6455, 4.2.1',
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a',
    webSocket,
    refused(400),
  ),
  upgrade(
    'WebSocket among others without key',
    'RFC 6455, 4.2.1',
    'Connection: Upgrade\r\nUpgrade: foo, WebSocket',
    webSocket,
    refused(400),
  ),
  {
    kind: 'request',
    id: 'upgrade: without the connection option',
    why: 'RFC 9110, 7.8',
    raw: 'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: foo\r\n\r\n',
    outcome: forwarded({ head: ['GET / HTTP/1.1', 'host: a', 'upgrade: foo'] }),
  },
  {
    kind: 'request',
    id: 'upgrade: with a body',
    why: 'the body stands where the new protocol would start',
    raw: 'POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: foo\r\nContent-Length: 3\r\n\r\nabc',
    outcome: forwarded({
      head: ['POST / HTTP/1.1', 'host: a', 'connection: upgrade', 'content-length: 3'],
      body: 'abc',
    }),
  },
  {
    kind: 'request',
    id: 'upgrade: with a chunked body',
    why: 'the body stands where the new protocol would start',
    raw: 'POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: foo\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    outcome: forwarded({
      head: ['POST / HTTP/1.1', 'host: a', 'connection: upgrade', 'transfer-encoding: chunked'],
      body: 'abc',
    }),
  },
];
