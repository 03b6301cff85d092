// The request target and Host: RFC 9112, 3.2 and 3.3; RFC 9110, 4.2 and 7.2.
import { forwarded, refused, type DesyncCase, type Outcome } from '../case.ts';

function target(id: string, why: string, uri: string, outcome: Outcome, more: Partial<DesyncCase> = {}): DesyncCase {
  return { kind: 'request', id: `target: ${id}`, why, raw: `GET ${uri} HTTP/1.1\r\nHost: a\r\n\r\n`, outcome, ...more };
}
const same = (uri: string, host = 'a'): Outcome => forwarded({ head: [`GET ${uri} HTTP/1.1`, `host: ${host}`] });
const lax = { frontend: 'lax' } as Partial<DesyncCase>;

function host(id: string, why: string, fields: string, outcome: Outcome, more: Partial<DesyncCase> = {}): DesyncCase {
  return { kind: 'request', id: `host: ${id}`, why, raw: `GET / HTTP/1.1\r\n${fields}\r\n`, outcome, ...more };
}
function absolute(uri: string, field: string, outcome: Outcome, more: Partial<DesyncCase> = {}): DesyncCase {
  return {
    kind: 'request',
    id: `host: ${uri} with Host: ${field}`,
    why: 'RFC 9112, 3.2.2',
    raw: `GET ${uri} HTTP/1.1\r\nHost: ${field}\r\n\r\n`,
    outcome,
    ...more,
  };
}
const stricter = (haproxy: Outcome, why: string): Partial<DesyncCase> => ({ haproxy, stricterThanHaproxy: why });

const origin = 'RFC 9112, 3.2.1';
const forms = 'RFC 9112, 3.2: origin, absolute, authority or asterisk form';
const bytes = 'configuration.txt, option accept-invalid-http-request; RFC 3986';
const noForm = 'it has none of the four forms, and servers complete it differently';
const quirk =
  'HAProxy refuses this byte or not depending on what follows it; here the rule of the manual holds everywhere';
const oneHost = 'RFC 9112, 3.2: more than one Host, or an invalid one';
const odd = 'this byte ends or splits the host for some servers and not for others';

