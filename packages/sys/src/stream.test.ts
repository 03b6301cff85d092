import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type ListenOptions, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openClientSocket } from './client.ts';
import {
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_TCLASS,
  IP_TOS,
  SOL_SOCKET,
  SO_KEEPALIVE,
  SO_MARK,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
  TCP_MAXSEG,
  TCP_NODELAY,
  TCP_QUICKACK,
  TCP_USER_TIMEOUT,
} from './constants.ts';
import { getInt } from './options.ts';
import { closeFd, descriptorOf, getSocketName } from './socket.ts';
import { bufferSizes, originalDestination, peerCredentials, setStreamOptions, tcpInfo } from './stream.ts';
import { inChild, missing, notRoot } from './test-child.ts';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

async function withPair(listen: ListenOptions, use: (pair: Pair) => Promise<void> | void): Promise<void> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(listen, resolve));
  const address = listener.address() as AddressInfo | string;
  const accepted = new Promise<Socket>((resolve) => listener.once('connection', resolve));
  const client = typeof address === 'string' ? connect(address) : connect(address.port, address.address);
  const server = await accepted;
  try {
    await use({ client, server });
  } finally {
    client.destroy();
    server.destroy();
    listener.close();
  }
}

const ipv4: ListenOptions = { host: '127.0.0.1', port: 0 };

describe('stream options', () => {
  it('are set on a connected socket, and what is not named is left alone', () =>
    withPair(ipv4, ({ server }) => {
      const fd = descriptorOf(server);
      const before = getInt(fd, IPPROTO_TCP, TCP_KEEPCNT, '');
      setStreamOptions(fd, {
        userTimeoutMs: 1234,
        tos: 0x10,
        noDelay: true,
        quickAck: true,
        keepAlive: { enabled: true, idleSeconds: 7, intervalSeconds: 3 },
      });
      assert.equal(getInt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, ''), 1234);
      assert.equal(getInt(fd, IPPROTO_IP, IP_TOS, ''), 0x10);
      assert.notEqual(getInt(fd, IPPROTO_TCP, TCP_NODELAY, ''), 0);
      assert.equal(getInt(fd, IPPROTO_TCP, TCP_QUICKACK, ''), 1);
      assert.equal(getInt(fd, SOL_SOCKET, SO_KEEPALIVE, ''), 1);
      assert.equal(getInt(fd, IPPROTO_TCP, TCP_KEEPIDLE, ''), 7);
      assert.equal(getInt(fd, IPPROTO_TCP, TCP_KEEPINTVL, ''), 3);
      assert.equal(getInt(fd, IPPROTO_TCP, TCP_KEEPCNT, ''), before);
      setStreamOptions(fd, { noDelay: false, keepAlive: { enabled: false } });
      assert.equal(getInt(fd, IPPROTO_TCP, TCP_NODELAY, ''), 0);
      assert.equal(getInt(fd, SOL_SOCKET, SO_KEEPALIVE, ''), 0);
    }));

  it('tos is the traffic class on IPv6', () =>
    withPair({ host: '::1', port: 0 }, ({ server }) => {
      setStreamOptions(descriptorOf(server), { tos: 0x20 });
      assert.equal(getInt(descriptorOf(server), IPPROTO_IPV6, IPV6_TCLASS, ''), 0x20);
    }));

  it('mark needs CAP_NET_ADMIN', { skip: notRoot }, () =>
    withPair(ipv4, ({ server }) => {
      setStreamOptions(descriptorOf(server), { mark: 77 });
      assert.equal(getInt(descriptorOf(server), SOL_SOCKET, SO_MARK, ''), 77);
    }),
  );

  it('maxSegmentBytes is set before connecting', () => {
    const fd = openClientSocket({ family: 'ipv4' });
    setStreamOptions(fd, { maxSegmentBytes: 1000 });
    assert.ok(getInt(fd, IPPROTO_TCP, TCP_MAXSEG, '') <= 1000);
    closeFd(fd);
  });

  it('buffer sizes: the kernel books twice as much', () =>
    withPair(ipv4, ({ client }) => {
      setStreamOptions(descriptorOf(client), { sendBufferBytes: 20_000, receiveBufferBytes: 30_000 });
      assert.deepEqual(bufferSizes(descriptorOf(client)), { sendBytes: 40_000, receiveBytes: 60_000 });
    }));

  it('resetOnClose: the peer sees ECONNRESET instead of an end', () =>
    withPair(ipv4, async ({ client, server }) => {
      const code = new Promise((resolve) =>
        client.on('error', (error: NodeJS.ErrnoException) => resolve(error.code)).on('end', () => resolve('end')),
      );
      client.resume();
      setStreamOptions(descriptorOf(server), { resetOnClose: true });
      server.destroy();
      assert.equal(await code, 'ECONNRESET');
    }));

  it('a failure names the option', () => {
    assert.throws(() => setStreamOptions(-1, { tos: 1 }), { code: 'EBADF', message: /IP_TOS/ });
  });
});

