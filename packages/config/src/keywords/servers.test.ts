import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Server } from '../model.ts';
import { findings, proxyFindings, proxyOf } from '../testing.ts';

function server(line: string, ...before: readonly string[]): Server {
  return proxyOf('backend b', [...before, line]).servers[0];
}

test('manual 5.2: options and their defaults', () => {
  const plain = server('server s 10.0.0.1:80');
  assert.deepEqual(
    [
      plain.weight,
      plain.interMs,
      plain.rise,
      plain.fall,
      plain.check,
      plain.backup,
      plain.poolMaxConn,
      plain.poolPurgeDelayMs,
      plain.maxReuse,
    ],
    [1, 2000, 2, 3, false, false, -1, 5000, -1],
  );
  const full = server(
    'server s 10.0.0.1:80 weight 5 maxconn 6 maxqueue 7 check inter 1s fastinter 2s downinter 3s rise 4 fall 5 port 81 addr 10.0.0.2 backup disabled id 8' +
      ' pool-max-conn 9 pool-low-conn 10 pool-purge-delay 11s max-reuse 12 tcp-ut 13s on-marked-down shutdown-sessions',
  );
  assert.deepEqual(
    [
      full.weight,
      full.maxconn,
      full.maxqueue,
      full.check,
      full.interMs,
      full.fastInterMs,
      full.downInterMs,
      full.rise,
      full.fall,
      full.checkPort,
      full.checkAddress,
      full.backup,
      full.disabled,
      full.id,
      full.poolMaxConn,
      full.poolLowConn,
      full.poolPurgeDelayMs,
      full.maxReuse,
      full.tcpUserTimeoutMs,
      full.onMarkedDown,
    ],
    [
      5,
      6,
      7,
      true,
      1000,
      2000,
      3000,
      4,
      5,
      81,
      '10.0.0.2',
      true,
      true,
      8,
      9,
      10,
      11_000,
      12,
      13_000,
      'shutdown-sessions',
    ],
  );
});

test('addr may bring the port of checks', () => {
  const read = server('server s 10.0.0.1:80 check addr 10.0.0.2:8080');
  assert.deepEqual([read.checkAddress, read.checkPort], ['10.0.0.2', 8080]);
});

test('default-server adds up, from defaults to the proxy, and holds for what follows', () => {
  const { servers } = proxyOf('backend b', [
    'server a 1.1.1.1:80',
    'default-server inter 5s',
    'server b 1.1.1.1:80',
    'default-server weight 9 backup',
    'server c 1.1.1.1:80 no-backup weight 3',
  ]);
  assert.deepEqual(
    servers.map(({ interMs, weight, backup }) => [interMs, weight, backup]),
    [
      [2000, 1, false],
      [5000, 1, false],
      [5000, 3, false],
    ],
  );
});

test('server-template makes servers by number or range', () => {
  const { servers } = proxyOf('backend b', [
    'server-template www 2 10.0.0.1:80 check id 7',
    'server-template x- 5-6 host.example weight 3',
  ]);
  assert.deepEqual(
    servers.map(({ name, id, check, weight }) => [name, id, check, weight]),
    [
      ['www1', 7, true, 1],
      ['www2', 2, true, 1],
      ['x-5', 3, false, 3],
      ['x-6', 4, false, 3],
    ],
  );
});

test('ids are given in order and pass over those that are taken', () => {
  const { servers } = proxyOf('backend b', ['server a 1.1.1.1', 'server b 1.1.1.1 id 1', 'server c 1.1.1.1']);
  assert.deepEqual(
    servers.map(({ id, idExplicit }) => [id, idExplicit]),
    [
      [2, false],
      [1, true],
      [4, false],
    ],
  );
});

/** Bad lines with what haproxy 2.6.12 says of them. */
const REFUSALS: readonly (readonly [string, string])[] = [
  ['server s', "[t.cfg:7] : 'server' expects <name> and <addr>[:<port>] as arguments."],
  ['server s!x 1.1.1.1:80', "[t.cfg:7] : character '!' is not permitted in server name 's!x'."],
  ['server s 1.1.1.1:80-90', "[t.cfg:7] : 'server b/s' : port range not permitted here in '1.1.1.1:80-90'"],
  ['server s 1.1.1.1:70000', "[t.cfg:7] : 'server b/s' : invalid port '70000'"],
  ['server s fd@1', "[t.cfg:7] : 'server b/s' : a file descriptor is not acceptable here in 'fd@1'"],
  ['server s 1.1.1.1:80 bakcup', "[t.cfg:7] : 'server b/s' : unknown keyword 'bakcup'; did you mean 'backup' maybe ?"],
  ['server s 1.1.1.1 inter 0', "[t.cfg:7] : 'server b/s' : invalid value 0 for argument 'inter' of server s."],
  ['server s 1.1.1.1 rise 0', "[t.cfg:7] : 'server b/s' : 'rise' has to be > 0."],
  [
    'server s 1.1.1.1 init-addr foo',
    "[t.cfg:7] : 'server b/s' : 'init-addr' : unknown init-addr method 'foo', supported methods are 'libc', 'last', 'none'.",
  ],
  ['server s 1.1.1.1 usesrc client', "[t.cfg:7] : 'server b/s' : 'usesrc' only allowed after a 'source' statement."],
  ['default-server 1.1.1.1', "[t.cfg:7] : unknown keyword '1.1.1.1'. Hint: no address was expected for this server."],
  ['default-server id 5', "[t.cfg:7] : 'id' option is not accepted in default-server sections"],
  ['server-template s 3', "[t.cfg:7] : 'server-template' expects <prefix> <nb | range> <addr>[:<port>] as arguments."],
  ['server-template s 3-1 1.1.1.1:80', "[t.cfg:7] : Wrong server-template number or range arg '3-1'."],
  ['server-template s 0 1.1.1.1:80', "[t.cfg:7] : Wrong server-template number or range arg '0'."],
  ['server-template s 4000000000 1.1.1.1:80', "[t.cfg:7] : Wrong server-template number or range arg '4000000000'."],
];

