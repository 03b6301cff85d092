/** WebSocket tunnels with a real client and a real server at the ends: messages, sizes, closing, silence. */

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { once } from 'node:events';
import { Daemon, freePorts, until } from '../support/daemon.ts';
import { SERVER_CLOSE_CODE, WebSocketClient, WebSocketServer } from '../support/websocket.ts';

const MESSAGES = 100;
/** Ends silent connections that are no tunnels. */
const CLIENT_TIMEOUT_MS = 800;
/** Ends silent tunnels; well above the other, so that both can be told apart on a busy machine. */
const TUNNEL_TIMEOUT_MS = 4500;

const resources = new AsyncDisposableStack();
let server: WebSocketServer;
let daemon: Daemon;
let httpUrl = '';
let tcpUrl = '';
let httpPort = 0;

before(async () => {
  server = resources.use(await WebSocketServer.start());
  const [web, raw] = await freePorts(2);
  httpPort = web;
  httpUrl = `ws://127.0.0.1:${web}/echo`;
  tcpUrl = `ws://127.0.0.1:${raw}/echo`;
  daemon = resources.use(
    await Daemon.start(
      `global
    nbthread 2
    stats socket FOLDER/admin.sock level admin
defaults
    timeout connect 5s
    timeout client ${CLIENT_TIMEOUT_MS}ms
    timeout server ${CLIENT_TIMEOUT_MS}ms
    timeout tunnel ${TUNNEL_TIMEOUT_MS}ms
listen web
    mode http
    bind 127.0.0.1:${web}
    option forwardfor
    server s1 127.0.0.1:${server.port}
listen raw
    mode tcp
    bind 127.0.0.1:${raw}
    server s1 127.0.0.1:${server.port}
`,
      { port: web },
    ),
  );
});

after(async () => await resources.disposeAsync());

for (const mode of ['http', 'tcp'] as const) {
  const url = (): string => (mode === 'http' ? httpUrl : tcpUrl);

  test(`mode ${mode}: ${MESSAGES} messages each way, one after another and all at once`, async () => {
    const client = await WebSocketClient.open(url());
    for (let index = 0; index < MESSAGES; index++)
      assert.equal(await client.echo(`message ${index}`), `message ${index}`);
    for (let index = 0; index < MESSAGES; index++) client.send(`burst ${index}`);
    for (let index = 0; index < MESSAGES; index++) assert.equal(await client.receive(), `burst ${index}`);
    client.close(1000);
    assert.equal(await client.closed, 1000);
  });

  test(`mode ${mode}: a binary message of 1 MB comes back whole`, async () => {
    const client = await WebSocketClient.open(url());
    const message = randomBytes(1024 * 1024);
    assert.ok(message.equals((await client.echo(message)) as Buffer));
    client.close(1000);
    assert.equal(await client.closed, 1000);
  });

  test(`mode ${mode}: the close handshake works from either side`, async () => {
    const asking = await WebSocketClient.open(url());
    asking.close(4321);
    assert.equal(await asking.closed, 4321);
    await until('the server has seen the code', () => server.closeCodes.includes(4321));

    const told = await WebSocketClient.open(url());
    told.send('close');
    assert.equal(await told.closed, SERVER_CLOSE_CODE);
    await until('the server has the answer', () => server.closeCodes.includes(SERVER_CLOSE_CODE));
    await until('no tunnel is left', () => server.open === 0);
  });

  test(`mode ${mode}: silence ends a tunnel after timeout tunnel, not after timeout client`, async () => {
    const client = await WebSocketClient.open(url());
    await client.echo('hello');
    // Two connections without a tunnel, one after the other: both are over before the tunnel's time is.
    for (let round = 0; round < 2; round++) await silentConnectionEnds();
    assert.equal(await client.echo('still here'), 'still here');
    const code = await client.closed;
    assert.equal(code, 1006);
    await until('the server end is gone, too', () => server.open === 0);
  });
}

/** A client that asks for nothing: `timeout client` ends it. */
async function silentConnectionEnds(): Promise<void> {
  const socket = connect(httpPort, '127.0.0.1');
  socket.resume();
  await once(socket, 'close');
}

test('tunnels leave nothing behind', async () => {
  await until('no connection is counted', async () => /^CurrConns: 0$/m.test(await daemon.ask('show info')));
  assert.doesNotMatch(daemon.output, /ALERT|\bat .*\.ts:\d+/);
});
