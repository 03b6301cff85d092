// Limits on new connections (manual: global `maxconn`, `maxconnrate`, `maxsessrate`; `maxconn`, `rate-limit sessions` and
// `backlog` of proxies; `maxconn` of `bind`): over a limit a connection waits unread, is nobody's session, and begins in its
// turn when a place becomes free.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { FrontendStat, StatReader } from '@evenkeel/shm';
import type { ProcessLimits } from '../plan.ts';
import { TestHost } from '../test-host.ts';
import { connect, eventually, freePort, serve, type Peer } from '../test-sockets.ts';
import { MOST_PARKED } from './parking.ts';

interface Options {
  readonly global?: string;
  readonly proxy?: string;
  readonly bind?: string;
}

interface Stage {
  readonly host: TestHost;
  readonly port: number;
  client(): Promise<Peer>;
  /** A reload. */
  apply(options: Options): Promise<void>;
}

async function start(context: TestContext, options: Options, limits: Partial<ProcessLimits> = {}): Promise<Stage> {
  const server = await serve(context, (peer) => {
    peer.socket.on('data', (chunk: Buffer) => peer.write(chunk));
    peer.socket.on('end', () => peer.end());
  });
  const port = await freePort();
  const host = new TestHost();
  context.after(() => host.stop());
  const apply = async ({ global = '', proxy = '', bind = '' }: Options): Promise<void> =>
    await host.apply(
      `global
  ${global}
defaults
  mode tcp
  timeout client 20s
  timeout server 20s
  timeout connect 5s
listen f
  bind 127.0.0.1:${port} ${bind}
  ${proxy}
  server s 127.0.0.1:${server.port}
`,
      limits,
    );
  await apply(options);
  return { host, port, client: async () => await connect(context, port), apply };
}

/** Writes a word and says whether the echo came: whether the connection is served. */
async function isServed(peer: Peer, word: string): Promise<void> {
  await peer.until(({ text }) => text.includes(word));
}

const sessions = ({ host }: Stage): number => host.thread.sessions.length;

for (const [name, options] of Object.entries({
  'maxconn of the frontend': { proxy: 'maxconn 2' },
  'maxconn of the bind line': { bind: 'maxconn 2' },
  'maxconn of the process': { global: 'maxconn 2' },
})) {
  test(`${name}: those beyond wait in order, and one begins when one ends`, async (context) => {
    const stage = await start(context, options);
    const peers: Peer[] = [];
    for (let index = 0; index < 5; index++) {
      const peer = await stage.client();
      peer.write(`word${index}`);
      peers.push(peer);
      // The order in which the kernel hands them over is the order in which they came.
      await eventually(() => sessions(stage) + stage.host.thread.parking.total() === index + 1, 'accepted');
    }
    await isServed(peers[0], 'word0');
    await isServed(peers[1], 'word1');
    assert.equal(sessions(stage), 2);
    assert.equal(stage.host.thread.parking.total(), 3);
    assert.equal(stage.host.thread.counts.connections.sum(), 2);
    assert.deepEqual(
      peers.map(({ text }) => text),
      ['word0', 'word1', '', '', ''],
    );
    peers[0].end();
    await isServed(peers[2], 'word2');
    assert.deepEqual([peers[3].text, peers[4].text], ['', '']);
    peers[2].reset();
    await isServed(peers[3], 'word3');
    assert.equal(peers[4].text, '');
    peers[1].end();
    await isServed(peers[4], 'word4');
    peers[3].end();
    peers[4].end();
    await eventually(() => sessions(stage) === 0, 'all end');
    assert.equal(stage.host.thread.counts.connections.sum(), 0);
    assert.equal(stage.host.thread.parking.total(), 0);
  });
}

test('parked connections are counted when they begin, not before', async (context) => {
  const stage = await start(context, { proxy: 'maxconn 1' });
  const { host } = stage;
  const first = await stage.client();
  const second = await stage.client();
  await eventually(() => host.thread.parking.total() === 1, 'parked');
  const read = (): number =>
    new StatReader(host.owner.segment).read('frontend', host.plan?.proxies[0].frontendSlot as number)[
      FrontendStat.connections
    ];
  assert.equal(read(), 1);
  first.end();
  await eventually(() => read() === 2, 'second counted');
  second.end();
});

