// The protocols of one kind of server each, without I/O: what is sent, and what every answer is found to be: whole, byte by
// byte, and cut at every byte. Findings as HAProxy 2.6.12 shows them for the same bytes (test/system/check-protocols compares
// the programs).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CheckSubject, Conversation, Protocol } from '../conversation.ts';
import { agentProtocol } from './agent.ts';
import { externalProtocol } from './external.ts';
import { ldapProtocol } from './ldap.ts';
import { mysqlProtocol } from './mysql.ts';
import { pgsqlProtocol } from './pgsql.ts';
import { pingProtocol } from './ping.ts';
import { redisProtocol } from './redis.ts';
import { smtpProtocol } from './smtp.ts';
import { spopProtocol } from './spop.ts';
import { sslHelloProtocol } from './ssl-hello.ts';

const subject: CheckSubject = {
  backend: { name: 'be', id: 3, defaultBackend: undefined, frontendConnections: 0, backendConnections: 0 },
  server: { name: 's1', id: 2, connections: 5, address: undefined, port: 8080 },
  line: { address: '192.0.2.1', port: 8080, maxconn: 7 },
  connection: { address: { host: '192.0.2.9', port: 80 }, sendProxy: false, socks4: undefined },
  socks4: undefined,
  stateText: () => '',
} as unknown as CheckSubject;

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const bytes = (text: string | Buffer): Buffer => (typeof text === 'string' ? Buffer.from(text, 'latin1') : text);

/** What the server does: sends that, waits for us to have sent something ('RECV'), closes ('CLOSE'). */
type Script = readonly (string | Buffer)[];

/** Runs a script; `cut` says how each piece arrives. The finding, or how it goes on waiting. */
function converse(protocol: Protocol, script: Script, cut: (piece: Buffer) => readonly Buffer[]): string {
  const conversation = protocol.begin(subject);
  let sent = 0;
  const feed = (input: Parameters<Conversation['handle']>[0]): string | undefined => {
    for (const effect of conversation.handle(input)) {
      if (effect.type === 'send') sent += effect.bytes.length;
      if (effect.type === 'found') return `${effect.status} ${effect.code} "${effect.info}"`;
    }
    return undefined;
  };
  let finding = feed({ type: 'connected' });
  for (const piece of script) {
    if (finding !== undefined) return finding;
    if (piece === 'RECV') {
      assert.ok(sent > 0, 'nothing was sent where the server waits');
      sent = 0;
    } else if (piece === 'CLOSE') finding = feed({ type: 'end' });
    else for (const part of cut(bytes(piece))) finding ??= feed({ type: 'data', bytes: part });
  }
  return finding ?? `waits for ${conversation.timeoutStatus}`;
}

const whole = (piece: Buffer): readonly Buffer[] => [piece];
const byByte = (piece: Buffer): readonly Buffer[] => Array.from(piece, (byte) => Buffer.from([byte]));

function packet(sequence: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUIntLE(payload.length, 0, 3);
  head[3] = sequence;
  return Buffer.concat([head, payload]);
}

const GREETING = packet(0, Buffer.concat([hex('0a'), Buffer.from('5.5.5-10.11.4-MariaDB\0'), Buffer.alloc(60, 1)]));
const OK = packet(2, hex('00000002000000'));
const DENIED = packet(2, Buffer.concat([hex('ff1504'), Buffer.from('#28000Access denied')]));
const BLOCKED = packet(0, Buffer.concat([hex('ff6a04'), Buffer.from("Host 'x' is not allowed")]));
const SWITCH = packet(2, Buffer.concat([hex('fe'), Buffer.from('caching_sha2_password\0'), Buffer.alloc(21, 65)]));

const withUser = mysqlProtocol({ user: 'check', version: 'post-41' });
const oldUser = mysqlProtocol({ user: 'check', version: 'pre-41' });
const noUser = mysqlProtocol({ user: undefined, version: 'post-41' });
const pgsql = pgsqlProtocol('check');
const smtp = smtpProtocol('EHLO example.com');

