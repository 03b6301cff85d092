// Responses: RFC 9112, 4 and 6.3. The server closes behind the bytes.
import { forwarded, refused, type DesyncCase, type Message, type Outcome } from '../case.ts';

const stricter = (haproxy: Outcome, why: string): Partial<DesyncCase> => ({ haproxy, stricterThanHaproxy: why });
const lax = { frontend: 'lax' } as Partial<DesyncCase>;
const ok: Message = { head: ['HTTP/1.1 200 OK', 'content-length: 2'], body: 'ok' };
const fin = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

function response(id: string, why: string, raw: string, outcome: Outcome, more: Partial<DesyncCase> = {}): DesyncCase {
  return { kind: 'response', id: `response: ${id}`, why, raw, outcome, ...more };
}
const line = (id: string, why: string, text: string, outcome: Outcome, more: Partial<DesyncCase> = {}): DesyncCase =>
  response(id, why, `${text}\r\nContent-Length: 2\r\n\r\nok`, outcome, more);
const fields = (
  id: string,
  why: string,
  lines: string,
  body: string,
  outcome: Outcome,
  more: Partial<DesyncCase> = {},
): DesyncCase =>
  response(id, why, `HTTP/1.1 200 OK\r\n${lines}${lines === '' ? '' : '\r\n'}\r\n${body}`, outcome, more);
const answered = (start: string): Outcome => forwarded({ head: [start, 'content-length: 2'], body: 'ok' });

const chunks = '2\r\nok\r\n0\r\n\r\n';
const chunked = forwarded({ head: ['HTTP/1.1 200 OK', 'transfer-encoding: chunked'], body: 'ok' });
const untilClose = (body: string): Outcome => forwarded({ head: ['HTTP/1.1 200 OK', 'connection: close'], body });

const statusLine = 'RFC 9112, 4: status-line = HTTP-version SP 3DIGIT SP [ reason-phrase ]';
const length = 'RFC 9112, 6.3 point 5';
const coding = 'RFC 9112, 6.3 point 4; codings other than chunked are not offered';
const head = 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n';
const upgrade = 'GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n';
const connect = 'CONNECT a:8080 HTTP/1.1\r\nHost: a:8080\r\n\r\n';

