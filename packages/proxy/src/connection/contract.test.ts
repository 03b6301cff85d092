// What every kind of connection promises to its owner (connection.ts), run on each kind over real sockets.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Connection, ConnectionOwner, OpenOptions } from '../connection.ts';
import { blackHole, eventually, freePort, serve, type Peer, type TestServer } from '../test-sockets.ts';
import type { ConnectionError } from './error.ts';
import { handleConnectionsSupported, openHandleConnection } from './handle-connection.ts';
import { openSocketConnection } from './socket-connection.ts';

const clock = { now: 0, refresh() {} };

/** Hears everything and keeps what chunks held, not the chunks. */
class Listener implements ConnectionOwner {
  borrowsChunks = false;
  text = '';
  received = 0;
  readonly events: string[] = [];
  readonly hash = createHash('sha256');
  error: ConnectionError | undefined = undefined;
  onChunk: ((chunk: Buffer) => void) | undefined = undefined;

  onConnect(): void {
    this.events.push('connect');
  }
  onData(chunk: Buffer): void {
    this.received += chunk.length;
    if (this.received < 1000) this.text += chunk.toString('latin1');
    this.hash.update(chunk);
    this.onChunk?.(chunk);
  }
  onEnd(): void {
    this.events.push('end');
  }
  onDrain(): void {
    this.events.push('drain');
  }
  onClose(error: ConnectionError | undefined): void {
    this.error = error;
    this.events.push('close');
  }
  has(event: string): boolean {
    return this.events.includes(event);
  }
}

type Open = (options: OpenOptions, owner: ConnectionOwner) => Connection;

