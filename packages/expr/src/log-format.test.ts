import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOG_ALIASES, type LogFormat } from '@evenkeel/config';
import { createCompiler } from './compiler.ts';
import type { LogContext } from './context.ts';
import { parseIpAddress } from './ip-address.ts';
import { aliasNames } from './log-aliases.ts';
import { contextOf, environmentOf, formatOf, lineOf, session } from './testing.ts';

const compiler = createCompiler(environmentOf());

function line(text: string, context: LogContext = contextOf()): string {
  return compiler.logLine(lineOf(text))(context);
}

function value(text: string, context: LogContext = contextOf()): string {
  return compiler.logFormat(formatOf(text))(context);
}

test('every variable of the manual can be compiled, and no other', () => {
  assert.deepEqual(aliasNames().sort(), [...LOG_ALIASES.keys()].sort());
});

/** Manual section 8.2.6; values of the stream in testing.ts. */
const VARIABLES: Readonly<Record<string, string>> = {
  B: '1234',
  CC: '-',
  CS: '-',
  H: 'lab',
  HM: 'GET',
  HP: '/a/b',
  HPO: '/a/b',
  HQ: '?x=1',
  HU: '/a/b?x=1',
  HV: 'HTTP/1.1',
  ID: 'u-1',
  ST: '200',
  T: '23/Nov/2026:18:39:10 +0000',
  Ta: '95',
  Tc: '10',
  Td: '40',
  Tl: '23/Nov/2026:19:39:10 +0100',
  Th: '0',
  Ti: '5',
  Tq: '15',
  TR: '10',
  Tr: '30',
  Ts: '1795459150',
  Tt: '100',
  Tu: '95',
  Tw: '5',
  U: '56',
  ac: '10',
  b: 'app',
  bc: '22',
  bi: '10.0.0.1',
  bp: '50000',
  bq: '0',
  ci: '192.0.2.1',
  cp: '40000',
  f: 'web',
  fc: '11',
  fi: '192.0.2.80',
  fp: '80',
  ft: 'web',
  lc: '8',
  hr: '',
  hrl: '',
  hs: '',
  hsl: '',
  ms: '023',
  pid: '7',
  r: 'GET /a/b?x=1 HTTP/1.1',
  rc: '0',
  rt: '9',
  s: 's1',
  sc: '3',
  si: '10.0.0.9',
  sp: '8001',
  sq: '0',
  sslc: '-',
  sslv: '-',
  t: '23/Nov/2026:19:39:10.023',
  tr: '23/Nov/2026:19:39:10.123',
  trg: '23/Nov/2026:18:39:10 +0000',
  trl: '23/Nov/2026:19:39:10 +0100',
  ts: '--',
  tsc: '----',
};

test('each variable prints its field', () => {
  assert.deepEqual(Object.keys(VARIABLES).sort(), [...LOG_ALIASES.keys()].sort());
  for (const [name, text] of Object.entries(VARIABLES)) assert.equal(line(`%${name}`), text, name);
});

test('timers that were not reached are -1 (section 8.4)', () => {
  const timers = { handshakeMs: 0, idleMs: -1, requestMs: -1, queueMs: -1, connectMs: -1, dataMs: -1, closeMs: 7 };
  assert.equal(
    line('"%Th %Ti %TR %Tq %Tw %Tc %Tr %Td %Ta %Tt %Tu"', contextOf({ timers })),
    '0 -1 -1 -1 -1 -1 -1 -1 7 7 7',
  );
  const queued = { handshakeMs: 2, idleMs: 3, requestMs: 10, queueMs: 40, connectMs: -1, dataMs: -1, closeMs: 50 };
  assert.equal(line('"%Th/%Ti/%TR/%Tq/%Tw/%Tc/%Tr/%Ta/%Tt"', contextOf({ timers: queued })), '2/3/5/10/30/-1/-1/45/50');
});

test('flags: quotes, hexadecimal, escapes (section 8.2.6)', () => {
  assert.equal(line('"%{+X}o %ci %cp %Ts %pid %rt %lc %ST %ms"'), 'C0000201 9C40 6B04884E 0007 0009 0008 200 17');
  assert.equal(
    line('"%{+Q}o %ci %cp %b %s %CC %sslv %t %ts %ST"'),
    '"192.0.2.1" 40000 "app" "s1" "" "" 23/Nov/2026:19:39:10.023 -- 200',
  );
  assert.equal(line('"%{+Q}o %ci %{-Q}b %f"'), '"192.0.2.1" app "web"');
  const strange = contextOf({ loggedRequestLine: 'GET /a"b]c\\d HTTP/1.1' });
  assert.equal(line('"%{+E}r"', strange), 'GET /a#22b\\]c\\\\d HTTP/1.1');
  assert.equal(line('"%{+Q,+E}r"', strange), '"GET /a#22b\\]c\\\\d HTTP/1.1"');
  assert.equal(
    line('"%{+X}ci"', contextOf({ session: { ...session, source: parseIpAddress('2001:db8::1') } })),
    '20010DB8000000000000000000000001',
  );
});

