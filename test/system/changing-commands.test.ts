/**
 * The commands of the runtime socket that change something, beside HAProxy: each program gets the same conversation, command by
 * command, good and bad input, and has to give the same answers. What differs on purpose stands in a list of its own.
 */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { converse } from '../support/conversation.ts';
import { Daemon, EVENKEEL, freePorts } from '../support/daemon.ts';
import { findProgram, missing } from '../support/programs.ts';

/** Nobody listens at the servers, and checks are too rare to be seen. */
const configuration = ([one, two, three]: readonly number[], server: number): string => `
global
    stats socket FOLDER/admin.sock level admin
    stats socket FOLDER/operator.sock level operator
    nbthread 2
    maxconn 200
defaults
    mode http
    timeout client 10s
    timeout server 10s
    timeout connect 1s
resolvers dns
    nameserver nobody 127.0.0.1:9
    hold valid 1h
frontend fe
    bind 127.0.0.1:${one} name one
    bind FOLDER/fe.sock
    id 77
    maxconn 50
    default_backend be
frontend fe2
    mode tcp
    bind 127.0.0.1:${two}
    default_backend tb
backend be
    id 88
    balance roundrobin
    server s1 127.0.0.1:${server} id 11 weight 10 check inter 1h
    server s2 127.0.0.1:${server} weight 20
    server s3 127.0.0.1:${server} track s1
    server s4 127.0.0.1:${server} agent-check agent-port 9 agent-inter 1h disabled
    server s5 srv.local:80 resolvers dns init-addr none
    server s6 FOLDER/nobody.sock
    server s7 127.0.0.1:${server} port 9 check inter 1h
backend tb
    mode tcp
    balance static-rr
    server t1 127.0.0.1:${server} weight 5
    server t2 127.0.0.1:+1000 weight 5
backend chash
    balance source
    hash-type consistent
    server c1 127.0.0.1:${server}
backend named
    use-server u1 if TRUE
    server u1 127.0.0.1:${server}
listen li
    bind 127.0.0.1:${three}
    server l1 127.0.0.1:${server}
`;

const ADDRESSES = `
set server be/s2 addr
set server be/s2 addr 127.0.0.5
set server be/s2 addr 127.0.0.5
set server be/s2 addr 127.0.0.5 port 18570
set server be/s2 addr 127.0.0.5 port 18570
set server be/s2 addr 127.0.0.6 port 18571
set server be/s2 addr nonsense
set server be/s2 addr 300.1.1.1
set server be/s2 addr ::1
set server be/s2 addr 127.0.0.6 port
set server be/s2 addr 127.0.0.6 port abc
set server be/s2 addr 127.0.0.6 port -1
set server be/s2 addr 127.0.0.6 port +1000
set server be/s2 addr 127.0.0.6 port 18571
set server be/s2 addr 127.0.0.6 foo 12
set server be/s2 addr 127.0.0.6 port 18571 more
set server be/s6 addr 127.0.0.9 port 18570
set server be/s5 addr 127.0.0.9 port 18570
set server be/s7 addr 127.0.0.7 port +100
set server be/s7 addr 127.0.0.7 port +200
set server be/s7 addr 127.0.0.7 port 80
set server be/s7 addr 127.0.0.7 port -100
set server tb/t2 addr 127.0.0.9 port 18570
set server tb/t2 addr 127.0.0.9 port -10
set server be/s1 addr localhost
set server be/s2 check-addr 127.0.0.2
set server be/s1 check-addr
set server be/s1 check-addr 127.0.0.2
set server be/s1 check-addr 127.0.0.2
set server be/s1 check-addr 127.0.0.2 port 18590
set server be/s1 check-addr nonsense
set server be/s1 check-addr 127.0.0.3 port abc
set server be/s1 check-addr 127.0.0.3 port 0
set server be/s1 check-addr 127.0.0.3 port 70000
set server be/s1 check-addr 127.0.0.3 foo 1
set server be/s1 check-port
set server be/s1 check-port 18591
set server be/s1 check-port abc
set server be/s1 check-port 0
set server be/s1 check-port 70000
set server be/s1 check-port 12x
set server be/s2 check-port 18591
set server be/s3 check-port 18591
set server be/s5 fqdn
set server be/s5 fqdn srv2.local
set server be/s5 fqdn srv2.local
set server be/s2 fqdn srv2.local
set server be/s2 ssl
set server be/s2 ssl on
`;