const CASES: readonly (readonly [name: string, protocol: Protocol, script: Script, finding: string])[] = [
  ['mysql', withUser, [GREETING, 'RECV', OK], 'L7OK 0 ""'],
  ['mysql pre-41', oldUser, [GREETING, 'RECV', OK], 'L7OK 0 ""'],
  ['mysql denied', withUser, [GREETING, 'RECV', DENIED], 'L7STS 1045 "#28000Access denied"'],
  ['mysql blocked', withUser, [BLOCKED], `L7STS 1130 "Host 'x' is not allowed"`],
  ['mysql other plugin', withUser, [GREETING, 'RECV', SWITCH, 'RECV', OK], 'L7OK 0 ""'],
  [
    'mysql other plugin, then denied',
    withUser,
    [GREETING, 'RECV', SWITCH, 'RECV', DENIED],
    'L7STS 1045 "#28000Access denied"',
  ],
  ['mysql other plugin, then closed', withUser, [GREETING, 'RECV', SWITCH, 'RECV', 'CLOSE'], 'L7OK 0 ""'],
  ['mysql closed at once', withUser, ['CLOSE'], 'L7RSP -1 "TCPCHK got an empty response at step 3"'],
  ['mysql closed after its greeting', withUser, [GREETING, 'RECV', 'CLOSE'], 'L7RSP -1 ""'],
  ['mysql something else', withUser, ['SSH-2.0-x\r\n', 'CLOSE'], 'L7RSP -1 ""'],
  ['mysql silent', withUser, [], 'waits for L7TOUT'],
  ['mysql without user, nobody denied', noUser, [GREETING, 'RECV', DENIED], 'L7OK 0 ""'],
  ['mysql without user, nobody let in', noUser, [GREETING, 'RECV', OK], 'L7OK 0 ""'],
  ['mysql without user, nobody asked for more', noUser, [GREETING, 'RECV', SWITCH, 'RECV', DENIED], 'L7OK 0 ""'],
  ['mysql without user, closed after the greeting', noUser, [GREETING, 'RECV', 'CLOSE'], 'L7OK 0 ""'],
  ['mysql without user, blocked', noUser, [BLOCKED], `L7STS 1130 "Host 'x' is not allowed"`],
  ['mysql without user, closed', noUser, ['CLOSE'], 'L7RSP -1 "TCPCHK got an empty response at step 2"'],
  ['mysql without user, cut', noUser, [GREETING.subarray(0, 30), 'CLOSE'], 'L7RSP -1 ""'],
  ['pgsql md5', pgsql, ['RECV', hex('52 0000000c 00000005 01020304')], 'L7OK 0 "PostgreSQL server is ok"'],
  ['pgsql trust', pgsql, ['RECV', hex('52 00000008 00000000')], 'L7OK 0 "PostgreSQL server is ok"'],
  ['pgsql sasl', pgsql, ['RECV', hex('52 00000017 0000000a'), 'SCRAM-SHA-256\0\0'], 'L7OK 0 "PostgreSQL server is ok"'],
  ['pgsql unknown request', pgsql, ['RECV', hex('52 00000008 00000001')], 'L7STS 0 "PostgreSQL unknown error"'],
  ['pgsql garbage', pgsql, ['RECV', 'HTTP/1.1 400 Bad'], 'L7STS 0 "PostgreSQL unknown error"'],
  ['pgsql cut', pgsql, ['RECV', hex('52 000000'), 'CLOSE'], 'L7STS 0 "PostgreSQL unknown error"'],
  ['pgsql closed', pgsql, ['RECV', 'CLOSE'], 'L7RSP -1 "TCPCHK got an empty response at step 3"'],
  ['pgsql N', pgsql, ['RECV', 'N'], 'waits for L7TOUT'],
  ['redis', redisProtocol, ['RECV', '+PONG\r\n'], 'L7OK 0 "Redis server is ok"'],
  ['redis wants a password', redisProtocol, ['RECV', '-NOAUTH Authentication required.\r\n'], 'waits for L7TOUT'],
  ['redis loads', redisProtocol, ['RECV', '-LOADING it\r\nx', 'CLOSE'], 'L7STS 0 "-LOADING it"'],
  ['redis closed', redisProtocol, ['RECV', 'CLOSE'], 'L7STS 0 "TCPCHK got an empty response at step 2"'],
  ['redis floods', redisProtocol, ['RECV', 'x\r\n'.repeat(10_000)], 'L7STS 0 "x"'],
  ['smtp', smtp, ['220 mail\r\n', 'RECV', '250-mail\r\n250 HELP\r\n', 'RECV', '221 bye\r\n'], 'L7OK 221 "bye"'],
  ['smtp refuses', smtp, ['554 No SMTP service\r\n', 'CLOSE'], 'L7STS 554 "No SMTP service"'],
  ['smtp is something else', smtp, ['hello there\r\n'], 'L7RSP -1 "hell'],
  ['smtp greeting cut', smtp, ['220', 'CLOSE'], 'L7RSP -1 "220"'],
  ['smtp closed', smtp, ['CLOSE'], 'L7RSP -1 "TCPCHK got an empty response at step 2"'],
  ['smtp refuses the name', smtp, ['220 m\r\n', 'RECV', '501 Syntax\r\n', 'CLOSE'], 'L7STS 501 "Syntax"'],
  ['smtp refuses the name and stays', smtp, ['220 m\r\n', 'RECV', '501 Syntax\r\n'], 'waits for L7TOUT'],
  ['smtp never ends its answer', smtp, ['220 m\r\n', 'RECV', '250-a\r\n250-b\r\n'], 'waits for L7TOUT'],
  [
    'smtp leaves without a word',
    smtp,
    ['220 m\r\n', 'RECV', 'CLOSE'],
    'L7STS 0 "TCPCHK got an empty response at step 5"',
  ],
  [
    'smtp leaves before QUIT is answered',
    smtp,
    ['220 m\r\n', 'RECV', '250 ok\r\n', 'RECV', 'CLOSE'],
    'L7STS 0 "TCPCHK got an empty response at step 7"',
  ],
  ['smtp answers ahead of the question', smtp, ['220 m\r\n', 'RECV'], 'waits for L7TOUT'],
  ['ldap', ldapProtocol, ['RECV', hex('300c 020101 6107 0a0100 0400 0400')], 'L7OK 0 ""'],
  ['ldap long lengths', ldapProtocol, ['RECV', hex('308400000010 020101 618400000007 0a0100 0400 0400')], 'L7OK 0 ""'],
  [
    'ldap refuses',
    ldapProtocol,
    ['RECV', hex('300c 020101 6107 0a0131 0400 0400')],
    'L7STS 49 "See RFC: http://tools.ietf.org/html/rfc4511#section-4.1.9"',
  ],
  [
    'ldap other answer',
    ldapProtocol,
    ['RECV', hex('300c 020101 6507 0a0100 0400 0400')],
    'L7RSP -1 "Not LDAPv3 protocol"',
  ],
  [
    'ldap other number',
    ldapProtocol,
    ['RECV', hex('300c 020100 6107 0a0100 0400 0400')],
    'L7RSP -1 "Not LDAPv3 protocol"',
  ],
  ['ldap garbage', ldapProtocol, ['RECV', 'HTTP/1.1 400 Bad Request\r\n'], 'L7RSP -1 "Not LDAPv3 protocol"'],
  ['ldap cut', ldapProtocol, ['RECV', hex('300c0201'), 'CLOSE'], 'L7RSP -1 ""'],
  ['ldap closed', ldapProtocol, ['RECV', 'CLOSE'], 'L7RSP -1 "TCPCHK got an empty response at step 2"'],
  ['tls hello', sslHelloProtocol, ['RECV', hex('160303004a 02')], 'L6OK -1 ""'],
  ['tls alert', sslHelloProtocol, ['RECV', hex('15030000020246'), 'CLOSE'], 'L6OK -1 ""'],
  ['tls something else', sslHelloProtocol, ['RECV', 'HTTP/1.1 400'], 'L6RSP -1 ""'],
  ['tls silent', sslHelloProtocol, ['RECV'], 'waits for L6TOUT'],
  ['tls closed', sslHelloProtocol, ['RECV', 'CLOSE'], 'L6RSP -1 "TCPCHK got an empty response at step 2"'],
  ['agent', agentProtocol(''), ['up 75%\r\n'], 'CHECKED -1 "up 75%"'],
  ['agent with a greeting', agentProtocol('be\n'), ['RECV', 'up\n'], 'CHECKED -1 "up"'],
  ['agent that says no more than its line', agentProtocol(''), ['up\nmore\n'], 'CHECKED -1 "up"'],
  ['agent without an end of line', agentProtocol(''), ['up', 'CLOSE'], 'waits for L7TOUT'],
  ['agent without end', agentProtocol(''), ['x'.repeat(20_000)], 'waits for L7TOUT'],
  ['agent closed', agentProtocol(''), ['CLOSE'], 'L7RSP -1 "TCPCHK got an empty response at step 2"'],
];

