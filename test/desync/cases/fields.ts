// Field lines: RFC 9112, 5 and RFC 9110, 5; connection options: RFC 9110, 7.6.1; sizes: configuration.txt, tune.*.
import { forwarded, maxHeadBytes, refused, type DesyncCase, type Outcome } from '../case.ts';

function field(id: string, why: string, lines: string, outcome: Outcome, more: Partial<DesyncCase> = {}): DesyncCase {
  return {
    kind: 'request',
    id: `field: ${id}`,
    why,
    raw: `GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n\r\n`,
    outcome,
    ...more,
  };
}
const seen = (...lines: string[]): Outcome => forwarded({ head: ['GET / HTTP/1.1', 'host: a', ...lines] });
const lax = { frontend: 'lax' } as Partial<DesyncCase>;
const stricter = (haproxy: Outcome, why: string): Partial<DesyncCase> => ({ haproxy, stricterThanHaproxy: why });

const name = 'RFC 9110, 5.1: field-name = token';
const value = 'RFC 9110, 5.5';
const fold = 'RFC 9112, 5.2: a fold is replaced by blanks';
const lineEnd = 'RFC 9112, 2.2: a bare CR is invalid, LF alone may end a line';
const relaxed = 'configuration.txt, option accept-invalid-http-request';
const options = 'RFC 9110, 7.6.1; each side of the proxy has a connection of its own';
const blankName =
  'a blank or control byte next to the colon is what some servers strip, and then see a framing field where none was';

/** Bytes in a name that are no token: refused, or kept under the option. */
const oddNameBytes = '(),/;<=>?@[\\]{}"';

/** A head of exactly `size` bytes. */
function headOf(size: number): string {
  const front = 'GET / HTTP/1.1\r\nHost: a\r\nX: ';
  return front + 'y'.repeat(size - front.length - 4) + '\r\n\r\n';
}
const manyFields = (count: number): string[] => Array.from({ length: count }, (_, i) => `x${i}: y`);

