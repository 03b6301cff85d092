// Where one request ends and the next begins: RFC 9112, 9.3.2.
import { forwarded, refused, type DesyncCase, type Message } from '../case.ts';

const first: Message = { head: ['GET / HTTP/1.1', 'host: a'] };
const second: Message = { head: ['GET /2 HTTP/1.1', 'host: a'] };
const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const get2 = 'GET /2 HTTP/1.1\r\nHost: a\r\n\r\n';
const post = (fields: string): string => `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n`;
const posted = (framing: string, body?: string): Message => ({
  head: ['POST / HTTP/1.1', 'host: a', framing],
  ...(body !== undefined && { body }),
});

function pipe(id: string, why: string, raw: string, outcome: DesyncCase['outcome']): DesyncCase {
  return { kind: 'request', id: `pipe: ${id}`, why, raw, outcome };
}
const order = 'RFC 9112, 9.3.2';

export const pipeliningCases: DesyncCase[] = [
  pipe('two GETs', order, get + get2, forwarded(first, second)),
  pipe('five GETs', order, get + get2 + get + get2 + get, forwarded(first, second, first, second, first)),
  pipe('empty lines between', 'RFC 9112, 2.2', get + '\r\n\r\n' + get2, forwarded(first, second)),
  pipe('LF lines between', 'RFC 9112, 2.2', get + '\n\n' + get2, forwarded(first, second)),
  pipe(
    'close in the first',
    'RFC 9112, 9.6: nothing behind it is served',
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' + get2,
    forwarded(first),
  ),
  pipe(
    'HTTP/1.0 first',
    'RFC 9112, 9.3: not persistent',
    'GET / HTTP/1.0\r\nHost: a\r\n\r\n' + get2,
    forwarded({ head: ['GET / HTTP/1.0', 'host: a', 'connection: keep-alive'] }),
  ),
  pipe(
    'HTTP/1.0 with keep-alive first',
    'RFC 9112, 9.3',
    'GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n' + get2,
    forwarded({ head: ['GET / HTTP/1.0', 'host: a', 'connection: keep-alive'] }, second),
  ),
  pipe(
    'behind a length',
    order,
    post('Content-Length: 3') + 'abc' + get2,
    forwarded(posted('content-length: 3', 'abc'), second),
  ),
  pipe('behind a length of 0', order, post('Content-Length: 0') + get2, forwarded(posted('content-length: 0'), second)),
  pipe(
    'behind chunks',
    order,
    post('Transfer-Encoding: chunked') + '3\r\nabc\r\n0\r\n\r\n' + get2,
    forwarded(posted('transfer-encoding: chunked', 'abc'), second),
  ),
  pipe(
    'behind trailers',
    order,
    post('Transfer-Encoding: chunked') + '3\r\nabc\r\n0\r\nX: y\r\n\r\n' + get2,
    forwarded({ ...posted('transfer-encoding: chunked', 'abc'), trailers: ['x: y'] }, second),
  ),
  pipe(
    'behind a POST without framing',
    'RFC 9112, 6.3 point 7: no body',
    'POST / HTTP/1.1\r\nHost: a\r\n\r\n' + get2,
    forwarded({ head: ['POST / HTTP/1.1', 'host: a'] }, second),
  ),
  pipe(
    'a request as body',
    order,
    post('Content-Length: ' + get2.length) + get2,
    forwarded(posted('content-length: ' + get2.length, get2)),
  ),
  pipe(
    'a request as chunk',
    order,
    post('Transfer-Encoding: chunked') + get2.length.toString(16) + '\r\n' + get2 + '\r\n0\r\n\r\n',
    forwarded(posted('transfer-encoding: chunked', get2)),
  ),
  pipe('junk behind a GET', order, get + 'junk\r\n\r\n', refused(400, first)),
  pipe('junk without line end', order, get + 'junk', refused(400, first)),
  pipe('one byte too few', order, post('Content-Length: 2') + 'abc' + get2, {
    forwarded: [posted('content-length: 2', 'ab'), { head: ['cGET /2 HTTP/1.1', 'host: a'] }],
  }),
  pipe(
    'bad request behind a good one',
    order,
    get + 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n',
    refused(400, first),
  ),
  pipe(
    'smuggling through a bad coding',
    order,
    post('Content-Length: 3\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x') + '0\r\n\r\n' + get2,
    refused(400),
  ),
  pipe('head cut short', 'RFC 9112, 8: an incomplete message', 'GET / HTTP/1.1\r\nHost: a\r\n', refused(400)),
  pipe(
    'second head cut short',
    'RFC 9112, 8: an incomplete message',
    get + 'GET /2 HTTP/1.1\r\nHo',
    refused(400, first),
  ),
];