const AGENTS_AND_CHECKS = `
enable agent
enable agent be
enable agent be/s1
enable agent be/s4
disable agent be/s1
disable agent be/s4
enable agent be/s4
set server be/s4 agent
set server be/s4 agent up
set server be/s4 agent x
set server be/s1 agent up
set server be/s4 agent-addr
set server be/s4 agent-addr 127.0.0.2
set server be/s4 agent-addr localhost
set server be/s4 agent-addr nobody.invalid
set server be/s4 agent-addr 127.0.0.2 port
set server be/s4 agent-addr 127.0.0.2 port abc
set server be/s4 agent-addr 127.0.0.2 port 0
set server be/s4 agent-addr 127.0.0.2 port 70000
set server be/s4 agent-addr 127.0.0.2 port 9
set server be/s4 agent-addr 127.0.0.2 foo 9
set server be/s1 agent-addr 127.0.0.2
set server be/s4 agent-port
set server be/s4 agent-port abc
set server be/s4 agent-port 70000
set server be/s4 agent-port 9
set server be/s1 agent-port 9
set server be/s4 agent-send
set server be/s4 agent-send hello
set server be/s1 agent-send hello
enable health be/s2
enable health be/s1
disable health be/s2
disable health be/s1
disable health be/s3
enable health be/s3
enable health be/s1
enable health nobe/s1
enable health
set server be/s2 health
set server be/s2 health up
set server be/s2 health x
set server be/s3 health up
set server be/s2 health down
set server be/s2 health stopping
set server be/s2 health up
`;

const STATES_AND_WEIGHTS = `
set server
set server be
set server be/s2
set server be/s2 nothing
set server be/s2 maxconn 5
set server nobe/s2 weight 1
set server be/nos weight 1
set server fe/s1 weight 1
set server #88/#11 weight 1
set server #88/s1 weight 1
set server be/#11 weight 10
set server be/s2 state
set server be/s2 state x
set server be/s2 state maint
set server be/s2 state drain
set server be/s2 state ready
set server be/s2 state ready more
enable server be/s2
disable server be/s2
disable server be/s3
enable server be/s2
enable server be/s3
disable server
set server be/s2 weight
set server be/s2 weight 257
set server be/s2 weight -1
set server be/s2 weight 5x
set server be/s2 weight x5
set server be/s2 weight 1.5
set server be/s2 weight 50%
get weight be/s2
set server be/s2 weight 200%
get weight be/s2
set server be/s2 weight 5000%
get weight be/s2
set server be/s2 weight -5%
set server be/s2 weight 0
get weight be/s2
set server be/s2 weight 100%
get weight be/s2
set server tb/t1 weight 3
set server tb/t1 weight 0
set server tb/t1 weight 100%
set server tb/t1 weight 5
set server chash/c1 weight 3
get weight
get weight be
get weight be/s1
get weight be/x
get weight be/s1 more
get weight #88/#11
set weight
set weight be/s1
set weight be/s1 50%
set weight be/s1 100%
set weight be/s1 10 more
`;

const LIMITS = `
set maxconn
set maxconn frontend
set maxconn frontend fe
set maxconn frontend fe 10
set maxconn frontend #77 20
set maxconn frontend nofe 10
set maxconn frontend fe -1
set maxconn frontend fe 0
set maxconn frontend be 10
set maxconn frontend li 10
set maxconn frontend fe 100000
set maxconn global
set maxconn global 10000
set maxconn global 100
set maxconn global 0
set maxconn server
set maxconn server be/s2
set maxconn server be/s2 10
set maxconn server be/s2 abc
set maxconn server be/s2 0
set maxconn server be/s2 10x
set maxconn server nobe/s2 10
set rate-limit
set rate-limit connections
set rate-limit connections global
set rate-limit connections global -1
set rate-limit connections global 500
set rate-limit connections global 0
set rate-limit connections local 5
set rate-limit constructor global 5
set rate-limit sessions global
set rate-limit sessions global 500
set rate-limit sessions global 0
set rate-limit sessions foo 5
set rate-limit foo
set rate-limit foo global 5
`;

const STREAMS_AND_FRONTENDS = `
show servers conn nobe
show sess 0x1234
shutdown
shutdown session
shutdown session 0x12
shutdown session foo
shutdown sessions
shutdown sessions server
shutdown sessions server be
shutdown sessions server be/s2
shutdown sessions server nobe/s2
shutdown sessions foo
disable frontend
disable frontend nofe
disable frontend be
enable frontend fe
disable frontend fe
disable frontend fe
enable frontend fe
enable frontend fe
disable frontend #77
enable frontend #77
shutdown frontend
shutdown frontend nofe
shutdown frontend fe2
shutdown frontend fe2
enable frontend fe2
enable dynamic-cookie backend nobe
enable dynamic-cookie backend
set dynamic-cookie-key backend be
set dynamic-cookie-key backend nobe key
`;

