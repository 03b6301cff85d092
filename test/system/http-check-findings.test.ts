/**
 * What rules of `http-check` find, and what they send, under HAProxy and under evenkeel: every matcher and option, servers that
 * answer rightly, wrongly, late, in parts or not at all. Status, code, words and bytes are the same.
 */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { compareFindings, type CheckCase, type Serve } from '../support/check-findings.ts';
import { missing } from '../support/programs.ts';

const skip = missing('haproxy');
/** Answers the first bytes and closes. */
const answer =
  (text: string): Serve =>
  (s) => {
    s.once('data', () => s.end(Buffer.from(text, 'latin1')));
  };
/** Answers the first bytes and says no more. */
const first =
  (text: string): Serve =>
  (s) => {
    s.once('data', () => s.write(Buffer.from(text, 'latin1')));
  };
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: one, two\r\nServer: srv\r\n\r\nhello';
const H = 'option httpchk';
/** After this a checker has read what it was sent before. */
const LATER_MS = 1000;

const mute: Serve = () => {};

const c = (name: string, rules: string[], serve: Serve, more: Partial<CheckCase> = {}): CheckCase => ({
  name,
  rules,
  serve,
  ...more,
});

const CASES: readonly CheckCase[] = [
  c('http refused', [H], mute, { address: '127.0.0.1:CLOSED' }),
  c('http ok', [H], answer(OK)),
  c('http 404', [H], answer('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')),
  c('http 500 no reason', [H], answer('HTTP/1.1 500\r\nContent-Length: 0\r\n\r\n')),
  c('http garbage', [H], answer('what is this\r\n\r\n')),
  c('http close', [H], answer('')),
  c('http mute', [H], mute),
  c('http rst', [H], (s) => {
    s.once('data', () => s.resetAndDestroy());
  }),
  c('http half head', [H], answer('HTTP/1.1 200 OK\r\nX:')),
  c('http half body', [H], answer('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')),
  c('http ok no body yet', [H], (s) => {
    s.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc');
  }),
  c(
    'http status 200-299',
    [H, 'http-check expect status 200-299,404'],
    answer('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'),
  ),
  c(
    'http status no',
    [H, 'http-check expect status 200'],
    answer('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'),
  ),
  c('http !status', [H, 'http-check expect ! status 200'], answer(OK)),
  c('http !status ok', [H, 'http-check expect ! status 404'], answer(OK)),
  c('http rstatus', [H, 'http-check expect rstatus ^3'], answer(OK)),
  c('http rstatus ok', [H, 'http-check expect rstatus ^2'], answer(OK)),
  c('http !rstatus', [H, 'http-check expect ! rstatus ^2'], answer(OK)),
  c('http string ok', [H, 'http-check expect string ell'], answer(OK)),
  c('http string no', [H, 'http-check expect string ellx'], answer(OK)),
  c('http string no comment', [H, 'http-check expect string ellx comment "a b"'], answer(OK)),
  c('http !string', [H, 'http-check expect ! string ell'], answer(OK)),
  c('http string 500', [H, 'http-check expect string ell'], answer(OK.replace('200 OK', '500 Bad'))),
  c('http rstring', [H, 'http-check expect rstring e.lx'], answer(OK)),
  c('http rstring 500', [H, 'http-check expect rstring e.lx'], answer(OK.replace('200 OK', '500 Bad'))),
  c(
    'http string empty body',
    [H, 'http-check expect string ell'],
    answer('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
  ),
  c(
    'http !string empty body',
    [H, 'http-check expect !string ell'],
    answer('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
  ),
  c(
    'http string truncated',
    [H, 'http-check expect string xell'],
    answer('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhell'),
  ),
  c('http string waiting', [H, 'http-check expect string xell'], (s) => {
    s.once('data', () => s.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhell'));
  }),
  c('http string partial match', [H, 'http-check expect string hell'], (s) => {
    s.once('data', () => s.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhell'));
  }),
  c('http string-lf', [H, 'http-check expect string-lf "%[str(ell)]"'], answer(OK)),
  c('http string-lf no', [H, 'http-check expect string-lf "%[str(ellx)]"'], answer(OK)),
  c('http string-lf empty', [H, 'http-check expect string-lf "%[var(check.x)]"'], answer(OK)),
  c('http hdr presence', [H, 'http-check expect hdr name x-a'], answer(OK)),
  c('http hdr missing', [H, 'http-check expect hdr name x-b'], answer(OK)),
  c('http hdr value', [H, 'http-check expect hdr name x-a value two'], answer(OK)),
  c('http hdr value full', [H, 'http-check expect fhdr name x-a value two'], answer(OK)),
  c('http fhdr value', [H, 'http-check expect fhdr name x-a value "one, two"'], answer(OK)),
  c('http hdr beg name', [H, 'http-check expect hdr name -m beg x-'], answer(OK)),
  c('http hdr end value', [H, 'http-check expect hdr name -m beg x- value -m end wo'], answer(OK)),
  c('http hdr sub value', [H, 'http-check expect hdr name x-a value -m sub n'], answer(OK)),
  c('http hdr reg', [H, 'http-check expect hdr name -m reg ^x.a value -m reg ^t'], answer(OK)),
  c('http hdr VALUE case', [H, 'http-check expect hdr name X-A value TWO'], answer(OK)),
  c('http hdr name reg case', [H, 'http-check expect hdr name -m reg ^X value -m reg ^t'], answer(OK)),
  c('http hdr name-lf', [H, 'http-check expect hdr name-lf "%[str(x-a)]" value-lf "%[str(two)]"'], answer(OK)),
  c(
    'http hdr name-lf empty',
    [H, 'http-check expect hdr name-lf "%[var(check.x)]" value-lf "%[str(two)]"'],
    answer(OK),
  ),
  c('http hdr value-lf empty', [H, 'http-check expect hdr name x-a value-lf "%[var(check.x)]"'], answer(OK)),
  c('http !hdr', [H, 'http-check expect ! hdr name x-a value two'], answer(OK)),
  c('http !hdr pass', [H, 'http-check expect ! hdr name x-b'], answer(OK)),
  c('http min-recv', [H, 'http-check expect min-recv 1000 status 200'], answer(OK)),
  c('http min-recv open', [H, 'http-check expect min-recv 1000 string ell'], (s) => {
    s.once('data', () => s.write(OK));
  }),
  c('http ok-status', [H, 'http-check expect ok-status L7OKC status 200'], answer(OK)),
  c('http error-status', [H, 'http-check expect error-status L7RSP status 404'], answer(OK)),
  c(
    'http on-success',
    [H, 'http-check expect status 200 on-success "%[res.hdr(server)] %[status] %[res.body]"'],
    answer(OK),
  ),
  c(
    'http on-error',
    [H, 'http-check expect status 300 on-error "%[res.hdr(server)] %[status] %[res.body]"'],
    answer(OK),
  ),
  c('http status-code', [H, 'http-check expect status 200 status-code int(7)'], answer(OK)),
  c(
    'http disable 404',
    [H, 'http-check disable-on-404'],
    answer('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'),
  ),
  c(
    'http disable 404 expect',
    [H, 'http-check disable-on-404', 'http-check expect status 200'],
    answer('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'),
  ),
  c(
    'http disable 404 expect string',
    [H, 'http-check disable-on-404', 'http-check expect string zzz'],
    answer('HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabc'),
  ),
  c(
    'http send all',
    [H, 'http-check send meth POST uri /x ver HTTP/1.1 hdr Host a.b hdr X-Y "%[be_name] q" body hello'],
    answer(OK),
  ),
  c(
    'http send lf',
    [H, 'http-check send meth GET uri-lf /%[str(abc)] ver HTTP/1.1 hdr Host a.b body-lf "x%[str(y)]z"'],
    answer(OK),
  ),
  c(
    'http send conn hdr',
    [
      H,
      'http-check send meth GET ver HTTP/1.1 hdr Connection keep-alive hdr Content-Length 7 hdr Transfer-Encoding chunked',
    ],
    answer(OK),
  ),
  c(
    'http send conn hdr body',
    [H, 'http-check send meth GET ver HTTP/1.1 hdr Connection keep-alive hdr Content-Length 7 body abc'],
    answer(OK),
  ),
  c('http opt+send', ['option httpchk GET /opt HTTP/1.1', 'http-check send hdr Host www'], answer(OK)),
  c(
    'http opt+send2',
    ['option httpchk GET /opt HTTP/1.1', 'http-check send meth PUT uri /other hdr Host www'],
    answer(OK),
  ),
  c('http send+opt', ['http-check send meth PUT hdr Host www', 'option httpchk GET /opt HTTP/1.1'], answer(OK)),
  c('http send no ver', [H, 'http-check send meth PUT hdr Host www'], answer(OK)),
  c('http send ver 1.0 body', [H, 'http-check send meth POST body "a b"'], answer(OK)),
  c('http absolute uri host', [H, 'http-check send meth GET uri http://foo/bar ver HTTP/1.1 hdr Host www'], answer(OK)),
  c('http send-state', [H, 'http-check send-state'], answer(OK)),
  c('http uri star', ['option httpchk OPTIONS * HTTP/1.1', 'http-check send hdr Host www'], answer(OK)),
  c(
    'http connect',
    [
      H,
      'http-check connect',
      'http-check send meth GET uri /a',
      'http-check expect status 200',
      'http-check connect port PORT2',
      'http-check send meth GET uri /b',
      'http-check expect status 201',
    ],
    answer(OK),
  ),
  c(
    'http connect2',
    [
      H,
      'http-check connect',
      'http-check send meth GET uri /a',
      'http-check expect status 200',
      'http-check connect port PORT2',
      'http-check send meth GET uri /b',
    ],
    answer(OK),
  ),
  c(
    'http set-var',
    [
      H,
      'http-check set-var(check.a) str(abc)',
      'http-check set-var-fmt(check.b) "x%[var(check.a)]"',
      'http-check unset-var(check.a)',
      'http-check send meth GET uri-lf "/%[var(check.a)]%[var(check.b)]"',
    ],
    answer(OK),
  ),
  c('http 100 continue', [H], answer('HTTP/1.1 100 Continue\r\n\r\n' + OK)),
  c('http 1.0 close body', [H, 'http-check expect string tail'], answer('HTTP/1.0 200 OK\r\n\r\nabc tail')),
  c(
    'http chunked',
    [H, 'http-check expect string abcdef'],
    answer('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n'),
  ),
  c(
    'http chunked bad',
    [H, 'http-check expect string abcdef'],
    answer('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcXX3\r\ndef\r\n0\r\n\r\n'),
  ),
  c(
    'http big body',
    [H, 'http-check expect string hello'],
    answer('HTTP/1.1 200 OK\r\nContent-Length: 40005\r\n\r\n' + 'x'.repeat(40000) + 'hello'),
  ),
  c(
    'http big body early',
    [H, 'http-check expect string hello'],
    answer('HTTP/1.1 200 OK\r\nContent-Length: 40005\r\n\r\n' + 'x'.repeat(4000) + 'hello' + 'x'.repeat(36000)),
  ),
  c('http endless headers', [H], (s) => {
    s.once('data', () => {
      s.write('HTTP/1.1 200 OK\r\n');
      for (let i = 0; i < 3000; i++) s.write('X-' + i + ': aaaaaaaaaaaaaaa\r\n');
    });
  }),
  c('http 3 comment', [H, 'http-check comment hey', 'http-check expect status 404'], answer(OK)),
  c('http 204', [H, 'http-check expect string ell'], answer('HTTP/1.1 204 No Content\r\n\r\n')),
  c('http 304', [H], answer('HTTP/1.1 304 Not Modified\r\n\r\n')),
  c('check-send-proxy http', [H], answer(OK), { options: 'check-send-proxy' }),
  c(
    'h min-recv status incomplete',
    [H, 'http-check expect min-recv 1000 status 200'],
    first('HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nhello'),
  ),
  c(
    'h min-recv status incomplete2',
    [H, 'http-check expect min-recv 50 status 200'],
    first('HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nX-A: ' + 'a'.repeat(100) + '\r\n\r\nhello'),
  ),
  c(
    'h min-recv 3 string incomplete',
    [H, 'http-check expect min-recv 3 string xyz'],
    first('HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nhello'),
  ),
  c(
    'h min-recv 0 string incomplete',
    [H, 'http-check expect min-recv 0 string xyz'],
    first('HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nhe'),
  ),
  c(
    'h no body yet string',
    [H, 'http-check expect string xyz'],
    first('HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n'),
  ),
  c(
    'h !string incomplete',
    [H, 'http-check expect ! string xyz'],
    first('HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nhello there'),
  ),
  c('h !string incomplete rst', [H, 'http-check expect ! string xyz'], (s) => {
    s.once('data', () => {
      s.write('HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nhello there');
      setTimeout(() => s.resetAndDestroy(), LATER_MS);
    });
  }),
  c('h send conn close', [H, 'http-check send ver HTTP/1.1 hdr Connection close hdr Host x'], answer(OK)),
  c(
    'h send conn upgrade',
    [H, 'http-check send ver HTTP/1.1 hdr Connection "upgrade, keep-alive" hdr Upgrade foo hdr Host x'],
    answer(OK),
  ),
  c('h send te', [H, 'http-check send ver HTTP/1.1 hdr TE trailers hdr Host x'], answer(OK)),
  c('h opt uri only after', ['http-check send meth PUT uri /z hdr A b', 'option httpchk /opt'], answer(OK)),
  c('h opt none after', ['http-check send meth PUT uri /z ver HTTP/1.1 hdr A b', 'option httpchk'], answer(OK)),
  c('h opt lower ver', ['option httpchk GET / HTTP/1.1\\r\\nHost:\\ a'], answer(OK)),
  c('h connect refused', [H, 'http-check connect port CLOSED comment zz'], answer(OK)),
  c(
    'h connect2 refused',
    [
      H,
      'http-check connect',
      'http-check send meth GET uri /a',
      'http-check expect status 200',
      'http-check connect port CLOSED',
      'http-check send meth GET uri /b',
    ],
    answer(OK),
  ),
  c('h ver weird', [H, 'http-check send meth GET uri /a ver HTTP/1.2'], answer(OK)),
  c('h ver 2', [H, 'http-check send meth GET uri /a ver HTTP/2.0'], answer(OK)),
  c('h uri-lf empty', [H, 'http-check send meth GET uri-lf "%[var(check.n)]"'], answer(OK)),
  c('h body-lf empty', [H, 'http-check send meth POST body-lf "%[var(check.n)]"'], answer(OK)),
  c('h hdr empty', [H, 'http-check send meth GET hdr X "%[var(check.n)]"'], answer(OK)),
  c(
    'h set-var cond',
    [
      H,
      'http-check set-var(check.a) int(5)',
      'http-check set-var(check.a,ifgt) int(7)',
      'http-check set-var(check.b,ifnotexists) str(new)',
      'http-check set-var(check.c,ifset) str(new)',
      'http-check send uri-lf "/%[var(check.a)]-%[var(check.b)]-%[var(check.c)]-%[var(check.c,def)]"',
    ],
    answer(OK),
  ),
  c(
    'h res vars',
    [
      H,
      'http-check connect',
      'http-check send',
      'http-check expect status 200',
      'http-check set-var(check.s) res.hdr(server)',
      'http-check set-var(check.t) status',
      'http-check connect',
      'http-check send uri-lf "/%[var(check.s)]/%[var(check.t)]" hdr L "%[res.hdr(server)]"',
    ],
    answer(OK),
  ),
  c('h hdr parse dup cl', [H], answer('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!')),
  c('h hdr parse ctl', [H], answer('HTTP/1.1 200 OK\r\nX: a\x01b\r\n\r\nhello!')),
  c('h lf only', [H], answer('HTTP/1.1 200 OK\nX: ab\n\nhello!')),
  c('h leading crlf', [H], answer('\r\nHTTP/1.1 200 OK\r\nX: ab\r\n\r\nhello!')),
  c('h 09', [H], answer('hello')),
  c('h body not complete then expect string then close', [H, 'http-check expect string zzz'], (s) => {
    s.once('data', () => {
      s.write('HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nhello there');
      setTimeout(() => s.end(), LATER_MS);
    });
  }),
  c('h early response', [H], (s) => s.end(OK)),
  ...['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'CONNECT', 'FOO'].map((method) =>
    c(`method ${method}`, [H, `http-check send meth ${method} uri /x ver HTTP/1.1 hdr Host w`], answer(OK)),
  ),
  c('garbage without an end', [H], first('what is this')),
  c('a field without an end', [H], first('HTTP/1.1 200 OK\r\nX: aaa')),
  c('lower case protocol', [H], answer('http/1.1 200 OK\r\n\r\n')),
  c('status 999', [H, 'http-check expect status 999'], answer('HTTP/1.1 999 Much\r\n\r\n')),
  c('a gap before the colon', [H], answer('HTTP/1.1 200 OK\r\nX : a\r\n\r\n')),
  c(
    'a folded field',
    [H, 'http-check expect hdr name x value -m sub b'],
    answer('HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n'),
  ),
  c('two header rules', [H, 'http-check expect status 200', 'http-check expect hdr name server value srv'], answer(OK)),
  c(
    'many fields',
    [H],
    answer('HTTP/1.1 200 OK\r\n' + Array.from({ length: 150 }, (_, i) => `X-${i}: a\r\n`).join('') + '\r\n'),
  ),
  c('HEAD has no body', ['option httpchk HEAD /', 'http-check expect string hello'], answer(OK)),
  c('a slow server', [H], (s) => {
    let i = 0;
    const t = setInterval(() => s.write(OK[i++ % OK.length]), 300);
    s.once('close', () => clearInterval(t));
  }),
  c('only a connect', [H, 'http-check connect'], answer(OK)),
  c(
    'connect and comment',
    [
      H,
      'http-check comment all',
      'http-check connect comment one',
      'http-check send meth GET',
      'http-check expect status 404',
    ],
    answer(OK),
  ),
  c('on-error of a body', [H, 'http-check expect string zzz on-error "got %[res.body]" comment cc'], answer(OK)),
  c(
    'on-success not last',
    [H, 'http-check expect status 200 on-success one', 'http-check expect string hello on-success two'],
    answer(OK),
  ),
  c('status-code of the body', [H, 'http-check expect string zzz error-status L7STS status-code int(77)'], answer(OK)),
  c('tout-status', [H, 'http-check expect tout-status L4TOUT status 200'], mute),
  c(
    '404 where nothing is said of it',
    [H, 'http-check expect status 200'],
    answer('HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n'),
  ),
];

test('rules of http-check find what HAProxy finds, and send what it sends', { skip, timeout: 90_000 }, async () => {
  const { ours, theirs } = await compareFindings(CASES);
  assert.deepEqual(
    CASES.map(({ name }) => ({ name, ...ours.get(name) })),
    CASES.map(({ name }) => ({ name, ...theirs.get(name) })),
  );
});
