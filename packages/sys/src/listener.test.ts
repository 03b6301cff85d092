import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { IPPROTO_TCP, TCP_DEFER_ACCEPT, TCP_MAXSEG, TCP_USER_TIMEOUT } from './constants.ts';
import { SysError } from './errors.ts';
import { openListener, type ListenerOptions } from './listener.ts';
import { getInt } from './options.ts';
import { closeFd, descriptorOf, getSocketName, isCloseOnExec, isListening, isOpen } from './socket.ts';
import { NOBODY, inChild, missing, noNobody, notRoot } from './test-child.ts';

const loopback: ListenerOptions = { family: 'ipv4', address: '127.0.0.1' };

const portOf = (fd: number): number => {
  const name = getSocketName(fd);
  assert.ok(name !== undefined && name.family !== 'unix');
  return name.port;
};

async function listening(fd: number): Promise<Server> {
  const server = createServer((socket) => socket.end('served'));
  await new Promise<void>((resolve, reject) => server.on('error', reject).listen({ fd }, resolve));
  return server;
}

async function answerOf(to: { port: number; host: string } | { path: string }): Promise<string> {
  const socket = connect(to);
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}

const failure = (options: ListenerOptions): string => {
  try {
    closeFd(openListener(options));
    return 'none';
  } catch (error) {
    assert.ok(error instanceof SysError);
    return error.code;
  }
};