/** Each client asks, waits for its answer, and leaves; resolves when all have had one. */
async function haveTheirTurn(peers: readonly Peer[]): Promise<void> {
  await Promise.all(
    peers.map(async (peer, index) => {
      peer.write(`word${index}`);
      await isServed(peer, `word${index}`);
      peer.end();
    }),
  );
}

async function connectMany(stage: Stage, count: number): Promise<Peer[]> {
  return await Promise.all(Array.from({ length: count }, () => stage.client()));
}

test('a handful is parked, the others wait in the kernel, and all are served in the end', async (context) => {
  const stage = await start(context, { proxy: 'maxconn 1' });
  const { parking } = stage.host.thread;
  const peers = await connectMany(stage, 60);
  await eventually(() => parking.held() === 1, 'it stops accepting');
  assert.equal(parking.total(), MOST_PARKED);
  assert.equal(sessions(stage), 1);
  await haveTheirTurn(peers);
  await eventually(() => sessions(stage) === 0, 'all end');
  assert.deepEqual([parking.held(), parking.total()], [0, 0]);
  await haveTheirTurn([await stage.client()]);
});

test('what may be parked in all bounds each listener', async (context) => {
  const stage = await start(context, { proxy: 'maxconn 1' }, { maxParked: 3 });
  const peers = await connectMany(stage, 30);
  await eventually(() => stage.host.thread.parking.held() === 1, 'it stops accepting');
  assert.equal(stage.host.thread.parking.total(), 3);
  await haveTheirTurn(peers);
});

test('rate-limit sessions: a listener that stopped accepting starts again when the rate allows it', async (context) => {
  const stage = await start(context, { proxy: 'rate-limit sessions 30' });
  const peers = await connectMany(stage, 30 + MOST_PARKED + 10);
  await eventually(() => stage.host.thread.parking.held() === 1, 'it stops accepting');
  await haveTheirTurn(peers);
  assert.equal(stage.host.thread.parking.held(), 0);
});

/** Clients beyond the limit, of which some wait in the kernel. */
async function holdListener(stage: Stage): Promise<{ readonly first: Peer; readonly waiting: readonly Peer[] }> {
  const first = await stage.client();
  first.write('first');
  await isServed(first, 'first');
  const waiting = await connectMany(stage, MOST_PARKED + 5);
  await eventually(() => stage.host.thread.parking.held() === 1, 'it stops accepting');
  return { first, waiting };
}

test('a reload hands a listener over that does not accept, and those who wait are served', async (context) => {
  const stage = await start(context, { proxy: 'maxconn 1' });
  const { waiting } = await holdListener(stage);
  await stage.apply({ proxy: 'maxconn 1\n  backlog 50' });
  assert.equal(stage.host.thread.parking.held(), 1);
  await stage.apply({ proxy: 'maxconn 100' });
  assert.equal(stage.host.thread.parking.held(), 0);
  await haveTheirTurn(waiting);
});

test('a listener that does not accept and goes with a reload leaves nobody waiting and no descriptor', async (context) => {
  const stage = await start(context, { proxy: 'maxconn 1' });
  const before = listening(stage.port);
  const { first, waiting } = await holdListener(stage);
  assert.deepEqual([before, listening(stage.port)], [1, 1]);
  await stage.host.apply(
    `defaults\n mode tcp\n timeout client 1s\nfrontend other\n bind 127.0.0.1:${await freePort()}\n`,
  );
  await Promise.all(waiting.map(async (peer) => await peer.gone()));
  assert.equal(listening(stage.port), 0);
  assert.deepEqual([stage.host.thread.parking.held(), stage.host.thread.parking.total()], [0, 0]);
  first.write('again');
  await isServed(first, 'again');
});

test('a soft stop while a listener does not accept: those who wait are closed, who is served finishes', async (context) => {
  const stage = await start(context, { proxy: 'maxconn 1' });
  const { first, waiting } = await holdListener(stage);
  stage.host.keeper.softStop();
  await Promise.all(waiting.map(async (peer) => await peer.gone()));
  assert.equal(listening(stage.port), 0);
  first.write('again');
  await isServed(first, 'again');
  first.end();
  await eventually(() => stage.host.messages.some(({ type }) => type === 'drained'), 'drained');
});