export const fieldCases: DesyncCase[] = [
  field(
    'names leave in lower case',
    'HAProxy 2.6; RFC 9110, 5.1: names are case-insensitive',
    'X-UPPER: A\r\nx-Mixed: b',
    seen('x-upper: A', 'x-mixed: b'),
  ),
  field('no blank behind the colon', 'RFC 9112, 5', 'X:y', seen('x: y')),
  field('many blanks', 'RFC 9112, 5.1', 'X: \t  y \t ', seen('x: y')),
  field('empty value', value, 'X:', seen('x: ')),
  field('blank value', value, 'X: \t', seen('x: ')),
  field('colons in the value', 'RFC 9112, 5', 'X::y:z', seen('x: :y:z')),
  field('every token byte in a name', name, "X!#$%&'*+-.^_`|~9: y", seen("x!#$%&'*+-.^_`|~9: y")),
  field('order and repetition stay', 'RFC 9110, 5.3', 'B: 1\r\nA: 2\r\nB: 3', seen('b: 1', 'a: 2', 'b: 3')),
  field('no colon', 'RFC 9112, 5', 'X', refused(400)),
  field('empty name', 'RFC 9112, 5', ': y', refused(400)),
  field('blank before the colon', 'RFC 9112, 5.1: must be refused', 'X : y', refused(400)),
  field('tab before the colon', 'RFC 9112, 5.1: must be refused', 'X\t: y', refused(400)),
  field('blank inside the name', name, 'X Y: z', refused(400)),
  field('control byte in the name', name, 'X\x01: y', refused(400)),
  field('0x7f in the name', name, 'X\x7f: y', refused(400)),
  field('NUL in the name', name, 'X\0: y', refused(400)),
  field('0xe9 in the name', name, 'X\xe9: y', refused(400)),
  ...Array.from(oddNameBytes, (byte) => field(`${byte} in the name`, name, `X${byte}: y`, refused(400))),
  field('request line among the fields', 'RFC 9112, 5', 'GET /x HTTP/1.1', refused(400)),
  field('odd bytes in the name, relaxed', relaxed, `X${oddNameBytes}: y`, seen(`x${oddNameBytes}: y`), lax),
  field('0xc9 in the name, relaxed', 'HAProxy lowers Latin-1 letters', 'X\xc9: y', seen('x\xe9: y'), lax),
  field('blank inside the name, relaxed', relaxed, 'X Y: z', seen('x y: z'), lax),
  field('blank before the colon, relaxed', relaxed, 'X : y', refused(400), {
    ...lax,
    ...stricter(seen('x : y'), blankName),
  }),
  field('coding with a blank before the colon, relaxed', relaxed, 'Transfer-Encoding : chunked', refused(400), {
    ...lax,
    ...stricter(seen('transfer-encoding : chunked'), blankName),
  }),
  field('tab before the colon, relaxed', relaxed, 'X\t: y', refused(400), {
    ...lax,
    ...stricter(seen('x\t: y'), blankName),
  }),
  field('control byte in the name, relaxed', relaxed, 'X\x01: y', refused(400), {
    ...lax,
    ...stricter(seen('x\x01: y'), blankName),
  }),
  field('NUL in the name, relaxed', relaxed, 'X\0: y', refused(400), {
    ...lax,
    ...stricter(seen('x\0: y'), blankName),
  }),
  field('CR in the name, relaxed', relaxed, 'X\r: y', refused(400), {
    ...lax,
    ...stricter(seen('x\r: y'), 'a bare CR ends a line for some servers'),
  }),
  field('no colon, relaxed', relaxed, 'X', refused(400), lax),
  field('empty name, relaxed', relaxed, ': y', refused(400), lax),
  field(
    'NUL in the value',
    value,
    'X: a\0b',
    refused(400),
    stricter(seen('x: a\0b'), 'RFC 9110, 5.5: a NUL must be refused or replaced'),
  ),
  field(
    'NUL as value',
    value,
    'X: \0',
    refused(400),
    stricter(seen('x: \0'), 'RFC 9110, 5.5: a NUL must be refused or replaced'),
  ),
  field(
    'control bytes in the value',
    'RFC 9110, 5.5: may be kept',
    'X: a\x01\x0b\x0c\x1f\x7fb',
    seen('x: a\x01\x0b\x0c\x1f\x7fb'),
  ),
  field('tab in the value', value, 'X: a\tb', seen('x: a\tb')),
  field('bytes above 127 in the value', value, 'X: \x80\xff\xc3\xa9', seen('x: \x80\xff\xc3\xa9')),
  field('bare CR in the value', lineEnd, 'X: a\rb', refused(400)),
  field('bare CR and a field', lineEnd, 'X: a\rContent-Length: 3', refused(400)),
  field('CR before CRLF', lineEnd, 'X: a\r', refused(400)),
  field('CR before the value', lineEnd, 'X: \ra', refused(400)),
  field('CR before the colon', lineEnd, 'X\r: a', refused(400)),
  field('CR before the name', lineEnd, '\rX: a', refused(400)),
  field('two CRs before LF', lineEnd, 'X: a\r\r', refused(400)),
  field('LF ends a line', lineEnd, 'X: y\nZ: w', seen('x: y', 'z: w')),
  field(
    'LF LF ends the head',
    lineEnd,
    'X: y\n\nGET /b HTTP/1.1\r\nHost: b',
    forwarded({ head: ['GET / HTTP/1.1', 'host: a', 'x: y'] }, { head: ['GET /b HTTP/1.1', 'host: b'] }),
  ),
  field(
    'LF CR LF ends the head',
    lineEnd,
    'X: y\n\r\nGET /b HTTP/1.1\r\nHost: b',
    forwarded({ head: ['GET / HTTP/1.1', 'host: a', 'x: y'] }, { head: ['GET /b HTTP/1.1', 'host: b'] }),
  ),
  field('fold', fold, 'X: y\r\n z', seen('x: y   z')),
  field('fold with a tab', fold, 'X: y\r\n\tz', seen('x: y  \tz')),
  field('fold behind LF', fold, 'X: y\n z', seen('x: y  z')),
  field('two folds', fold, 'X: y\r\n z\r\n  w', seen('x: y   z    w')),
  field('fold with nothing behind', fold, 'X: y\r\n ', seen('x: y')),
  field('empty fold and then one more', fold, 'X: y\r\n \r\n z', seen('x: y      z')),
  field('fold of an empty value', fold, 'X:\r\n y', seen('x: y')),
  field('fold in a quoted string', fold, 'X: "a\r\n b"', seen('x: "a   b"')),
  field('fold that looks like a field', fold, 'X: y\r\n Content-Length: 3', seen('x: y   Content-Length: 3')),
  field('bare CR in a fold', lineEnd, 'X: a\r\n \rb', refused(400)),
  field('fold of a line without colon', 'RFC 9112, 5', 'X\r\n : y', refused(400)),

  field('100 fields', 'configuration.txt, tune.http.maxhdr', manyFields(99).join('\r\n'), seen(...manyFields(99))),
  field('101 fields', 'configuration.txt, tune.http.maxhdr', manyFields(100).join('\r\n'), refused(400)),
  {
    kind: 'request',
    id: 'size: below the limit',
    why: 'configuration.txt, tune.bufsize and tune.maxrewrite',
    raw: headOf(maxHeadBytes - 500),
    outcome: seen('x: ' + 'y'.repeat(maxHeadBytes - 500 - 32)),
  },
  {
    kind: 'request',
    id: 'size: above the limit',
    why: 'configuration.txt, tune.bufsize and tune.maxrewrite',
    raw: headOf(maxHeadBytes + 1),
    outcome: refused(400),
  },
  {
    kind: 'request',
    id: 'size: far above the limit',
    why: 'configuration.txt, tune.bufsize',
    raw: headOf(60_000),
    outcome: refused(400),
  },
  {
    kind: 'request',
    id: 'size: a target above the limit',
    why: 'configuration.txt, tune.bufsize',
    raw: `GET /${'y'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    outcome: refused(400),
  },
  {
    kind: 'request',
    id: 'size: a method above the limit',
    why: 'configuration.txt, tune.bufsize',
    raw: `${'Y'.repeat(20_000)} / HTTP/1.1\r\nHost: a\r\n\r\n`,
    outcome: refused(400),
  },

  field('Connection: close', options, 'Connection: close', seen()),
  field('Connection: keep-alive', options, 'Connection: keep-alive', seen()),
  field('Connection in odd case', options, 'Connection: Keep-ALIVE', seen()),
  field('Connection with another option', options, 'Connection: close, Foo', seen('connection: foo')),
  field('Connection in two fields', options, 'Connection: foo, close\r\nConnection: bar', seen('connection: foo, bar')),
  field('Connection in quotes', options, 'Connection: "close"', seen('connection: "close"')),
  field('Connection that is empty', options, 'Connection:', seen()),
  field('TE: trailers', 'RFC 9110, 10.1.4', 'TE: trailers', seen('te: trailers')),
  field('TE with codings', 'RFC 9110, 10.1.4', 'TE: gzip, trailers', seen('te: trailers')),
  field('TE without trailers', 'RFC 9110, 10.1.4', 'TE: gzip', seen()),
  field('TE in two fields', 'RFC 9110, 10.1.4', 'TE: gzip\r\nTE: trailers', seen('te: trailers')),
  field('Expect', 'RFC 9110, 10.1.1', 'Expect: 100-continue', seen('expect: 100-continue')),
];
