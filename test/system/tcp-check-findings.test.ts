/**
 * What rules of `tcp-check` find, and what they send, under HAProxy and under evenkeel: every matcher and option, servers that
 * answer rightly, wrongly, late, in parts or not at all. Status, code, words and bytes are the same.
 */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { CHECK_LIMIT_MS, compareFindings, type CheckCase, type Serve } from '../support/check-findings.ts';
import { missing } from '../support/programs.ts';

const skip = missing('haproxy');
const say =
  (text: string): Serve =>
  (s) => {
    s.write(Buffer.from(text, 'latin1'));
  };
/** Says something and closes. */
const last =
  (text: string): Serve =>
  (s) => {
    s.end(Buffer.from(text, 'latin1'));
  };
/** One line for each time that it is sent something. */
const talk =
  (...lines: string[]): Serve =>
  (s) => {
    const left = [...lines];
    s.on('data', () => {
      const line = left.shift();
      if (line !== undefined) s.write(line);
    });
  };
const bye: Serve = (s) => {
  s.end();
};
/** A SOCKS4 proxy that answers with this code, and then as the server. */
const socks =
  (code: number): Serve =>
  (s) => {
    s.once('data', () => {
      s.write(Buffer.from([0, code, 0, 0, 0, 0, 0, 0]));
      s.on('data', () => s.write('hello'));
    });
  };
const VIA = { options: 'socks4 127.0.0.1:PORT2 check-via-socks4', address: '127.0.0.1:99' };
const T = 'option tcp-check';

const mute: Serve = () => {};

const c = (name: string, rules: string[], serve: Serve, more: Partial<CheckCase> = {}): CheckCase => ({
  name,
  rules,
  serve,
  ...more,
});