describe('openListener', () => {
  for (const [family, address] of [
    ['ipv4', '127.0.0.1'],
    ['ipv6', '::1'],
  ] as const) {
    it(`gives Node a descriptor that serves on ${address}`, async () => {
      const fd = openListener({ family, address });
      assert.equal(isCloseOnExec(fd), true);
      assert.equal(isListening(fd), false);
      const port = portOf(fd);
      const server = await listening(fd);
      assert.equal((server.address() as AddressInfo).port, port);
      assert.equal(descriptorOf(server), fd);
      assert.equal(isListening(fd), true);
      assert.equal(await answerOf({ port, host: address }), 'served');
      server.close();
    });
  }

  it('listens itself when a backlog is given', () => {
    const fd = openListener({ ...loopback, backlog: 16 });
    assert.equal(isListening(fd), true);
    closeFd(fd);
  });

  it('says EADDRINUSE for a taken port and leaves nothing open', () => {
    const fd = openListener({ ...loopback, backlog: 1 });
    assert.equal(failure({ ...loopback, port: portOf(fd), backlog: 1 }), 'EADDRINUSE');
    closeFd(fd);
    const next = openListener(loopback);
    assert.equal(next, fd, 'the lowest free descriptor is the one that was closed');
    closeFd(next);
  });

  it('says EADDRNOTAVAIL for an address that the machine does not have, and binds it with freebind', () => {
    // 192.0.2.0/24 is for documentation (RFC 5737), 2001:db8::/32 too (RFC 3849).
    for (const options of [
      { family: 'ipv4', address: '192.0.2.7' },
      { family: 'ipv6', address: '2001:db8::7' },
    ] as const) {
      assert.equal(failure(options), 'EADDRNOTAVAIL');
      const fd = openListener({ ...options, freebind: true });
      assert.deepEqual(getSocketName(fd), { ...options, port: portOf(fd) });
      closeFd(fd);
    }
  });

  it('says EINVAL for a text that is no address, ENODEV for an interface that is not there', () => {
    assert.equal(failure({ family: 'ipv4', address: 'localhost' }), 'EINVAL');
    assert.equal(failure({ family: 'ipv6', address: 'fe80::1%nosuch0' }), 'ENODEV');
    assert.equal(failure({ ...loopback, interface: 'nosuch0' }), 'ENODEV');
  });

  it('says EACCES for a low port without the right to it', { skip: noNobody }, async () => {
    const code = await inChild(
      `try { sys.openListener({ family: 'ipv4', address: '127.0.0.1', port: 81 }); answer('none') } catch (error) { answer(error.code) }`,
      { uid: NOBODY },
    );
    assert.equal(code, 'EACCES');
  });

  it('lets several sockets share a port with reusePort, also from a worker', async () => {
    const fd = openListener({ ...loopback, reusePort: true, backlog: 1 });
    const worker = new Worker(
      `import { parentPort, workerData } from 'node:worker_threads'
       const sys = await import(workerData.index)
       const fd = sys.openListener({ family: 'ipv4', address: '127.0.0.1', port: workerData.port, reusePort: true, backlog: 1 })
       parentPort.postMessage(sys.isListening(fd))
       sys.closeFd(fd)`,
      { eval: true, workerData: { index: new URL('./index.ts', import.meta.url).href, port: portOf(fd) } },
    );
    const answer = await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject));
    await worker.terminate();
    closeFd(fd);
    assert.equal(answer, true);
  });

  it('sets mss, defer-accept and tcp-ut; a negative mss is relative to the default', () => {
    const plain = openListener(loopback);
    const standard = getInt(plain, IPPROTO_TCP, TCP_MAXSEG, 'TCP_MAXSEG');
    const tuned = openListener({
      ...loopback,
      mss: standard - 100,
      deferAcceptSeconds: 1,
      userTimeoutMs: 2500,
      fastOpenBacklog: 8,
      backlog: 4,
    });
    const relative = openListener({ ...loopback, mss: -100, backlog: 4 });
    assert.equal(getInt(tuned, IPPROTO_TCP, TCP_USER_TIMEOUT, ''), 2500);
    assert.ok(getInt(tuned, IPPROTO_TCP, TCP_DEFER_ACCEPT, '') > 0);
    assert.equal(getInt(relative, IPPROTO_TCP, TCP_MAXSEG, ''), getInt(tuned, IPPROTO_TCP, TCP_MAXSEG, ''));
    for (const fd of [plain, tuned, relative]) closeFd(fd);
  });

  it('obeys v6only both ways', async () => {
    const both = openListener({ family: 'ipv6', address: '::', v6only: false, backlog: 1 });
    const port = portOf(both);
    assert.equal(failure({ family: 'ipv4', address: '0.0.0.0', port, backlog: 1 }), 'EADDRINUSE');
    closeFd(both);
    const six = openListener({ family: 'ipv6', address: '::', port, v6only: true, backlog: 1 });
    assert.equal(failure({ family: 'ipv4', address: '0.0.0.0', port, backlog: 1 }), 'none');
    closeFd(six);
  });

  it('binds interface and transparent where it may', { skip: notRoot }, () => {
    const fd = openListener({ family: 'ipv4', address: '198.51.100.9', transparent: true, interface: 'lo' });
    assert.ok(isOpen(fd));
    closeFd(fd);
  });

  it('binds Unix paths', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'evenkeel-sys-'));
    try {
      const path = join(folder, 'socket');
      const fd = openListener({ family: 'unix', address: path });
      assert.deepEqual(getSocketName(fd), { family: 'unix', path });
      const server = await listening(fd);
      assert.equal(await answerOf({ path }), 'served');
      assert.equal(failure({ family: 'unix', address: path }), 'EADDRINUSE');
      server.close();
      assert.equal(failure({ family: 'unix', address: `/tmp/${'x'.repeat(110)}` }), 'ENAMETOOLONG');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('pads abstract names with NUL to 108 bytes, as haproxy does for abns@', { skip: missing('socat') }, async () => {
    const name = `evenkeel-${process.pid}`;
    const server = await listening(openListener({ family: 'unix', address: `@${name}` }));
    assert.equal(await answerOf({ path: `\0${name}${'\0'.repeat(107 - name.length)}` }), 'served');
    await assert.rejects(answerOf({ path: `\0${name}` }), { code: 'ECONNREFUSED' });
    server.close();
  });
});