describe('stream facts', () => {
  it('TCP_INFO of a connection that carried data', () =>
    withPair(ipv4, async ({ client, server }) => {
      client.write('x');
      await new Promise((resolve) => server.once('data', resolve));
      const info = tcpInfo(descriptorOf(client));
      assert.ok(info !== undefined);
      assert.equal(info.state, 1);
      assert.ok(info.rttUs > 0);
      assert.ok(info.sendMssBytes > 500);
      assert.equal(info.totalRetransmits, 0);
    }));

  it('a Unix connection has peer credentials and no TCP_INFO', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'evenkeel-sys-'));
    try {
      await withPair({ path: join(folder, 's') }, ({ server }) => {
        assert.deepEqual(peerCredentials(descriptorOf(server)), {
          pid: process.pid,
          uid: process.getuid!(),
          gid: process.getgid!(),
        });
        assert.equal(tcpInfo(descriptorOf(server)), undefined);
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('a connection that nobody redirected has no original destination', () =>
    withPair(ipv4, ({ server }) => assert.equal(originalDestination(descriptorOf(server)), undefined)));

  const redirected = `
import { connect, createServer } from 'node:net'
const server = createServer((socket) => { answer(sys.originalDestination(sys.descriptorOf(socket))); socket.destroy(); server.close() })
server.listen(8888, HOST, () => connect(9999, HOST).on('error', () => {}))`;

  it('SO_ORIGINAL_DST over IPv4', { skip: notRoot || missing('unshare', 'ip', 'iptables') }, async () => {
    const prepare = 'iptables -t nat -A OUTPUT -p tcp --dport 9999 -j REDIRECT --to-ports 8888';
    assert.deepEqual(await inChild(redirected.replaceAll('HOST', "'127.0.0.1'"), { isolated: true, prepare }), {
      family: 'ipv4',
      address: '127.0.0.1',
      port: 9999,
    });
  });

  it('SO_ORIGINAL_DST over IPv6', { skip: notRoot || missing('unshare', 'ip', 'ip6tables') }, async () => {
    const prepare = 'ip6tables -t nat -A OUTPUT -p tcp --dport 9999 -j REDIRECT --to-ports 8888';
    assert.deepEqual(await inChild(redirected.replaceAll('HOST', "'::1'"), { isolated: true, prepare }), {
      family: 'ipv6',
      address: '::1',
      port: 9999,
    });
  });
});

describe('openClientSocket', () => {
  it('connects from the given source', async () => {
    const listener = createServer();
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const { port } = listener.address() as AddressInfo;
    const accepted = new Promise<Socket>((resolve) => listener.once('connection', resolve));
    const fd = openClientSocket({ family: 'ipv4', address: '127.0.0.9' });
    assert.deepEqual(
      getSocketName(fd),
      { family: 'ipv4', address: '127.0.0.9', port: 0 },
      'the port is left to connect',
    );
    const { Socket: NetSocket } = await import('node:net');
    const client = new NetSocket({ fd });
    client.connect(port, '127.0.0.1');
    assert.equal((await accepted).remoteAddress, '127.0.0.9');
    client.destroy();
    listener.close();
  });

  it('says EADDRNOTAVAIL for a foreign source, unless transparent', { skip: notRoot }, () => {
    assert.throws(() => openClientSocket({ family: 'ipv4', address: '192.0.2.3' }), { code: 'EADDRNOTAVAIL' });
    closeFd(openClientSocket({ family: 'ipv4', address: '192.0.2.3', transparent: true, interface: 'lo', mark: 5 }));
    closeFd(openClientSocket({ family: 'ipv6', address: '2001:db8::3', transparent: true }));
  });
});