/** Where less than the whole line decides, the words that were there by then are told. */
const TELLS_WHAT_IT_HAS = /"(?!.*")[^"]*$/;

for (const [name, protocol, script, finding] of CASES) {
  test(`${name}: ${finding}, whole and byte by byte`, () => {
    for (const cut of [whole, byByte]) {
      const result = converse(protocol, script, cut);
      if (TELLS_WHAT_IT_HAS.test(finding) && cut === byByte) {
        assert.equal(result.split('"')[0], finding.split('"')[0]);
      } else assert.ok(result.startsWith(finding), `${result}, expected ${finding}`);
    }
  });
}

test('an answer that is cut at any byte, or garbage, ends in a finding when the server closes', () => {
  const statuses = /^(?:L6OK|L6RSP|L7OK|L7RSP|L7STS|CHECKED|waits for) /;
  for (const [, protocol, script] of CASES) {
    if (protocol === agentProtocol('')) continue;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        assert.match(converse(protocol, [Buffer.from(noise), 'CLOSE'], whole), statuses);
      }),
      { numRuns: 20 },
    );
    for (const piece of script) {
      if (piece === 'RECV' || piece === 'CLOSE') continue;
      const all = bytes(piece);
      for (let at = 0; at < Math.min(all.length, 100); at++) {
        const before = script.slice(0, script.indexOf(piece));
        assert.match(converse(protocol, [...before, all.subarray(0, at), 'CLOSE'], whole), statuses);
      }
    }
  }
});

