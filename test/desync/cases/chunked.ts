// Chunked bodies: RFC 9112, 7.1.
import { forwarded, refused, type DesyncCase, type Message, type Outcome } from '../case.ts';

const head = ['POST / HTTP/1.1', 'host: a', 'transfer-encoding: chunked'];
const post = (rest: string): string => `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${rest}`;
const abc = forwarded({ head, body: 'abc' });

function chunk(id: string, why: string, rest: string, outcome: Outcome, more: Partial<DesyncCase> = {}): DesyncCase {
  return { kind: 'request', id: `chunk: ${id}`, why, raw: post(rest), outcome, ...more };
}

/** A body whose first chunk-size line is `line`. */
const size = (id: string, why: string, line: string, outcome: Outcome, more: Partial<DesyncCase> = {}): DesyncCase =>
  chunk(id, why, `${line}\r\nabc\r\n0\r\n\r\n`, outcome, more);

const grammar = 'RFC 9112, 7.1: chunk-size = 1*HEXDIG';
const extension = 'RFC 9112, 7.1.1: extensions are ignored';
const lineEnd = 'RFC 9112, 2.2: LF alone may end a line; a bare CR is invalid';
const trailer = 'RFC 9112, 7.1.2';
const forbidden = 'RFC 9110, 6.5.1: no framing, routing or connection fields in trailers';

function trailers(id: string, why: string, lines: string, outcome: Outcome): DesyncCase {
  return { kind: 'request', id: `trailer: ${id}`, why, raw: post(`3\r\nabc\r\n0\r\n${lines}\r\n\r\n`), outcome };
}

/** A trailer line with a bad name, as it arrives and as HAProxy may forward it. */
function varying(id: string, why: string, line: string, forwardedLine: string): DesyncCase {
  return {
    ...trailers(id, why, line, refused(400)),
    haproxy: forwarded({ head, body: 'abc', trailers: [forwardedLine] }),
    haproxyVaries: true,
    stricterThanHaproxy:
      'HAProxy refuses bad names in trailers in some runs and forwards them in others; here they are refused as in heads',
  };
}

function dropped(name: string, value: string): DesyncCase {
  const withTrailer: Message = { head, body: 'abc', trailers: [`${name.toLowerCase()}: ${value}`] };
  return {
    ...trailers(name, forbidden, `${name}: ${value}`, abc),
    haproxy: forwarded(withTrailer),
    stricterThanHaproxy:
      'a server that merges trailers into the head would get a second framing, host or connection from it; the field is dropped',
  };
}

const unfinished = (body: string): Outcome => forwarded({ head, body, cut: true });