function contract(name: string, open: Open): void {
  async function pair(
    context: TestContext,
    play?: (peer: Peer) => void,
  ): Promise<{ connection: Connection; owner: Listener; peer: Peer; server: TestServer }> {
    const server = await serve(context, play);
    const owner = new Listener();
    const connection = open({ host: '127.0.0.1', port: server.port }, owner);
    context.after(() => connection.destroy());
    await eventually(() => owner.has('connect'), 'connect');
    return { connection, owner, peer: await server.peer(0), server };
  }

  test(`${name}: what is written arrives, what the peer writes is heard`, async (context) => {
    const { connection, owner, peer } = await pair(context);
    connection.resume();
    assert.equal(connection.write(Buffer.from('one ')), true);
    assert.equal(connection.writeLatin1('tw\u00f6'), true);
    await peer.until(({ text }) => text === 'one tw\u00f6');
    peer.write('back');
    await eventually(() => owner.text === 'back', 'data');
    assert.equal(connection.bytesIn, 4);
    assert.equal(connection.bytesOut, 7);
  });

  test(`${name}: a new connection hears nothing before resume`, async (context) => {
    const { connection, owner } = await pair(context, (peer) => peer.end('early'));
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.deepEqual([owner.text, owner.has('end')], ['', false]);
    connection.resume();
    await eventually(() => owner.text === 'early' && owner.has('end'), 'data and end');
  });

  test(`${name}: half-close is heard and sent, and both together close without error`, async (context) => {
    const { connection, owner, peer } = await pair(context);
    connection.resume();
    peer.end('last');
    await eventually(() => owner.has('end'), 'end');
    assert.equal(connection.isReadEnded, true);
    assert.equal(owner.has('close'), false);
    connection.write(Buffer.from('answer'));
    connection.end();
    await peer.until(({ ended, text }) => ended && text === 'answer');
    await eventually(() => owner.has('close'), 'close');
    assert.equal(owner.error, undefined);
  });

  test(`${name}: our FIN first, then the peer's`, async (context) => {
    const { connection, owner, peer } = await pair(context);
    connection.resume();
    connection.end();
    await peer.until(({ ended }) => ended);
    peer.end('late');
    await eventually(() => owner.has('close'), 'close');
    assert.deepEqual([owner.text, owner.error], ['late', undefined]);
    assert.deepEqual(owner.events, ['connect', 'end', 'close']);
  });

  test(`${name}: a reset by the peer is a close with its kind`, async (context) => {
    const { connection, owner, peer } = await pair(context);
    connection.resume();
    peer.reset();
    await eventually(() => owner.has('close'), 'close');
    assert.equal(owner.error?.kind, 'reset');
    assert.equal(connection.isClosed, true);
  });

  test(`${name}: reset() is RST for the peer, destroy() of a read connection is FIN`, async (context) => {
    const first = await pair(context);
    first.connection.reset();
    await first.peer.until(({ error }) => error === 'ECONNRESET');
    const second = await pair(context);
    second.connection.resume();
    second.connection.destroy();
    await second.peer.until(({ ended }) => ended);
    assert.equal(second.peer.error, undefined);
  });

  test(`${name}: onClose comes once, later than the call that caused it, with no error`, async (context) => {
    const { connection, owner } = await pair(context);
    connection.destroy();
    assert.equal(owner.has('close'), false);
    assert.equal(connection.isClosed, true);
    connection.destroy();
    connection.reset();
    connection.end();
    assert.equal(connection.write(Buffer.from('nobody')), true);
    await eventually(() => owner.has('close'), 'close');
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(owner.events, ['connect', 'close']);
    assert.equal(owner.error, undefined);
  });

  test(`${name}: reset() while unsent bytes and FIN wait`, async (context) => {
    const server = await serve(context, undefined, { reads: false });
    const owner = new Listener();
    const connection = open({ host: '127.0.0.1', port: server.port }, owner);
    await eventually(() => owner.has('connect'), 'connect');
    const peer = await server.peer(0);
    while (connection.write(Buffer.alloc(1 << 20)));
    connection.end();
    connection.reset();
    await eventually(() => owner.has('close'), 'close');
    peer.read();
    await peer.until(({ error }) => error === 'ECONNRESET');
  });

  test(`${name}: a write that has to wait returns false and onDrain follows, also after end()`, async (context) => {
    const server = await serve(context, undefined, { reads: false });
    const owner = new Listener();
    const connection = open({ host: '127.0.0.1', port: server.port }, owner);
    context.after(() => connection.destroy());
    await eventually(() => owner.has('connect'), 'connect');
    const peer = await server.peer(0);
    while (connection.write(Buffer.alloc(1 << 20)));
    assert.ok(connection.writableLength > 0);
    assert.ok(connection.unsentBytes > 0);
    assert.equal(owner.has('drain'), false);
    peer.read();
    await eventually(() => owner.has('drain'), 'drain');
    assert.equal(connection.writableLength, 0);
    peer.socket.pause();
    owner.events.length = 0;
    while (connection.write(Buffer.alloc(1 << 20)));
    connection.end();
    peer.socket.resume();
    await eventually(() => owner.has('drain'), 'drain after end');
    await peer.until(({ ended }) => ended);
  });

  test(`${name}: a peer that breaks off while bytes wait for it leaves none waiting, read or not`, async (context) => {
    for (const reads of [true, false]) {
      const server = await serve(context, undefined, { reads: false });
      const owner = new Listener();
      const connection = open({ host: '127.0.0.1', port: server.port }, owner);
      let waiting = -1;
      owner.onClose = (error) => {
        waiting = connection.writableLength + connection.unsentBytes;
        Listener.prototype.onClose.call(owner, error);
      };
      context.after(() => connection.destroy());
      await eventually(() => owner.has('connect'), 'connect');
      const peer = await server.peer(0);
      if (reads) connection.resume();
      // Several writes wait: the first one that fails is not the last.
      for (let writes = 0; connection.writableLength < 1 << 22 && writes < 1000; writes++)
        connection.write(Buffer.alloc(1 << 20));
      peer.reset();
      await eventually(() => owner.has('close'), 'close');
      assert.notEqual(owner.error, undefined);
      assert.equal(waiting, 0);
    }
  });

  test(`${name}: refused, unreachable and missing peers are told by kind`, async (context) => {
    const refused = new Listener();
    open({ host: '127.0.0.1', port: await freePort() }, refused);
    await eventually(() => refused.has('close'), 'close');
    assert.equal(refused.error?.kind, 'refused');
    const missing = new Listener();
    open({ path: join(tmpdir(), 'evenkeel-nobody-here.sock') }, missing);
    await eventually(() => missing.has('close'), 'close');
    assert.equal(missing.error?.kind, 'refused');
    const local = new Listener();
    open({ host: '127.0.0.1', port: await freePort(), localAddress: '192.0.2.1' }, local);
    await eventually(() => local.has('close'), 'close');
    assert.equal(local.error?.kind, 'resource');
    const hole = new Listener();
    const waiting = open({ host: '127.0.0.1', port: await blackHole(context) }, hole);
    waiting.destroy();
    await eventually(() => hole.has('close'), 'close');
    assert.equal(hole.error, undefined);
    assert.equal(hole.has('connect'), false);
  });

  test(`${name}: addresses of both ends, and they outlive the connection`, async (context) => {
    const { connection, peer, server } = await pair(context);
    assert.deepEqual(connection.remote, { address: '127.0.0.1', port: server.port, family: 4 });
    assert.deepEqual(connection.local, { address: '127.0.0.1', port: peer.socket.remotePort, family: 4 });
    assert.ok(connection.descriptor > 2);
    connection.destroy();
    assert.equal(connection.remote.port, server.port);
  });

  test(`${name}: a source address and port are used`, async (context) => {
    const server = await serve(context);
    const owner = new Listener();
    const localPort = await freePort();
    const connection = open({ host: '127.0.0.1', port: server.port, localAddress: '127.0.0.1', localPort }, owner);
    context.after(() => connection.destroy());
    const peer = await server.peer(0);
    assert.equal(peer.socket.remotePort, localPort);
  });

  test(`${name}: Unix and abstract sockets`, async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'evenkeel-'));
    context.after(() => rmSync(folder, { recursive: true }));
    for (const path of [join(folder, 's.sock'), `\0evenkeel-test-${process.pid}`]) {
      const server = net.createServer((socket) => socket.pipe(socket)).listen({ path });
      await once(server, 'listening');
      context.after(() => server.close());
      const owner = new Listener();
      const connection = open({ path }, owner);
      context.after(() => connection.destroy());
      connection.resume();
      await eventually(() => owner.has('connect'), 'connect');
      connection.write(Buffer.from('unix'));
      await eventually(() => owner.text === 'unix', 'echo');
      assert.deepEqual(connection.remote, { address: '', port: 0, family: 0 });
      connection.setNoDelay(true);
      connection.setKeepAlive(1000, 1000, 3);
      connection.destroy();
    }
  });

  for (const borrows of [false, true]) {
    test(
      `${name}: 32 MiB echoed through ${borrows ? 'borrowed' : 'kept'} chunks to a peer that reads in fits`,
      { timeout: 60_000 },
      async (context) => {
        const { connection, owner, peer } = await pair(context);
        owner.borrowsChunks = borrows;
        const kept: Buffer[] = [];
        owner.onChunk = (chunk) => {
          if (!borrows && kept.length < 100) kept.push(chunk);
          connection.write(chunk);
          if (connection.writableLength > 100_000) connection.pause();
        };
        owner.onDrain = () => connection.resume();
        const data = randomBytes(32 << 20);
        const sent = createHash('sha256').update(data).digest('hex');
        const got = createHash('sha256');
        let sinceBreak = 0;
        peer.socket.on('data', (chunk: Buffer) => {
          got.update(chunk);
          sinceBreak += chunk.length;
          if (sinceBreak < 3_000_000) return;
          sinceBreak = 0;
          peer.socket.pause();
          setTimeout(() => peer.socket.resume(), 5);
        });
        connection.resume();
        peer.socket.write(data);
        await peer.until(({ received }) => received === data.length);
        assert.equal(owner.hash.digest('hex'), sent);
        assert.equal(got.digest('hex'), sent);
        let at = 0;
        for (const chunk of kept) {
          assert.ok(chunk.equals(data.subarray(at, at + chunk.length)), 'a kept chunk was written over');
          at += chunk.length;
        }
      },
    );
  }

  test(`${name}: many connections amid large reads keep their bytes apart`, { timeout: 60_000 }, async (context) => {
    const digests = new Map<number, string>();
    const server = await serve(context, (peer) => {
      const data = randomBytes(2 << 20);
      digests.set(peer.socket.remotePort as number, createHash('sha256').update(data).digest('hex'));
      peer.end(data);
    });
    const all = Array.from({ length: 30 }, (_, index) => {
      const owner = new Listener();
      owner.borrowsChunks = index % 2 === 0;
      const connection = open({ host: '127.0.0.1', port: server.port }, owner);
      context.after(() => connection.destroy());
      connection.resume();
      return { owner, connection };
    });
    await eventually(() => all.every(({ owner }) => owner.has('end')), 'all read');
    for (const { owner, connection } of all) assert.equal(owner.hash.digest('hex'), digests.get(connection.local.port));
  });
}

contract('net.Socket', (options, owner) => openSocketConnection(options, clock, owner));
if (handleConnectionsSupported) {
  contract('handle', (options, owner) => {
    const connection = openHandleConnection(options, clock, owner);
    assert.ok(connection);
    return connection;
  });
}
