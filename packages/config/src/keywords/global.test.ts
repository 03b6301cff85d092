import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Global } from '../model.ts';
import { findings, valid } from '../testing.ts';

function global(...statements: readonly string[]): Global {
  return valid(`global\n ${statements.join('\n ')}`).global;
}

/** Findings of statements of the global section, which begin at line 2. */
function globalFindings(...statements: readonly string[]): readonly string[] {
  return findings(`global\n ${statements.join('\n ')}`);
}

test('manual 3.1 and 3.2: values end in the model', () => {
  const read = global(
    'daemon',
    'nbthread 4',
    'maxconn 1000',
    'maxconnrate 50',
    'ulimit-n 4096',
    'user haproxy',
    'group haproxy',
    'pidfile /run/p',
    'node n-1.x_',
    'description two words',
    'hard-stop-after 30s',
    'ca-base /ca',
    'crt-base /crt',
    'log-tag tag',
    'log-send-hostname h',
    'stats timeout 30s',
    'stats maxconn 7',
    'spread-checks 5',
    'max-spread-checks 2s',
    'no strict-limits',
    'localpeer p',
  );
  const expected: Partial<Global> = {
    daemon: true,
    nbthread: 4,
    maxconn: 1000,
    maxconnrate: 50,
    ulimitN: 4096,
    user: 'haproxy',
    uid: 106,
    group: 'haproxy',
    gid: 112,
    pidfile: '/run/p',
    node: 'n-1.x_',
    description: 'two words',
    hardStopAfterMs: 30_000,
    caBase: '/ca',
    crtBase: '/crt',
    logTag: 'tag',
    logSendHostname: { name: 'h' },
    statsTimeoutMs: 30_000,
    statsMaxconn: 7,
    spreadChecksPercent: 5,
    maxSpreadChecksMs: 2000,
    strictLimits: false,
    localpeer: 'p',
  };
  for (const [key, value] of Object.entries(expected)) assert.deepEqual(read[key as keyof Global], value, key);
});

test('the global section may be repeated', () => {
  const { global: read } = valid('global\n maxconn 5\nbackend b\nglobal\n nbthread 2');
  assert.deepEqual([read.maxconn, read.nbthread], [5, 2]);
});

test('tune: limits of buffers; what is reserved for rewriting is at most half of them', () => {
  assert.deepEqual(global('tune.bufsize 32k', 'tune.http.maxhdr 200').tune.bufsize, 32768);
  assert.equal(global('tune.bufsize 16384', 'tune.maxrewrite 99999').tune.maxrewrite, 8192);
  assert.deepEqual(globalFindings('tune.bufsize x'), [
    "ALERT parsing [t.cfg:2] : 'tune.bufsize' expects a positive integer argument.",
  ]);
  assert.deepEqual(globalFindings('tune.http.maxhdr 40000'), [
    "ALERT parsing [t.cfg:2] : 'tune.http.maxhdr' expects a numeric value between 1 and 32767",
  ]);
  assert.equal(globalFindings('tune.bufsize 100').length, 1);
});

test('what may be given once keeps its first value and says so', () => {
  assert.deepEqual(globalFindings('maxconn 1', 'maxconn 2'), [
    "WARNING parsing [t.cfg:3] : 'maxconn' already specified. Continuing.",
  ]);
  assert.equal(global('maxconn 1', 'maxconn 2').maxconn, 1);
  assert.deepEqual(globalFindings('uid 1', 'user root'), [
    'WARNING parsing [t.cfg:3] : user/uid already specified. Continuing.',
  ]);
  assert.equal(global('node a', 'node b').node, 'b');
});