export const chunkedCases: DesyncCase[] = [
  size('plain', grammar, '3', abc),
  chunk('upper-case digit', grammar, 'A\r\nabcdefghij\r\n0\r\n\r\n', forwarded({ head, body: 'abcdefghij' })),
  chunk('lower-case digit', grammar, 'a\r\nabcdefghij\r\n0\r\n\r\n', forwarded({ head, body: 'abcdefghij' })),
  chunk('several chunks', grammar, '1\r\na\r\n2\r\nbc\r\n0\r\n\r\n', abc),
  chunk('empty body', grammar, '0\r\n\r\n', forwarded({ head })),
  chunk('data that looks like chunks', grammar, '5\r\n0\r\n\r\n\r\n0\r\n\r\n', forwarded({ head, body: '0\r\n\r\n' })),
  chunk('CR as last data byte', grammar, '3\r\nab\r\r\n0\r\n\r\n', forwarded({ head, body: 'ab\r' })),
  size('leading zero', grammar, '03', abc),
  size('sixteen zeros', grammar, '00000000000000003', abc),
  size('hundred zeros', grammar, '0'.repeat(100) + '3', abc),
  chunk('last chunk of zeros', grammar, '3\r\nabc\r\n0000\r\n\r\n', abc),
  size('0x prefix', grammar, '0x3', refused(400)),
  size('plus sign', grammar, '+3', refused(400)),
  size('minus sign', grammar, '-3', refused(400)),
  size('blank in front', grammar, ' 3', refused(400)),
  size('tab in front', grammar, '\t3', refused(400)),
  size('blanks behind', 'RFC 9112, 7.1.1: BWS before extensions', '3  \t', abc),
  size('letter behind', grammar, '3g', refused(400)),
  size('word behind a blank', grammar, '3 x', refused(400)),
  size('digit behind a blank', grammar, '3 3', refused(400)),
  size('tab and digit behind', grammar, '3\t3', refused(400)),
  size('comma behind', grammar, '3,', refused(400)),
  size('quotes', grammar, '"3"', refused(400)),
  size('underscore', grammar, '3_0', refused(400)),
  size('empty line', grammar, '', refused(400)),
  size('only an extension', grammar, ';a', refused(400)),
  size('no digit', grammar, 'g', refused(400)),
  size('NUL in front', grammar, '\x003', refused(400)),
  size('NUL behind', grammar, '3\0', refused(400)),
  size('vertical tab behind', grammar, '3\x0b', refused(400)),
  size('2^64', 'overflow to 0 ends the body', '10000000000000000', refused(400)),
  size('2^64 + 3', 'overflow to the right size', '10000000000000003', refused(400)),
  size('2^63', 'overflow of the sign', '8000000000000000', refused(400)),
  size('2^64 - 1', 'overflow to -1', 'ffffffffffffffff', refused(400)),
  size('2^52', 'more than 13 significant digits', '10000000000000', refused(400)),
  size('2^52 - 1', grammar, 'fffffffffffff', unfinished('abc\r\n0\r\n\r\n')),
  size('2^32', 'overflow of 32 bits to 0', '100000000', unfinished('abc\r\n0\r\n\r\n')),
  size('2^32 + 3', 'overflow of 32 bits to the right size', '100000003', unfinished('abc\r\n0\r\n\r\n')),
  size('2^31', 'overflow of the sign of 32 bits', '80000000', unfinished('abc\r\n0\r\n\r\n')),
  size('extension', extension, '3;a', abc),
  size('extension with value', extension, '3;a=b', abc),
  size('extension with quoted value', extension, '3;a="b;c"', abc),
  size('extension without name', extension, '3;', abc),
  size('extension behind blanks', extension, '3 ; a = b', abc),
  size('open quote in an extension', extension, '3;a="b', abc),
  size('long extension', extension, '3;' + 'x'.repeat(4000), abc),
  chunk('CRLF in a quoted extension ends the line', extension, '3;a="\r\nabc\r\n0\r\n\r\n', abc),
  chunk('LF in an extension ends the line', extension, '3;a\nabc\r\n0\r\n\r\n', abc),
  size('bare CR in an extension', lineEnd, '3;a\rb', refused(400)),
  size('two CRs behind the size', lineEnd, '3\r', refused(400)),
  size('NUL in an extension', 'RFC 9110, 5.5', '3;a\0b', refused(400), {
    haproxy: abc,
    stricterThanHaproxy: 'a NUL ends a string for some parsers: no extension needs one',
  }),
  chunk('extension of the last chunk', extension, '3\r\nabc\r\n0;a=b\r\n\r\n', abc),
  chunk('LF everywhere', lineEnd, '3\nabc\n0\n\n', abc),
  chunk('LF behind the size', lineEnd, '3\nabc\r\n0\r\n\r\n', abc),
  chunk('LF behind the data', lineEnd, '3\r\nabc\n0\r\n\r\n', abc),
  chunk('LF behind the last size', lineEnd, '3\r\nabc\r\n0\n\r\n', abc),
  chunk('LF as last line', lineEnd, '3\r\nabc\r\n0\r\n\n', abc),
  chunk('CR alone behind the size', lineEnd, '3\rabc\r\n0\r\n\r\n', refused(400)),
  chunk('CR alone behind the data', lineEnd, '3\r\nabc\r0\r\n\r\n', refused(400)),
  chunk('CR and a letter behind the data', lineEnd, '3\r\nabc\rX0\r\n\r\n', refused(400)),
  chunk('nothing behind the data', grammar, '3\r\nabc0\r\n\r\n', refused(400)),
  chunk('one byte too many', grammar, '3\r\nabcd\r\n0\r\n\r\n', refused(400)),
  chunk('two bytes too many', grammar, '3\r\nabcXX\r\n0\r\n\r\n', refused(400)),
  chunk('empty line between chunks', grammar, '3\r\nabc\r\n\r\n0\r\n\r\n', refused(400)),
  chunk('blank between chunks', grammar, '3\r\nabc\r\n 0\r\n\r\n', refused(400)),
  chunk('CR and a letter at the end', lineEnd, '3\r\nabc\r\n0\r\n\rX', refused(400)),
  chunk('no last chunk', 'RFC 9112, 8: an incomplete message', '3\r\nabc\r\n', unfinished('abc')),
  chunk('no last line', 'RFC 9112, 8: an incomplete message', '3\r\nabc\r\n0\r\n', unfinished('abc')),
  trailers('one field', trailer, 'X: y', forwarded({ head, body: 'abc', trailers: ['x: y'] })),
  trailers(
    'two fields, blanks',
    trailer,
    'X:  y \r\nz:w',
    forwarded({ head, body: 'abc', trailers: ['x: y', 'z: w'] }),
  ),
  trailers('folded', 'RFC 9112, 5.2', 'X: y\r\n z', forwarded({ head, body: 'abc', trailers: ['x: y   z'] })),
  trailers('LF', lineEnd, 'X: y\nZ: w', forwarded({ head, body: 'abc', trailers: ['x: y', 'z: w'] })),
  varying('blank before the colon', 'RFC 9112, 5.1', 'X : y', 'x : y'),
  varying('blank before the name', 'RFC 9112, 5.2', ' X: y', ' x: y'),
  trailers('no colon', 'RFC 9112, 5', 'X', refused(400)),
  trailers('empty name', 'RFC 9112, 5', ': y', refused(400)),
  trailers('bare CR', lineEnd, 'X: a\rb', refused(400)),
  varying('control byte in the name', 'RFC 9110, 5.1', 'X\x01: y', 'x\x01: y'),
  trailers('request line', 'a second request in the trailers', 'GET /x HTTP/1.1', refused(400)),
  {
    ...trailers('NUL', 'RFC 9110, 5.5', 'X: a\0b', refused(400)),
    haproxy: forwarded({ head, body: 'abc', trailers: ['x: a\0b'] }),
    stricterThanHaproxy: 'RFC 9110, 5.5: a NUL must be refused or replaced',
  },
  dropped('Content-Length', '3'),
  dropped('Transfer-Encoding', 'chunked'),
  dropped('Host', 'b'),
  dropped('Connection', 'close'),
  dropped('TE', 'trailers'),
  dropped('Upgrade', 'x'),
  trailers(
    '100 fields',
    'configuration.txt, tune.http.maxhdr',
    Array.from({ length: 100 }, (_, i) => `x${i}: y`).join('\r\n'),
    forwarded({ head, body: 'abc', trailers: Array.from({ length: 100 }, (_, i) => `x${i}: y`) }),
  ),
  trailers(
    '101 fields',
    'configuration.txt, tune.http.maxhdr',
    Array.from({ length: 101 }, (_, i) => `x${i}: y`).join('\r\n'),
    refused(400),
  ),
];