const CASES: readonly CheckCase[] = [
  c('tcp refused', [T], mute, { address: '127.0.0.1:CLOSED' }),
  c('plain refused', [], mute, { address: '127.0.0.1:CLOSED' }),
  c('tcp rules refused', [T, 'tcp-check connect comment hey', 'tcp-check send x'], mute, {
    address: '127.0.0.1:CLOSED',
  }),
  c('tcp rules refused port', [T, 'tcp-check connect port CLOSED', 'tcp-check send x'], mute),
  c('send only', [T, 'tcp-check send hi'], mute),
  c('string ok', [T, 'tcp-check expect string hello'], say('well hello')),
  c('string mismatch open', [T, 'tcp-check expect string hello'], say('well')),
  c('string mismatch long open', [T, 'tcp-check expect string hello'], say('something else that is long')),
  c(
    'string mismatch comment',
    [T, 'tcp-check expect string hello comment "my comment"'],
    say('something else that is long'),
  ),
  c('string mismatch close', [T, 'tcp-check expect string hello'], last('bye')),
  c('string empty close', [T, 'tcp-check expect string hello comment c1'], bye),
  c('send expect rst', [T, 'tcp-check send PING', 'tcp-check expect string hello'], (s) => {
    s.once('data', () => s.resetAndDestroy());
  }),
  c('send expect mute', [T, 'tcp-check send PING', 'tcp-check expect string hello comment cc'], mute),
  c(
    'step numbering connect',
    [
      T,
      'tcp-check connect',
      'tcp-check comment one',
      'tcp-check send PING',
      'tcp-check comment two',
      'tcp-check expect string hello',
    ],
    talk('nothing of that'),
  ),
  c(
    'step numbering mute',
    [
      T,
      'tcp-check connect',
      'tcp-check comment one',
      'tcp-check send PING',
      'tcp-check comment two',
      'tcp-check expect string hello',
    ],
    mute,
  ),
  c(
    'set-var numbering',
    [
      T,
      'tcp-check set-var(check.a) int(3)',
      'tcp-check connect',
      'tcp-check send-lf "%[var(check.a)]"',
      'tcp-check expect string hello',
    ],
    talk('nothing of that'),
  ),
  c('rstring mismatch', [T, 'tcp-check expect rstring ^a.c'], say('something')),
  c('rstring mismatch close', [T, 'tcp-check expect rstring ^a.c'], last('something')),
  c('rstring mute', [T, 'tcp-check expect rstring ^a.c'], mute),
  c('!string', [T, 'tcp-check expect ! string hello'], say('well hello')),
  c('!string pass', [T, 'tcp-check expect !string hello'], say('well well well')),
  c('!string short', [T, 'tcp-check expect !string hello'], say('wel')),
  c('!rstring', [T, 'tcp-check expect !rstring h.llo'], say('well hello')),
  c('!rstring pass', [T, 'tcp-check expect !rstring h.llo'], say('well')),
  c('binary', [T, 'tcp-check expect binary 68656c6c6f'], say('hello')),
  c('binary mismatch', [T, 'tcp-check expect binary 68656c6c6f'], last('abcdefgh')),
  c('binary mute', [T, 'tcp-check expect binary 68656c6c6f'], mute),
  c('rbinary', [T, 'tcp-check expect rbinary 68.*6F$'], say('hello')),
  c('rbinary lower', [T, 'tcp-check expect rbinary 68.*6f$'], last('hello')),
  c('rbinary mismatch', [T, 'tcp-check expect rbinary ^FF'], last('hello')),
  c(
    'string-lf',
    [T, 'tcp-check set-var(check.w) str(hello)', 'tcp-check expect string-lf "%[var(check.w)]"'],
    say('hello'),
  ),
  c(
    'string-lf mismatch',
    [T, 'tcp-check set-var(check.w) str(hello)', 'tcp-check expect string-lf "%[var(check.w)]"'],
    last('jello'),
  ),
  c('string-lf empty', [T, 'tcp-check expect string-lf "%[var(check.w)]"'], last('jello')),
  c(
    'binary-lf',
    [T, 'tcp-check set-var(check.w) str(6865)', 'tcp-check expect binary-lf "%[var(check.w)]"'],
    say('hello'),
  ),
  c(
    'binary-lf bad',
    [T, 'tcp-check set-var(check.w) str(686)', 'tcp-check expect binary-lf "%[var(check.w)]"'],
    say('hello'),
  ),
  c(
    'binary-lf mismatch',
    [T, 'tcp-check set-var(check.w) str(6860)', 'tcp-check expect binary-lf "%[var(check.w)]"'],
    last('hello'),
  ),
  c('min-recv', [T, 'tcp-check expect min-recv 10 string hello'], say('hello')),
  c('min-recv close', [T, 'tcp-check expect min-recv 10 string hello'], last('hello')),
  c('min-recv 0 mismatch', [T, 'tcp-check expect min-recv 0 string hello'], say('he')),
  c('min-recv 0 rstring', [T, 'tcp-check expect min-recv 0 rstring ^hello'], say('he')),
  c('min-recv 8 rstring', [T, 'tcp-check expect min-recv 8 rstring ^hello'], say('he12345678')),
  c('ok-status L4OK', [T, 'tcp-check expect ok-status L4OK string hello'], say('hello')),
  c('ok-status L6OK', [T, 'tcp-check expect ok-status L6OK string hello'], say('hello')),
  c('ok-status L7OKC', [T, 'tcp-check expect ok-status L7OKC string hello'], say('hello')),
  c('error-status L7STS', [T, 'tcp-check expect error-status L7STS string hello'], last('nothing')),
  c('error-status L7OKC', [T, 'tcp-check expect error-status L7OKC string hello'], last('nothing')),
  c('error-status L6RSP', [T, 'tcp-check expect error-status L6RSP string hello'], last('nothing')),
  c('error-status L4CON', [T, 'tcp-check expect error-status L4CON string hello'], last('nothing')),
  c('error-status empty', [T, 'tcp-check expect error-status L7STS string hello'], bye),
  c('tout-status L4TOUT', [T, 'tcp-check expect tout-status L4TOUT string hello'], mute),
  c('tout-status L6TOUT', [T, 'tcp-check expect tout-status L6TOUT string hello'], mute),
  c(
    'on-success',
    [T, 'tcp-check expect string hello on-success "yes %[res.payload(0,5)] %[be_name] %[srv_name]"'],
    say('hello'),
  ),
  c('on-error', [T, 'tcp-check expect string hello on-error "no %[res.payload(0,3)] %H"'], last('nothing')),
  c('on-error timeout', [T, 'tcp-check expect string hello on-error "no %[res.payload(0,3)] %H"'], mute),
  c('status-code ok', [T, 'tcp-check expect string hello status-code int(42)'], say('hello')),
  c('status-code error', [T, 'tcp-check expect string hello status-code res.payload(0,3)'], last('123nothing')),
  c('two expects', [T, 'tcp-check expect string hel', 'tcp-check expect string hello'], say('hello')),
  c('two expects 2', [T, 'tcp-check expect string hello', 'tcp-check expect string hello'], say('hello')),
  c(
    'expect send expect',
    [T, 'tcp-check expect string hello', 'tcp-check send PING', 'tcp-check expect string PONG', 'tcp-check send QUIT'],
    (s) => {
      s.write('hello');
      s.on('data', () => s.write('PONG'));
    },
  ),
  c(
    'two connects',
    [
      T,
      'tcp-check connect',
      'tcp-check send A',
      'tcp-check expect string hello',
      'tcp-check connect port PORT2',
      'tcp-check send B',
      'tcp-check expect string hello',
    ],
    talk('hello'),
  ),
  c(
    'two connects second refused',
    [
      T,
      'tcp-check connect',
      'tcp-check send A',
      'tcp-check expect string hello',
      'tcp-check connect port CLOSED comment nope',
      'tcp-check send B',
    ],
    talk('hello'),
  ),
  c('success last info', [T, 'tcp-check send A', 'tcp-check expect string hello comment x'], talk('hello')),
  c('send-binary', [T, 'tcp-check send-binary 00ff41', 'tcp-check expect string hello'], talk('hello')),
  c(
    'send-binary-lf',
    [
      T,
      'tcp-check set-var(check.w) str(00ff41)',
      'tcp-check send-binary-lf "%[var(check.w)]42"',
      'tcp-check expect string hello',
    ],
    talk('hello'),
  ),
  c(
    'send-binary-lf bad',
    [
      T,
      'tcp-check set-var(check.w) str(00ff4)',
      'tcp-check send-binary-lf "%[var(check.w)]"',
      'tcp-check expect string hello',
    ],
    talk('hello'),
  ),
  c('send-lf empty', [T, 'tcp-check send-lf "%[var(check.none)]"', 'tcp-check expect string hello'], talk('hello')),
  c('min-recv 0 string long', [T, 'tcp-check expect min-recv 0 string hello'], say('something long')),
  c('min-recv 3 string long', [T, 'tcp-check expect min-recv 3 string hello'], say('something long')),
  c('min-recv 3 string 4', [T, 'tcp-check expect min-recv 3 string hello'], say('some')),
  c('min-recv 20 !string', [T, 'tcp-check expect min-recv 20 !string hello'], say('something long')),
  c('min-recv 5 !string', [T, 'tcp-check expect min-recv 5 !string hello'], say('something long')),
  c('min-recv 5 !string short', [T, 'tcp-check expect min-recv 2 !string hello'], say('som')),
  c('min-recv 5 !rstring', [T, 'tcp-check expect min-recv 2 !rstring hello'], say('som')),
  c('min-recv 3 string-lf', [T, 'tcp-check expect min-recv 3 string-lf hello'], say('some')),
  c('min-recv 3 binary-lf', [T, 'tcp-check expect min-recv 3 binary-lf 414243'], say('some')),
  c('min-recv 3 rbinary', [T, 'tcp-check expect min-recv 3 rbinary 414243'], say('some')),
  c('min-recv -1', [T, 'tcp-check expect min-recv -1 string hello'], say('some hello')),
  c('NUL string', [T, 'tcp-check expect string hello'], say('a\0hello')),
  c('NUL rstring', [T, 'tcp-check expect rstring hello'], last('a\0hello')),
  c('big body string after', [T, 'tcp-check expect string hello'], last('x'.repeat(20000) + 'hello')),
  c('big body string before', [T, 'tcp-check expect string hello'], (s) => {
    s.end('x'.repeat(16000) + 'hello' + 'x'.repeat(20000));
  }),
  c('big body rbinary', [T, 'tcp-check expect rbinary 68656C6C6F'], (s) => {
    s.write('x'.repeat(9000) + 'hello' + 'x'.repeat(3000));
  }),
  c('big endless', [T, 'tcp-check expect string hello'], (s) => {
    s.write('x'.repeat(40000));
  }),
  c('big endless !', [T, 'tcp-check expect !string hello'], (s) => {
    s.write('x'.repeat(40000));
  }),
  c('a comment', [T, 'tcp-check expect string hello comment abc'], last('nope nope')),
  c('a comment regex', [T, 'tcp-check expect rstring hello comment abc'], last('nope nope')),
  c('a comment unwanted', [T, 'tcp-check expect ! string hello comment abc'], last('hello')),
  c('a on-error comment', [T, 'tcp-check expect string hello comment abc on-error bad'], last('nope nope')),
  c('a on-error close', [T, 'tcp-check expect string hello comment abc on-error bad'], bye),
  c('a on-success comment', [T, 'tcp-check expect string hello comment abc on-success good'], say('hello')),
  c('a on-success not last', [T, 'tcp-check expect string hello on-success good', 'tcp-check send x'], say('hello')),
  c(
    'a ok-status not last',
    [T, 'tcp-check expect string hello ok-status L4OK on-success good', 'tcp-check set-var(check.a) int(1)'],
    say('hello'),
  ),
  c(
    'a ok-status not last comment',
    [T, 'tcp-check expect string hello ok-status L4OK on-success good', 'tcp-check comment xx'],
    say('hello'),
  ),
  c(
    'a send lf fails comment',
    [T, 'tcp-check send-binary-lf "%[str(abc)]" comment zz', 'tcp-check expect string hello'],
    say('hello'),
  ),
  c(
    'port expr',
    [
      T,
      'tcp-check set-var(check.p) int(PORT2)',
      'tcp-check connect port var(check.p)',
      'tcp-check expect string hello',
    ],
    say('hello'),
  ),
  c('port expr refused', [T, 'tcp-check connect port int(CLOSED)', 'tcp-check expect string hello'], say('hello')),
  c('port expr none', [T, 'tcp-check connect port var(check.none)', 'tcp-check expect string hello'], say('hello')),
  c('port expr none server port', [T, 'tcp-check connect port int(0)', 'tcp-check expect string hello'], say('hello')),
  c('addr', [T, 'tcp-check connect addr 127.0.0.1 port PORT', 'tcp-check expect string hello'], say('hello'), {
    address: '127.0.0.2:CLOSED',
  }),
  c('addr refused', [T, 'tcp-check connect addr 127.0.0.1 port CLOSED', 'tcp-check expect string hello'], say('hello')),
  c('addr only', [T, 'tcp-check connect addr 127.0.0.1', 'tcp-check expect string hello'], say('hello'), {
    address: '127.0.0.2:PORT',
  }),
  c('addr with port', [T, 'tcp-check connect addr 127.0.0.1:PORT', 'tcp-check expect string hello'], say('hello'), {
    address: '127.0.0.2:CLOSED',
  }),
  c(
    'send-proxy',
    [T, 'tcp-check connect send-proxy', 'tcp-check send x', 'tcp-check expect string hello'],
    talk('hello'),
  ),
  c('check-send-proxy', [T, 'tcp-check connect', 'tcp-check send x', 'tcp-check expect string hello'], talk('hello'), {
    options: 'check-send-proxy',
  }),
  c(
    'check-send-proxy default',
    [T, 'tcp-check connect default', 'tcp-check send x', 'tcp-check expect string hello'],
    talk('hello'),
    { options: 'check-send-proxy' },
  ),
  c('check-send-proxy implicit', [T, 'tcp-check send x', 'tcp-check expect string hello'], talk('hello'), {
    options: 'check-send-proxy',
  }),
  c('check-send-proxy none', [], mute, { options: 'check-send-proxy' }),
  c('send-proxy mute expect', [T, 'tcp-check connect send-proxy', 'tcp-check expect string hello'], talk('hello')),
  c(
    'a send that is too large',
    [
      T,
      'tcp-check set-var-fmt(check.a) "' + 'x'.repeat(600) + '"',
      'tcp-check send-lf "' + '%[var(check.a)]'.repeat(20) + '"',
      'tcp-check expect string hello',
    ],
    say('hello'),
  ),
  c(
    'comment further up',
    [T, 'tcp-check comment far', 'tcp-check send A', 'tcp-check send B', 'tcp-check expect string hello'],
    last('no'),
  ),
  c(
    'names in a format',
    [T, 'tcp-check send-lf "%[be_name] %[srv_name] %s %b %f %si"', 'tcp-check expect string hello'],
    talk('hello'),
  ),
  c(
    'a Unix socket that is not there',
    [T, 'tcp-check connect addr unix@/nonexistent/socket', 'tcp-check send x'],
    mute,
  ),
  c(
    'set-var of what is not found',
    [
      T,
      'tcp-check set-var(check.a) var(check.none)',
      'tcp-check send-lf "<%[var(check.a)]>"',
      'tcp-check expect string hello',
    ],
    talk('hello'),
  ),
  c(
    'samples of the answer',
    [
      T,
      'tcp-check expect string hello',
      'tcp-check set-var(check.a) res.payload(0,4),upper',
      'tcp-check set-var(check.n) res.len',
      'tcp-check send-lf "%[var(check.a)] %[var(check.n)] %[var(check.n),add(1)]"',
      'tcp-check expect string hello',
    ],
    (s) => {
      s.write('hello');
      s.on('data', () => s.write('hello'));
    },
  ),
  c(
    'converter set-var',
    [
      T,
      'tcp-check set-var(check.a) str(abc),set-var(check.b),upper',
      'tcp-check send-lf "%[var(check.a)] %[var(check.b)]"',
      'tcp-check expect string hello',
    ],
    talk('hello'),
  ),
  c(
    'an answer before the question',
    [T, 'tcp-check expect string hello', 'tcp-check send x', 'tcp-check expect string early'],
    say('hello early'),
  ),
  c('a slow server', [T, 'tcp-check expect string hello'], (s) => {
    let i = 0;
    const t = setInterval(() => s.write('hello'[i++ % 5]), 30);
    s.once('close', () => clearInterval(t));
  }),
  c(
    'comment before set-var',
    [T, 'tcp-check comment far', 'tcp-check set-var(check.a) int(1)', 'tcp-check expect string hello'],
    last('no'),
  ),
  c('only a connect', [T, 'tcp-check connect'], mute),
  c('connect and set-var', [T, 'tcp-check connect', 'tcp-check set-var(check.a) int(1)'], mute),
  c('set-var and connect', [T, 'tcp-check set-var(check.a) int(1)', 'tcp-check connect'], mute),
  c('set-var only', [T, 'tcp-check set-var(check.a) int(1)'], mute),
  c('connect and comment', [T, 'tcp-check connect', 'tcp-check comment abc'], mute),
  c('source address', [T, 'tcp-check send x', 'tcp-check expect string hello'], talk('hello'), {
    options: 'check-send-proxy source 127.0.0.5',
  }),
  c('two connects only', [T, 'tcp-check connect', 'tcp-check connect'], mute),
  c(
    'figures',
    [
      T,
      'tcp-check send-lf "%[nbsrv(SELF)] %[be_conn(SELF)] %[queue(SELF)] %[srv_is_up(SELF/s)] %[srv_conn(SELF/s)] %[be_sess_rate(SELF)] %[srv_weight(SELF/s)] %[be_server_timeout]"',
      'tcp-check expect string hello',
    ],
    talk('hello'),
    { options: 'weight 7' },
  ),
  c('SOCKS4', [T, 'tcp-check send x', 'tcp-check expect string hello'], socks(90), VIA),
  c('SOCKS4 without rules', [], socks(90), VIA),
  c('SOCKS4 refuses', [T, 'tcp-check send x'], socks(91), VIA),
  c('SOCKS4 refuses without rules', [], socks(92), VIA),
  c('SOCKS4 is silent', [T, 'tcp-check expect string hello'], mute, VIA),
  c('SOCKS4 closes', [T, 'tcp-check expect string hello'], (s) => void s.once('data', () => s.end()), VIA),
  c('SOCKS4 is not there', [T, 'tcp-check expect string hello'], mute, {
    options: 'socks4 127.0.0.1:CLOSED check-via-socks4',
  }),
  c(
    'SOCKS4 by the rule',
    [T, 'tcp-check connect via-socks4', 'tcp-check send x', 'tcp-check expect string hello'],
    socks(90),
    { options: 'socks4 127.0.0.1:PORT2', address: '127.0.0.1:99' },
  ),
  c('SOCKS4 for traffic only', [T, 'tcp-check send x', 'tcp-check expect string hello'], talk('hello'), {
    options: 'socks4 127.0.0.1:CLOSED',
  }),
  c('SOCKS4 and a PROXY line', [T, 'tcp-check send x', 'tcp-check expect string hello'], socks(90), {
    options: 'socks4 127.0.0.1:PORT2 check-via-socks4 check-send-proxy',
    address: '127.0.0.1:99',
  }),
  c(
    'each connection has its time',
    [T, 'tcp-check connect', 'tcp-check expect string hello', 'tcp-check connect', 'tcp-check expect string hello'],
    (s) => {
      const timer = setTimeout(() => s.write('hello'), CHECK_LIMIT_MS * 0.65);
      s.once('close', () => clearTimeout(timer));
    },
  ),
  c('ends with connect', [T, 'tcp-check connect', 'tcp-check expect string hello', 'tcp-check connect'], say('hello')),
];

test('rules of tcp-check find what HAProxy finds, and send what it sends', { skip, timeout: 90_000 }, async () => {
  const { ours, theirs } = await compareFindings(CASES);
  assert.deepEqual(
    CASES.map(({ name }) => ({ name, ...ours.get(name) })),
    CASES.map(({ name }) => ({ name, ...theirs.get(name) })),
  );
});
