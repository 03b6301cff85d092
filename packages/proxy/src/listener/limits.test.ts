// Limits on new connections (manual: global `maxconn`, `maxconnrate`, `maxsessrate`; `maxconn`, `rate-limit sessions` and
// `backlog` of proxies; `maxconn` of `bind`): over a limit a connection waits unread, is nobody's session, and begins in its
// turn when a place becomes free.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { FrontendStat, StatReader } from '@evenkeel/shm';
import { TestHost } from '../test-host.ts';
import { connect, eventually, freePort, serve, type Peer } from '../test-sockets.ts';

interface Stage {
  readonly host: TestHost;
  readonly port: number;
  client(): Promise<Peer>;
}

async function start(
  context: TestContext,
  options: { readonly global?: string; readonly proxy?: string; readonly bind?: string },
): Promise<Stage> {
  const server = await serve(context, (peer) => {
    peer.socket.on('data', (chunk: Buffer) => peer.write(chunk));
    peer.socket.on('end', () => peer.end());
  });
  const port = await freePort();
  const host = new TestHost();
  context.after(() => host.stop());
  await host.apply(`global
  ${options.global ?? ''}
defaults
  mode tcp
  timeout client 20s
  timeout server 20s
  timeout connect 5s
listen f
  bind 127.0.0.1:${port} ${options.bind ?? ''}
  ${options.proxy ?? ''}
  server s 127.0.0.1:${server.port}
`);
  return { host, port, client: async () => await connect(context, port) };
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

test('beyond the backlog a connection is closed', async (context) => {
  const stage = await start(context, { proxy: 'maxconn 1\n  backlog 2' });
  const peers = [await stage.client()];
  await eventually(() => sessions(stage) === 1, 'first served');
  for (let index = 0; index < 3; index++) peers.push(await stage.client());
  await peers[3].gone();
  assert.deepEqual(
    peers.slice(0, 3).map(({ closed, ended }) => closed || ended),
    [false, false, false],
  );
  assert.equal(stage.host.thread.parking.total(), 2);
});

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
