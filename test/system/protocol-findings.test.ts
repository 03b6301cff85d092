/**
 * What the checks of one protocol each, and agents, find: scripted servers that answer rightly, refuse, send garbage, fall
 * silent or close, under HAProxy and under evenkeel. Status, code and words are the same for the same bytes.
 */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { CHECK_LIMIT_MS, compareFindings, type CheckCase, type Finding } from '../support/check-findings.ts';
import { Daemon, freePorts, until } from '../support/daemon.ts';
import { RawServer } from '../support/http.ts';
import { missing } from '../support/programs.ts';

const skip = missing('haproxy');

/** What a scripted server does next: sends bytes, waits until it was sent something, or ends. */
type Step = string | Buffer | typeof RECEIVE | typeof CLOSE | typeof RESET;
const RECEIVE = Symbol('receive');
const CLOSE = Symbol('close');
/** A moment later: a connection that is reset before its client has looked at it was never made. */
const RESET = Symbol('reset');
const RESET_MS = 500;

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** Goes through the steps; after the last one the connection stays as it is. */
function follow(socket: Socket, steps: readonly Step[]): void {
  const left = [...steps];
  const proceed = (): void => {
    for (let step = left.shift(); step !== undefined; step = left.shift()) {
      if (step === RECEIVE) return;
      if (step === CLOSE) return void socket.end();
      if (step === RESET) return void setTimeout(() => socket.resetAndDestroy(), RESET_MS);
      socket.write(step);
    }
  };
  socket.on('data', proceed).on('error', () => undefined);
  proceed();
}

function packet(sequence: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUIntLE(payload.length, 0, 3);
  head[3] = sequence;
  return Buffer.concat([head, payload]);
}

const mysqlError = (sequence: number, code: number, words: string): Buffer =>
  packet(sequence, Buffer.concat([Buffer.from([0xff, code & 0xff, code >> 8]), Buffer.from(words)]));
const GREETING = packet(0, Buffer.concat([Buffer.from('\n5.5.5-10.11.4-MariaDB\0'), Buffer.alloc(60, 1)]));
const OK = packet(2, hex('00000002000000'));
const SWITCH = packet(2, Buffer.from(`\xfemysql_native_password\0${'A'.repeat(20)}\0`, 'latin1'));

const USER = ['mode tcp', 'option mysql-check user hap'];
const NO_USER = ['mode tcp', 'option mysql-check'];
const PGSQL = ['mode tcp', 'option pgsql-check user hap'];
const REDIS = ['mode tcp', 'option redis-check'];
const SMTP = ['mode tcp', 'option smtpchk'];
const LDAP = ['mode tcp', 'option ldap-check'];
const TLS = ['mode tcp', 'option ssl-hello-chk'];
const SPOP = ['mode tcp', 'option spop-check'];