const SERVERS = `
add server
add server be
add server be/d1
add server be/d1 127.0.0.1:9
add server be/d1 127.0.0.1:9
add server be/s1 127.0.0.1:9
add server nobe/d1 127.0.0.1:9
add server fe/d1 127.0.0.1:9
add server tb/d1 127.0.0.1:9
add server chash/d1 127.0.0.1:9
add server be/bad*name 127.0.0.1:9
add server be/#5 127.0.0.1:9
add server be/d2 127.0.0.1:9 wieght 3
add server be/d2 127.0.0.1:9 qqqqqqqqqq
add server be/d2 host.invalid:80
add server be/d3 127.0.0.1:9 id 99
add server be/d4 127.0.0.1:9 weight 7 maxconn 5 check inter 500ms
add server be/d5 127.0.0.1:9 track s1
add server be/d6 127.0.0.1:9 track d4
add server be/d6 127.0.0.1:9 check track s1
add server be/d6 127.0.0.1:9 slowstart 10s
add server be/d7 127.0.0.1:9 enabled
add server be/d8 127.0.0.1:9 disabled
add server be/d9 127.0.0.1 check
add server be/d10 127.0.0.1
add server be/d11 127.0.0.1:9 agent-check agent-port 9
add server be/d12 127.0.0.1:9 agent-check
add server be/d13 /nowhere/x.sock
add server be/d14 127.0.0.1:+100
add server be/d15 127.0.0.1:9 source 127.0.0.9
add server li/d1 127.0.0.1:9
add server #88/d16 127.0.0.1:9
get weight be/d4
enable health be/d1
enable health be/d4
disable health be/d4
enable agent be/d11
disable agent be/d11
set server be/d4 state ready
set server be/d4 weight 50%
get weight be/d4
del server
del server be
del server nobe/d1
del server be/nos
del server be/d4
disable server be/d4
del server be/d4
del server be/d4
add server be/d4 127.0.0.1:9 weight 9
get weight be/d4
del server be/s1
disable server be/s1
del server be/s1
disable server be/s3
del server be/s3
disable server named/u1
del server named/u1
del server be/d5
del server be/d11
disable server be/s2
del server be/s2
get weight be/s2
del server tb/t1
disable server tb/t1
del server tb/t1
`;

/** What asks, typed badly or oddly. Commands of which HAProxy knows more than this program, so that its hints differ, are left out. */
const QUESTIONS = `
show sess 0x10 x
show stat be y z
show stat 2x 1 0
show stat -5 4 1
show stat be 4 s1
show stat x y z
show stat nope 4 -1
show stat domain x
show stat domain
show stat domain proxy x 1 1
show servers state nope
show servers conn nope
show backend x
show errors nope
show env NOPE
show env NOPE=1
show cli level x
show cli sockets x
show events nope
show events nope -w
show resolvers nope
show schema xml
show fd 99999
show fd -1
show startup-logs
enable
disable
clear counters x
get weight /s1
get weight be/
set weight be/ 1
set server be/ weight 1
set maxconn server be/ 1
disable server be/
shutdown sessions server be/
add server /
add server be/
add server /d1 127.0.0.1:9
del server /d1
del server be/
add server be/q1 $HOME:9
add server be/q2 127.0.0.1:$NOPE
add server be/q5 127.0.0.1:9 # comment
add server be/q6 127.0.0.1:99999
set timeout
set timeout cli
set timeout cli 0
set timeout cli -1
set timeout cli 1x
set timeout cli 10s
set timeout cli 100d
set timeout x 1
set severity-output
set severity-output x
set rate-limit connections global +5
set rate-limit ssl-sessions
set rate-limit ssl-sessions foo 5
expert-mode x
expert-mode
experimental-mode
operator x
user x
quit x
@1 show version
 show cli level
show  cli  level
SHOW VERSION
`;