export const responseCases: DesyncCase[] = [
  line('plain', statusLine, 'HTTP/1.1 200 OK', forwarded(ok)),
  line('no reason', statusLine, 'HTTP/1.1 200 ', answered('HTTP/1.1 200 ')),
  line('no reason and no blank', statusLine, 'HTTP/1.1 200', answered('HTTP/1.1 200 ')),
  line('blanks', statusLine, 'HTTP/1.1  200  OK', answered('HTTP/1.1 200 OK')),
  line('tabs', statusLine, 'HTTP/1.1\t200\tOK', answered('HTTP/1.1 200 OK')),
  line('words as reason', statusLine, 'HTTP/1.1 200 All is well', answered('HTTP/1.1 200 All is well')),
  line('bytes above 127 in the reason', statusLine, 'HTTP/1.1 200 \xe9', answered('HTTP/1.1 200 \xe9')),
  line(
    'NUL in the reason',
    statusLine,
    'HTTP/1.1 200 O\0K',
    refused(502),
    stricter(answered('HTTP/1.1 200 O\0K'), 'a NUL ends a line for some clients'),
  ),
  line('bare CR in the reason', 'RFC 9112, 2.2', 'HTTP/1.1 200 O\rK', refused(502)),
  line('empty line in front', 'RFC 9112, 2.2', '\r\nHTTP/1.1 200 OK', forwarded(ok)),
  line('LF in front', 'RFC 9112, 2.2', '\nHTTP/1.1 200 OK', forwarded(ok)),
  line('blank in front', statusLine, ' HTTP/1.1 200 OK', refused(502)),
  line(
    'two digits',
    statusLine,
    'HTTP/1.1 20 OK',
    refused(502),
    stricter(forwarded({ head: ['HTTP/1.1 20 OK'], body: 'ok' }), 'no status; a client may read another one'),
  ),
  line(
    'four digits',
    statusLine,
    'HTTP/1.1 2000 OK',
    refused(502),
    stricter(answered('HTTP/1.1 2000 OK'), 'no status; a client may read 200'),
  ),
  line(
    'status 000',
    statusLine,
    'HTTP/1.1 000 OK',
    refused(502),
    stricter(
      forwarded({ head: ['HTTP/1.1 000 OK'], body: 'ok' }),
      'no status class; clients differ on whether a body follows',
    ),
  ),
  line(
    'status 099',
    statusLine,
    'HTTP/1.1 099 OK',
    refused(502),
    stricter(
      forwarded({ head: ['HTTP/1.1 099 OK'], body: 'ok' }),
      'no status class; clients differ on whether a body follows',
    ),
  ),
  line('status 600', 'RFC 9110, 15: treated as 5xx', 'HTTP/1.1 600 X', answered('HTTP/1.1 600 X')),
  line('status 999', 'RFC 9110, 15: treated as 5xx', 'HTTP/1.1 999 X', answered('HTTP/1.1 999 X')),
  line('letters in the status', statusLine, 'HTTP/1.1 2x0 OK', refused(502)),
  line('sign in the status', statusLine, 'HTTP/1.1 +20 OK', refused(502)),
  line('reason without blank', statusLine, 'HTTP/1.1 200OK', refused(502)),
  line('no status', statusLine, 'HTTP/1.1', refused(502)),
  line('junk', statusLine, 'junk', refused(502)),
  line(
    'version 1.0',
    'RFC 9112, 2.3',
    'HTTP/1.0 200 OK',
    forwarded({ head: ['HTTP/1.0 200 OK', 'content-length: 2', 'connection: keep-alive'], body: 'ok' }),
  ),
  line('version 1.2', 'RFC 9110, 2.5', 'HTTP/1.2 200 OK', forwarded(ok)),
  line('version 2.0', 'RFC 9110, 2.5', 'HTTP/2.0 200 OK', forwarded(ok)),
  line(
    'version 0.9',
    'RFC 9112, 2.3',
    'HTTP/0.9 200 OK',
    forwarded({ head: ['HTTP/1.0 200 OK', 'content-length: 2', 'connection: keep-alive'], body: 'ok' }),
    stricter(
      forwarded({ head: ['HTTP/0.9 200 OK', 'content-length: 2', 'connection: keep-alive'], body: 'ok' }),
      'it has fields, so it is spoken on as 1.0',
    ),
  ),
  line('version 1', 'RFC 9112, 2.3', 'HTTP/1 200 OK', refused(502)),
  line('version 1.10', 'RFC 9112, 2.3', 'HTTP/1.10 200 OK', refused(502)),
  line('lower-case version', 'RFC 9112, 2.3', 'http/1.1 200 OK', refused(502)),
  line('ICY', statusLine, 'ICY 200 OK', refused(502)),
  line(
    'RTSP',
    'RFC 9112, 2.3',
    'RTSP/1.0 200 OK',
    refused(502),
    stricter(
      forwarded({ head: ['RTSP/1.0 200 OK', 'content-length: 2', 'connection: keep-alive'], body: 'ok' }),
      'another protocol has another framing',
    ),
  ),
  line(
    'RTSP, relaxed',
    'configuration.txt, option accept-invalid-http-response',
    'RTSP/1.0 200 OK',
    forwarded({ head: ['RTSP/1.0 200 OK', 'content-length: 2', 'connection: keep-alive'], body: 'ok' }),
    lax,
  ),

  fields('length twice the same', length, 'Content-Length: 2\r\nContent-Length: 2', 'ok', forwarded(ok)),
  fields('length list', length, 'Content-Length: 2, 2', 'ok', forwarded(ok)),
  fields('length with zeros', length, 'Content-Length: 002', 'ok', forwarded(ok)),
  fields('lengths differ', length, 'Content-Length: 2\r\nContent-Length: 3', 'oky', refused(502)),
  fields('length list differs', length, 'Content-Length: 2, 3', 'oky', refused(502)),
  fields('length with sign', length, 'Content-Length: +2', 'ok', refused(502)),
  fields('length empty', length, 'Content-Length:', 'ok', refused(502)),
  fields('length in hexadecimal', length, 'Content-Length: 0x2', 'ok', refused(502)),
  fields(
    'length of 2^64',
    length,
    'Content-Length: 18446744073709551616',
    'ok',
    refused(502),
    stricter(
      forwarded({ head: ['HTTP/1.1 200 OK', 'content-length: 18446744073709551616'], cut: true }),
      'HAProxy takes it for 0',
    ),
  ),
  fields(
    'cut short',
    'RFC 9112, 8',
    'Content-Length: 5',
    'ok',
    forwarded({ head: ['HTTP/1.1 200 OK', 'content-length: 5'], body: 'ok', cut: true }),
  ),
  fields(
    'bytes behind the body',
    'RFC 9112, 6.3: not part of the response',
    'Content-Length: 2',
    'okEXTRA',
    forwarded(ok),
  ),
  fields(
    'a response behind the body',
    'response splitting: nobody asked for it',
    'Content-Length: 2',
    `ok${fin}`,
    forwarded(ok),
  ),
  fields(
    'length and coding',
    'RFC 9112, 6.3 point 3',
    'Content-Length: 2\r\nTransfer-Encoding: chunked',
    chunks,
    chunked,
  ),
  fields(
    'coding and length',
    'RFC 9112, 6.3 point 3',
    'Transfer-Encoding: chunked\r\nContent-Length: 2',
    chunks,
    chunked,
  ),
  fields('chunked', coding, 'Transfer-Encoding: chunked', chunks, chunked),
  fields('chunked in upper case', coding, 'Transfer-Encoding: CHUNKED', chunks, chunked),
  fields('chunked twice', coding, 'Transfer-Encoding: chunked, chunked', chunks, refused(502)),
  fields('gzip, chunked', coding, 'Transfer-Encoding: gzip, chunked', chunks, refused(502)),
  fields('gzip', coding, 'Transfer-Encoding: gzip', 'ok', refused(502)),
  fields('identity', coding, 'Transfer-Encoding: identity', 'ok', refused(502)),
  fields('xchunked', coding, 'Transfer-Encoding: xchunked', chunks, refused(502)),
  fields(
    'empty coding',
    coding,
    'Transfer-Encoding:',
    'ok',
    refused(502),
    stricter(
      forwarded({ head: ['HTTP/1.1 200 OK', 'transfer-encoding: ', 'connection: close'], body: 'ok' }),
      'clients differ on an empty coding; no server means to send one',
    ),
  ),
  fields('empty coding and then chunked', coding, 'Transfer-Encoding:\r\nTransfer-Encoding: chunked', chunks, chunked),
  fields(
    'blank before the colon',
    'RFC 9112, 5.1: a proxy must remove or refuse it',
    'Transfer-Encoding : chunked',
    chunks,
    refused(502),
  ),
  fields('bare CR', 'RFC 9112, 2.2', 'X: a\rContent-Length: 2', 'ok', refused(502)),
  fields(
    'NUL in a value',
    'RFC 9110, 5.5',
    'X: a\0b\r\nContent-Length: 2',
    'ok',
    refused(502),
    stricter(
      forwarded({ head: ['HTTP/1.1 200 OK', 'x: a\0b', 'content-length: 2'], body: 'ok' }),
      'RFC 9110, 5.5: a NUL must be refused or replaced',
    ),
  ),
  fields(
    'LF and a fold',
    'RFC 9112, 5.2',
    'X: a\n b\nContent-Length: 2',
    'ok',
    forwarded({ head: ['HTTP/1.1 200 OK', 'x: a  b', 'content-length: 2'], body: 'ok' }),
  ),
  fields('until close', 'RFC 9112, 6.3 point 8', '', 'some bytes', untilClose('some bytes')),
  fields(
    'until close with keep-alive',
    'RFC 9112, 6.3 point 8',
    'Connection: keep-alive',
    'some bytes',
    untilClose('some bytes'),
  ),
  fields(
    "close of the server is not the client's",
    'RFC 9110, 7.6.1',
    'Connection: close\r\nContent-Length: 2',
    'ok',
    forwarded(ok),
  ),
  fields('chunk of a bad size', 'RFC 9112, 7.1', 'Transfer-Encoding: chunked', 'zz\r\nok\r\n0\r\n\r\n', refused(502)),
  fields(
    'chunked, cut short',
    'RFC 9112, 8',
    'Transfer-Encoding: chunked',
    '2\r\nok\r\n',
    forwarded({ head: ['HTTP/1.1 200 OK', 'transfer-encoding: chunked'], body: 'ok', cut: true }),
  ),
  fields(
    'chunked with LF and extension',
    'RFC 9112, 7.1',
    'Transfer-Encoding: chunked',
    '2;x\nok\n0\nX: y\n\n',
    forwarded({ head: ['HTTP/1.1 200 OK', 'transfer-encoding: chunked'], body: 'ok', trailers: ['x: y'] }),
  ),
  fields(
    'length in trailers',
    'RFC 9110, 6.5.1',
    'Transfer-Encoding: chunked',
    '2\r\nok\r\n0\r\nContent-Length: 3\r\nX: y\r\n\r\n',
    forwarded({ head: ['HTTP/1.1 200 OK', 'transfer-encoding: chunked'], body: 'ok', trailers: ['x: y'] }),
    stricter(
      forwarded({
        head: ['HTTP/1.1 200 OK', 'transfer-encoding: chunked'],
        body: 'ok',
        trailers: ['content-length: 3', 'x: y'],
      }),
      'trailers must not speak about framing',
    ),
  ),
  response(
    '100 fields',
    'configuration.txt, tune.http.maxhdr',
    `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${Array.from({ length: 99 }, (_, i) => `x${i}: y\r\n`).join('')}\r\nok`,
    forwarded({
      head: ['HTTP/1.1 200 OK', 'content-length: 2', ...Array.from({ length: 99 }, (_, i) => `x${i}: y`)],
      body: 'ok',
    }),
  ),
  response(
    '101 fields',
    'configuration.txt, tune.http.maxhdr',
    `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${Array.from({ length: 100 }, (_, i) => `x${i}: y\r\n`).join('')}\r\nok`,
    refused(502),
  ),
  response(
    'head above the limit',
    'configuration.txt, tune.bufsize',
    `HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: ${'y'.repeat(20_000)}\r\n\r\nok`,
    refused(502),
  ),
  response(
    'chunked in HTTP/1.0',
    'RFC 9112, 6.1: faulty framing',
    `HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
    chunked,
    stricter(
      forwarded({ head: ['HTTP/1.0 200 OK', 'transfer-encoding: chunked'], body: 'ok' }),
      'it leaves as the 1.1 message that it is: a client must not trust a coding in 1.0',
    ),
  ),
  response(
    'until close in HTTP/1.0',
    'RFC 9112, 6.3 point 8',
    'HTTP/1.0 200 OK\r\n\r\nsome bytes',
    forwarded({ head: ['HTTP/1.0 200 OK'], body: 'some bytes' }),
  ),

  response(
    '204 with a length',
    'RFC 9110, 8.6: must not have one',
    'HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nhello',
    forwarded({ head: ['HTTP/1.1 204 No'] }),
  ),
  response(
    '204 with a coding',
    'RFC 9112, 6.1: must not have one',
    'HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n',
    forwarded({ head: ['HTTP/1.1 204 No'] }),
  ),
  response(
    '304 with a length',
    'RFC 9110, 15.4.5',
    'HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\nhello',
    forwarded({ head: ['HTTP/1.1 304 No', 'content-length: 5'] }),
  ),
  response(
    '304 with a coding',
    'RFC 9110, 15.4.5',
    'HTTP/1.1 304 No\r\nTransfer-Encoding: chunked\r\n\r\n',
    forwarded({ head: ['HTTP/1.1 304 No', 'transfer-encoding: chunked'] }),
  ),
  response(
    '205 with a length',
    'HAProxy treats it as any other',
    'HTTP/1.1 205 Reset\r\nContent-Length: 2\r\n\r\nok',
    forwarded({ head: ['HTTP/1.1 205 Reset', 'content-length: 2'], body: 'ok' }),
  ),
  response(
    'HEAD with a length',
    'RFC 9112, 6.3 point 1',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    forwarded({ head: ['HTTP/1.1 200 OK', 'content-length: 5'] }),
    { request: head },
  ),
  response(
    'HEAD with a length and a body',
    'RFC 9112, 6.3 point 1',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    forwarded({ head: ['HTTP/1.1 200 OK', 'content-length: 5'] }),
    { request: head },
  ),
  response(
    'HEAD with a coding',
    'RFC 9112, 6.3 point 1',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    forwarded({ head: ['HTTP/1.1 200 OK', 'transfer-encoding: chunked'] }),
    { request: head },
  ),
  response(
    'HEAD with both',
    'RFC 9112, 6.3 point 3',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
    forwarded({ head: ['HTTP/1.1 200 OK', 'transfer-encoding: chunked'] }),
    { request: head },
  ),
  response(
    'HEAD without framing',
    'RFC 9112, 6.3 point 1',
    'HTTP/1.1 200 OK\r\n\r\n',
    forwarded({ head: ['HTTP/1.1 200 OK'] }),
    { request: head },
  ),
  response(
    '100 in front',
    'RFC 9110, 15.2',
    `HTTP/1.1 100 Continue\r\n\r\n${fin}`,
    forwarded({ head: ['HTTP/1.1 100 Continue'] }, ok),
  ),
  response(
    '103 and 199 in front',
    'RFC 9110, 15.2',
    `HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 199 X\r\n\r\n${fin}`,
    forwarded({ head: ['HTTP/1.1 103 Early', 'link: x'] }, { head: ['HTTP/1.1 199 X'] }, ok),
  ),
  response(
    '102 with a length',
    'RFC 9110, 8.6: must not have one',
    `HTTP/1.1 102 X\r\nContent-Length: 3\r\n\r\n${fin}`,
    forwarded({ head: ['HTTP/1.1 102 X'] }, ok),
  ),
  response(
    '100 with a coding',
    'RFC 9112, 6.1: must not have one',
    `HTTP/1.1 100 X\r\nTransfer-Encoding: chunked\r\n\r\n${fin}`,
    forwarded({ head: ['HTTP/1.1 100 X'] }, ok),
  ),
  response(
    '100 with close',
    'RFC 9110, 7.6.1',
    `HTTP/1.1 100 X\r\nConnection: close\r\n\r\n${fin}`,
    forwarded({ head: ['HTTP/1.1 100 X'] }, ok),
  ),
  response(
    '101 that nobody asked for',
    'RFC 9110, 15.2.2',
    'HTTP/1.1 101 S\r\nUpgrade: foo\r\nConnection: upgrade\r\n\r\nraw',
    refused(502),
  ),
  response(
    '101',
    'RFC 9110, 15.2.2',
    'HTTP/1.1 101 S\r\nUpgrade: foo\r\nConnection: upgrade\r\n\r\nraw',
    forwarded({ head: ['HTTP/1.1 101 S', 'upgrade: foo', 'connection: upgrade'], body: 'raw' }),
    { request: upgrade },
  ),
  response(
    '101 with length and coding',
    'RFC 9112, 6.1',
    'HTTP/1.1 101 S\r\nUpgrade: foo\r\nConnection: upgrade\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nraw',
    forwarded({ head: ['HTTP/1.1 101 S', 'upgrade: foo', 'connection: upgrade'], body: 'raw' }),
    { request: upgrade },
  ),
  response('101 that does not say to what', 'RFC 9110, 15.2.2', 'HTTP/1.1 101 S\r\n\r\nraw', refused(502), {
    request: upgrade,
  }),
  response(
    '101 to WebSocket without the accept field',
    'RFC 6455, 4.1',
    'HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nraw',
    refused(502),
    { request: upgrade },
  ),
  response(
    '101 to a request with a body',
    'RFC 9110, 7.8',
    'HTTP/1.1 101 S\r\nUpgrade: foo\r\nConnection: upgrade\r\n\r\nraw',
    refused(502),
    { request: 'POST /x HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: foo\r\nContent-Length: 3\r\n\r\nabc' },
  ),
  response(
    '200 to CONNECT',
    'RFC 9110, 9.3.6',
    'HTTP/1.1 200 OK\r\n\r\nraw',
    forwarded({ head: ['HTTP/1.1 200 OK'], body: 'raw' }),
    { request: connect },
  ),
  response(
    '200 to CONNECT with a length',
    'RFC 9112, 6.3 point 2: ignored',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nraw',
    forwarded({ head: ['HTTP/1.1 200 OK'], body: 'raw' }),
    {
      request: connect,
      ...stricter(
        forwarded({ head: ['HTTP/1.1 200 OK', 'content-length: 1'], body: 'raw' }),
        'the field is taken out, so that no client can count by it',
      ),
    },
  ),
  response(
    '200 to CONNECT with a coding',
    'RFC 9112, 6.3 point 2: ignored',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nraw',
    forwarded({ head: ['HTTP/1.1 200 OK'], body: 'raw' }),
    {
      request: connect,
      ...stricter(
        forwarded({ head: ['HTTP/1.1 200 OK', 'transfer-encoding: chunked'], body: 'raw' }),
        'the field is taken out, so that no client can decode by it',
      ),
    },
  ),
  response(
    '407 to CONNECT',
    'RFC 9110, 9.3.6',
    'HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno',
    forwarded({ head: ['HTTP/1.1 407 No', 'content-length: 2'], body: 'no' }),
    { request: connect },
  ),
];