/** A frame of the stream processing protocol: type, flags, and names with typed values. */
function frame(type: number, values: Readonly<Record<string, string | number>>, flags = 1): Buffer {
  const parts = [Buffer.from([type, 0, 0, 0, flags, 0, 0])];
  for (const [name, value] of Object.entries(values)) {
    parts.push(Buffer.from([name.length]), Buffer.from(name));
    if (typeof value === 'number') parts.push(Buffer.from([3, ...varint(value)]));
    else parts.push(Buffer.from([8, value.length]), Buffer.from(value));
  }
  const body = Buffer.concat(parts);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

function varint(value: number): number[] {
  if (value < 240) return [value];
  const bytes = [(value & 0x0f) | 0xf0];
  let rest = (value - 240) >> 4;
  for (; rest >= 128; rest = (rest - 128) >> 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

const HELLO = { version: '2.0', 'max-frame-size': 16_380, capabilities: '' };
const garbage = 'SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n';

const SCRIPTS: readonly (readonly [name: string, rules: readonly string[], steps: readonly Step[]])[] = [
  ['mysql logs in', USER, [GREETING, RECEIVE, OK]],
  ['mysql logs in the old way', ['mode tcp', 'option mysql-check user hap pre-41'], [GREETING, RECEIVE, OK]],
  ['mysql denies', USER, [GREETING, RECEIVE, mysqlError(2, 1045, '#28000Access denied for user')]],
  ['mysql wants another plugin', USER, [GREETING, RECEIVE, SWITCH]],
  ['mysql wants another plugin and closes', USER, [GREETING, RECEIVE, SWITCH, RECEIVE, CLOSE]],
  ['mysql blocks the host', USER, [mysqlError(0, 1129, 'Host \'x\' is blocked, "unblock" it'), CLOSE]],
  ['mysql is silent', USER, []],
  ['mysql closes', USER, [CLOSE]],
  ['mysql resets', USER, [RESET]],
  ['mysql closes within its greeting', USER, [GREETING.subarray(0, 40), CLOSE]],
  ['mysql closes after its greeting', USER, [GREETING, RECEIVE, CLOSE]],
  ['mysql hangs after its greeting', USER, [GREETING, RECEIVE]],
  ['mysql cuts its verdict', USER, [GREETING, RECEIVE, OK.subarray(0, 6), CLOSE]],
  ['mysql is something else', USER, [garbage, CLOSE]],
  ['mysql is something else that hangs', USER, [garbage]],
  ['mysql without user greets', NO_USER, [GREETING]],
  ['mysql without user blocks the host', NO_USER, [mysqlError(0, 1130, "Host 'x' is not allowed"), CLOSE]],
  ['mysql without user is silent', NO_USER, []],
  ['mysql without user closes', NO_USER, [CLOSE]],
  ['mysql without user is something else', NO_USER, [garbage, CLOSE]],
  ...[0, 1, 2, 3, 5, 7, 9, 10, 11, 12].map(
    (code) =>
      [
        `pgsql asks for ${code}`,
        PGSQL,
        [RECEIVE, Buffer.concat([hex('52 00000008 000000'), Buffer.from([code])])],
      ] as const,
  ),
  [
    'pgsql refuses',
    PGSQL,
    [RECEIVE, Buffer.from('E\0\0\0\x2cSFATAL\0C28000\0Mrole "hap" does not exist\0\0', 'latin1'), CLOSE],
  ],
  ['pgsql is silent', PGSQL, [RECEIVE]],
  ['pgsql closes', PGSQL, [RECEIVE, CLOSE]],
  ['pgsql resets', PGSQL, [RECEIVE, RESET]],
  ['pgsql cuts its answer', PGSQL, [RECEIVE, hex('52 000000'), CLOSE]],
  ['pgsql hangs in its answer', PGSQL, [RECEIVE, hex('52 00000008')]],
  ['pgsql is something else', PGSQL, [RECEIVE, garbage, CLOSE]],
  ['redis', REDIS, [RECEIVE, '+PONG\r\n']],
  ['redis wants a password', REDIS, [RECEIVE, '-NOAUTH Authentication required.\r\n']],
  ['redis loads', REDIS, [RECEIVE, '-LOADING Redis is loading the dataset in memory\r\n', CLOSE]],
  ['redis is silent', REDIS, [RECEIVE]],
  ['redis closes', REDIS, [RECEIVE, CLOSE]],
  ['redis cuts its answer', REDIS, [RECEIVE, '+PON', CLOSE]],
  ['redis floods', REDIS, [RECEIVE, 'x'.repeat(40_000)]],
  ['redis resets', REDIS, [RECEIVE, RESET]],
  ['smtp', SMTP, ['220 mail ESMTP\r\n', RECEIVE, '250 mail Hello\r\n', RECEIVE, '221 2.0.0 bye\r\n', CLOSE]],
  [
    'esmtp',
    ['mode tcp', 'option smtpchk EHLO example.com'],
    ['220 mail ESMTP\r\n', RECEIVE, '250-mail Hello\r\n250-SIZE 10\r\n250 HELP\r\n', RECEIVE, '221 bye\r\n', CLOSE],
  ],
  [
    'smtp with another word',
    ['mode tcp', 'option smtpchk NOOP example.com'],
    ['220 m\r\n', RECEIVE, '250 x\r\n', RECEIVE, '221 bye\r\n'],
  ],
  ['smtp without words', SMTP, ['220\r\n', RECEIVE, '250\r\n', RECEIVE, '221\r\n']],
  ['smtp refuses', SMTP, ['554 No SMTP service here\r\n', CLOSE]],
  ['smtp is busy', SMTP, ['421 Too many connections\r\n']],
  ['smtp greets in lines', SMTP, ['220-mail ESMTP\r\n220 more\r\n', RECEIVE]],
  ['smtp is something else', SMTP, ['hello there\r\n', CLOSE]],
  ['smtp is silent', SMTP, []],
  ['smtp closes', SMTP, [CLOSE]],
  ['smtp cuts its greeting', SMTP, ['220', CLOSE]],
  ['smtp refuses the name', SMTP, ['220 m\r\n', RECEIVE, '501 Syntax: HELO hostname\r\n', CLOSE]],
  ['smtp refuses the name and stays', SMTP, ['220 m\r\n', RECEIVE, '501 Syntax: HELO hostname\r\n']],
  ['smtp leaves at the name', SMTP, ['220 m\r\n', RECEIVE, CLOSE]],
  ['smtp hangs at the name', SMTP, ['220 m\r\n', RECEIVE]],
  ['smtp leaves at QUIT', SMTP, ['220 m\r\n', RECEIVE, '250 ok\r\n', RECEIVE, CLOSE]],
  ['smtp refuses QUIT', SMTP, ['220 m\r\n', RECEIVE, '250 ok\r\n', RECEIVE, '500 what\r\n']],
  ['smtp answers before it is asked', SMTP, ['220 m\r\n250 ok\r\n221 bye\r\n', RECEIVE]],
  ['ldap', LDAP, [RECEIVE, hex('300c 020101 6107 0a0100 0400 0400')]],
  ['ldap in long form', LDAP, [RECEIVE, hex('308400000010 020101 618400000007 0a0100 0400 0400')]],
  ['ldap refuses', LDAP, [RECEIVE, hex('300c 020101 6107 0a0131 0400 0400')]],
  ['ldap answers something else', LDAP, [RECEIVE, hex('300c 020101 6507 0a0100 0400 0400')]],
  ['ldap answers another message', LDAP, [RECEIVE, hex('300c 020100 6107 0a0100 0400 0400')]],
  ['ldap is silent', LDAP, [RECEIVE]],
  ['ldap closes', LDAP, [RECEIVE, CLOSE]],
  ['ldap cuts its answer', LDAP, [RECEIVE, hex('300c020101'), CLOSE]],
  ['ldap hangs in its answer', LDAP, [RECEIVE, hex('300c020101')]],
  ['ldap is something else', LDAP, [RECEIVE, garbage, CLOSE]],
  ['tls greets', TLS, [RECEIVE, hex('160300004a 02000046 0300')]],
  ['tls alerts', TLS, [RECEIVE, hex('1503000002 0246'), CLOSE]],
  ['tls is something else', TLS, [RECEIVE, 'HTTP/1.1 400 Bad Request\r\n\r\n', CLOSE]],
  ['tls is something else that hangs', TLS, [RECEIVE, 'garbage']],
  ['tls is silent', TLS, [RECEIVE]],
  ['tls closes', TLS, [RECEIVE, CLOSE]],
  ['tls resets', TLS, [RECEIVE, RESET]],
  ['spop', SPOP, [RECEIVE, frame(101, HELLO)]],
  ['spop of another version', SPOP, [RECEIVE, frame(101, { ...HELLO, version: '1.0' })]],
  ['spop with small frames', SPOP, [RECEIVE, frame(101, { ...HELLO, 'max-frame-size': 100 })]],
  ['spop with big frames', SPOP, [RECEIVE, frame(101, { ...HELLO, 'max-frame-size': 100_000 })]],
  ['spop without version', SPOP, [RECEIVE, frame(101, { 'max-frame-size': 16_380 })]],
  ['spop without size', SPOP, [RECEIVE, frame(101, { version: '2.0' })]],
  ['spop in fragments', SPOP, [RECEIVE, frame(101, HELLO, 0)]],
  ['spop leaves', SPOP, [RECEIVE, frame(102, { 'status-code': 4, message: 'x' }), CLOSE]],
  ['spop leaves for no reason', SPOP, [RECEIVE, frame(102, { 'status-code': 99, message: 'x' }), CLOSE]],
  ['spop acknowledges', SPOP, [RECEIVE, frame(103, HELLO)]],
  ['spop is silent', SPOP, [RECEIVE]],
  ['spop closes', SPOP, [RECEIVE, CLOSE]],
  // A frame that is cut is not compared: HAProxy reads on in what its buffer held before, so its finding differs by run.
  ['spop is something else', SPOP, [RECEIVE, garbage, CLOSE]],
];

const CASES: readonly CheckCase[] = SCRIPTS.map(([name, rules, steps]) => ({
  name,
  rules,
  // What is sent is our own: logins name the plugin, sessions are ended, the client hello is of this decade.
  serve: (socket) => follow(socket, steps),
}));

test('protocol checks find what HAProxy finds', { skip, timeout: 90_000 }, async () => {
  const { ours, theirs } = await compareFindings(CASES);
  assert.deepEqual(short(CASES, ours), short(CASES, theirs));
});

function short(cases: readonly CheckCase[], findings: ReadonlyMap<string, Finding>): string[] {
  return cases.map(({ name }) => {
    const { status, code, text } = findings.get(name)!;
    return `${name}: ${status} ${code} ${text}`;
  });
}

/** Sends one byte after the other, with a pause between them. */
function drip(socket: Socket, bytes: Buffer, pauseMs: number): void {
  let at = 0;
  const timer = setInterval(() => {
    socket.write(bytes.subarray(at, ++at));
    if (at === bytes.length) clearInterval(timer);
  }, pauseMs);
  socket.on('close', () => clearInterval(timer)).on('error', () => undefined);
}

/** What a good server says first. */
const FIRST_WORDS: readonly (readonly [rules: readonly string[], words: Buffer])[] = [
  [NO_USER, GREETING],
  [PGSQL, hex('52 0000000c 00000005 01020304')],
  [REDIS, Buffer.from('+PONG\r\n')],
  [SMTP, Buffer.from('554 No SMTP service here\r\n')],
  [LDAP, hex('300c 020101 6107 0a0100 0400 0400')],
  [TLS, hex('160300004a 02000046 0300')],
  [SPOP, frame(101, HELLO)],
];

test(
  'a server that says a byte at a time is understood, or has failed in time',
  { skip, timeout: 90_000 },
  async () => {
    const cases: CheckCase[] = FIRST_WORDS.flatMap(([rules, words]) => [
      // A reply in bytes is one of the few that HAProxy judges before it is whole.
      ...(rules === SMTP ? [] : [{ name: `${rules[1]}, quickly`, rules, serve: (s: Socket) => drip(s, words, 1) }]),
      { name: `${rules[1]}, slowly`, rules, serve: (s: Socket) => drip(s, words, CHECK_LIMIT_MS * 0.6) },
    ]);
    const { ours, theirs } = await compareFindings(cases);
    assert.deepEqual(short(cases, ours), short(cases, theirs));
    for (const { name } of cases)
      if (name.endsWith('slowly')) assert.match(ours.get(name)!.status, /^L[67]TOUT$/, name);
  },
);

const AGENT_COLUMNS = [
  'status',
  'weight',
  'slim',
  'agent_status',
  'agent_code',
  'agent_desc',
  'last_agt',
  'agent_health',
];

/** What agents say, and how they may leave it. */
const REPLIES: readonly (readonly [reply: string, ...end: readonly Step[]])[] = [
  ...[
    'up\n',
    'UP\r\n',
    ' up\n',
    'up\nsecond line\n',
    'ready\n',
    'ready up\n',
    'drain\n',
    'drain ready\n',
    'maint\n',
    'down\n',
    'down # the reason, "here"\n',
    'down,#x\n',
    'down#reason\n',
    'fail\n',
    'fail garbage #x\n',
    'stopped # by hand\n',
    'stop\n',
    'up down\n',
    'down up\n',
    '50%\n',
    '0%\n',
    '200%\n',
    '3000%\n',
    '75%,up\n',
    'up\t33%\tready\n',
    '5% 7%\n',
    '5\n',
    '75 %\n',
    'x75%\n',
    '1.5%\n',
    '-5%\n',
    'maxconn:30\n',
    'maxconn:0 up\n',
    'maxconn:abc\n',
    'maxconn:30x up\n',
    'garbage\n',
    'up garbage\n',
    'down garbage\n',
    'garbage #x\n',
    'up # fine\n',
    'up garbage # fine\n',
    'up maxconn:x 1.5%\n',
    `up # ${'d'.repeat(300)}\n`,
    '#only\n',
    '\n',
    '\r\n',
  ].map((reply) => [reply, CLOSE] as const),
  ['up', CLOSE],
  ['', CLOSE],
  [''],
  ['down'],
  ['x'.repeat(20_000)],
];

async function agentFindings(program: string | undefined): Promise<string[]> {
  await using stack = new AsyncDisposableStack();
  const [port, closed] = await freePorts(2);
  let sections = '';
  for (const [index, [reply, ...end]] of REPLIES.entries()) {
    const agent = await RawServer.start((socket) => follow(socket, reply === '' ? end : [reply, ...end]));
    stack.defer(async () => await agent.stop());
    sections += `backend b${index}\n  server s 127.0.0.1:${closed} weight 10 agent-check agent-port ${agent.port} agent-inter ${CHECK_LIMIT_MS}ms\n`;
  }
  const daemon = stack.use(
    await Daemon.start(
      `global
  stats socket FOLDER/admin.sock level admin
  max-spread-checks 1ms
defaults
  mode tcp
  timeout connect 2s
  timeout client 2s
  timeout server 2s
listen alive
  bind 127.0.0.1:${port}
${sections}`,
      { port, ...(program === undefined ? {} : { program }) },
    ),
  );
  const findings = new Map<string, string>();
  await until(
    'every agent was asked',
    async () => {
      for (const row of await daemon.statistics()) {
        const status = row['agent_status'] ?? '';
        // The last words are gone while the next question is under way.
        if (row['svname'] !== 's' || status === 'INI' || status.startsWith('*') || findings.has(row['pxname']))
          continue;
        findings.set(row['pxname'], AGENT_COLUMNS.map((column) => `${column}=${row[column]}`).join(' '));
      }
      return findings.size === REPLIES.length;
    },
    40_000,
  );
  return REPLIES.map(([reply], index) => `${JSON.stringify(reply.slice(0, 40))}: ${findings.get(`b${index}`)}`);
}

test('agents are understood as HAProxy understands them', { skip, timeout: 90_000 }, async () => {
  const [ours, theirs] = await Promise.all([agentFindings(undefined), agentFindings('/usr/sbin/haproxy')]);
  assert.deepEqual(ours, theirs);
});

/** Answers of an agent one after the other, and the state that each leads to. */
const STORY: readonly (readonly [answer: string, status: RegExp])[] = [
  ['up\n', /^UP/],
  ['down # broken\n', /^DOWN \(agent\)/],
  ['fail # still\n', /^DOWN \(agent\)/],
  ['up # mended\n', /^UP/],
  ['drain\n', /^DRAIN/],
  ['ready 50%\n', /^UP/],
  ['maint\n', /^MAINT/],
  ['ready up\n', /^UP/],
  ['0%\n', /^UP|^DRAIN/],
  ['100%\n', /^UP/],
  ['stopped\n', /^DOWN \(agent\)/],
];

/** The lines that a program prints about the server while its agent tells the story. */
async function agentLines(program: string | undefined, options: string): Promise<string[]> {
  let answer = STORY[0][0];
  /** Times that the present answer was given. */
  let given = 0;
  await using agent = await RawServer.start((socket) => {
    given++;
    follow(socket, [answer, CLOSE]);
  });
  await using server = await RawServer.start((socket) => void socket.on('data', () => undefined));
  const [port] = await freePorts(1);
  await using daemon = await Daemon.start(
    `global
  stats socket FOLDER/admin.sock level admin
  max-spread-checks 1ms
defaults
  mode tcp
  timeout connect 10s
  timeout check 10s
  timeout client 2s
  timeout server 2s
listen alive
  bind 127.0.0.1:${port}
backend b
  ${options}
  server s 127.0.0.1:${server.port} check inter 1h agent-check agent-port ${agent.port} agent-inter 50ms
`,
    { port, ...(program === undefined ? {} : { program }) },
  );
  await until('the server was checked', async () => (await daemon.statistic('b', 's', 'check_status')) === 'L4OK');
  for (const [next, status] of STORY) {
    answer = next;
    given = 0;
    // Who asks anew has taken the answer before.
    await until(
      `the agent was heard saying ${next.trim()}`,
      async () => given > 1 && status.test(await daemon.statistic('b', 's', 'status')),
    );
  }
  const lines = (): string[] =>
    daemon.output.split('\n').filter((line) => / (?:Server|Agent check|backend) /.test(line));
  await until('the last is told', () => lines().at(-1)?.includes('has no server available') === true);
  return lines().map((line) => line.replace(/^\[(\w+)\] *\(\d+\)/, '$1').replace(/duration: \d+ms/, 'duration: _'));
}

for (const [name, options] of [
  ["the lines about what agents do are HAProxy's", ''],
  ['with option log-health-checks too', 'option log-health-checks'],
]) {
  test(name, { skip, timeout: 90_000 }, async () => {
    assert.deepEqual(await agentLines(undefined, options), await agentLines('/usr/sbin/haproxy', options));
  });
}
