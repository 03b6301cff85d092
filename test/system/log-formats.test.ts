/**
 * Log lines byte by byte as HAProxy writes them: every variable of manual section 8.2.6 with its flags, the standard formats,
 * captures, formats of errors, unique ids, structured data and levels.
 */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { LOG_ALIASES } from '@evenkeel/config';
import { formatLines, PLAIN, type FormatCase } from '../support/log-formats.ts';
import { findProgram, missing } from '../support/programs.ts';

/**
 * Bytes of HTTP: HAProxy counts what its own buffers hold of a message, which is not what was transmitted (its manual: "the total
 * number of bytes transmitted"); evenkeel counts the bytes on the wire.
 */
const BYTES_OF_HTTP = new Set(['B', 'U']);
/**
 * A format that speaks of the request alone makes HAProxy 2.6.12 write two lines, when the request is there and with the response;
 * evenkeel writes one. So every format here asks for something of the response, as the standard ones do.
 *
 * How many requests and lines there were before depends on what else the program does. */
const COUNTERS = new Set(['rt', 'lc']);

const aliases = [...LOG_ALIASES.values()].filter(({ name }) => !COUNTERS.has(name));
const inTcp = aliases.filter(({ httpOnly }) => !httpOnly).map(({ name }) => name);
const inHttp = aliases.map(({ name }) => name).filter((name) => !BYTES_OF_HTTP.has(name));
/** Ports of the client and moments differ from run to run, also where a flag prints them in hexadecimal. */
const MOMENTS = new Set(['Ts', 'ms', 'cp', 'bp']);

function all(names: readonly string[], flags = ''): string {
  return `log-format '${names
    .filter((name) => flags === '' || !MOMENTS.has(name))
    .map((name) => (MOMENTS.has(name) && name !== 'ms' && name[0] === 'T' ? '' : `${name}=%${flags}${name}`))
    .join(' ')}'`;
}

const CAPTURES = [
  'capture request header Host len 20',
  'capture request header X-Long len 5',
  'capture request header X-Missing len 9',
  'capture response header Server len 20',
  'capture response header X-None len 9',
];
const LONG = PLAIN.replace(
  '\r\n\r\n',
  '\r\nx-long: first\r\nX-Long: a{b|c}"d#e\r\ncookie: a=1; sess=abcdefgh; sess=2\r\n\r\n',
);
const SETS =
  'HTTP/1.1 200 OK\r\nset-cookie: x=1\r\nset-cookie: sess=new value; path=/\r\ncontent-length: 2\r\nserver: "t"\r\n\r\nok';
const BROKEN = 'what is this\r\n\r\n';

