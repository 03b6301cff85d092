// Addresses and options of `bind` lines on real sockets (manual, sections 5.1 and 11).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as net from 'node:net';
import { test, type TestContext } from 'node:test';
import { bufferSizes, support, tcpInfo } from '@evenkeel/sys';
import { TestHost } from '../test-host.ts';
import { connect, eventually, freePort, Peer, serve } from '../test-sockets.ts';

async function host(
  context: TestContext,
  bind: (port: number) => string,
  options = '',
  global = '',
): Promise<{ host: TestHost; port: number }> {
  const server = await serve(context, (peer) => peer.socket.on('data', (chunk: Buffer) => peer.write(chunk)));
  const port = await freePort();
  const made = new TestHost();
  context.after(() => made.stop());
  await made.apply(`global
  ${global}
defaults
  mode tcp
  timeout client 20s
  timeout server 20s
  timeout connect 5s
  ${options}
listen f
  bind ${bind(port)}
  server s 127.0.0.1:${server.port}
`);
  return { host: made, port };
}

async function echoes(context: TestContext, port: number, address: string): Promise<boolean> {
  const peer = new Peer(context, net.connect({ port, host: address }), true);
  peer.write('x');
  await peer.until(({ text, closed, error }) => text === 'x' || closed || error !== undefined);
  return peer.text === 'x';
}

test('* takes IPv4 on any address, not IPv6', async (context) => {
  const { port } = await host(context, (each) => `*:${each}`);
  assert.equal(await echoes(context, port, '127.0.0.1'), true);
  assert.equal(await echoes(context, port, '127.9.9.9'), true);
  assert.equal(await echoes(context, port, '::1'), false);
});

test(':: with v4v6 takes both, with v6only IPv6 alone, and by itself what the system says', async (context) => {
  const both = await host(context, (each) => `:::${each} v4v6`);
  assert.equal(await echoes(context, both.port, '::1'), true);
  assert.equal(await echoes(context, both.port, '127.0.0.1'), true);
  const only = await host(context, (each) => `:::${each} v6only`);
  assert.equal(await echoes(context, only.port, '::1'), true);
  assert.equal(await echoes(context, only.port, '127.0.0.1'), false);
  const plain = await host(context, (each) => `:::${each}`);
  const systemIsV6Only = readFileSync('/proc/sys/net/ipv6/bindv6only', 'latin1').trim() === '1';
  assert.equal(await echoes(context, plain.port, '127.0.0.1'), !systemIsV6Only);
});

test('an IPv4 client on an IPv6 socket shows in mapped form', async (context) => {
  const { host: made, port } = await host(context, (each) => `:::${each} v4v6`);
  await connect(context, port);
  await eventually(() => made.thread.sessions.length === 1, 'session');
  made.thread.sessions.forEach((session) => {
    assert.equal(session.connection.remote.family, 6);
    assert.equal(session.source?.text, '::ffff:127.0.0.1');
    assert.equal(session.destination?.text, '::ffff:127.0.0.1');
    assert.equal(session.destinationPort, port);
  });
});

test('interface binds to a device, and one that is not there is an error', async (context) => {
  if (!support('bind-device').supported) return context.skip('may not bind to devices here');
  const { port } = await host(context, (each) => `*:${each} interface lo`);
  assert.equal(await echoes(context, port, '127.0.0.1'), true);
  await assert.rejects(
    host(context, (each) => `*:${each} interface nodevice0`),
    /cannot bind socket \(No such device\)/,
  );
});

test('transparent binds an address that the machine does not have; without it that is an error', async (context) => {
  await assert.rejects(
    host(context, (each) => `192.0.2.1:${each}`),
    /cannot bind socket \(Cannot assign requested address\) for \[192\.0\.2\.1:\d+\]/,
  );
  if (!support('transparent').supported) return context.skip('may not be transparent here');
  await host(context, (each) => `192.0.2.1:${each} transparent`);
});

test('mss bounds the segments of accepted connections', async (context) => {
  const { host: made, port } = await host(context, (each) => `127.0.0.1:${each} mss 1000`);
  assert.equal(await echoes(context, port, '127.0.0.1'), true);
  let mss: number | undefined;
  made.thread.sessions.forEach(({ connection }) => (mss = tcpInfo(connection.descriptor)?.sendMssBytes));
  assert.ok(mss !== undefined && mss <= 1000, `${mss} bytes`);
});

test('tune.sndbuf and tune.rcvbuf bound the buffers of both sides', async (context) => {
  const { host: made, port } = await host(
    context,
    (each) => `127.0.0.1:${each}`,
    '',
    'tune.sndbuf.client 20000\n  tune.rcvbuf.client 21000\n  tune.sndbuf.server 22000\n  tune.rcvbuf.server 23000',
  );
  assert.equal(await echoes(context, port, '127.0.0.1'), true);
  let checked = 0;
  made.thread.sessions.forEach(({ connection, user }) => {
    const { serverConnection } = user as unknown as { serverConnection: { descriptor: number } };
    // The kernel books twice what it is told (socket(7)).
    assert.deepEqual(bufferSizes(connection.descriptor), { sendBytes: 40_000, receiveBytes: 42_000 });
    assert.deepEqual(bufferSizes(serverConnection.descriptor), { sendBytes: 44_000, receiveBytes: 46_000 });
    checked++;
  });
  assert.equal(checked, 1);
});

test('defer-accept: a client that sends nothing is not accepted yet', async (context) => {
  const { host: made, port } = await host(context, (each) => `127.0.0.1:${each} defer-accept`);
  const peer = await connect(context, port);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(made.thread.sessions.length, 0);
  peer.write('x');
  await peer.until(({ text }) => text === 'x');
});

test('tcp-ut and tfo lines serve', async (context) => {
  const words = support('fastopen').supported ? 'tcp-ut 5s tfo' : 'tcp-ut 5s';
  const { port } = await host(context, (each) => `127.0.0.1:${each} ${words}`);
  assert.equal(await echoes(context, port, '127.0.0.1'), true);
});

/** What /proc/net/tcp says of a socket's timer: 2 is keep-alive. */
function timerOf(localPort: number, remotePort: number): string | undefined {
  const hex = (port: number): string => `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const line = readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .map((each) => each.trim().split(/\s+/))
    .find((fields) => fields[1]?.endsWith(hex(localPort)) && fields[2]?.endsWith(hex(remotePort)));
  return line?.[5]?.split(':')[0];
}

test("option clitcpka and srvtcpka turn the kernel's probes on", async (context) => {
  const { host: made, port } = await host(
    context,
    (each) => `127.0.0.1:${each}`,
    'option clitcpka\n  clitcpka-idle 10m\n  option srvtcpka\n  srvtcpka-idle 10m',
  );
  const peer = await connect(context, port);
  peer.write('x');
  await peer.until(({ text }) => text === 'x');
  const clientPort = peer.socket.localPort as number;
  await eventually(() => timerOf(port, clientPort) === '02', 'a keep-alive timer towards the client');
  made.thread.sessions.forEach(({ user }) => {
    const { local, remote } = (
      user as unknown as { serverConnection: { local: { port: number }; remote: { port: number } } }
    ).serverConnection;
    assert.equal(timerOf(local.port, remote.port), '02');
  });
});

test('without them there are none', async (context) => {
  const { port } = await host(context, (each) => `127.0.0.1:${each}`);
  const peer = await connect(context, port);
  peer.write('x');
  await peer.until(({ text }) => text === 'x');
  await eventually(() => timerOf(port, peer.socket.localPort as number) === '00', 'no timer');
});