/** Bad statements with what haproxy 2.6.12 says of them. */
const REFUSALS: readonly (readonly [string, string])[] = [
  ['maxconn', "parsing [t.cfg:2] : 'maxconn' expects an integer argument."],
  ['maxconn 10 x', "parsing [t.cfg:2] : 'maxconn' cannot handle unexpected argument 'x'."],
  ['nbthread 0', "parsing [t.cfg:2] : 'nbthread' value must be between 1 and 64 (was 0)"],
  ['nbthread x', "parsing [t.cfg:2] : 'nbthread' passed a missing or unparsable integer value in 'x'"],
  [
    'nbproc 2',
    'parsing [t.cfg:2] : nbproc is not supported any more since HAProxy 2.5. Threads will automatically be used on multi-processor machines if available.',
  ],
  ['user nosuch', "parsing [t.cfg:2] : cannot find user id for 'nosuch' (0:Success)"],
  ['chroot a b', "parsing [t.cfg:2] : 'chroot' cannot handle unexpected argument 'b'."],
  ['pidfile', "parsing [t.cfg:2] : 'pidfile' expects a file name as an argument."],
  ['master-worker x', "parsing [t.cfg:2] : 'master-worker' only supports 'no-exit-on-failure' option."],
  [
    'stats socket',
    "parsing [t.cfg:2] : 'stats socket' in global section expects an address or a path to a UNIX socket",
  ],
  ['stats socket /x bogus', "parsing [t.cfg:2] : 'stats socket' : unknown keyword 'bogus'."],
  ['stats timeout 0', "parsing [t.cfg:2] : 'stats timeout' expects a positive value"],
  [
    'stats timeout 100d',
    "parsing [t.cfg:2] : timer overflow in argument '100d' to 'stats timeout' (maximum value is 2147483647 ms or ~24.8 days)",
  ],
  ['spread-checks 60', "parsing [t.cfg:2]: 'spread-checks' needs a positive value in range 0..50."],
  ['hard-stop-after', "parsing [t.cfg:2] : 'hard-stop-after' expects <time> as argument."],
  [
    'no daemon',
    'parsing [t.cfg:2]: negation/default currently supported only for options, log, busy-polling, set-dumpable, strict-limits, insecure-fork-wanted and numa-cpu-mapping.',
  ],
  ['h1-case-adjust a b', 'parsing [t.cfg:2] : <from> and <to> must not differ execpt the case'],
  [
    'ssl-default-bind-options foo',
    "parsing [t.cfg:2] : unknown option 'foo' on global statement 'ssl-default-bind-options'.",
  ],
  [
    'ssl-default-bind-options ssl-min-ver foo',
    "parsing [t.cfg:2] : 'foo' : unknown ssl/tls version on global statement 'ssl-default-bind-options'.",
  ],
  ['setenv A', "parsing [t.cfg:2]: 'setenv' expects a name and a value."],
  ['unsetenv', "parsing [t.cfg:2]: 'unsetenv' expects at least one variable name."],
  ['maxcon 10', "parsing [t.cfg:2] : unknown keyword 'maxcon' in 'global' section; did you mean 'maxconn' maybe ?"],
  ['cpu-map x 0', "parsing [t.cfg:2] : cpu-map : 'x' is not a valid number/range."],
  [
    'cpu-map auto:1/1 0-3',
    'parsing [t.cfg:2] : cpu-map : PROC/THREAD range and CPU sets must have the same size to be automatically bound',
  ],
];

test("bad statements are refused with haproxy's words", () => {
  for (const [statement, message] of REFUSALS)
    assert.deepEqual(globalFindings(statement), [`ALERT ${message}`], statement);
});

test('h1-case-adjust, also from a file', () => {
  const files = { '/names': '# comment\n\n host Host\r\n\tx-y X-Y \n' };
  assert.deepEqual(
    valid('global\n h1-case-adjust content-length Content-Length\n h1-case-adjust-file /names', { files }).global
      .h1CaseAdjust,
    {
      'content-length': 'Content-Length',
      host: 'Host',
      'x-y': 'X-Y',
    },
  );
  assert.deepEqual(globalFindings('h1-case-adjust aa Aa', 'h1-case-adjust aa aA'), [
    "ALERT parsing [t.cfg:3] : duplicate entry 'aa'",
  ]);
  assert.equal(findings('global\n h1-case-adjust-file /names', { files: { '/names': 'one\ntwo Three\n' } }).length, 2);
});

test('ssl-default words are kept for the TLS layer', () => {
  const { sslDefaults } = global(
    'ssl-default-bind-ciphers A:B',
    'ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets',
    'ssl-server-verify none',
  );
  assert.deepEqual(sslDefaults, {
    'ssl-default-bind-ciphers': ['A:B'],
    'ssl-default-bind-options': ['ssl-min-ver', 'TLSv1.2', 'no-tls-tickets'],
    'ssl-server-verify': ['none'],
  });
});

