// Transfer-Encoding, alone and beside Content-Length: RFC 9112, 6.1 and 6.3.
import { forwarded, refused, type DesyncCase, type Outcome } from '../case.ts';

const body = '3\r\nabc\r\n0\r\n\r\n';
const post = (fields: string, rest = body): string => `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n${rest}`;
const next = 'GET /next HTTP/1.1\r\nHost: a\r\n\r\n';
const chunked = forwarded({ head: ['POST / HTTP/1.1', 'host: a', 'transfer-encoding: chunked'], body: 'abc' });

function te(id: string, why: string, value: string, outcome: Outcome): DesyncCase {
  return { kind: 'request', id: `te: ${id}`, why, raw: post(`Transfer-Encoding: ${value}`), outcome };
}

const last = 'RFC 9112, 6.3 point 4: a request whose last coding is not chunked has no known length';
const once = 'RFC 9112, 6.1: chunked must not be applied twice';
const other = 'RFC 9112, 6.1: a coding that is not understood';
const both = 'RFC 9112, 6.3 point 3: Transfer-Encoding overrides, and the connection closes';

function clTe(id: string, fields: string): DesyncCase {
  return { kind: 'request', id: `cl+te: ${id}`, why: both, raw: post(fields) + next, outcome: chunked };
}

export const transferEncodingCases: DesyncCase[] = [
  te('plain', 'RFC 9112, 7.1', 'chunked', chunked),
  te('upper case', 'RFC 9112, 7: coding names are case-insensitive', 'CHUNKED', chunked),
  te('mixed case', 'RFC 9112, 7', 'cHuNkEd', chunked),
  te('blanks around', 'RFC 9112, 5.1', ' \tchunked \t', chunked),
  te('trailing comma', 'RFC 9110, 5.6.1: empty elements are ignored', 'chunked,', chunked),
  te('leading comma', 'an empty coding in front', ',chunked', refused(422)),
  te('empty', last, '', refused(400)),
  te('only a comma', last, ',', refused(400)),
  te('chunked twice in a list', once, 'chunked, chunked', refused(400)),
  te('identity', last, 'identity', refused(400)),
  te('identity, chunked', other, 'identity, chunked', refused(422)),
  te('chunked, identity', last, 'chunked, identity', refused(400)),
  te('gzip', last, 'gzip', refused(400)),
  te('gzip, chunked', other, 'gzip, chunked', refused(422)),
  te('chunked, gzip', last, 'chunked, gzip', refused(400)),
  te('deflate, chunked', other, 'deflate,chunked', refused(422)),
  te('trailers, chunked', other, 'trailers, chunked', refused(422)),
  te('xchunked', last, 'xchunked', refused(400)),
  te('chunkedx', last, 'chunkedx', refused(400)),
  te('chunk', last, 'chunk', refused(400)),
  te('double quotes', last, '"chunked"', refused(400)),
  te('single quotes', last, "'chunked'", refused(400)),
  te('parameter', last, 'chunked;q=1', refused(400)),
  te('semicolon', last, 'chunked;', refused(400)),
  te('inner blank', last, 'chu nked', refused(400)),
  te('two words', last, 'x chunked', refused(400)),
  te('vertical tab behind', 'only SP and HTAB are blanks', 'chunked\x0b', refused(400)),
  te('vertical tab in front', 'only SP and HTAB are blanks', '\x0bchunked', refused(400)),
  te('form feed in front', 'only SP and HTAB are blanks', '\x0cchunked', refused(400)),
  te('no-break space behind', 'only SP and HTAB are blanks', 'chunked\xa0', refused(400)),
  te('NUL behind', 'RFC 9110, 5.5', 'chunked\0', refused(400)),
  te('0x80 behind', last, 'chunked\x80', refused(400)),
  te('folded, nothing behind', 'RFC 9112, 5.2', 'chunked\r\n ', chunked),
  te('folded in front', 'RFC 9112, 5.2', '\r\n chunked', chunked),
  te('folded in front with a tab', 'RFC 9112, 5.2', '\r\n\tchunked', chunked),
  te('folded behind a word', last, 'x\r\n chunked', refused(400)),
  te('folded list', other, 'gzip,\r\n chunked', refused(422)),
  te('bare CR behind', 'RFC 9112, 2.2: a bare CR is invalid', 'chunked\rx', refused(400)),
  te(
    'bare LF as line end',
    'RFC 9112, 2.2: LF alone may end a line',
    'chunked\nX: y',
    forwarded({ head: ['POST / HTTP/1.1', 'host: a', 'transfer-encoding: chunked', 'x: y'], body: 'abc' }),
  ),
  {
    kind: 'request',
    id: 'te: two fields',
    why: once,
    raw: post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked'),
    outcome: refused(400),
  },
  {
    kind: 'request',
    id: 'te: chunked and then identity',
    why: last,
    raw: post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity'),
    outcome: refused(400),
  },
  {
    kind: 'request',
    id: 'te: chunked and then another word',
    why: last,
    raw: post('Transfer-Encoding: chunked\r\nTransfer-encoding: cow'),
    outcome: refused(400),
  },
  {
    kind: 'request',
    id: 'te: gzip and then chunked',
    why: other,
    raw: post('Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked'),
    outcome: refused(422),
  },
  {
    kind: 'request',
    id: 'te: empty and then chunked',
    why: 'RFC 9110, 5.6.1',
    raw: post('Transfer-Encoding:\r\nTransfer-Encoding: chunked'),
    outcome: chunked,
  },
  {
    kind: 'request',
    id: 'te: blank before the colon',
    why: 'RFC 9112, 5.1: must be refused',
    raw: post('Transfer-Encoding : chunked'),
    outcome: refused(400),
  },
  {
    kind: 'request',
    id: 'te: tab before the colon',
    why: 'RFC 9112, 5.1: must be refused',
    raw: post('Transfer-Encoding\t: chunked'),
    outcome: refused(400),
  },
  {
    kind: 'request',
    id: 'te: blank before the name folds',
    why: 'RFC 9112, 5.2: the line continues the one before',
    raw: `POST / HTTP/1.1\r\nHost: a\r\nX: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc`,
    outcome: forwarded({
      head: ['POST / HTTP/1.1', 'host: a', 'x: y   Transfer-Encoding: chunked', 'content-length: 3'],
      body: 'abc',
    }),
  },
  {
    kind: 'request',
    id: 'te: name split by a fold',
    why: 'RFC 9112, 5: a field line has a colon',
    raw: post('Transfer-Encoding\r\n : chunked'),
    outcome: refused(400),
  },
  {
    kind: 'request',
    id: 'te: underscore name is another field',
    why: 'names are compared exactly',
    raw: post('Transfer_Encoding: chunked', ''),
    outcome: forwarded({ head: ['POST / HTTP/1.1', 'host: a', 'transfer_encoding: chunked'] }),
  },
  {
    kind: 'request',
    id: 'te: control byte in the name',
    why: 'RFC 9110, 5.1',
    raw: post('Transfer-Encoding\x01: chunked'),
    outcome: refused(400),
  },
  {
    kind: 'request',
    id: 'te: NUL in the name',
    why: 'RFC 9110, 5.1',
    raw: post('Transfer-\0Encoding: chunked'),
    outcome: refused(400),
  },
  {
    kind: 'request',
    id: 'te: on GET',
    why: 'RFC 9112, 6: any request may have a body',
    raw: `GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}`,
    outcome: forwarded({ head: ['GET / HTTP/1.1', 'host: a', 'transfer-encoding: chunked'], body: 'abc' }),
  },
  {
    kind: 'request',
    id: 'te: in HTTP/1.0',
    why: 'RFC 9112, 6.1: faulty framing',
    raw: `POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}`,
    outcome: refused(400),
    haproxy: forwarded({ head: ['POST / HTTP/1.0', 'host: a', 'transfer-encoding: chunked'], body: 'abc' }),
    stricterThanHaproxy: 'HTTP/1.0 has no chunked coding, so a server may take the chunks for the next request',
  },
  {
    kind: 'request',
    id: 'te: on GET in HTTP/1.0',
    why: 'configuration.txt, h1-accept-payload-with-any-method',
    raw: `GET / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}`,
    outcome: refused(413),
  },
  {
    kind: 'request',
    id: 'te: named in Connection',
    why: 'RFC 9110, 7.6.1: an option must not name such a field',
    raw: post('Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked'),
    outcome: chunked,
    haproxy: forwarded({
      head: ['POST / HTTP/1.1', 'host: a', 'connection: transfer-encoding', 'transfer-encoding: chunked'],
      body: 'abc',
    }),
    stricterThanHaproxy:
      'a server that obeys would drop the coding and read the chunks as a request, so the option is taken out',
  },
  clTe('length first', 'Content-Length: 3\r\nTransfer-Encoding: chunked'),
  clTe('coding first', 'Transfer-Encoding: chunked\r\nContent-Length: 3'),
  clTe('length 0', 'Content-Length: 0\r\nTransfer-Encoding: chunked'),
  clTe('length of the whole rest', 'Content-Length: 46\r\nTransfer-Encoding: chunked'),
  clTe('upper-case coding', 'Content-Length: 3\r\nTransfer-Encoding: CHUNKED'),
  clTe('upper-case names', 'CONTENT-LENGTH: 3\r\nTRANSFER-ENCODING: chunked'),
  clTe('lower-case names', 'transfer-encoding: chunked\r\ncontent-length: 3'),
  clTe('two lengths', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\nContent-Length: 3'),
  clTe('list of lengths', 'Content-Length: 3, 3\r\nTransfer-Encoding: chunked'),
  clTe('folded coding', 'Content-Length: 3\r\nTransfer-Encoding:\r\n chunked'),
  clTe('blanks behind the coding', 'Content-Length: 3\r\nTransfer-Encoding: chunked \t'),
  {
    kind: 'request',
    id: 'cl+te: lengths differ',
    why: both,
    raw: post('Content-Length: 3\r\nTransfer-Encoding: chunked\r\nContent-Length: 4'),
    outcome: refused(400),
  },
  {
    kind: 'request',
    id: 'cl+te: bad length',
    why: 'RFC 9112, 6.3 point 5',
    raw: post('Content-Length: +3\r\nTransfer-Encoding: chunked'),
    outcome: refused(400),
  },
  {
    kind: 'request',
    id: 'cl+te: unknown coding',
    why: last,
    raw: post('Content-Length: 3\r\nTransfer-Encoding: xchunked'),
    outcome: refused(400),
  },
  {
    kind: 'request',
    id: 'cl+te: identity',
    why: last,
    raw: post('Content-Length: 3\r\nTransfer-Encoding: identity'),
    outcome: refused(400),
  },
  {
    kind: 'request',
    id: 'cl+te: empty coding',
    why: last,
    raw: post('Content-Length: 3\r\nTransfer-Encoding:', 'abc'),
    outcome: refused(400),
  },
  {
    kind: 'request',
    id: 'cl+te: classic CL.TE',
    why: both,
    raw: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG',
    outcome: forwarded({ head: ['POST / HTTP/1.1', 'host: a', 'transfer-encoding: chunked'] }),
  },
  {
    kind: 'request',
    id: 'cl+te: classic TE.CL',
    why: both,
    raw: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n5c\r\nGPOST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 15\r\n\r\nx=1\r\n0\r\n\r\n',
    outcome: forwarded({
      head: ['POST / HTTP/1.1', 'host: a', 'transfer-encoding: chunked'],
      body: 'GPOST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 15\r\n\r\nx=1',
    }),
  },
];