test('the request line is encoded, a request that never came is <BADREQ> (section 8.6)', () => {
  const odd = contextOf({ loggedRequestLine: 'GET /!"#$\x01\x7f\xe9{|}~ HTTP/1.1' });
  assert.equal(line('%HU', odd), '/!#22#23$#01#7F#E9{|}~');
  const none = contextOf({ loggedRequestLine: undefined });
  assert.equal(
    line('"%r|%HM|%HU|%HP|%HPO|%HQ|%HV"', none),
    ['<BADREQ>', '<BADREQ>', '<BADREQ>', '<BADREQ>', '<BADREQ>', '<BADREQ>', '<BADREQ>'].join('|'),
  );
  const absolute = contextOf({ loggedRequestLine: 'GET http://h/p?q HTTP/1.1' });
  assert.equal(line('"%HU|%HP|%HPO|%HQ"', absolute), 'http://h/p?q|http://h/p|/p|?q');
  const star = contextOf({ loggedRequestLine: 'OPTIONS * HTTP/1.0' });
  assert.equal(line('"%HU|%HPO|%HQ|%HV"', star), '*|||HTTP/1.0');
  const cut = contextOf({ loggedRequestLine: 'GET /a?b' });
  assert.equal(line('"%HM|%HU|%HQ|%{+Q}HPO|%HV"', cut), 'GET|/a?b|?b|"/a"|HTTP/0.9');
  assert.equal(line('"%{+Q}HQ"', star), '""');
});

test('captured headers between braces, or one word each (section 8.8)', () => {
  const context = contextOf({ capturedRequestHeaders: ['a{b|c}d#e"', undefined, ''], capturedResponseHeaders: ['x'] });
  assert.equal(line('"%hr %hs"', context), '{a#7Bb#7Cc#7Dd#23e#22||} {x}');
  assert.equal(line('"%hrl|%hsl"', context), 'a#7Bb#7Cc#7Dd#23e#22 - |x');
  assert.equal(line('"%{+Q}hr %{+Q}hrl"', context), '"{a#7Bb#7Cc#7Dd#23e#22||}" "a#7Bb#7Cc#7Dd#23e#22" "" ""');
});

test('in lines blanks merge, also around what prints nothing', () => {
  assert.equal(line('"%sq/%bq %hr %hs %{+Q}r"'), '0/0 "GET /a/b?x=1 HTTP/1.1"');
  assert.equal(line('"  a   b "'), 'a b ');
  assert.equal(line('"%{+Q}o   %ci"'), '"192.0.2.1"');
  assert.equal(line('"%[str()] x"'), '- x');
  assert.equal(line('"%hr x %hs  %hrl y %hs"'), 'x y ');
});

test('in values blanks stay, and what is missing is empty', () => {
  assert.equal(value('"  a   b "'), '  a   b ');
  assert.equal(value('"a %[hdr(nope)] %CC|%{+Q}CC"'), 'a  |""');
  assert.equal(value('"%{+Q}[str(a)]"'), 'a', 'samples are not quoted in values');
  assert.equal(value('"%{+Q}ci"'), '"192.0.2.1"');
});

test('a sample cannot put a line break or a control character into a value', () => {
  assert.equal(value(`'%[str("a\\r\\nb\\tc")]'`), 'a%0D%0Ab\tc');
  assert.equal(value('%[bin(017f4100e9)]'), '%01%7FA');
  assert.equal(value(`'%{+E}[str("a\\"b]c")]'`), 'a\\"b\\]c');
});

test('a line written before the end marks what may still grow (option logasap)', () => {
  const early = contextOf({ early: true });
  assert.equal(line('"%B %Tt %Ta %Tu %U %Tr"', early), '+1234 +100 +95 +95 56 30');
});

test('retries and a redispatch', () => {
  assert.equal(line('%rc', contextOf({ retries: 3, redispatched: true })), '+3');
});

test('without a server the fallback stands in its place', () => {
  const context = contextOf({ server: undefined, backendSource: undefined });
  assert.equal(line('"%s %si %sp %sc %bi %bp %{+Q}si"', context), '<NOSRV> - - 0 - - ""');
});

test('a Unix client has no address', () => {
  const context = contextOf({ session: { ...session, source: undefined, destination: undefined } });
  assert.equal(line('"%ci:%cp %fi:%fp"', context), 'unix:4 -:-');
});

test('TLS frontends carry a tilde', () => {
  const context = contextOf({
    session: { ...session, secure: true, tlsVersion: 'TLSv1.3', tlsCipher: 'TLS_AES_128_GCM_SHA256' },
  });
  assert.equal(line('"%ft %sslv %sslc"', context), 'web~ TLSv1.3 TLS_AES_128_GCM_SHA256');
});

test('the accept date of a later request on the same connection', () => {
  assert.equal(line('"%Ts %ms"', contextOf({ acceptDateMs: 1_795_459_151_005 })), '1795459151 005');
});

test('a format of text alone is a constant, and an empty one is empty', () => {
  assert.equal(value('plain%%text'), 'plain%text');
  const empty: LogFormat = { kind: 'log-format', text: '', parts: [] };
  assert.equal(compiler.logFormat(empty)(contextOf()), '');
  assert.equal(compiler.logLine(empty)(contextOf()), '');
});
