// `source` (manual 4.2, 5.2) against a real server on loopback, which says from where it was reached.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test, type TestContext } from 'node:test';
import type { SourceAddress } from '@evenkeel/config';
import { support } from '@evenkeel/sys';
import { setup } from './test-setup.ts';
import type { SourceClient } from './source.ts';

const inet = (host: string, first?: number, last = first): SourceAddress['address'] => ({
  kind: 'inet',
  host,
  family: host.includes(':') ? 6 : 4,
  port: first === undefined ? undefined : { first, last: last!, relative: false },
});

async function listenOn(
  context: TestContext,
  host = '127.0.0.1',
): Promise<{ port: number; peers: string[]; sockets: net.Socket[] }> {
  const peers: string[] = [];
  const sockets: net.Socket[] = [];
  const server = net.createServer((socket) => {
    peers.push(`${socket.remoteAddress} ${socket.remotePort}`);
    sockets.push(socket.on('error', () => {}).resume());
  });
  server.listen(0, host);
  await once(server, 'listening');
  context.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as net.AddressInfo).port, peers, sockets };
}

const until = async (condition: () => boolean): Promise<void> => {
  for (let waited = 0; waited < 5000 && !condition(); waited += 5)
    await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(condition());
};

const client = (address: string, port: number, headers: readonly string[] = []): SourceClient => ({
  clientAddress: { address, port, family: address.includes(':') ? 6 : 4 },
  headerValue: (_name, position) => headers.at(position < 0 ? position : position - 1),
});

const source = (address: SourceAddress['address'], more: Partial<SourceAddress> = {}): SourceAddress => ({
  address,
  interface: undefined,
  usesrc: undefined,
  ...more,
});

test('connections leave from the address of the server line, else of the section', async (context) => {
  const { port, peers } = await listenOn(context);
  const { backend, client: make } = setup(context, [{ port, source: source(inet('127.0.0.9')) }, { port }], {
    source: source(inet('127.0.0.8')),
  });
  for (let stream = 0; stream < 2; stream++) await make().start(backend).settled();
  await until(() => peers.length === 2);
  assert.deepEqual(peers.map((peer) => peer.split(' ')[0]).sort(), ['127.0.0.8', '127.0.0.9']);
});

test('a range of ports gives each connection one of its own, takes it back, and ends where none is left', async (context) => {
  const { port, peers } = await listenOn(context);
  // Below the ports that the system gives away by itself (ip_local_port_range).
  const first = 20_000 + (process.pid % 4000) * 3;
  const { backend, client: make } = setup(context, [{ port, source: source(inet('127.0.0.9', first, first + 2)) }], {
    retries: 0,
  });
  const streams = [];
  for (let stream = 0; stream < 3; stream++) streams.push(await make().start(backend).settled());
  await until(() => peers.length === 3);
  assert.deepEqual(new Set(peers.map((peer) => Number(peer.split(' ')[1]) - first)), new Set([0, 1, 2]));
  const fourth = await make().start(backend).settled();
  assert.equal(fourth.failure, 'resource');
  fourth.dispatch.finish();
  streams[1].end();
  const fifth = await make().start(backend).settled();
  // The kernel may still hold the pair of addresses; then the attempt fails, as on HAProxy, and the port is free again.
  assert.ok(fifth.failure === undefined || fifth.failure === 'resource');
});

test('an address that this machine does not have is refused as a lack of resources', async (context) => {
  const { port } = await listenOn(context);
  const { backend, client: make } = setup(context, [{ port, source: source(inet('192.0.2.77')) }], { retries: 0 });
  assert.equal((await make().start(backend).settled()).failure, 'resource');
});

test('a source of another family than the server is refused', async (context) => {
  const { port } = await listenOn(context);
  const { backend, client: make } = setup(context, [{ port, source: source(inet('::1')) }], { retries: 0 });
  assert.equal((await make().start(backend).settled()).failure, 'resource');
});

const transparent = support('transparent').supported ? {} : { skip: 'needs CAP_NET_ADMIN' };

for (const { usesrc, expected } of [
  { usesrc: 'client', expected: /^127\.0\.0\.21 31\d\d\d$/ },
  { usesrc: 'clientip', expected: /^127\.0\.0\.21 (?!31)/ },
  { usesrc: '127.0.0.33', expected: /^127\.0\.0\.33 / },
  { usesrc: 'hdr_ip(x-forwarded-for)', expected: /^127\.0\.0\.42 / },
  { usesrc: 'hdr_ip(x-forwarded-for,1)', expected: /^127\.0\.0\.41 / },
]) {
  test(`usesrc ${usesrc}`, transparent, async (context) => {
    const { port, peers } = await listenOn(context);
    const { backend, client: make } = setup(context, [{ port, source: source(inet('0.0.0.0'), { usesrc }) }]);
    const one = make();
    Object.assign(one, {
      sourceClient: client('127.0.0.21', 31_000 + (process.pid % 1000), ['127.0.0.41', '127.0.0.42']),
    });
    assert.equal((await one.start(backend).settled()).failure, undefined);
    await until(() => peers.length === 1);
    assert.match(peers[0], expected);
  });
}

test('connections that leave from the client are not shared with others', transparent, async (context) => {
  const { port, peers } = await listenOn(context);
  const { backend, client: make } = setup(
    context,
    [{ port, source: source(inet('0.0.0.0'), { usesrc: 'clientip' }) }],
    {
      mode: 'http',
      httpReuse: 'always',
    },
  );
  const from = async (address: string) => {
    const one = make();
    Object.assign(one, { sourceClient: client(address, 0) });
    return one.start(backend).settled();
  };
  const first = await from('127.0.0.51');
  first.giveBack();
  const second = await from('127.0.0.52');
  assert.equal(second.reused, false);
  first.calls = 0;
  const again = await first.start(backend).settled();
  assert.equal(again.reused, true, 'its own client has it again');
  await until(() => peers.length === 2);
  assert.deepEqual(peers.map((peer) => peer.split(' ')[0]).sort(), ['127.0.0.51', '127.0.0.52']);
});

test(
  'interface binds to the device',
  support('bind-device').supported ? {} : { skip: 'needs CAP_NET_RAW' },
  async (context) => {
    const { port, peers } = await listenOn(context);
    const { backend, client: make } = setup(
      context,
      [
        { port, source: source(inet('0.0.0.0'), { interface: 'lo' }) },
        { port, source: source(inet('0.0.0.0'), { interface: 'nosuchdevice' }) },
      ],
      { retries: 0 },
    );
    const results = [];
    for (let stream = 0; stream < 2; stream++) results.push((await make().start(backend).settled()).failure);
    assert.deepEqual(new Set(results), new Set([undefined, 'resource']));
    await until(() => peers.length === 1);
  },
);
