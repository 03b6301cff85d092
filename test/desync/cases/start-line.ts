// The request line and the version: RFC 9112, 2.3, 2.5 and 3.
import { forwarded, refused, type DesyncCase, type Outcome } from '../case.ts';

function line(id: string, why: string, text: string, outcome: Outcome, more: Partial<DesyncCase> = {}): DesyncCase {
  return { kind: 'request', id: `line: ${id}`, why, raw: `${text}\r\nHost: a\r\n\r\n`, outcome, ...more };
}
const lax = { frontend: 'lax' } as Partial<DesyncCase>;
const get = forwarded({ head: ['GET / HTTP/1.1', 'host: a'] });
const old = (protocol: string): Outcome =>
  forwarded({ head: [`GET / ${protocol}`, 'host: a', 'connection: keep-alive'] });
const simple = forwarded({ head: ['GET / HTTP/1.0', 'connection: keep-alive'] });

const separators = 'RFC 9112, 3: a recipient may split on any blanks';
const grammar = 'RFC 9112, 3: request-line = method SP request-target SP HTTP-version';
const version = 'RFC 9112, 2.3: HTTP-version = "HTTP/" DIGIT "." DIGIT';
const bounds = 'RFC 9112, 2.2';
const token = 'RFC 9110, 5.6.2: method = token';
const relaxed = 'configuration.txt, option accept-invalid-http-request';
const noVersion0 =
  'a version below 1.0 announces a message without fields; forwarding it as it stands invites an answer without a status line';