/** Below the level that they need, commands are denied whatever their arguments. */
const DENIED = `
set server be/s1 state ready
set server be/s1 addr 127.0.0.1
set maxconn frontend fe 1
set maxconn frontend
set maxconn global 5
set maxconn server be/s1 5
set rate-limit
set rate-limit connections global 5
set weight be/s1 5
enable health be/s1
disable health be/s1
enable agent be/s1
disable frontend fe
enable frontend fe
shutdown frontend fe
shutdown session 0x12
shutdown session
shutdown sessions server be/s1
add server be/x 127.0.0.1:1
del server be/x
set dynamic-cookie-key backend be x
enable dynamic-cookie backend be
get weight be/s4
`;

const commandsOf = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');

/** Which commands there are is not compared: HAProxy lists some that belong to what this program does not do. */
const known = (answer: string): string =>
  answer.replace(/^ {2}(?:set (?:map|ssl|table|profiling)|shutdown peer) .*\n/gm, '');

const TABLES: readonly (readonly [name: string, commands: string, socket: 'admin' | 'operator'])[] = [
  ['addresses of servers', ADDRESSES, 'admin'],
  ['agents and health', AGENTS_AND_CHECKS, 'admin'],
  ['states and weights', STATES_AND_WEIGHTS, 'admin'],
  ['limits', LIMITS, 'admin'],
  ['streams and frontends', STREAMS_AND_FRONTENDS, 'admin'],
  ['servers that come and go', SERVERS, 'admin'],
  ['questions', QUESTIONS, 'admin'],
  ['levels', DENIED, 'operator'],
];

async function conversation(program: string | undefined): Promise<ReadonlyMap<string, string>> {
  const ports = await freePorts(4);
  await using daemon = await Daemon.start(configuration(ports, ports[3]), {
    port: ports[0],
    ...(program === undefined ? {} : { program }),
  });
  const answers = new Map<string, string>();
  for (const [table, commands, socket] of TABLES) {
    for (const [at, command] of commandsOf(commands).entries()) {
      const answer = await converse({ path: `${daemon.folder}/${socket}.sock` }, `${command}\n`);
      answers.set(
        `${table} ${at}: ${command}`,
        known(answer.replaceAll(daemon.folder, 'FOLDER').replaceAll(String(ports[3]), 'SERVER')),
      );
    }
  }
  return answers;
}

test('answers to changing commands are HAProxy’s', { skip: missing('haproxy') }, async (t) => {
  const [theirs, ours] = await Promise.all([conversation(findProgram('haproxy')), conversation(undefined)]);
  for (const [table] of TABLES) {
    await t.test(table, () => {
      const of = (answers: ReadonlyMap<string, string>): Record<string, string> =>
        Object.fromEntries([...answers].filter(([key]) => key.startsWith(`${table} `)));
      assert.deepEqual(of(ours), of(theirs));
    });
  }
});

/** Numbers that only look like chance: the same at every run. */
function* numbers(seed: number): Generator<number> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state >>> 8;
  }
}

const WORDS = commandsOf(
  [ADDRESSES, AGENTS_AND_CHECKS, STATES_AND_WEIGHTS, LIMITS, STREAMS_AND_FRONTENDS, SERVERS].join(''),
)
  .join(' ')
  .split(' ')
  .concat([
    'be/',
    '/',
    '#',
    '#/#',
    '%',
    '-',
    '+',
    '99999999999999999999',
    '0x',
    '\u00ff',
    'all',
    '127.0.0.1:0',
    '[::1]:80',
    '::',
  ]);

test('whatever is typed is answered, and the process goes on', async () => {
  const ports = await freePorts(4);
  await using daemon = await Daemon.start(configuration(ports, ports[3]), { port: ports[0], program: EVENKEEL });
  const chance = numbers(7);
  const pick = <Item>(items: readonly Item[]): Item => items[(chance.next().value as number) % items.length];
  const starts = commandsOf(
    [ADDRESSES, AGENTS_AND_CHECKS, STATES_AND_WEIGHTS, LIMITS, STREAMS_AND_FRONTENDS, SERVERS].join(''),
  );
  for (let batch = 0; batch < 20; batch++) {
    const commands = Array.from({ length: 30 }, () => {
      const words = pick(starts).split(' ');
      const changes = (chance.next().value as number) % 4;
      for (let change = 0; change < changes; change++)
        words[(chance.next().value as number) % (words.length + 1)] = pick(WORDS);
      return words.join(' ');
    });
    const answer = await daemon.ask(commands.join(';'));
    assert.doesNotMatch(answer, /Internal error/, commands.join('\n'));
    assert.ok(daemon.running, commands.join('\n'));
  }
  assert.doesNotMatch(daemon.output, /died|was replaced/);
  assert.match(await daemon.ask('show info'), /^Nbthread: 2$/m);
});