test("bad lines are refused with haproxy's words", () => {
  for (const [line, message] of REFUSALS)
    assert.deepEqual(proxyFindings('backend b', [line]), [`ALERT ${message}`], line);
});

test('names and ids are unique in a backend', () => {
  assert.deepEqual(proxyFindings('backend b', ['server s 1.1.1.1', 'server s 1.1.1.1']), [
    "ALERT parsing [t.cfg:8] : backend 'b', another server named 's' was already defined at line 7, please use distinct names.",
  ]);
  assert.deepEqual(proxyFindings('backend b', ['server-template s- 1-2 1.1.1.1:80', 'server s-1 1.1.1.1:80']), [
    "ALERT parsing [t.cfg:8] : backend 'b', another server named 's-1' was already defined at line 7, please use distinct names.",
  ]);
  assert.deepEqual(proxyFindings('backend b', ['server t 1.1.1.1:80 id 5', 'server u 1.1.1.1:80 id 5']), [
    "ALERT [t.cfg:8] : 'server b/u' : 'id' : custom id 5 already used at t.cfg:7 ('server t').",
  ]);
});

test('the caret stands on the word that is wrong', () => {
  const text = 'backend b\n  server s 1.1.1.1:80   weight   900';
  assert.match(findings(text)[0], /weight of server s is not within 0 and 256 \(900\)/);
});

test('manual 5.1: bind lines, their addresses and options', () => {
  const { binds } = proxyOf(
    'frontend f',
    [
      'bind :80,127.0.0.1:81-82 name n maxconn 4 backlog 5 interface eth0 mss 1400 tcp-ut 6s defer-accept transparent tfo v4v6',
      'bind /run/s mode 660 user haproxy gid 3',
      'bind "fd@${FD}"',
      'bind :${PORT} id 3',
    ],
    { env: { FD: '7', PORT: '8080' } },
  );
  const [first, second, third, fourth] = binds as [
    (typeof binds)[0],
    (typeof binds)[0],
    (typeof binds)[0],
    (typeof binds)[0],
  ];
  assert.deepEqual(first.addresses, [
    { kind: 'inet', host: '*', family: 4, port: { first: 80, last: 80, relative: false } },
    { kind: 'inet', host: '127.0.0.1', family: 4, port: { first: 81, last: 82, relative: false } },
  ]);
  assert.deepEqual(
    [
      first.name,
      fourth.id,
      first.maxconn,
      first.backlog,
      first.interface,
      first.mss,
      first.tcpUserTimeoutMs,
      first.deferAccept,
      first.transparent,
      first.tfo,
      first.v4v6,
    ],
    ['n', 3, 4, 5, 'eth0', 1400, 6000, true, true, true, true],
  );
  assert.deepEqual([second.mode, second.uid, second.gid], [0o660, 106, 3]);
  assert.deepEqual(third.addresses, [{ kind: 'fd', fd: 7 }]);
  assert.deepEqual(fourth.addresses, [
    { kind: 'inet', host: '*', family: 4, port: { first: 8080, last: 8080, relative: false } },
  ]);
});

/** Bad bind lines with what haproxy 2.6.12 says of them. */
const BAD_BINDS: readonly (readonly [string, string])[] = [
  ['bind', "'bind' expects {<path>|[addr1]:port1[-end1]}{,[addr]:port[-end]}... as arguments."],
  ['bind foo', "'bind' : missing port specification in 'foo'"],
  ['bind ${NOPE}', "'bind' : '${NOPE}' resolves to an empty address (environment variable missing?)"],
  ['bind :80 nam x', "'bind :80' in section 'frontend': unknown keyword 'nam'; did you mean 'name' maybe ?"],
  ['bind :80 name', "'bind :80' in section 'frontend' : 'name' : missing name"],
  ['bind :80 id 0', "'bind :80' in section 'frontend' : 'id' : custom id has to be > 0"],
  ['bind :80 mode', "'bind :80' in section 'frontend' : 'mode' : missing or invalid mode '' (octal integer expected)"],
  [
    'bind :80 mss 0',
    "'bind :80' in section 'frontend' : 'mss' : expects an MSS with and absolute value between 1 and 65535",
  ],
  [
    'bind :80 nice 2000',
    "'bind :80' in section 'frontend' : 'nice' : invalid value 2000, allowed range is -1024..1024",
  ],
  ['bind :80 user nosuch', "'bind :80' in section 'frontend' : 'user' : unknown user name 'nosuch'"],
];

test("bad bind lines are refused with haproxy's words", () => {
  for (const [line, message] of BAD_BINDS)
    assert.deepEqual(proxyFindings('frontend f', [line]), [`ALERT parsing [t.cfg:7] : ${message}`], line);
});

test('every bad address of a list is found', () => {
  assert.equal(proxyFindings('frontend f', ['bind foo,:80,bar,:99999']).length, 3);
});
