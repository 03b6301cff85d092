// What an agent's answers do to a server (manual 5.2 "agent-check"; management manual 9.3 "disable agent"): over shared memory,
// without sockets. Words and states as HAProxy 2.6.12 showed them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Server as ServerConfig } from '@evenkeel/config';
import { SegmentOwner, ServerState, Tickets } from '@evenkeel/shm';
import { agentFields, statusText } from '../display.ts';
import type { MonitoredBackend, MonitoredServer } from '../monitored.ts';
import { WatchedServer, type ServerWatch } from '../watched-server.ts';

interface Stage {
  readonly watched: WatchedServer;
  readonly state: ServerState;
  readonly lines: string[];
  /** The agent answered with that line. */
  readonly say: (line: string) => void;
  readonly status: () => string;
}

function stage(changes: Partial<MonitoredBackend> = {}, config: Partial<ServerConfig> = {}): Stage {
  const owner = new SegmentOwner({ maxThreads: 2, ticketsPerThread: 16 });
  const server: MonitoredServer = {
    slot: owner.allocate('server', 'b/s'),
    host: '127.0.0.1',
    config: {
      name: 's',
      address: { kind: 'inet', host: '127.0.0.1', family: 4, port: { first: 80, last: 80, relative: false } },
      weight: 10,
      backup: false,
      disabled: false,
      check: true,
      agentCheck: true,
      rise: 2,
      fall: 3,
      ...config,
    } as unknown as ServerConfig,
  };
  const backend = {
    name: 'b',
    id: 1,
    slot: owner.allocate('backend', 'b'),
    hasDynamicWeights: true,
    options: { logHealthChecks: false, persist: false },
    servers: [server],
    ...changes,
  } as unknown as MonitoredBackend;
  const lines: string[] = [];
  const watch: ServerWatch = {
    tickets: new Tickets(owner.segment),
    dateNow: () => 1000,
    log: (_backend, { text }) => void lines.push(text),
    countEligible: () => ({ active: watched.isEligible ? 1 : 0, backup: 0 }),
    shiftEligible() {},
    markBackend: () => undefined,
    publish: () => undefined,
    later: () => undefined,
    hurryChecks: () => undefined,
    restOrResume: () => undefined,
  };
  const watched: WatchedServer = new WatchedServer(watch, backend, server);
  const state = new ServerState(owner.segment, server.slot);
  return {
    watched,
    state,
    lines,
    say: (line) => watched.agent.take({ status: 'CHECKED', code: -1, info: line, durationMs: 1 }),
    status: () => statusText(watched.view()),
  };
}

test('an agent that was not asked yet knows nothing', () => {
  const { watched } = stage();
  assert.deepEqual(agentFields(watched.view()), {
    agent_status: 'INI',
    agent_code: '',
    agent_duration: '',
    agent_desc: 'Initializing',
    agent_health: '1',
    agent_rise: '1',
    agent_fall: '1',
  });
});

test('down holds the server down whatever checks find, until up', () => {
  const { watched, lines, say, status } = stage();
  say('down # broken');
  assert.equal(status(), 'DOWN (agent)');
  assert.match(
    lines[0],
    /^Server b\/s is DOWN, reason: Layer7 wrong status, code: 0, info: "via agent : down \(broken\)"/,
  );
  for (let count = 0; count < 5; count++) watched.take({ status: 'L4OK', code: -1, info: '', durationMs: 1 });
  assert.equal(status(), 'DOWN (agent)');
  say('up');
  assert.match(status(), /^UP/);
  assert.equal(watched.agent.lastInfo, 'via agent : up');
});

test('up does not help a server whose checks fail', () => {
  const { watched, say, status } = stage();
  for (let count = 0; count < 3; count++) watched.take({ status: 'L4CON', code: -1, info: '', durationMs: 1 });
  say('down');
  say('up');
  assert.equal(status(), 'DOWN');
});

test('an agent that cannot be reached, or says nothing, changes nothing', () => {
  const { watched, lines, say, status } = stage();
  for (const result of ['L4CON', 'L4TOUT', 'SOCKERR', 'L7TOUT', 'L7RSP'] as const)
    watched.agent.take({ status: result, code: -1, info: 'x', durationMs: 1 });
  say('');
  say('what?');
  assert.match(status(), /^UP/);
  assert.deepEqual(lines, []);
  assert.equal(watched.agent.lastInfo, 'agent reports an error : what?');
});

test('weights and limits; a static algorithm takes all or nothing', () => {
  const { state, say } = stage();
  say('75% maxconn:30');
  assert.deepEqual([state.get('userWeight'), state.get('maxconn')], [7, 30]);
  const fixed = stage({ hasDynamicWeights: false });
  fixed.say('75%');
  assert.equal(fixed.state.get('userWeight'), 10);
  assert.match(fixed.watched.agent.lastInfo, /^agent warns : Backend is using a static LB algorithm/);
  fixed.say('0%');
  assert.equal(fixed.state.get('userWeight'), 0);
});

test('the last answer of a disabled agent changes no weight', () => {
  const { watched, state, say } = stage();
  watched.agent.pause(true);
  say('50% maxconn:3');
  assert.deepEqual([state.get('userWeight'), state.get('maxconn')], [10, 0]);
  assert.equal(agentFields(watched.view()).agent_status, '');
  watched.agent.pause(false);
  say('50%');
  assert.equal(state.get('userWeight'), 5);
});

test('administrative words; ready ends what the agent or an operator began', () => {
  const { watched, say, status } = stage();
  say('drain');
  assert.equal(status(), 'DRAIN (agent)');
  say('ready');
  assert.match(status(), /^UP/);
  watched.administer('maint');
  say('ready up');
  assert.match(status(), /^UP/);
});

test('a server whose agent is taken away is not held down for ever', () => {
  const { watched, say, status } = stage();
  say('down');
  watched.agent.forget();
  assert.match(status(), /^UP/);
});

test('set server … agent', () => {
  const { watched, lines, status } = stage();
  watched.agent.force('down');
  assert.equal(status(), 'DOWN (agent)');
  assert.match(lines[0], /^Server b\/s is DOWN, changed from CLI\./);
  watched.agent.force('up');
  assert.match(status(), /^UP/);
});