test('stats socket: one entry per address, with the options of bind', () => {
  const { statsSockets } = global(
    'stats socket /run/a,/run/b mode 660 level admin user haproxy',
    'stats socket ipv4@127.0.0.1:9999',
  );
  assert.deepEqual(
    statsSockets.map(({ address, level, mode, uid }) => [address.kind, level, mode, uid]),
    [
      ['unix', 'admin', 0o660, 106],
      ['unix', 'admin', 0o660, 106],
      ['inet', 'operator', undefined, undefined],
    ],
  );
});

test('manual 3.1 log: destinations, lengths, formats, facilities and levels', () => {
  const { logs } = global(
    'log /dev/log local0',
    'log 127.0.0.1 local1 notice',
    'log 10.0.0.1:5514 len 2048 format rfc5424 daemon info err',
    'log stdout format raw kern',
    'log fd@3 local7',
    'log [::1]:514 local0',
    'log 127.0.0.1 sample 1,3-5:8 local0',
  );
  assert.deepEqual(
    logs.map(({ destination }) => destination),
    [
      { kind: 'unix', path: '/dev/log' },
      { kind: 'udp', host: '127.0.0.1', port: 514 },
      { kind: 'udp', host: '10.0.0.1', port: 5514 },
      { kind: 'stdout' },
      { kind: 'fd', fd: 3 },
      { kind: 'udp', host: '::1', port: 514 },
      { kind: 'udp', host: '127.0.0.1', port: 514 },
    ],
  );
  assert.deepEqual(logs.map(({ facility, level, minLevel }) => [facility, level, minLevel]).slice(0, 4), [
    [16, 7, 0],
    [17, 5, 0],
    [3, 6, 3],
    [0, 7, 0],
  ]);
  assert.deepEqual([logs[0].length, logs[2].length, logs[2].format], [1024, 2048, 'rfc5424']);
  assert.deepEqual(logs[6].sample, {
    ranges: [
      [1, 1],
      [3, 5],
    ],
    size: 8,
  });
});

test('log-send-hostname changes the default format, wherever it stands', () => {
  assert.deepEqual(
    global('log stdout local0', 'log stdout format raw local0', 'log-send-hostname').logs.map(({ format }) => format),
    ['rfc3164', 'raw'],
  );
});

test("bad log lines, in haproxy's words", () => {
  const lines: readonly (readonly [string, string])[] = [
    ['log', 'log : expects <address> and <facility>  as arguments'],
    ['log 127.0.0.1 local0 foo', "log : unknown optional log level 'foo'"],
    ['log 127.0.0.1 foo', "log : unknown log facility 'foo'"],
    ['log 127.0.0.1 local0 info debug x', "log : cannot handle unexpected argument 'x'"],
    ['log 127.0.0.1:99999 local0', "log : invalid port '99999'"],
    ['log 127.0.0.1 len 10 local0', "log : invalid log length '10', must be between 80 and 65535"],
    ['log 127.0.0.1 format foo local0', "log : unknown log format 'foo'"],
    ['log global', "log : 'global' is not supported for a global syslog server"],
    [
      'log 127.0.0.1 sample 3:2 local0',
      'log : sample size 2 should be greater or equal to 3 the maximum of the high ranges limits',
    ],
    ['log 127.0.0.1 sample 1-2,2:3 local0', 'log : ranges are overlapping'],
    ['log 127.0.0.1 sample 1:x local0', "log : wrong sample size 'x' for sample range '1'"],
  ];
  for (const [statement, message] of lines)
    assert.deepEqual(globalFindings(statement), [`ALERT parsing [t.cfg:2] : ${message}`], statement);
});

test('accepted keywords say once why they have no effect', () => {
  const lines = globalFindings('chroot /var/empty', 'nosplice');
  assert.equal(lines.length, 2);
  assert.match(lines[0], /^WARNING parsing \[t\.cfg:2\] : 'chroot' has no effect here: /);
});

test('keywords that are not built yet are errors', () => {
  assert.match(
    globalFindings('maxsslconn 5')[0],
    /^ALERT parsing \[t\.cfg:2\] : 'maxsslconn' is not supported by this version/,
  );
});
