// How TCP streams end: for each event in each phase the log line, and what both peers see. The expectations are what HAProxy
// 2.6.12 logged and did in the same scenarios; manual, sections 8.2.2, 8.4 and 8.5.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { TestHost } from '../test-host.ts';
import { blackHole, connect, eventually, freePort, serve, type Peer, type TestServer } from '../test-sockets.ts';

interface Scenario {
  /** Lines for the defaults, the frontend, the backend; words after the server's address. */
  readonly defaults?: readonly string[];
  readonly frontend?: readonly string[];
  readonly backend?: readonly string[];
  readonly server?: string;
  /** What stands behind the server's address; a playable server where not said. */
  readonly behind?: 'server' | 'nobody' | 'black-hole' | 'no-server' | 'no-backend';
  readonly serverReads?: boolean;
  readonly play?: (server: Peer) => void;
  readonly act: (stage: Stage) => Promise<void>;
  /** `backend/server Tw/Tc Tt bytes state retries`; `-1` or `*` for times, a number for Tt is its least. Empty: no line. */
  readonly log: string;
}

interface Stage {
  readonly context: TestContext;
  readonly host: TestHost;
  readonly server: TestServer | undefined;
  client(options?: { readonly reads?: boolean }): Promise<Peer>;
}

const DEFAULTS: Readonly<Record<string, string>> = {
  'timeout client': '3s',
  'timeout server': '3s',
  'timeout connect': '3s',
  retries: '0',
};

/** Until the newest stream is in that phase. */
async function newestIs({ host }: Stage, phase: 'connect' | 'queue'): Promise<void> {
  await eventually(() => host.thread.sessions.newest?.user?.standing()?.phase === phase, `it is in phase ${phase}`);
}

/** One stream has the only place at the server. */
async function occupy({ client, server }: Stage): Promise<void> {
  (await client()).write('x');
  await (await (server as TestServer).peer(0)).until(({ text }) => text === 'x');
}

function configText(scenario: Scenario, port: number, serverPort: number): string {
  const { defaults = [], frontend = [], backend = [], behind = 'server' } = scenario;
  const preset = Object.entries(DEFAULTS).filter(([name]) => !defaults.some((line) => line.startsWith(`${name} `)));
  return [
    'defaults',
    ' mode tcp',
    ' log stdout format raw local0',
    ' option tcplog',
    ...preset.map(([name, value]) => ` ${name} ${value}`),
    ...defaults.map((line) => ` ${line}`),
    'frontend f',
    ` bind 127.0.0.1:${port}`,
    ...frontend.map((line) => ` ${line}`),
    ...(behind === 'no-backend' ? [] : [' default_backend b']),
    'backend b',
    ...backend.map((line) => ` ${line}`),
    ...(behind === 'no-server' ? [] : [` server s 127.0.0.1:${serverPort} ${scenario.server ?? ''}`]),
    '',
  ].join('\n');
}

async function run(context: TestContext, scenario: Scenario): Promise<void> {
  const { behind = 'server' } = scenario;
  const server =
    behind === 'server' ? await serve(context, scenario.play, { reads: scenario.serverReads ?? true }) : undefined;
  const serverPort = behind === 'black-hole' ? await blackHole(context) : (server?.port ?? (await freePort()));
  const port = await freePort();
  const host = new TestHost();
  context.after(() => host.stop());
  await host.apply(configText(scenario, port, serverPort));
  await scenario.act({ context, host, server, client: async (options) => await connect(context, port, options) });
  if (scenario.log === '') {
    await eventually(() => host.thread.sessions.length === 0, 'the session ends');
    assert.deepEqual(host.logs, []);
  } else {
    const [{ line }] = await host.logged(1);
    assertLine(line, scenario.log);
  }
}