export const targetCases: DesyncCase[] = [
  target('query', origin, '/a?b=c&d', same('/a?b=c&d')),
  target('two slashes', origin, '//b/c', same('//b/c')),
  target('only slashes', origin, '//', same('//')),
  target('dots', origin, '/../../a/./b', same('/../../a/./b')),
  target('encoded slash and NUL', origin, '/a%2f%00', same('/a%2f%00')),
  target('bad percent-encoding', origin, '/%zz%', same('/%zz%')),
  target('encoded CRLF', origin, '/%0d%0aX:%20y', same('/%0d%0aX:%20y')),
  target('backslash', bytes, '/a\\b', same('/a\\b')),
  target('bytes that RFC 3986 leaves out', bytes, '/"<>^`{|}', same('/"<>^`{|}')),
  target('brackets', origin, '/[]', same('/[]')),
  target('semicolon', origin, '/a;b=c/..;/d', same('/a;b=c/..;/d')),
  target('an URL in the query', origin, '/?u=http://b/', same('/?u=http://b/')),
  target('fragment', 'RFC 9112, 3.2: no fragment; CVE-2023-45539', '/a#b', refused(400)),
  target('fragment behind the query', 'RFC 9112, 3.2; CVE-2023-45539', '/a?b#c', refused(400)),
  target('fragment, relaxed', bytes, '/a#b', same('/a#b'), lax),
  target('0x7f', bytes, '/\x7f', refused(400)),
  target('0x7f, relaxed', bytes, '/\x7f', refused(400), lax),
  target('0x01', bytes, '/\x01', refused(400)),
  target('0x01, relaxed', bytes, '/\x01', refused(400), lax),
  target('0x1f', bytes, '/\x1f', refused(400)),
  target('vertical tab', bytes, '/\x0bx', refused(400)),
  target('NUL', bytes, '/\0', refused(400)),
  target('0x80', bytes, '/\x80', refused(400)),
  target('0xff', bytes, '/\xff', refused(400)),
  target('UTF-8', bytes, '/\xc3\xa9', refused(400)),
  target('0x80 inside', bytes, '/a\x80b', refused(400), stricter(same('/a\x80b'), quirk)),
  target('0xa0 inside', bytes, '/a\xa0b', refused(400), stricter(same('/a\xa0b'), quirk)),
  target('0x7f inside', bytes, '/a\x7fb', refused(400), stricter(same('/a\x7fb'), quirk)),
  target('UTF-8, relaxed', bytes, '/\xc3\xa9', same('/\xc3\xa9'), lax),
  target('asterisk', 'RFC 9112, 3.2.4', '*', same('*')),
  {
    kind: 'request',
    id: 'target: asterisk for OPTIONS',
    why: 'RFC 9112, 3.2.4',
    raw: 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n',
    outcome: forwarded({ head: ['OPTIONS * HTTP/1.1', 'host: a'] }),
  },
  target('authority form for GET', 'RFC 9112, 3.2.3: CONNECT only', 'a:80', refused(400)),
  target('host alone', forms, 'b', refused(400)),
  target('host alone that agrees with Host', forms, 'a', refused(400), stricter(same('a'), noForm)),
  target('path without slash', forms, 'a/b', refused(400), stricter(same('a/b'), noForm)),
  target('at sign', forms, '@', refused(400), stricter(same('@'), noForm)),
  target('at sign before a path', forms, '@b/c', refused(400)),
  target('dot', forms, '.', refused(400)),
  target('query alone', forms, '?a', refused(400)),
  target('fragment alone', forms, '#', refused(400)),
  target('colon in front', forms, ':80', refused(400)),
  target('backslash in front', forms, '\\a', refused(400)),
  target('host alone, relaxed', bytes, 'b', refused(400), {
    ...lax,
    ...stricter(same('b'), noForm + '; the option does not speak of this'),
  }),
  target('asterisk and more', forms, '*/a', refused(400), stricter(same('*/a'), noForm)),
  target('absolute', 'RFC 9112, 3.2.2', 'http://a/b?c', same('http://a/b?c')),
  target(
    'absolute in upper case',
    'RFC 9110, 4.2.3: scheme and host are case-insensitive',
    'HTTP://A/',
    same('HTTP://A/'),
  ),
  target('absolute without path', 'RFC 9112, 3.2.2', 'http://a', same('http://a')),
  target('absolute with query and no path', 'RFC 9112, 3.2.2', 'http://a?b', refused(400)),
  target('absolute with https', 'RFC 9112, 3.2.2', 'https://a/', same('https://a/')),
  target('absolute with another scheme', 'RFC 9112, 3.2.2', 'ftp://a/', same('ftp://a/')),
  target('absolute with userinfo', 'RFC 9110, 4.2.4', 'http://u:p@a/', same('http://u:p@a/')),
  target('absolute with userinfo that looks like the host', 'RFC 9110, 4.2.4', 'http://a@b/', refused(400)),
  target(
    'absolute with two at signs',
    'RFC 9110, 4.2.4',
    'http://b@c@a/',
    refused(400),
    stricter(same('http://b@c@a/'), 'some servers take what follows the first at sign for the host'),
  ),
  target(
    'absolute without host',
    'RFC 9110, 4.2.1: must be refused',
    'http:///b',
    refused(400),
    stricter(same('http:///b'), 'RFC 9110, 4.2.1: an empty host must be refused'),
  ),
  target('absolute with backslash', 'browsers read it as a slash', 'http://a\\b/', refused(400)),
  target(
    'absolute with backslash and at sign',
    'browsers read the backslash as a slash, so the host is b',
    'http://b\\@a/',
    refused(400),
    stricter(same('http://b\\@a/'), odd),
  ),
  target('absolute with fragment', 'RFC 9112, 3.2', 'http://a/#b', refused(400)),
  target('absolute with one slash', forms, 'http:/a', refused(400)),
  target('absolute without slashes', forms, 'http:a', refused(400)),
  target('absolute without scheme', forms, '://a/', refused(400)),
  target('absolute with a bad scheme', 'RFC 3986, 3.1', '1http://a/', refused(400)),
  target('urn', forms, 'urn:a', refused(400)),

  absolute('http://b/', 'a', refused(400)),
  {
    ...absolute('http://b/', 'a', refused(400)),
    id: 'host: absolute target disagrees, relaxed',
    ...lax,
    ...stricter(
      same('http://b/'),
      'a proxy routes by one of the two and the server by the other; the option does not speak of this',
    ),
  },
  absolute('http://a/', 'A', same('http://a/', 'A')),
  absolute('http://a/', 'a:80', same('http://a/', 'a:80')),
  absolute('http://a/', 'a:', same('http://a/', 'a:')),
  absolute('http://a:80/', 'a', same('http://a/')),
  absolute('http://a:80/', 'a:80', same('http://a/')),
  absolute('http://a:/', 'a', same('http://a/')),
  absolute('http://a:80/', 'b', refused(400)),
  absolute('http://a:8080/', 'a', refused(400)),
  absolute('http://a/', 'a:8080', refused(400)),
  absolute('http://a:8080/', 'a:8080', same('http://a:8080/', 'a:8080')),
  absolute('https://a:443/x', 'a', same('https://a/x')),
  absolute('https://a/', 'a:80', refused(400)),
  absolute('https://a/', 'a:443', same('https://a/', 'a:443')),
  absolute('http://a:443/', 'a', refused(400)),
  absolute('http://[::1]/', '[::1]', same('http://[::1]/', '[::1]')),
  absolute('http://[::1]:80/', '[::1]', same('http://[::1]/', '[::1]')),
  absolute('http://a/', '', refused(400)),
  absolute('http://a.example/', 'a.example.', refused(400)),

  host(
    'none',
    'RFC 9112, 3.2 asks for a 400; HAProxy forwards, and health checkers rely on it',
    '',
    forwarded({ head: ['GET / HTTP/1.1'] }),
  ),
  host('none in HTTP/1.0', 'RFC 9112, 3.2', '', forwarded({ head: ['GET / HTTP/1.0', 'connection: keep-alive'] }), {
    raw: 'GET / HTTP/1.0\r\n\r\n',
  }),
  host('empty', 'RFC 9110, 7.2', 'Host:\r\n', forwarded({ head: ['GET / HTTP/1.1', 'host: '] })),
  host('twice the same', oneHost, 'Host: a\r\nHost: a\r\n', same('/')),
  host('twice, other case', oneHost, 'Host: a\r\nHost: A\r\n', same('/')),
  host('two differ', oneHost, 'Host: a\r\nHost: b\r\n', refused(400)),
  host('two differ in the port', oneHost, 'Host: a\r\nHost: a:80\r\n', refused(400)),
  host('second empty', oneHost, 'Host: a\r\nHost:\r\n', refused(400)),
  host('list', oneHost, 'Host: a, b\r\n', refused(400), stricter(same('/', 'a, b'), odd)),
  host('blank inside', oneHost, 'Host: a b\r\n', refused(400), stricter(same('/', 'a b'), odd)),
  host('at sign', oneHost, 'Host: a@b\r\n', refused(400), stricter(same('/', 'a@b'), odd)),
  host('slash', oneHost, 'Host: a/b\r\n', refused(400), stricter(same('/', 'a/b'), odd)),
  host('question mark', oneHost, 'Host: a?b\r\n', refused(400), stricter(same('/', 'a?b'), odd)),
  host('hash', oneHost, 'Host: a#b\r\n', refused(400), stricter(same('/', 'a#b'), odd)),
  host('backslash', oneHost, 'Host: a\\b\r\n', refused(400), stricter(same('/', 'a\\b'), odd)),
  host('control byte', oneHost, 'Host: a\x01\r\n', refused(400), stricter(same('/', 'a\x01'), odd)),
  host('tab inside', oneHost, 'Host: a\tb\r\n', refused(400), stricter(same('/', 'a\tb'), odd)),
  host(
    'next line folded onto it',
    'RFC 9112, 5.2',
    'Host: a\r\n X: y\r\n',
    refused(400),
    stricter(same('/', 'a   X: y'), odd),
  ),
  host('blank before the colon', 'RFC 9112, 5.1', 'Host : a\r\n', refused(400)),
  host('port that is no number', 'RFC 9110, 7.2', 'Host: a:x\r\n', same('/', 'a:x')),
  host('underscore', 'common in practice', 'Host: a_b\r\n', same('/', 'a_b')),
  host('0xe9', 'common in practice', 'Host: \xe9\r\n', same('/', '\xe9')),
  host('IPv6', 'RFC 9110, 7.2', 'Host: [::1]:80\r\n', same('/', '[::1]:80')),
  host(
    'named in Connection',
    'RFC 9110, 7.6.1',
    'Host: a\r\nConnection: Host, x\r\n',
    forwarded({ head: ['GET / HTTP/1.1', 'host: a', 'connection: x'] }),
    stricter(
      forwarded({ head: ['GET / HTTP/1.1', 'host: a', 'connection: host, x'] }),
      'a server that obeys would route by nothing, so the option is taken out',
    ),
  ),
];
