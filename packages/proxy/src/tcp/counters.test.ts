// What the statistics say of TCP streams (management manual, section 9.1), counted once each and on each object that an event
// belongs to. The numbers are those of HAProxy's `show stat` after the same traffic.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { BackendStat, FrontendStat, ListenerStat, ServerStat, StatReader, type ObjectKind } from '@evenkeel/shm';
import { TestHost } from '../test-host.ts';
import { connect, eventually, freePort, serve } from '../test-sockets.ts';

interface Stage {
  readonly host: TestHost;
  readonly port: number;
  read(kind: ObjectKind): Float64Array;
}

async function start(context: TestContext, serverPort: number, frontend = '', defaults = ''): Promise<Stage> {
  const port = await freePort();
  const host = new TestHost();
  context.after(() => host.stop());
  await host.apply(`defaults
  mode tcp
  timeout client 20s
  timeout server 20s
  timeout connect 5s
  retries 0
  ${defaults}
listen f
  bind 127.0.0.1:${port}
  ${frontend}
  server s 127.0.0.1:${serverPort}
`);
  const { proxies, listeners } = host.plan as NonNullable<TestHost['plan']>;
  const slots = {
    process: 0,
    frontend: proxies[0].frontendSlot,
    backend: proxies[0].backendSlot,
    server: proxies[0].serverSlots[0],
    listener: listeners[0].slot,
  };
  const reader = new StatReader(host.owner.segment);
  return { host, port, read: (kind) => reader.read(kind, slots[kind]) };
}

test('a stream that went well: sessions and bytes on all four', async (context) => {
  const server = await serve(context, (peer) => peer.socket.on('end', () => peer.end('1234567')));
  const stage = await start(context, server.port);
  const peer = await connect(context, stage.port);
  peer.end('abc');
  await peer.gone();
  await eventually(() => stage.host.thread.sessions.length === 0, 'ended');
  const frontend = stage.read('frontend');
  assert.deepEqual(
    [FrontendStat.connections, FrontendStat.sessions, FrontendStat.bytesIn, FrontendStat.bytesOut].map(
      (at) => frontend[at],
    ),
    [1, 1, 3, 7],
  );
  const listener = stage.read('listener');
  assert.deepEqual(
    [ListenerStat.connections, ListenerStat.sessions, ListenerStat.bytesIn, ListenerStat.bytesOut].map(
      (at) => listener[at],
    ),
    [1, 1, 3, 7],
  );
  const backend = stage.read('backend');
  assert.deepEqual(
    [
      BackendStat.sessions,
      BackendStat.loadBalanced,
      BackendStat.bytesIn,
      BackendStat.bytesOut,
      BackendStat.clientAborts,
      BackendStat.serverAborts,
    ].map((at) => backend[at]),
    [1, 1, 3, 7, 0, 0],
  );
  const counted = stage.read('server');
  assert.deepEqual(
    [ServerStat.sessions, ServerStat.loadBalanced, ServerStat.bytesIn, ServerStat.bytesOut, ServerStat.connects].map(
      (at) => counted[at],
    ),
    [1, 1, 3, 7, 1],
  );
});

test('aborts of clients and servers', async (context) => {
  const server = await serve(context, (peer) =>
    peer.socket.on('data', (chunk: Buffer) => (chunk.toString() === 'die' ? peer.reset() : peer.write('ok'))),
  );
  const stage = await start(context, server.port);
  const first = await connect(context, stage.port);
  first.write('hello');
  await first.until(({ text }) => text === 'ok');
  first.reset();
  const second = await connect(context, stage.port);
  second.write('die');
  await second.gone();
  second.end();
  await eventually(() => stage.host.thread.sessions.length === 0, 'ended');
  for (const [kind, stat] of [
    ['backend', BackendStat],
    ['server', ServerStat],
  ] as const) {
    const figures = stage.read(kind);
    assert.deepEqual([figures[stat.clientAborts], figures[stat.serverAborts]], [1, 1], kind);
  }
});

test('denied connections, sessions and requests', async (context) => {
  const server = await serve(context);
  for (const [rule, expected] of [
    ['tcp-request connection reject', [1, 0, 1, 0, 0]],
    ['tcp-request session reject', [1, 0, 0, 1, 0]],
    ['tcp-request content reject', [1, 1, 0, 0, 1]],
  ] as const) {
    const stage = await start(context, server.port, rule);
    const peer = await connect(context, stage.port);
    await peer.gone();
    await eventually(() => stage.host.thread.sessions.length === 0, 'ended');
    const frontend = stage.read('frontend');
    const fields = [
      FrontendStat.connections,
      FrontendStat.sessions,
      FrontendStat.deniedConnections,
      FrontendStat.deniedSessions,
      FrontendStat.deniedRequests,
    ];
    assert.deepEqual(
      fields.map((at) => frontend[at]),
      expected,
      rule,
    );
    stage.host.stop();
  }
});

test('failed connects', async (context) => {
  const stage = await start(context, await freePort());
  const peer = await connect(context, stage.port);
  await peer.gone();
  await eventually(() => stage.host.thread.sessions.length === 0, 'ended');
  assert.equal(stage.read('backend')[BackendStat.failedConnects], 1);
  assert.equal(stage.read('server')[ServerStat.failedConnects], 1);
});

test('counts of things that exist are 0 when nothing does, whatever happened', async (context) => {
  const server = await serve(context, (peer) => {
    peer.socket.on('data', (chunk: Buffer) => peer.write(chunk));
    peer.socket.on('end', () => peer.end());
  });
  const stage = await start(context, server.port, 'maxconn 20');
  const peers = await Promise.all(Array.from({ length: 40 }, () => connect(context, stage.port)));
  for (const [index, peer] of peers.entries()) {
    if (index % 3 === 0) peer.reset();
    else if (index % 3 === 1) peer.end('x');
    else peer.write('x');
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  for (const peer of peers) peer.socket.destroy();
  await eventually(
    () => stage.host.thread.sessions.length === 0 && stage.host.thread.parking.total() === 0,
    'all ended',
  );
  const generation = stage.host.keeper.current;
  assert.equal(stage.host.thread.counts.connections.sum(), 0);
  assert.equal(generation?.frontends[0]?.sessions.sum(), 0);
  assert.equal(generation?.backends[0]?.sessions.sum(), 0);
  assert.equal(generation?.backends[0]?.servers[0].currentSessions(), 0);
  assert.equal(generation?.sessions, 0);
});

test(
  'option contstats: a stream that runs is counted every five seconds, without it at its end',
  { timeout: 20_000 },
  async (context) => {
    const server = await serve(context, (peer) => {
      peer.socket.on('data', (chunk: Buffer) => peer.write(chunk));
      peer.socket.on('end', () => peer.end());
    });
    const counted = await start(context, server.port, 'option contstats');
    const plain = await start(context, server.port);
    const peers = [await connect(context, counted.port), await connect(context, plain.port)];
    for (const peer of peers) {
      peer.write('12345');
      await peer.until(({ text }) => text === '12345');
    }
    const bytes = ({ read }: Stage): number => read('frontend')[FrontendStat.bytesOut];
    assert.equal(bytes(counted), 0);
    await eventually(() => bytes(counted) === 5, 'counted while it runs');
    assert.equal(bytes(plain), 0);
    for (const peer of peers) peer.end();
    await eventually(() => bytes(plain) === 5, 'counted at the end');
    assert.equal(bytes(counted), 5);
  },
);