export const startLineCases: DesyncCase[] = [
  line('plain', grammar, 'GET / HTTP/1.1', get),
  line('two blanks', separators, 'GET  /  HTTP/1.1', get),
  line('tabs', separators, 'GET\t/\tHTTP/1.1', get),
  line('blank and tab', separators, 'GET \t/ \tHTTP/1.1', get),
  line('blank in front', grammar, ' GET / HTTP/1.1', refused(400)),
  line('tab in front', grammar, '\tGET / HTTP/1.1', refused(400)),
  line('blank behind', grammar, 'GET / HTTP/1.1 ', refused(400)),
  line('tab behind', grammar, 'GET / HTTP/1.1\t', refused(400)),
  line('word behind', grammar, 'GET / HTTP/1.1 x', refused(400)),
  line('blank in the target', grammar, 'GET /a b HTTP/1.1', refused(400)),
  line('second request line behind', grammar, 'GET / HTTP/1.1 GET /x HTTP/1.1', refused(400)),
  line('no version', version, 'GET /', refused(400)),
  line('no version, blank behind', version, 'GET / ', refused(400)),
  line('no target', grammar, 'GET HTTP/1.1', refused(400)),
  line('no target, two blanks', grammar, 'GET  HTTP/1.1', refused(400)),
  line('only a method', grammar, 'GET', refused(400)),
  line('only a blank', grammar, ' ', refused(400)),
  line('version split off by a fold', grammar, 'GET /\r\n HTTP/1.1', refused(400)),
  line('bare CR behind', bounds, 'GET / HTTP/1.1\r', refused(400)),
  line('bare CR inside', bounds, 'GET / HTTP/1.1\rX: y', refused(400)),
  line('bare CR in the target', bounds, 'GET /\rx HTTP/1.1', refused(400)),
  line('NUL behind', bounds, 'GET / HTTP/1.1\0', refused(400)),
  line('empty line in front', bounds, '\r\nGET / HTTP/1.1', get),
  line('three empty lines in front', bounds, '\r\n\r\n\r\nGET / HTTP/1.1', get),
  line('LF in front', bounds, '\nGET / HTTP/1.1', get),
  line('LF and CRLF in front', bounds, '\n\r\nGET / HTTP/1.1', get),
  line('CR in front', bounds, '\rGET / HTTP/1.1', refused(400)),
  line('CR CR LF in front', bounds, '\r\r\nGET / HTTP/1.1', refused(400)),
  line('empty line and blank in front', bounds, '\r\n GET / HTTP/1.1', refused(400)),
  line('field line in front', grammar, 'X: y\r\nGET / HTTP/1.1', refused(400)),
  { kind: 'request', id: 'line: LF everywhere', why: bounds, raw: 'GET / HTTP/1.1\nHost: a\n\n', outcome: get },
  {
    kind: 'request',
    id: 'line: LF behind the request line',
    why: bounds,
    raw: 'GET / HTTP/1.1\nHost: a\r\n\r\n',
    outcome: get,
  },
  { kind: 'request', id: 'line: LF behind a field', why: bounds, raw: 'GET / HTTP/1.1\r\nHost: a\n\r\n', outcome: get },
  { kind: 'request', id: 'line: LF as empty line', why: bounds, raw: 'GET / HTTP/1.1\r\nHost: a\r\n\n', outcome: get },
  {
    kind: 'request',
    id: 'line: fold behind the request line',
    why: 'RFC 9112, 2.2: such lines must be refused or skipped',
    raw: 'GET / HTTP/1.1\r\n X: y\r\nHost: a\r\n\r\n',
    outcome: refused(400),
  },
  {
    kind: 'request',
    id: 'line: fold behind the request line, relaxed',
    why: relaxed,
    raw: 'GET / HTTP/1.1\r\n X: y\r\nHost: a\r\n\r\n',
    outcome: refused(400),
    ...lax,
    haproxy: forwarded({ head: ['GET / HTTP/1.1', ' x: y', 'host: a'] }),
    stricterThanHaproxy:
      'a line that starts with a blank is a continuation for the server, and there is nothing to continue',
  },
  line('lower-case method', token, 'get / HTTP/1.1', forwarded({ head: ['get / HTTP/1.1', 'host: a'] })),
  line('unknown method', token, 'FOOBAR / HTTP/1.1', forwarded({ head: ['FOOBAR / HTTP/1.1', 'host: a'] })),
  line(
    'method of odd token bytes',
    token,
    "X'!#$%&*+-.^_`|~9 / HTTP/1.1",
    forwarded({ head: ["X'!#$%&*+-.^_`|~9 / HTTP/1.1", 'host: a'] }),
  ),
  line('at sign in the method', token, 'G@T / HTTP/1.1', refused(400)),
  line('colon in the method', token, 'G:T / HTTP/1.1', refused(400)),
  line('parenthesis in the method', token, 'G(T / HTTP/1.1', refused(400)),
  line('quotes around the method', token, '"GET" / HTTP/1.1', refused(400)),
  line('control byte in the method', token, 'G\x01T / HTTP/1.1', refused(400)),
  line('NUL in the method', token, 'G\0T / HTTP/1.1', refused(400)),
  line('0xe9 in the method', token, 'G\xe9T / HTTP/1.1', refused(400)),
  line('at sign in the method, relaxed', relaxed, 'G@T / HTTP/1.1', refused(400), lax),
  line('preface of HTTP/2', 'RFC 9113, 3.4', 'PRI * HTTP/2.0', refused(400)),
  line('1.0', version, 'GET / HTTP/1.0', old('HTTP/1.0')),
  line('1.2', 'RFC 9110, 2.5: a higher minor version is spoken to as the own one', 'GET / HTTP/1.2', get),
  line('1.9', 'RFC 9110, 2.5', 'GET / HTTP/1.9', get),
  line('2.0', 'RFC 9110, 2.5', 'GET / HTTP/2.0', get),
  line('9.9', 'RFC 9110, 2.5', 'GET / HTTP/9.9', get),
  line('0.9', version, 'GET / HTTP/0.9', refused(400), { haproxy: old('HTTP/0.9'), stricterThanHaproxy: noVersion0 }),
  line('0.0', version, 'GET / HTTP/0.0', refused(400), { haproxy: old('HTTP/0.0'), stricterThanHaproxy: noVersion0 }),
  line('1.', version, 'GET / HTTP/1.', refused(400)),
  line('1', version, 'GET / HTTP/1', refused(400)),
  line('1.10', version, 'GET / HTTP/1.10', refused(400)),
  line('01.1', version, 'GET / HTTP/01.1', refused(400)),
  line('11.1', version, 'GET / HTTP/11.1', refused(400)),
  line('1,1', version, 'GET / HTTP/1,1', refused(400)),
  line('x.y', version, 'GET / HTTP/x.y', refused(400)),
  line('lower-case name', version, 'GET / http/1.1', refused(400)),
  line('blank for the slash', version, 'GET / HTTP 1.1', refused(400)),
  line('HTTPS', version, 'GET / HTTPS/1.1', refused(400)),
  line('RTSP', version, 'OPTIONS / RTSP/1.0', refused(400)),
  line(
    'RTSP, relaxed',
    relaxed,
    'OPTIONS / RTSP/1.0',
    forwarded({ head: ['OPTIONS / RTSP/1.0', 'host: a', 'connection: keep-alive'] }),
    lax,
  ),
  line('lower-case name, relaxed', relaxed, 'GET / http/1.1', refused(400), lax),
  line('1.10, relaxed', relaxed, 'GET / HTTP/1.10', get, {
    ...lax,
    haproxy: old('HTTP/1.10'),
    stricterThanHaproxy:
      'the number is read as a number and the message leaves as HTTP/1.1, not under a version that no server knows',
  }),
  line('1., relaxed', relaxed, 'GET / HTTP/1.', refused(400), {
    ...lax,
    haproxy: old('HTTP/1.'),
    stricterThanHaproxy: 'not even several digits: no version at all',
  }),
  line('0.9, relaxed', relaxed, 'GET / HTTP/0.9', old('HTTP/1.0'), {
    ...lax,
    haproxy: old('HTTP/0.9'),
    stricterThanHaproxy: 'forwarded as HTTP/1.0: ' + noVersion0,
  }),
  line('no version, relaxed', relaxed, 'GET /', simple, lax),
  line('no version and a blank, relaxed', relaxed, 'GET / ', simple, lax),
  line('no version for POST, relaxed', 'HTTP/0.9 knows GET only', 'POST /', refused(400), lax),
  line('no target, relaxed', relaxed, 'GET HTTP/1.1', refused(400), {
    ...lax,
    haproxy: forwarded({ head: ['GET HTTP/1.1 HTTP/1.0', 'connection: keep-alive'] }),
    stricterThanHaproxy: 'a version where a path should be: the server could read it as either',
  }),
];
