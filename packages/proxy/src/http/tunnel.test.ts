// Tunnels: Upgrade and CONNECT (RFC 9110, 7.8 and 9.3.6; manual, "timeout tunnel", "timeout client-fin", 8.5).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  GET,
  OK,
  outcome,
  startProxy,
  type Peer,
  type ProxyOptions,
  type ServerScript,
  type TestProxy,
} from './test-kit.ts';
import type { TestContext } from 'node:test';

const UPGRADE =
  'GET /chat HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
const SWITCHING =
  'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n';
const CONNECT = 'CONNECT a:80 HTTP/1.1\r\nhost: a:80\r\n\r\n';

const switching =
  (behind = ''): ServerScript =>
  async (peer) => {
    await peer.head();
    peer.send(SWITCHING + behind);
  };

interface Open {
  readonly proxy: TestProxy;
  readonly client: Peer;
  readonly server: Peer;
}

async function openTunnel(
  t: TestContext,
  options: ProxyOptions = {},
  script: ServerScript = switching(),
): Promise<Open> {
  const proxy = await startProxy(t, options, script);
  const client = await proxy.connect();
  client.send(UPGRADE);
  assert.equal(await client.head(), SWITCHING);
  return { proxy, client, server: proxy.servers[0] };
}

test('bytes pass both ways, unread', async (t) => {
  const { client, server, proxy } = await openTunnel(t);
  client.send('\x81\x05hello GET / HTTP/1.1\r\n\r\n');
  await server.until('hello GET / HTTP/1.1\r\n\r\n');
  server.send('\x81\x05there');
  await client.until('there');
  assert.equal(server.received, `${UPGRADE}\x81\x05hello GET / HTTP/1.1\r\n\r\n`);
  client.socket.end();
  await server.over();
  // Half-close is passed on: the server still has something to say.
  server.send('bye').socket.end();
  await client.over();
  assert.equal(client.received, `${SWITCHING}\x81\x05therebye`);
  assert.match((await proxy.lines(1))[0], /^fe be\/s1 .* 101 \d+ - - ---- .*"GET \/chat HTTP\/1\.1"$/);
});

test("what the server sends with the head, and what the client sends before it, are the tunnel's", async (t) => {
  const proxy = await startProxy(t, {}, switching('early'));
  const client = await proxy.connect();
  client.send(`${UPGRADE}ahead`);
  await client.until('early');
  await proxy.servers[0].until('ahead');
  assert.equal(client.received, `${SWITCHING}early`);
});

test('the server ends it', async (t) => {
  const { client, server, proxy } = await openTunnel(t);
  server.send('bye').socket.end();
  await client.over();
  assert.equal(client.received, `${SWITCHING}bye`);
  client.socket.end();
  assert.equal(outcome((await proxy.lines(1))[0]), '101 ----');
});

const ENDINGS: readonly (readonly [name: string, options: ProxyOptions, act: (open: Open) => void, logged: string])[] =
  [
    ['timeout tunnel', { backend: ['timeout tunnel 80ms'] }, () => {}, '101 cD--'],
    [
      'timeout client without timeout tunnel',
      { frontend: ['timeout client 60ms'], backend: ['timeout server 200ms'] },
      () => {},
      '101 cD--',
    ],
    ['timeout server without timeout tunnel', { backend: ['timeout server 60ms'] }, () => {}, '101 sD--'],
    ['the client resets', {}, ({ client }) => void client.socket.resetAndDestroy(), '101 CD--'],
    ['the server resets', {}, ({ server }) => void server.socket.resetAndDestroy(), '101 SD--'],
    [
      "timeout server-fin after the client's FIN",
      { backend: ['timeout tunnel 4s', 'timeout server-fin 60ms'] },
      ({ client }) => void client.socket.end(),
      '101 sD--',
    ],
    [
      "timeout client-fin after the server's FIN",
      { frontend: ['timeout client-fin 60ms'], backend: ['timeout tunnel 4s'] },
      ({ server }) => void server.socket.end(),
      '101 cD--',
    ],
  ];

for (const [name, options, act, logged] of ENDINGS) {
  test(name, async (t) => {
    const open = await openTunnel(t, options);
    act(open);
    await open.client.over();
    await open.server.over();
    assert.equal(outcome((await open.proxy.lines(1))[0]), logged);
  });
}

test('traffic in either direction keeps a tunnel with timeout tunnel alive', async (t) => {
  const { client, server } = await openTunnel(t, { backend: ['timeout tunnel 1s'] });
  for (let count = 0; count < 10; count++) {
    await new Promise((resolve) => setTimeout(resolve, 150));
    if (count % 2 === 0) client.send('.');
    else server.send('.');
  }
  assert.equal(client.isEnded, false);
  client.send('end');
  await server.until('end');
});

test('a refused upgrade is a response like any other', async (t) => {
  const proxy = await startProxy(t);
  const client = await proxy.connect();
  client.send(UPGRADE);
  assert.equal(await client.until('ok'), OK);
  client.send(GET);
  assert.equal(await client.until('ok'), OK);
});

test('CONNECT', async (t) => {
  const proxy = await startProxy(t, {}, async (peer) => {
    await peer.head();
    peer.send('HTTP/1.1 200 Connected\r\n\r\n');
    await peer.until('hello');
    peer.send('there').socket.end();
  });
  const client = await proxy.connect();
  client.send(`${CONNECT}hello`);
  await client.until('there');
  assert.equal(client.received, 'HTTP/1.1 200 Connected\r\n\r\nthere');
  client.socket.end();
  assert.match((await proxy.lines(1))[0], / 200 \d+ - - ---- .*"CONNECT a:80 HTTP\/1\.1"$/);
});

test('CONNECT that is refused keeps the connection', async (t) => {
  const proxy = await startProxy(t, {}, async (peer) => {
    for (;;) {
      await peer.head();
      peer.send('HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno');
    }
  });
  const client = await proxy.connect();
  for (let count = 0; count < 2; count++) {
    client.send(CONNECT);
    assert.equal(await client.until('no'), 'HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno');
  }
});

test('killing ends tunnels: K', async (t) => {
  const { proxy, client, server } = await openTunnel(t);
  proxy.host.thread.sessions.forEach(({ user }) => user?.onKill());
  await client.over();
  await server.over();
  assert.equal(outcome((await proxy.lines(1))[0]), '101 K---');
});