const cases: readonly FormatCase[] = [
  { name: 'every variable in mode http', frontend: [all(inHttp)] },
  {
    name: 'every variable in mode http, captures',
    frontend: [...CAPTURES, 'capture cookie sess len 12', all(inHttp)],
    requests: [LONG],
    answer: SETS,
  },
  {
    name: 'every variable in mode http, quoted',
    frontend: [...CAPTURES, 'capture cookie sess len 12', all(inHttp, '{+Q}')],
    requests: [LONG],
    answer: SETS,
  },
  {
    name: 'every variable in mode http, hexadecimal',
    frontend: [...CAPTURES, all(inHttp, '{+X}')],
    requests: [LONG],
    answer: SETS,
  },
  {
    name: 'every variable in mode http, escaped',
    frontend: [...CAPTURES, 'capture cookie sess len 12', all(inHttp, '{+E}')],
    requests: [LONG],
    answer: SETS,
  },
  {
    name: 'every variable in mode http, all flags',
    frontend: [...CAPTURES, all(inHttp, '{+Q,+E,+X}')],
    requests: [LONG],
    answer: SETS,
  },
  {
    name: 'every variable of what is no request',
    frontend: [...CAPTURES, 'capture cookie sess len 12', all(inHttp)],
    requests: [BROKEN],
  },
  {
    name: 'every variable of what is no request, quoted',
    frontend: [...CAPTURES, all(inHttp, '{+Q}')],
    requests: [BROKEN],
  },
  {
    name: 'every variable of a request that is denied',
    frontend: [...CAPTURES, 'capture cookie sess len 12', 'http-request deny', all(inHttp)],
    requests: [LONG],
  },
  {
    name: 'every variable without a server',
    frontend: [...CAPTURES, all(inHttp), 'use_backend none if TRUE'],
    backend: ['disabled', 'backend none', 'mode http'],
  },
  { name: 'every variable in mode tcp', mode: 'tcp', frontend: [all(inTcp)] },
  { name: 'every variable in mode tcp, quoted', mode: 'tcp', frontend: [...CAPTURES, all(inTcp, '{+Q}')] },
  { name: 'every variable in mode tcp, hexadecimal', mode: 'tcp', frontend: [all(inTcp, '{+X}')] },
  {
    name: '%o sets the flags of what follows',
    frontend: [`log-format '%{+Q,+E}o %b %{-Q}s %{+X}sp %f %{-E}o %HU %{+X}ST'`],
  },
  { name: 'option httplog', frontend: ['option httplog', ...CAPTURES], requests: [LONG, PLAIN, BROKEN], answer: SETS },
  {
    name: 'option httplog clf',
    frontend: ['option httplog clf', ...CAPTURES],
    requests: [LONG, PLAIN, BROKEN],
    answer: SETS,
  },
  { name: 'option httplog clf without captures', frontend: ['option httplog clf'], requests: [PLAIN] },
  { name: 'option httpslog', frontend: ['option httpslog', ...CAPTURES], requests: [LONG, BROKEN], answer: SETS },
  { name: 'option tcplog', mode: 'tcp', frontend: ['option tcplog'] },
  { name: 'option tcplog in mode http', frontend: ['option tcplog'], requests: [PLAIN, BROKEN] },
  { name: 'no format', frontend: [], requests: [PLAIN] },
  { name: 'no format in mode tcp', mode: 'tcp', frontend: [] },
  {
    name: 'samples',
    frontend: [
      `log-format '%[src] %[dst_port] %{+Q}[fe_name] %[be_name] %[srv_name] %[capture.req.uri] %[capture.req.method] %[capture.req.ver] %[capture.res.ver] %[capture.req.hdr(1)] %[capture.res.hdr(0)] %[status] %[so_id] %{+Q}[capture.req.hdr(2)] %[fc_err] %{+Q}[fc_err_str]'`,
      ...CAPTURES,
    ],
    requests: [LONG],
    answer: SETS,
  },
  { name: 'blanks and percents', frontend: [`log-format '  a  %%  b%%c   %b   %hr   end  '`] },
  {
    name: 'capture cookie: exact name',
    frontend: ['capture cookie sess= len 63', `log-format '%CC %CS %{+Q}CC'`],
    requests: [
      PLAIN.replace('\r\n\r\n', '\r\ncookie: session=no; sess=yes\r\n\r\n'),
      PLAIN.replace('\r\n\r\n', '\r\ncookie: session=no\r\n\r\n'),
      PLAIN.replace('\r\n\r\n', '\r\ncookie: sess\r\n\r\n'),
      PLAIN.replace('\r\n\r\n', '\r\ncookie: a = 1 ;  sess = spaced  ; b\r\n\r\n'),
      PLAIN.replace('\r\n\r\n', '\r\ncookie: a=1\r\ncookie: sess="q;u"; c=1\r\n\r\n'),
      PLAIN.replace('\r\n\r\n', '\r\ncookie: $sess=a; sess=\r\n\r\n'),
      ...[
        'a=1, sess=comma',
        'sess=1"2;3"4;5',
        'a="x;sess=no"; sess="q\\";u" ; c',
        ' =x; sess=1',
        'sess="open; a=b',
      ].map((value) => PLAIN.replace('\r\n\r\n', `\r\ncookie: ${value}\r\n\r\n`)),
    ],
    answer: SETS,
  },
  {
    name: 'capture cookie: one of each Set-Cookie',
    frontend: ['capture cookie sess= len 63', `log-format '%CS %ST'`],
    answer:
      'HTTP/1.1 200 OK\r\nset-cookie: a=1, sess=2\r\nset-cookie: sess = sp , x ; path=/\r\nset-cookie: sess=later\r\ncontent-length: 0\r\n\r\n',
  },
  {
    name: 'capture cookie: tune.http.cookielen cuts',
    frontend: ['capture cookie sess len 99', `log-format '%CC %CS %ST'`],
    requests: [PLAIN.replace('\r\n\r\n', `\r\ncookie: sess=${'y'.repeat(99)}\r\n\r\n`)],
  },
  {
    name: 'capture cookie: by the beginning, cut',
    frontend: ['capture cookie se len 6', `log-format '%CC %CS'`],
    requests: [LONG],
    answer: SETS,
  },
  {
    name: 'capture cookie: rules come first',
    frontend: [
      'capture cookie sess len 20',
      'http-request del-header cookie',
      'http-response del-header set-cookie',
      `log-format '%CC %CS'`,
    ],
    requests: [LONG],
    answer: SETS,
  },
  {
    name: 'capture cookie: of denied requests',
    frontend: ['capture cookie sess len 20', 'http-request deny', `log-format '%CC %CS'`],
    requests: [LONG],
  },
  {
    name: 'capture cookie: a response that is denied',
    frontend: ['capture cookie sess len 20', 'http-response deny', `log-format '%CC %CS %hs'`, ...CAPTURES],
    requests: [LONG],
    answer: SETS,
  },
  {
    name: 'captures by rules',
    frontend: [
      'declare capture request len 4',
      'http-request capture req.hdr(x-long) len 6',
      'http-request capture path id 0',
      'declare capture response len 9',
      'http-response capture res.hdr(set-cookie) id 0',
      `log-format '%hr %hs %hrl %hsl %[capture.req.hdr(0)]'`,
    ],
    requests: [LONG, PLAIN],
    answer: SETS,
  },
  {
    name: 'captures by rules of the backend',
    frontend: ['declare capture request len 9', 'declare capture response len 3', `log-format '%hr %hs'`],
    backend: ['http-request capture url id 0', 'http-request capture url id 7', 'http-response capture status id 0'],
    requests: [PLAIN],
  },
  {
    name: 'captures by converters',
    frontend: [
      'declare capture request len 9',
      'declare capture response len 3',
      'http-request set-header x-a %[path,capture-req(0),lower]',
      'http-request set-header x-b %[path,capture-req(7),lower]',
      'http-response set-header x-c %[status,capture-res(0)]',
      `log-format '%hr %hs %ST'`,
    ],
    requests: [PLAIN],
  },
  {
    name: 'captures feed headers',
    frontend: [
      'http-request capture path len 20',
      'http-response set-header x-path %[capture.req.hdr(0)]',
      `log-format '%hr %[capture.req.hdr(0)]'`,
    ],
    requests: [PLAIN],
  },
  {
    name: 'captures of mode tcp',
    mode: 'tcp',
    frontend: [
      'tcp-request content capture src len 5',
      'tcp-request content capture int(7) len 5',
      `log-format '%hr %hs %hrl %hsl'`,
    ],
  },
  {
    name: 'captures of content in mode http',
    frontend: ['tcp-request content capture src len 30', 'capture request header host len 4', `log-format '%hr|%hrl'`],
    requests: [PLAIN, BROKEN],
  },
  {
    name: 'error-log-format',
    frontend: ['option httplog', `error-log-format 'error %ci %ts %ST %r %{+Q}b'`],
    requests: [BROKEN, PLAIN],
  },
  {
    name: 'error-log-format of a server error',
    frontend: [`log-format 'fine %ST'`, `error-log-format 'error %ST'`],
    answer: 'HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n',
  },
  {
    name: 'error-log-format of a denied request',
    frontend: [`log-format 'fine %ST'`, `error-log-format 'error %ST'`, 'http-request deny'],
  },
  { name: 'error-log-format alone', frontend: [`error-log-format 'error %ST'`], requests: [PLAIN, BROKEN], lines: 2 },
  {
    name: 'option log-separate-errors',
    log: 'log stdout format short local0',
    frontend: ['option log-separate-errors', `log-format '%ST'`],
    requests: [PLAIN, BROKEN],
  },
  {
    name: 'set-log-level',
    log: 'log stdout format short local0',
    frontend: [
      `log-format '%HP %ST'`,
      'http-request set-log-level emerg if { path /emerg }',
      'http-request set-log-level debug if { path /debug }',
      'http-request set-log-level silent if { path /silent }',
      'http-request set-log-level silent if { path /loud }',
      'http-request set-log-level notice if { path /loud }',
    ],
    requests: ['/emerg', '/debug', '/silent', '/loud', '/plain'].map((path) => PLAIN.replace('/path/a?b=c', path)),
    lines: 4,
  },
  {
    name: 'set-log-level of responses and of the backend',
    log: 'log stdout format short local0',
    frontend: [`log-format '%HP %ST'`, 'http-response set-log-level crit'],
    backend: ['http-request set-log-level debug'],
  },
  {
    name: 'set-log-level in mode tcp',
    mode: 'tcp',
    log: 'log stdout format short local0',
    frontend: ['option tcplog', 'tcp-request content set-log-level alert'],
  },
  {
    name: 'set-log-level over log-separate-errors',
    log: 'log stdout format short local0',
    frontend: [
      'option log-separate-errors',
      `log-format '%ST'`,
      'http-request set-log-level debug',
      'http-request deny deny_status 503',
    ],
  },
  {
    name: 'log-format-sd',
    log: 'log stdout format rfc5424 local0',
    frontend: [
      `log-format 'status %ST'`,
      `log-format-sd '%{+Q,+E}o[exampleSDID@1234 header=%[capture.req.hdr(1)] be=%b]'`,
      ...CAPTURES,
    ],
    requests: [LONG, PLAIN, BROKEN],
    answer: SETS,
  },
  {
    name: 'log-format-sd is for rfc5424 alone',
    log: 'log stdout format local local0',
    frontend: [`log-format 'status %ST'`, `log-format-sd '[a@1 b=%b]'`],
  },
  {
    name: 'rfc5424 without structured data',
    log: 'log stdout format rfc5424 local0',
    frontend: [`log-format 'status %ST'`],
  },
  {
    name: 'unique-id',
    frontend: [
      'unique-id-format %{+X}o%ci_%fi:%fp-%HM',
      'unique-id-header X-Unique-ID',
      `log-format '%ID %{+Q}ID %[unique-id]'`,
    ],
    requests: [PLAIN, BROKEN],
  },
  { name: 'unique-id without a format', frontend: ['unique-id-header X-Unique-ID', `log-format '%ID %{+Q}ID'`] },
  { name: 'unique-id in mode tcp', mode: 'tcp', frontend: ['unique-id-format %ci-%fi', `log-format '%ID'`] },
  { name: 'unique-id with a percent sign', frontend: [`unique-id-format '100%%-%ci'`, `log-format '%ID'`] },
  {
    name: 'option dontlognull',
    frontend: ['option dontlognull', `log-format '%ST'`],
    requests: ['', 'GET /half', PLAIN],
    lines: 2,
  },
  {
    name: 'option dontlognull, mode tcp',
    mode: 'tcp',
    frontend: ['option dontlognull', `log-format '%b'`],
    requests: ['x'],
  },
  {
    name: 'option dontlog-normal',
    frontend: ['option dontlog-normal', `log-format '%ST'`],
    requests: [PLAIN, BROKEN],
    lines: 1,
  },
  { name: 'option logasap', frontend: ['option logasap', `log-format 'Ta=%Ta Tt=%Tt Tu=%Tu Td=%Td Tr=%Tr %ST %tsc'`] },
  {
    name: 'option logasap, mode tcp',
    mode: 'tcp',
    frontend: ['option logasap', `log-format 'B=%B Tt=%Tt Tc=%Tc Td=%Td %ts'`],
  },
  {
    name: 'tune.http.logurilen cuts the request',
    frontend: [`log-format '%r,%HU,%HV,%HQ %ST'`],
    requests: [200, 82, 94, 95, 96].map((count) => PLAIN.replace('/path/a?b=c', `/${'x'.repeat(count)}?y=z`)),
  },
  {
    name: 'special characters',
    frontend: [`log-format '%r %hr %{+E}hr %{+Q,+E}[capture.req.hdr(1)] %{+E}r'`, ...CAPTURES],
    requests: [PLAIN.replace('/path/a?b=c', '/a"b\\c]d{e|f}~#').replace('\r\n\r\n', '\r\nx-long: \\"]#\t\x80\r\n\r\n')],
  },
  {
    name: 'other methods and forms',
    frontend: [`log-format '%HM %HU %HP %HPO %HQ %HV %r %{+Q}HQ %{+Q}HPO %ST'`],
    requests: [
      'OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n',
      'GET http://a.b:80/c/d?e HTTP/1.1\r\nhost: a.b\r\n\r\n',
      'GET http://a.b?x HTTP/1.1\r\nhost: a.b\r\n\r\n',
      'POST /?a?b HTTP/1.0\r\ncontent-length: 0\r\n\r\n',
      'GET /x HTTP/1.0\r\n\r\n',
      'FOO /y;z?? HTTP/1.1\r\nhost: a\r\n\r\n',
    ],
  },
];

test('log lines are HAProxy’s, byte by byte', { skip: missing('haproxy') }, async (context) => {
  const global = 'tune.http.logurilen 100\n  log-tag tagged';
  const real = await formatLines(cases, findProgram('haproxy'), global);
  const ours = await formatLines(cases, undefined, global);
  for (const { name } of cases) await context.test(name, () => assert.deepEqual(ours.get(name), real.get(name)));
});
