// What the relay carries and what it holds: every byte in order both ways, and bounded memory towards peers that do not read.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { TestHost } from '../test-host.ts';
import { connect, eventually, freePort, residentBytes, serve, type Peer } from '../test-sockets.ts';

const MIB = 1 << 20;
/** `tune.bufsize` and one read. */
const BUFFER_BOUND = 16_384 + 65_536;

async function start(
  context: TestContext,
  serverPort: number,
  { server = '', defaults = '' } = {},
): Promise<{ host: TestHost; port: number }> {
  const port = await freePort();
  const host = new TestHost();
  context.after(() => host.stop());
  await host.apply(`defaults
  mode tcp
  log stdout format raw local0
  option tcplog
  timeout client 20s
  timeout server 20s
  timeout connect 5s
  ${defaults}
listen f
  bind 127.0.0.1:${port}
  server s 127.0.0.1:${serverPort} ${server}
`);
  return { host, port };
}

/** Sends `total` bytes of blocks of many sizes, and their digest. */
function sender(total: number): { send(peer: Peer): void; readonly digest: string } {
  const data = randomBytes(total);
  return {
    digest: createHash('sha256').update(data).digest('hex'),
    send(peer) {
      let at = 0;
      let size = 1;
      const go = (): void => {
        while (at < total) {
          size = (size * 7 + 13) % 200_000;
          const block = data.subarray(at, Math.min(total, at + size + 1));
          at += block.length;
          if (!peer.socket.write(block)) return;
        }
        peer.socket.end();
      };
      peer.socket.on('drain', go);
      go();
    },
  };
}

function digestOf(peer: Peer): { readonly result: Promise<string> } {
  const hash = createHash('sha256');
  peer.socket.on('data', (chunk: Buffer) => hash.update(chunk));
  return { result: new Promise((resolve) => peer.socket.on('end', () => resolve(hash.digest('hex')))) };
}

test('64 MiB go both ways at once, each byte in its place', { timeout: 60_000 }, async (context) => {
  const up = sender(64 * MIB);
  const down = sender(64 * MIB);
  let gotUp = Promise.resolve('');
  const { port: serverPort } = await serve(context, (server) => {
    gotUp = digestOf(server).result;
    down.send(server);
  });
  const { host, port } = await start(context, serverPort);
  const client = await connect(context, port);
  const { result } = digestOf(client);
  up.send(client);
  assert.equal(await result, down.digest);
  assert.equal(await gotUp, up.digest);
  const [{ line }] = await host.logged(1);
  assert.match(line, new RegExp(` ${64 * MIB} -- `));
});

test('a reader that stops and goes on gets each byte', { timeout: 60_000 }, async (context) => {
  const down = sender(24 * MIB);
  const { port: serverPort } = await serve(context, (server) => {
    server.socket.on('end', () => server.end());
    down.send(server);
  });
  const { port } = await start(context, serverPort);
  const client = await connect(context, port);
  const { result } = digestOf(client);
  let bytes = 0;
  client.socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes < MIB) return;
    bytes = 0;
    client.socket.pause();
    setTimeout(() => client.socket.resume(), 10);
  });
  assert.equal(await result, down.digest);
  client.end();
});

/** Waits until the relay holds back: nothing moved between two looks. */
async function stalled(bytes: () => number): Promise<void> {
  let before = -1;
  for (;;) {
    const now = bytes();
    if (now === before && now > 0) return;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

test('20 clients that never read do not make it hold more than its bound', { timeout: 60_000 }, async (context) => {
  const block = Buffer.alloc(MIB);
  const { port: serverPort, peers } = await serve(context, (server) => server.flood(block));
  const { host, port } = await start(context, serverPort);
  for (let count = 0; count < 20; count++) await connect(context, port, { reads: false });
  const before = residentBytes();
  await stalled(() => peers.reduce((sum, peer) => sum + peer.socket.bytesWritten, 0));
  let held = 0;
  host.thread.sessions.forEach(({ connection }) => (held = Math.max(held, connection.writableLength)));
  assert.ok(held > 0 && held <= BUFFER_BOUND, `${held} bytes held for one client`);
  // The test's own servers buffer here too: a block each.
  assert.ok(residentBytes() - before < 20 * (BUFFER_BOUND + 2 * MIB), 'resident memory grew beyond the bounds');
});

test('a server that never reads does not make it hold more than its bound', { timeout: 60_000 }, async (context) => {
  const { port: serverPort } = await serve(context, undefined, { reads: false });
  const { host, port } = await start(context, serverPort);
  const client = await connect(context, port);
  client.flood(Buffer.alloc(MIB));
  let read = 0;
  await stalled(() => {
    host.thread.sessions.forEach(({ connection }) => (read = connection.bytesIn));
    return read;
  });
  let held = 0;
  host.thread.sessions.forEach(
    (session) =>
      (held = (session.user as unknown as { serverConnection: { writableLength: number } }).serverConnection
        .writableLength),
  );
  assert.ok(held > 0 && held <= BUFFER_BOUND, `${held} bytes held for the server`);
});

test(
  'what a client sends before it has a server is kept up to the bound, and delivered',
  { timeout: 30_000 },
  async (context) => {
    const { port: serverPort, peer } = await serve(context, (server) => server.socket.on('end', () => server.end()));
    const { host, port } = await start(context, serverPort, { server: 'maxconn 1', defaults: 'timeout queue 20s' });
    const first = await connect(context, port);
    first.write('x');
    await (await peer(0)).until(({ received }) => received === 1);
    const second = await connect(context, port);
    const up = sender(4 * MIB);
    up.send(second);
    let read = 0;
    const readBySecond = (): number => {
      host.thread.sessions.forEach(({ connection }) => (read = Math.max(read, connection.bytesIn)));
      return read;
    };
    await eventually(() => readBySecond() >= 16_384, 'the queued client is read');
    await stalled(readBySecond);
    assert.ok(readBySecond() <= BUFFER_BOUND, `${readBySecond()} bytes held in the queue`);
    first.end();
    const end = await peer(1);
    const { result } = digestOf(end);
    assert.equal(await result, up.digest);
  },
);

test('a reset on one side frees what waits for the other', { timeout: 30_000 }, async (context) => {
  const { port: serverPort, peer } = await serve(context, (server) => server.flood(Buffer.alloc(MIB)));
  const { host, port } = await start(context, serverPort);
  const client = await connect(context, port, { reads: false });
  const server = await peer(0);
  await stalled(() => server.socket.bytesWritten);
  client.reset();
  await server.gone();
  await eventually(
    () => host.thread.sessions.length === 0 && host.thread.counts.connections.sum() === 0,
    'the stream ends',
  );
  const [{ line }] = await host.logged(1);
  assert.match(line, / CD 1\/1\/0\/0\/0 /);
});