test('sessions that were opened are ended in order: QUIT, Terminate, Unbind', () => {
  const last = (protocol: Protocol, script: Script): string | undefined => {
    const conversation = protocol.begin(subject);
    let sent: string | undefined;
    const feed = (input: Parameters<Conversation['handle']>[0]): void => {
      for (const effect of conversation.handle(input)) if (effect.type === 'send') sent = effect.bytes.toString('hex');
    };
    feed({ type: 'connected' });
    for (const piece of script) feed({ type: 'data', bytes: bytes(piece) });
    return sent;
  };
  assert.equal(last(withUser, [GREETING, OK]), '0100000001');
  assert.equal(last(pgsql, [hex('52 00000008 00000000')]), '5800000004');
  assert.equal(last(ldapProtocol, [hex('300c 020101 6107 0a0100 0400 0400')]), '30050201024200');
});

test('the login of a MySQL check names the user and an empty password, in both forms', () => {
  const login = (protocol: Protocol): Buffer => {
    const conversation = protocol.begin(subject);
    conversation.handle({ type: 'connected' });
    const [effect] = conversation.handle({ type: 'data', bytes: GREETING });
    assert.equal(effect.type, 'send');
    return effect.type === 'send' ? effect.bytes : Buffer.alloc(0);
  };
  const now = login(withUser);
  assert.equal(now.readUIntLE(0, 3), now.length - 4);
  assert.equal(now[3], 1);
  assert.match(now.toString('latin1', 36), /^check\0\0mysql_native_password\0$/);
  assert.equal(login(oldUser).toString('latin1', 9), 'check\0\0');
});

test('the client hello is one record that holds one handshake message', () => {
  const [hello] = sslHelloProtocol.begin(subject).handle({ type: 'connected' });
  assert.ok(hello.type === 'send');
  assert.deepEqual([...hello.bytes.subarray(0, 3)], [0x16, 3, 0]);
  assert.equal(hello.bytes.readUInt16BE(3), hello.bytes.length - 5);
  assert.equal(hello.bytes[5], 1);
  assert.equal(hello.bytes.readUIntBE(6, 3), hello.bytes.length - 9);
});

const string = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
const value = (name: string, typed: Buffer): Buffer => Buffer.concat([string(name), typed]);
const version = (text: string): Buffer => value('version', Buffer.concat([Buffer.from([8]), string(text)]));
const frameSize = (encoded: string): Buffer => value('max-frame-size', hex(`03${encoded}`));
const status = (code: number): Buffer => value('status-code', Buffer.from([3, code]));

