// Content-Length: RFC 9112, 6.2 and 6.3.
import { forwarded, refused, type DesyncCase, type Outcome } from '../case.ts'

const post = (fields: string, body = 'abc'): string => `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n${body}`
const length3 = forwarded({ head: ['POST / HTTP/1.1', 'host: a', 'content-length: 3'], body: 'abc' })

function one(id: string, why: string, value: string, outcome: Outcome, more: Partial<DesyncCase> = {}): DesyncCase {
  return { kind: 'request', id: `cl: ${id}`, why, raw: post(`Content-Length: ${value}`), outcome, ...more }
}

const list = 'RFC 9112, 6.3 point 5: a list of identical values may be replaced by one'
const grammar = 'RFC 9110, 8.6: Content-Length = 1*DIGIT'

export const contentLengthCases: DesyncCase[] = [
  one('plain', grammar, '3', length3),
  one('blanks around', 'RFC 9112, 5.1: blanks around a value are no part of it', ' \t3 \t', length3),
  one('leading zero', grammar, '03', length3),
  one('many leading zeros', grammar, '0000000000000000000000003', length3),
  one('plus sign', grammar, '+3', refused(400)),
  one('minus sign', grammar, '-3', refused(400)),
  one('hexadecimal', grammar, '0x3', refused(400)),
  one('fraction', grammar, '3.0', refused(400)),
  one('exponent', grammar, '3e0', refused(400)),
  one('parameter', grammar, '3;a=b', refused(400)),
  one('semicolon', grammar, '3;', refused(400)),
  one('quoted', grammar, '"3"', refused(400)),
  one('inner blank', grammar, '3 3', refused(400)),
  one('inner tab', grammar, '3\t3', refused(400)),
  one('letters behind', grammar, '3abc', refused(400)),
  one('letters', grammar, 'abc', refused(400)),
  one('empty', 'RFC 9112, 6.3 point 5; CVE-2023-40225', '', refused(400)),
  one('only blanks', 'RFC 9112, 6.3 point 5; CVE-2023-40225', '  \t', refused(400)),
  one('vertical tab in front', 'only SP and HTAB are blanks', '\x0b3', refused(400)),
  one('form feed behind', 'only SP and HTAB are blanks', '3\x0c', refused(400)),
  one('no-break space in front', 'only SP and HTAB are blanks', '\xa03', refused(400)),
  one('NUL behind', 'RFC 9110, 5.5', '3\0', refused(400)),
  one('NUL in front', 'RFC 9110, 5.5', '\x003', refused(400)),
  one('superscript digit', 'only ASCII digits are digits', '\xb3', refused(400)),
  one('list of identical values', list, '3, 3', length3),
  one('list without blanks', list, '3,3', length3),
  one('list of five', list, '3,3 ,3,\t3, 3', length3),
  one('list of equal numbers', list, '003, 3', length3),
  one('list of differing values', list, '3, 4', refused(400)),
  one('list with the good one last', list, '4, 3', refused(400)),
  one('list with an empty end', list, '3,', refused(400)),
  one('list with an empty start', list, ',3', refused(400)),
  one('list with an empty middle', list, '3,,3', refused(400)),
  one('folded, nothing behind', 'RFC 9112, 5.2', '3\r\n ', length3),
  one('folded in front', 'RFC 9112, 5.2', '\r\n 3', length3),
  one('folded digits', 'RFC 9112, 5.2: a fold is a blank, so two numbers', '3\r\n 4', refused(400)),
  one('2^63', 'RFC 9110, 8.6: anticipate large numbers', '9223372036854775808', refused(400)),
  one('2^64', 'overflow to 0 makes the body a second request', '18446744073709551616', refused(400), {
    haproxy: forwarded({ head: ['POST / HTTP/1.1', 'host: a', 'content-length: 18446744073709551616'], cut: true }),
    stricterThanHaproxy: 'HAProxy takes 2^64 for 0 and would read the body as the next request; no number above 2^53-1 is exact here',
  }),
  one('2^64 + 3', 'overflow to the right length', '18446744073709551619', refused(400), {
    haproxy: forwarded({ head: ['POST / HTTP/1.1', 'host: a', 'content-length: 18446744073709551619'], body: 'abc', cut: true }),
    stricterThanHaproxy: 'HAProxy takes 2^64+3 for 3',
  }),
  one('2^53', 'RFC 9110, 8.6', '9007199254740992', refused(400), {
    haproxy: forwarded({ head: ['POST / HTTP/1.1', 'host: a', 'content-length: 9007199254740992'], body: 'abc', cut: true }),
    stricterThanHaproxy: 'a length that a double cannot count exactly is refused; 8 PiB is no real body',
  }),
  one('2^53 - 1', 'RFC 9110, 8.6', '9007199254740991', forwarded({ head: ['POST / HTTP/1.1', 'host: a', 'content-length: 9007199254740991'], body: 'abc', cut: true })),
  one('thirty digits', 'RFC 9110, 8.6', '999999999999999999999999999999', refused(400)),
  {
    kind: 'request', id: 'cl: twice the same', why: list, raw: post('Content-Length: 3\r\nX: y\r\nContent-Length: 3'),
    outcome: forwarded({ head: ['POST / HTTP/1.1', 'host: a', 'content-length: 3', 'x: y'], body: 'abc' }),
  },
  { kind: 'request', id: 'cl: twice the same, other case', why: list, raw: post('content-length: 3\r\nCONTENT-LENGTH: 3'), outcome: length3 },
  { kind: 'request', id: 'cl: twice equal numbers', why: list, raw: post('Content-Length: 3\r\nContent-Length: 03'), outcome: length3 },
  { kind: 'request', id: 'cl: three times', why: list, raw: post('Content-Length: 3\r\nContent-Length: 3, 3\r\nContent-Length: 3'), outcome: length3 },
  { kind: 'request', id: 'cl: two differ', why: list, raw: post('Content-Length: 3\r\nContent-Length: 4', 'abcd'), outcome: refused(400) },
  { kind: 'request', id: 'cl: two differ, large first', why: list, raw: post('Content-Length: 4\r\nContent-Length: 3', 'abcd'), outcome: refused(400) },
  { kind: 'request', id: 'cl: 0 and then 3', why: list, raw: post('Content-Length: 0\r\nContent-Length: 3'), outcome: refused(400) },
  { kind: 'request', id: 'cl: good and then empty', why: list, raw: post('Content-Length: 3\r\nContent-Length:'), outcome: refused(400) },
  { kind: 'request', id: 'cl: blank before the colon', why: 'RFC 9112, 5.1: must be refused', raw: post('Content-Length : 3'), outcome: refused(400) },
  { kind: 'request', id: 'cl: tab before the colon', why: 'RFC 9112, 5.1: must be refused', raw: post('Content-Length\t: 3'), outcome: refused(400) },
  { kind: 'request', id: 'cl: underscore name is another field', why: 'names are compared exactly', raw: post('Content_Length: 3', ''), outcome: forwarded({ head: ['POST / HTTP/1.1', 'host: a', 'content_length: 3'] }) },
  { kind: 'request', id: 'cl: prefixed name is another field', why: 'names are compared exactly', raw: post('X-Content-Length: 3', ''), outcome: forwarded({ head: ['POST / HTTP/1.1', 'host: a', 'x-content-length: 3'] }) },
  { kind: 'request', id: 'cl: on GET', why: 'RFC 9110, 9.3.1: a GET may have content', raw: 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc', outcome: forwarded({ head: ['GET / HTTP/1.1', 'host: a', 'content-length: 3'], body: 'abc' }) },
  { kind: 'request', id: 'cl: 0 on GET', why: 'RFC 9110, 8.6', raw: 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n', outcome: forwarded({ head: ['GET / HTTP/1.1', 'host: a', 'content-length: 0'] }) },
  { kind: 'request', id: 'cl: 000', why: grammar, raw: post('Content-Length: 000', ''), outcome: forwarded({ head: ['POST / HTTP/1.1', 'host: a', 'content-length: 0'] }) },
  { kind: 'request', id: 'cl: body cut short', why: 'RFC 9112, 8: an incomplete message', raw: post('Content-Length: 5'), outcome: forwarded({ head: ['POST / HTTP/1.1', 'host: a', 'content-length: 5'], body: 'abc', cut: true }) },
  { kind: 'request', id: 'cl: on GET in HTTP/1.0', why: 'configuration.txt, h1-accept-payload-with-any-method', raw: 'GET / HTTP/1.0\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc', outcome: refused(413) },
  { kind: 'request', id: 'cl: on HEAD in HTTP/1.0', why: 'configuration.txt, h1-accept-payload-with-any-method', raw: 'HEAD / HTTP/1.0\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc', outcome: refused(413) },
  { kind: 'request', id: 'cl: on DELETE in HTTP/1.0', why: 'configuration.txt, h1-accept-payload-with-any-method', raw: 'DELETE / HTTP/1.0\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc', outcome: refused(413) },
  { kind: 'request', id: 'cl: on POST in HTTP/1.0', why: 'RFC 9112, 6.2', raw: 'POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc', outcome: forwarded({ head: ['POST / HTTP/1.0', 'host: a', 'content-length: 3', 'connection: keep-alive'], body: 'abc' }) },
  { kind: 'request', id: 'cl: 0 on GET in HTTP/1.0', why: 'no payload', raw: 'GET / HTTP/1.0\r\nHost: a\r\nContent-Length: 0\r\n\r\n', outcome: forwarded({ head: ['GET / HTTP/1.0', 'host: a', 'content-length: 0', 'connection: keep-alive'] }) },
  { kind: 'request', id: 'cl: named in Connection', why: 'RFC 9110, 7.6.1: an option must not name such a field', raw: post('Connection: Content-Length\r\nContent-Length: 3'), outcome: length3, haproxy: forwarded({ head: ['POST / HTTP/1.1', 'host: a', 'connection: content-length', 'content-length: 3'], body: 'abc' }), stricterThanHaproxy: 'a server that obeys would drop the length and read the body as a request, so the option is taken out' },
]