function assertLine(line: string, expected: string): void {
  const [, , , name, times, bytes, state, counts] = line.split(' ');
  const [wantName, wantWait, wantTotal, wantBytes, wantState, wantRetries] = expected.split(' ');
  const [queue, connected, total] = times.split('/').map(Number);
  const where = `in '${line}'`;
  assert.equal(name, wantName, where);
  assert.equal(state, wantState, where);
  const [wantQueue, wantConnected] = wantWait.split('/');
  for (const [got, want] of [
    [queue, wantQueue],
    [connected, wantConnected],
  ] as const) {
    if (want === '-1') assert.equal(got, -1, where);
    else if (want === '*') assert.ok(got >= 0, where);
    else assert.ok(got >= Number(want), where);
  }
  assert.ok(total >= Number(wantTotal), `total time ${where}`);
  if (wantBytes !== '*') assert.equal(bytes, wantBytes, where);
  if (wantRetries !== undefined) assert.equal(counts.split('/')[4], wantRetries, where);
}

const echo = (server: Peer): void => {
  server.socket.on('data', (chunk: Buffer) => server.write(chunk));
  server.socket.on('end', () => server.end());
};
const endAtEnd = (server: Peer): void => {
  server.socket.on('end', () => server.end());
};

const scenarios: Readonly<Record<string, Scenario>> = {
  'the client closes first': {
    play: echo,
    act: async ({ client }) => {
      const peer = await client();
      peer.write('ping');
      await peer.until(({ text }) => text === 'ping');
      peer.end();
      await peer.gone();
    },
    log: 'b/s */* 0 4 -- 0',
  },
  'the server closes first': {
    play: (server) => server.socket.on('data', () => server.end('bye')),
    act: async ({ client }) => {
      const peer = await client();
      peer.write('ping');
      await peer.until(({ ended }) => ended);
      assert.equal(peer.text, 'bye');
      peer.end();
    },
    log: 'b/s */* 0 3 -- 0',
  },
  'half-close: the server answers after the client has closed': {
    play: (server) => server.socket.on('end', () => server.end('late answer')),
    act: async ({ client }) => {
      const peer = await client();
      peer.end('question');
      await peer.until(({ ended }) => ended);
      assert.equal(peer.text, 'late answer');
    },
    log: 'b/s */* 0 11 -- 0',
  },
  'half-close: the client sends on after the server has closed': {
    play: (server) => server.end('greeting'),
    act: async ({ client, server }) => {
      const peer = await client();
      await peer.until(({ ended }) => ended);
      peer.end('still talking');
      const end = await (server as TestServer).peer(0);
      await end.until(({ text, ended }) => ended && text === 'still talking');
    },
    log: 'b/s */* 0 8 -- 0',
  },
  'the client resets during data': {
    play: echo,
    act: async ({ client, server }) => {
      const peer = await client();
      peer.write('ping');
      await peer.until(({ text }) => text === 'ping');
      peer.reset();
      await (await (server as TestServer).peer(0)).until(({ error }) => error === 'ECONNRESET');
    },
    log: 'b/s */* 0 4 CD 0',
  },
  'the server resets during data': {
    play: (server) => {
      server.write('x');
      setTimeout(() => server.reset(), 30);
    },
    act: async ({ client }) => {
      const peer = await client();
      await peer.until(({ ended }) => ended);
      assert.equal(peer.text, 'x');
      assert.equal(peer.error, undefined);
    },
    log: 'b/s */* 0 1 SD 0',
  },
  'the client resets after the server has closed': {
    play: (server) => server.end('y'),
    act: async ({ client }) => {
      const peer = await client();
      await peer.until(({ ended }) => ended);
      peer.reset();
    },
    log: 'b/s */* 0 1 CD 0',
  },
  'the server resets after the client has closed': {
    play: (server) => server.socket.on('end', () => server.reset()),
    act: async ({ client }) => {
      const peer = await client();
      peer.end('x');
      await peer.gone();
    },
    log: 'b/s */* 0 0 SD 0',
  },
  'timeout client: passed on as a close, and the server goes on': {
    defaults: ['timeout client 150'],
    play: (server) => server.socket.on('end', () => server.end('last words')),
    act: async ({ client }) => {
      const peer = await client();
      peer.write('x');
      await peer.until(({ ended }) => ended);
      assert.equal(peer.text, 'last words');
    },
    log: 'b/s */* 150 10 cD 0',
  },
  'timeout client, then timeout server': {
    defaults: ['timeout client 100', 'timeout server 300'],
    act: async ({ client }) => {
      const peer = await client();
      peer.write('x');
      await peer.gone();
    },
    log: 'b/s */* 300 0 cD 0',
  },
  'timeout server: passed on as a close, and the client goes on until its own': {
    defaults: ['timeout client 300', 'timeout server 100'],
    act: async ({ client }) => {
      const peer = await client();
      peer.write('x');
      await peer.until(({ ended }) => ended);
    },
    log: 'b/s */* 300 0 sD 0',
  },
  "both time-outs at once count as the client's": {
    defaults: ['timeout client 150', 'timeout server 150'],
    act: async ({ client }) => {
      const peer = await client();
      peer.write('x');
      await peer.gone();
    },
    log: 'b/s */* 150 0 cD 0',
  },
  'timeout tunnel replaces both': {
    defaults: ['timeout client 50', 'timeout server 50', 'timeout tunnel 300'],
    act: async ({ client }) => {
      const peer = await client();
      peer.write('x');
      await peer.gone();
    },
    log: 'b/s */* 300 0 cD 0',
  },
  'a client that has closed has no time-out, the server has': {
    defaults: ['timeout client 50', 'timeout server 250'],
    act: async ({ client }) => {
      const peer = await client();
      peer.end('x');
      await peer.gone();
    },
    log: 'b/s */* 250 0 sD 0',
  },
  'timeout server-fin holds once the client has closed': {
    defaults: ['timeout client 3s', 'timeout server 3s', 'timeout tunnel 3s', 'timeout server-fin 150'],
    act: async ({ client }) => {
      const peer = await client();
      peer.end('x');
      await peer.gone();
    },
    log: 'b/s */* 150 0 sD 0',
  },
  'timeout client-fin holds once the server has closed': {
    defaults: ['timeout client 3s', 'timeout server 3s', 'timeout client-fin 150'],
    play: (server) => server.end('y'),
    act: async ({ client }) => {
      await client();
    },
    log: 'b/s */* 150 1 cD 0',
  },
  'a client that gets data does not time out': {
    defaults: ['timeout client 150', 'timeout server 2s'],
    play: (server) => {
      const timer = setInterval(() => server.write('z'), 40);
      server.socket.on('close', () => clearInterval(timer));
      setTimeout(() => clearInterval(timer), 400);
      server.socket.on('end', () => server.end());
    },
    act: async ({ client }) => {
      const peer = await client();
      peer.write('x');
      await peer.gone();
    },
    log: 'b/s */* 400 * cD 0',
  },
  'option independent-streams: it does': {
    defaults: ['option independent-streams', 'timeout client 150', 'timeout server 2s'],
    play: (server) => {
      const timer = setInterval(() => server.write('z'), 40);
      server.socket.on('close', () => clearInterval(timer));
      server.socket.on('end', () => server.end());
    },
    act: async ({ client }) => {
      const peer = await client();
      peer.write('x');
      await peer.gone();
    },
    log: 'b/s */* 150 * cD 0',
  },
  'a client that reads nothing times out': {
    defaults: ['timeout client 200'],
    play: (server) => server.flood(Buffer.alloc(1 << 18)),
    act: async ({ client }) => {
      const peer = await client({ reads: false });
      peer.write('x');
    },
    log: 'b/s */* 200 * cD 0',
  },
  'a server that reads nothing times out': {
    defaults: ['timeout server 200'],
    serverReads: false,
    act: async ({ client }) => {
      const peer = await client();
      peer.flood(Buffer.alloc(1 << 18));
      await peer.gone();
    },
    log: 'b/s */* 200 0 sD 0',
  },
  'the connection is refused': {
    behind: 'nobody',
    act: async ({ client }) => await (await client()).until(({ ended }) => ended),
    log: 'b/s */-1 0 0 SC 0',
  },
  'the connection is refused again after the pause': {
    behind: 'nobody',
    defaults: ['retries 1', 'timeout connect 200'],
    act: async ({ client }) => await (await client()).until(({ ended }) => ended),
    log: 'b/s */-1 200 0 SC 1',
  },
  'timeout connect': {
    behind: 'black-hole',
    defaults: ['timeout connect 150'],
    act: async ({ client }) => await (await client()).until(({ ended }) => ended),
    log: 'b/s */-1 150 0 sC 0',
  },
  'timeout client while connecting is noted, and the attempt goes on': {
    behind: 'black-hole',
    defaults: ['timeout connect 400', 'timeout client 100'],
    act: async ({ client }) => await (await client()).until(({ ended }) => ended),
    log: 'b/s */-1 400 0 cC 0',
  },
  'a client that has sent data does not time out while connecting': {
    behind: 'black-hole',
    defaults: ['timeout connect 400', 'timeout client 100'],
    act: async ({ client }) => {
      const peer = await client();
      peer.write('data');
      await peer.until(({ ended }) => ended);
    },
    log: 'b/s */-1 400 0 sC 0',
  },
  'the client closes while connecting, having sent nothing': {
    behind: 'black-hole',
    act: async (stage) => {
      const peer = await stage.client();
      await newestIs(stage, 'connect');
      peer.end();
      await peer.gone();
    },
    log: 'b/s */-1 0 0 CC 0',
  },
  'the client closes while connecting, having sent data': {
    behind: 'black-hole',
    defaults: ['timeout connect 300'],
    act: async ({ client }) => {
      const peer = await client();
      peer.end('data');
      await peer.gone();
    },
    log: 'b/s */-1 300 0 sC 0',
  },
  'the same under option abortonclose': {
    behind: 'black-hole',
    defaults: ['option abortonclose'],
    act: async (stage) => {
      const peer = await stage.client();
      peer.write('data');
      await newestIs(stage, 'connect');
      peer.end();
      await peer.gone();
    },
    log: 'b/s */-1 0 0 CC 0',
  },
  'the client resets while connecting': {
    behind: 'black-hole',
    act: async (stage) => {
      const peer = await stage.client();
      peer.write('data');
      await newestIs(stage, 'connect');
      peer.reset();
    },
    log: 'b/s */-1 0 0 CD 0',
  },
  'timeout queue': {
    server: 'maxconn 1',
    defaults: ['timeout queue 150'],
    play: endAtEnd,
    act: async (stage) => {
      await occupy(stage);
      const second = await stage.client();
      second.write('y');
      await second.until(({ ended }) => ended);
    },
    log: 'b/<NOSRV> 150/-1 150 0 sQ 0',
  },
  'the client closes in the queue': {
    server: 'maxconn 1',
    play: endAtEnd,
    act: async (stage) => {
      await occupy(stage);
      const second = await stage.client();
      await newestIs(stage, 'queue');
      second.end();
      await second.gone();
    },
    log: 'b/<NOSRV> */-1 0 0 CQ 0',
  },
  'the client resets in the queue': {
    server: 'maxconn 1',
    play: endAtEnd,
    act: async (stage) => {
      await occupy(stage);
      const second = await stage.client();
      second.write('y');
      await newestIs(stage, 'queue');
      second.reset();
    },
    log: 'b/<NOSRV> */-1 0 0 CD 0',
  },
  'timeout client in the queue': {
    server: 'maxconn 1',
    defaults: ['timeout client 150', 'timeout tunnel 5s'],
    play: endAtEnd,
    act: async (stage) => {
      await occupy(stage);
      const second = await stage.client();
      await second.until(({ ended }) => ended);
    },
    log: 'b/<NOSRV> -1/-1 150 0 cQ 0',
  },
  'tcp-request content reject': {
    frontend: ['tcp-request content reject'],
    act: async ({ client }) => {
      const peer = await client();
      peer.write('x');
      await peer.gone();
    },
    log: 'f/<NOSRV> -1/-1 0 0 PR 0',
  },
  'tcp-request content reject in the backend': {
    backend: ['tcp-request content reject'],
    act: async ({ client }) => await (await client()).gone(),
    log: 'b/<NOSRV> -1/-1 0 0 PR 0',
  },
  'tcp-response content reject': {
    backend: ['tcp-response content reject'],
    play: (server) => server.write('secret'),
    act: async ({ client }) => {
      const peer = await client();
      await peer.until(({ ended }) => ended);
      assert.equal(peer.text, '');
    },
    log: 'b/s */* 0 0 PD 0',
  },
  'tcp-response content accept': {
    backend: [
      'tcp-response inspect-delay 5s',
      'tcp-response content accept if { src 127.0.0.1 }',
      'tcp-response content reject',
    ],
    play: (server) => server.end('answer'),
    act: async ({ client }) => {
      const peer = await client();
      await peer.until(({ ended }) => ended);
      assert.equal(peer.text, 'answer');
      peer.end();
    },
    log: 'b/s */* 0 6 -- 0',
  },
  'tcp-request connection reject: a reset, and no log line': {
    frontend: ['tcp-request connection reject if { src 127.0.0.1 }'],
    act: async ({ client }) => {
      await (await client()).until(({ error }) => error === 'ECONNRESET');
    },
    log: '',
  },
  'tcp-request session reject: a close, and no log line': {
    frontend: ['tcp-request session reject'],
    act: async ({ client }) => {
      const peer = await client();
      await peer.until(({ ended }) => ended);
      assert.equal(peer.error, undefined);
    },
    log: '',
  },
  'option dontlognull: no line for a client that sent nothing': {
    frontend: ['option dontlognull'],
    play: endAtEnd,
    act: async ({ client, host }) => {
      const peer = await client();
      peer.end();
      await peer.gone();
      await eventually(() => host.thread.sessions.length === 0, 'ended');
    },
    log: '',
  },
  'option dontlog-normal: no line for a stream that went well': {
    frontend: ['option dontlog-normal'],
    play: echo,
    act: async ({ client, host }) => {
      const peer = await client();
      peer.end('x');
      await peer.gone();
      await eventually(() => host.thread.sessions.length === 0, 'ended');
    },
    log: '',
  },
  "option nolinger towards the server: the client's close resets it": {
    backend: ['option nolinger'],
    play: (server) => {
      server.socket.on('data', () => server.write('answer'));
      server.socket.on('end', () => server.end('too late'));
    },
    act: async ({ client, server }) => {
      const peer = await client();
      peer.write('x');
      await peer.until(({ text }) => text === 'answer');
      peer.end();
      await (await (server as TestServer).peer(0)).until(({ error }) => error === 'ECONNRESET');
      await peer.until(({ ended }) => ended);
    },
    log: 'b/s */* 0 6 -- 0',
  },
  'option nolinger towards the client: it still gets all and a close': {
    frontend: ['option nolinger'],
    play: (server) => server.socket.on('end', () => server.end('bye')),
    act: async ({ client }) => {
      const peer = await client();
      peer.end('x');
      await peer.until(({ ended }) => ended);
      assert.equal(peer.text, 'bye');
    },
    log: 'b/s */* 0 3 -- 0',
  },
  'no backend': {
    behind: 'no-backend',
    act: async ({ client }) => await (await client()).until(({ ended }) => ended),
    log: 'f/<NOSRV> -1/-1 0 0 SC 0',
  },
  'a backend without servers': {
    behind: 'no-server',
    act: async ({ client }) => await (await client()).until(({ ended }) => ended),
    log: 'b/<NOSRV> -1/-1 0 0 SC 0',
  },
};

for (const [name, scenario] of Object.entries(scenarios)) {
  test(name, { timeout: 15_000 }, async (context) => await run(context, scenario));
}