function frame(type: number, values: readonly Buffer[], flags = 1): Buffer {
  const body = Buffer.concat([Buffer.from([type, 0, 0, 0, flags, 0, 0]), ...values]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

const SPOP: readonly (readonly [name: string, answer: Buffer, finding: string])[] = [
  ['hello', frame(101, [version('2.0'), frameSize('fcf006')]), 'L7OK 0 ""'],
  ['an older version', frame(101, [version('1.0'), frameSize('fcf006')]), 'L7RSP -1 "unsupported version"'],
  ['frames too small', frame(101, [version('2.0'), frameSize('64')]), 'L7RSP -1 "max-frame-size too big or too small"'],
  [
    'frames too big',
    frame(101, [version('2.0'), frameSize('f0f0ff01')]),
    'L7RSP -1 "max-frame-size too big or too small"',
  ],
  ['no version', frame(101, [frameSize('fcf006')]), 'L7RSP -1 "version value not found"'],
  ['no size', frame(101, [version('2.0')]), 'L7RSP -1 "max-frame-size value not found"'],
  ['fragments', frame(101, [version('2.0')], 0), 'L7RSP -1 "fragmentation not supported"'],
  ['disconnect', frame(102, [status(4)]), 'L7RSP -1 "invalid frame received"'],
  ['disconnect, normal', frame(102, [status(0)]), 'L7RSP -1 "normal"'],
  ['disconnect, unknown', frame(102, [status(99)]), 'L7RSP -1 "an unknown error occurred"'],
  ['ack', frame(103, [version('2.0')]), 'L7RSP -1 "invalid frame received"'],
  ['a cut list', frame(101, [version('2.0').subarray(0, 9)]), 'L7RSP -1 "invalid frame received"'],
  ['nothing', hex('00000000'), 'L7RSP -1 "invalid frame received"'],
];

for (const [name, answer, finding] of SPOP) {
  test(`an agent of streams that answers with ${name}: ${finding}`, () => {
    for (const cut of [whole, byByte]) assert.equal(converse(spopProtocol, ['RECV', answer], cut), finding);
    for (let at = 1; at < answer.length; at++) {
      const result = converse(spopProtocol, ['RECV', answer.subarray(0, at), 'CLOSE'], whole);
      assert.equal(result, 'L7RSP -1 "invalid frame received"');
    }
  });
}

test('an external check is told what the manual lists, and nothing else', () => {
  const protocol = externalProtocol({
    command: '/bin/true',
    path: '/usr/bin',
    serverProtocol: 'h1',
    listener: { address: '', port: '' },
  });
  const [effect] = protocol.begin(subject).start?.() ?? [];
  assert.ok(effect.type === 'execute');
  assert.deepEqual(effect.call.arguments, ['NOT_USED', 'NOT_USED', '192.0.2.1', '8080']);
  assert.deepEqual(effect.call.environment, {
    PATH: '/usr/bin',
    HAPROXY_PROXY_NAME: 'be',
    HAPROXY_PROXY_ID: '3',
    HAPROXY_PROXY_ADDR: '',
    HAPROXY_PROXY_PORT: '',
    HAPROXY_SERVER_NAME: 's1',
    HAPROXY_SERVER_ID: '2',
    HAPROXY_SERVER_ADDR: '192.0.2.1',
    HAPROXY_SERVER_PORT: '8080',
    HAPROXY_SERVER_MAXCONN: '7',
    HAPROXY_SERVER_CURCONN: '5',
    HAPROXY_SERVER_PROTO: 'h1',
    HAPROXY_SERVER_SSL: '0',
  });
});

test('how a program ends is the finding', () => {
  const external = externalProtocol({
    command: '/x',
    path: '',
    serverProtocol: 'tcp',
    listener: { address: '', port: '' },
  });
  const judge = (
    protocol: Protocol,
    exit: Extract<Parameters<Conversation['handle']>[0], { type: 'exited' }>['exit'],
  ): string => {
    const [effect] = protocol.begin(subject).handle({ type: 'exited', exit });
    return effect.type === 'found' ? `${effect.status} ${effect.code} "${effect.info}"` : effect.type;
  };
  assert.equal(judge(external, { type: 'status', status: 0, output: '' }), 'PROCOK 0 ""');
  assert.equal(judge(external, { type: 'status', status: 3, output: '' }), 'PROCERR 3 ""');
  assert.equal(judge(external, { type: 'signal', signal: 'SIGKILL' }), 'PROCERR 137 "killed by SIGKILL"');
  assert.equal(
    judge(external, { type: 'failure', code: 'ENOENT' }),
    'PROCERR 255 "cannot run /x: No such file or directory"',
  );
  assert.equal(judge(pingProtocol, { type: 'status', status: 0, output: '' }), 'L4OK -1 ""');
  assert.equal(
    judge(pingProtocol, {
      type: 'status',
      status: 1,
      output: 'From 192.0.2.1 icmp_seq=1 Destination Host Unreachable\n',
    }),
    'L4CON -1 "Destination Host Unreachable"',
  );
  assert.equal(
    judge(pingProtocol, { type: 'status', status: 2, output: 'ping: connect: Network is unreachable\n' }),
    'SOCKERR -1 "connect: Network is unreachable"',
  );
  assert.equal(
    judge(pingProtocol, { type: 'failure', code: 'ENOENT' }),
    'SOCKERR -1 "cannot run ping: No such file or directory"',
  );
});