test('pause and resume while a listener does not accept', async (context) => {
  const stage = await start(context, { proxy: 'maxconn 1' });
  const { first, waiting } = await holdListener(stage);
  stage.host.keeper.pause();
  assert.equal(listening(stage.port), 0);
  await stage.host.keeper.resume();
  assert.equal(listening(stage.port), 1);
  // Who was in the kernel is gone, who was accepted has a turn, and new ones come in.
  first.end();
  await eventually(() => waiting.filter(({ closed, ended }) => closed || ended).length === 5, 'five are closed');
  const alive = waiting.filter(({ closed, ended }) => !closed && !ended);
  await haveTheirTurn([...alive, await stage.client()]);
});

test('a place that was taken for a moment and given back is told', async (context) => {
  const stage = await start(context, { bind: 'maxconn 1' });
  await stage.client();
  await eventually(() => sessions(stage) === 1, 'first served');
  let told = 0;
  stage.host.thread.counts.onGivenBack = () => told++;
  await stage.client();
  // The process had a place, the bind line had none.
  await eventually(() => stage.host.thread.parking.total() === 1, 'parked');
  assert.equal(told, 1);
  // Who waits takes no place while it asks, or two threads would wake each other without end.
  stage.host.thread.parking.serve();
  assert.equal(told, 1);
});

/** Sockets that listen on a port of loopback. */
function listening(port: number): number {
  const hex = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .filter((line) => line.includes(` ${hex} 00000000:0000 0A `)).length;
}

test('a parked client that left is noticed in its turn and frees the place again', async (context) => {
  const stage = await start(context, { proxy: 'maxconn 1' });
  const first = await stage.client();
  const second = await stage.client();
  const third = await stage.client();
  await eventually(() => stage.host.thread.parking.total() === 2, 'both parked');
  second.reset();
  third.write('third');
  first.end();
  await isServed(third, 'third');
});

for (const [name, options] of Object.entries({
  'rate-limit sessions': { proxy: 'rate-limit sessions 4' },
  maxconnrate: { global: 'maxconnrate 4' },
  maxsessrate: { global: 'maxsessrate 4' },
})) {
  test(`${name}: what is over the rate begins when the rate allows it`, { timeout: 20_000 }, async (context) => {
    const stage = await start(context, options);
    const peers = await Promise.all(Array.from({ length: 7 }, () => stage.client()));
    for (const [index, peer] of peers.entries()) peer.write(`word${index}`);
    await eventually(() => sessions(stage) === 4 && stage.host.thread.parking.total() === 3, 'four begin, three wait');
    await Promise.all(peers.map((peer, index) => isServed(peer, `word${index}`)));
    for (const peer of peers) peer.end();
  });
}

test('a reload that raises maxconn lets those who wait begin', async (context) => {
  const server = await serve(context, (peer) => peer.socket.on('data', (chunk: Buffer) => peer.write(chunk)));
  const port = await freePort();
  const host = new TestHost();
  context.after(() => host.stop());
  const text = (maxconn: number): string =>
    `defaults\n mode tcp\n timeout client 20s\n timeout server 20s\n timeout connect 5s\nlisten f\n bind 127.0.0.1:${port}\n maxconn ${maxconn}\n server s 127.0.0.1:${server.port}\n`;
  await host.apply(text(1));
  const first = await connect(context, port);
  first.write('first');
  await isServed(first, 'first');
  const second = await connect(context, port);
  second.write('second');
  await eventually(() => host.thread.parking.total() === 1, 'parked');
  await host.apply(text(2));
  await isServed(second, 'second');
  first.write('again');
  await isServed(first, 'again');
});

test('connections that a rule refuses do not use up rate-limit sessions', async (context) => {
  const stage = await start(context, {
    proxy: 'rate-limit sessions 3\n  tcp-request connection reject unless { src 127.0.0.2 }',
  });
  for (let count = 0; count < 10; count++) await (await stage.client()).gone();
  assert.equal(stage.host.thread.parking.total(), 0);
  const { frontends } = stage.host.keeper.current as NonNullable<TestHost['keeper']['current']>;
  assert.equal(frontends[0]?.sessionRate.rate(stage.host.thread.now), 0);
});
