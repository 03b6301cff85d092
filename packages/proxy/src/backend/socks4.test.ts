// `socks4` (manual 5.2) against a proxy by hand: the request as HAProxy 2.6.12 sends it, answers whole and in pieces, refusals.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test, type TestContext } from 'node:test';
import { isGranted, socks4Request } from './socks4.ts';
import { setup } from './test-setup.ts';

test('the request names version, command, port, address and user', () => {
  assert.equal(
    Buffer.from(socks4Request('192.0.2.55', 8080)!, 'latin1').toString('hex'),
    '04011f90c0000237484150726f787900',
  );
  assert.equal(socks4Request('2001:db8::1', 80), undefined);
  assert.equal(isGranted(Uint8Array.of(0, 0x5a, 0, 0, 0, 0, 0, 0)), true);
  assert.equal(isGranted(Uint8Array.of(0, 0x5b, 0, 0, 0, 0, 0, 0)), false);
});

async function socksProxy(
  context: TestContext,
  answer: (socket: net.Socket) => void,
): Promise<{ port: number; requests: string[] }> {
  const requests: string[] = [];
  const server = net.createServer((socket) => {
    context.after(() => socket.destroy());
    socket.on('error', () => {});
    socket.once('data', (chunk) => {
      requests.push(chunk.toString('hex'));
      answer(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  return { port: (server.address() as net.AddressInfo).port, requests };
}

const through = (port: number) => ({
  host: '192.0.2.55',
  port: 8080,
  socks4: {
    kind: 'inet',
    host: '127.0.0.1',
    family: 4,
    port: { first: port, last: port, relative: false },
  } as const,
});
const GRANTED = Buffer.of(0, 0x5a, 0, 0, 0, 0, 0, 0);

test("what follows the proxy's answer at once is the server's, and reaches the stream", async (context) => {
  const { port, requests } = await socksProxy(context, (socket) =>
    socket.write(Buffer.concat([GRANTED, Buffer.from('hello')])),
  );
  const { backend, client } = setup(context, [through(port)]);
  let received = '';
  const one = client();
  one.owner = { ...one.owner, onData: (chunk) => (received += chunk.toString()) };
  assert.equal((await one.start(backend).settled()).failure, undefined);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(received, 'hello');
  assert.deepEqual(requests, ['04011f90c0000237484150726f787900']);
});

test('an answer that comes byte by byte is waited for', async (context) => {
  const { port } = await socksProxy(context, (socket) => {
    socket.setNoDelay(true);
    let at = 0;
    const next = (): void => {
      if (at < GRANTED.length) socket.write(GRANTED.subarray(at, ++at), () => setImmediate(next));
    };
    next();
  });
  const { backend, client } = setup(context, [through(port)]);
  assert.equal((await client().start(backend).settled()).failure, undefined);
});

test('a refusal and a hang-up are failed connects, which are retried', async (context) => {
  let asked = 0;
  const { port } = await socksProxy(context, (socket) => {
    if (++asked === 1) socket.write(Buffer.of(0, 0x5b, 0, 0, 0, 0, 0, 0));
    else if (asked === 2) socket.end();
    else socket.write(GRANTED);
  });
  const { backend, client } = setup(context, [through(port)], { timeouts: { connect: 30 }, retries: 3 });
  const one = await client().start(backend).settled();
  assert.equal(one.failure, undefined);
  assert.equal(one.dispatch.retries, 2);
});

test('a proxy that does not answer costs timeout connect', async (context) => {
  const { port } = await socksProxy(context, () => {});
  const { backend, client } = setup(context, [through(port)], { timeouts: { connect: 30 }, retries: 0 });
  assert.equal((await client().start(backend).settled()).failure, 'connect-timeout');
});
