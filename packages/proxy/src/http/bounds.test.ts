// Memory is bounded by tune.bufsize and one read, in both directions, also for peers that never read; nothing is left behind by
// what ends in the middle; and no order of aborts lets an exception escape.
import assert from 'node:assert/strict';
import * as net from 'node:net';
import { test } from 'node:test';
import { BackendGauge, ServerGauge, SharedCount } from '@evenkeel/shm';
import { GET, OK, outcome, Peer, startProxy, type TestProxy } from './test-kit.ts';

const BUFSIZE = 16384;
/** The most that one read from a socket brings. */
const READ = 65536;

/** What this process' sockets to the proxy's ports hold back, as far as this side of them can tell: bytes that were written and not taken. */
function unsent(peers: readonly Peer[]): number {
  return peers.reduce((sum, peer) => sum + peer.socket.writableLength, 0);
}

/** Waits until a figure stands still. */
async function settled(figure: () => number): Promise<number> {
  let before = -1;
  for (;;) {
    const now = figure();
    if (now === before) return now;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
}

async function idle(proxy: TestProxy): Promise<void> {
  while (proxy.host.thread.sessions.length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('a client that never reads a huge response', async (t) => {
  let sent = 0;
  const proxy = await startProxy(t, {}, async (peer) => {
    await peer.head();
    peer.send('HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n');
    const piece = Buffer.alloc(READ);
    const pump = (): void => {
      while (peer.socket.writableLength < 1 << 20) {
        peer.socket.write(piece);
        sent += piece.length;
      }
    };
    peer.socket.on('drain', pump);
    pump();
  });
  const socket = net.connect({ port: proxy.port, host: '127.0.0.1' });
  t.after(() => socket.destroy());
  socket.pause();
  socket.write(GET);
  // The session's view of its client is the one that tells what the proxy itself holds.
  while (proxy.host.thread.sessions.length === 0) await new Promise((resolve) => setImmediate(resolve));
  let held = 0;
  const watch = setInterval(
    () => proxy.host.thread.sessions.forEach(({ connection }) => (held = Math.max(held, connection.writableLength))),
    1,
  );
  t.after(() => clearInterval(watch));
  await settled(() => sent - unsent(proxy.servers));
  assert.ok(held > 0, 'the client does not read, so something must wait');
  assert.ok(held <= BUFSIZE + READ, `${held} bytes wait for the client`);
});

test('a server that never reads an upload', async (t) => {
  const proxy = await startProxy(t, { backend: ['timeout server 1s'] }, (peer) => void peer.socket.pause());
  const client = await proxy.connect();
  client.send('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000000\r\n\r\n');
  const piece = Buffer.alloc(READ);
  let sent = 0;
  const pump = (): void => {
    while (client.socket.writableLength < 1 << 20) {
      client.socket.write(piece);
      sent += piece.length;
    }
  };
  client.socket.on('drain', pump);
  pump();
  await settled(() => sent - client.socket.writableLength);
  const taken = sent - client.socket.writableLength;
  // Two pairs of kernel buffers lie between; far from the whole.
  assert.ok(taken < 30_000_000, `${taken} bytes were taken`);
  assert.equal(outcome((await proxy.lines(1))[0]), '504 sH--');
});

test('an upload that waits for a server is read up to the buffer only', async (t) => {
  const proxy = await startProxy(t, { backend: ['timeout queue 4s'], server: 'maxconn 1' }, () => {});
  const first = await proxy.connect();
  first.send(GET);
  while (proxy.servers.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const waiting = await proxy.connect();
  waiting.send('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100000000\r\n\r\n');
  waiting.socket.write(Buffer.alloc(50_000_000));
  await settled(() => waiting.socket.writableLength);
  let read = 0;
  proxy.host.thread.sessions.forEach(({ connection }) => (read = Math.max(read, connection.bytesIn)));
  assert.ok(read <= BUFSIZE + 2 * READ, `${read} bytes were read`);
});

test('requests that come ahead are read up to the buffer only', async (t) => {
  const proxy = await startProxy(t, {}, () => {});
  const client = await proxy.connect();
  client.send(GET.repeat(200_000));
  await settled(() => client.socket.writableLength);
  let read = 0;
  proxy.host.thread.sessions.forEach(({ connection }) => (read = Math.max(read, connection.bytesIn)));
  assert.ok(read <= BUFSIZE + 2 * READ, `${read} bytes were read`);
});

test('a slow client is not a dead one: timeout client runs only while it takes nothing', async (t) => {
  const body = 'x'.repeat(3_000_000);
  const proxy = await startProxy(t, { frontend: ['timeout client 200ms'] }, async (peer) => {
    await peer.head();
    peer.send(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  });
  const socket = net.connect({ port: proxy.port, host: '127.0.0.1' });
  t.after(() => socket.destroy());
  socket.write(GET);
  let received = 0;
  socket.on('data', (chunk) => {
    received += chunk.length;
    socket.pause();
    setTimeout(() => socket.resume(), 8);
  });
  while (received < body.length) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(outcome((await proxy.lines(1))[0]), '200 ----');
});

test('timeout client ends a response that its client does not take: cD', async (t) => {
  const proxy = await startProxy(t, { frontend: ['timeout client 80ms'] }, async (peer) => {
    await peer.head();
    peer.send('HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n');
    peer.socket.write(Buffer.alloc(50_000_000));
  });
  const socket = net.connect({ port: proxy.port, host: '127.0.0.1' });
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  socket.pause();
  socket.write(GET);
  assert.equal(outcome((await proxy.lines(1))[0]), '200 cD--');
  await proxy.servers[0].over();
  await idle(proxy);
});

// ---------------------------------------------------------------------------------------------------------- aborts

/** A small generator with a seed that a failing run prints. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const REQUESTS = [
  GET,
  'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 50000\r\n\r\n' + 'x'.repeat(50000),
  'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n' + '400\r\n' + 'y'.repeat(1024) + '\r\n0\r\n\r\n',
  'GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
  'CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\nhello',
  GET.repeat(5),
  'GET\r\n\r\n',
];
const RESPONSES = [
  OK,
  'HTTP/1.1 200 OK\r\ncontent-length: 200000\r\n\r\n' + 'x'.repeat(200000),
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n' + '400\r\n' + 'y'.repeat(1024) + '\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\n\r\nuntil close',
  'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\ntunnel',
  'HTTP/1.1 103 Early Hints\r\n\r\n' + OK,
  'garbage\r\n\r\n',
];

/** Sends a part of a text, perhaps in two pieces, and then leaves in one of the ways there are, or stays. */
function misbehave(socket: net.Socket, text: string, next: () => number): void {
  const length = next() < 0.5 ? text.length : Math.floor(next() * text.length);
  const cut = Math.floor(next() * length);
  socket.on('error', () => {});
  socket.write(text.slice(0, cut), 'latin1');
  setTimeout(() => {
    if (socket.destroyed) return;
    socket.write(text.slice(cut, length), 'latin1');
    const way = next();
    if (way < 0.25) socket.end();
    else if (way < 0.5) socket.resetAndDestroy();
    else if (way < 0.7) socket.destroy();
    else if (way < 0.8) socket.pause();
  }, next() * 15);
  setTimeout(() => socket.destroy(), 60 + next() * 60);
}

for (const seed of [1, 2, 3]) {
  test(`aborts at random in every phase leave nothing behind (seed ${seed})`, async (t) => {
    const next = random(seed);
    const proxy = await startProxy(
      t,
      { defaults: ['timeout client 300ms', 'timeout server 300ms', 'retries 1', 'timeout connect 100ms'] },
      (peer) => {
        peer.socket.once('data', () => misbehave(peer.socket, RESPONSES[Math.floor(next() * RESPONSES.length)], next));
      },
    );
    for (let round = 0; round < 40; round++) {
      for (let count = 0; count < 20; count++) {
        const socket = net.connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
        misbehave(socket, REQUESTS[Math.floor(next() * REQUESTS.length)], next);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await idle(proxy);
    // It still serves.
    const client = new Peer(net.connect({ port: proxy.port, host: '127.0.0.1' }));
    t.after(() => client.socket.destroy());
    client.send('GET\r\n\r\n');
    await client.until('</html>');
    const generation = proxy.host.plan!;
    const { segment } = proxy.host.thread;
    const [, be] = generation.proxies;
    assert.equal(new SharedCount(segment, 'backend', be.backendSlot, BackendGauge.sessions).sum(), 0);
    assert.equal(new SharedCount(segment, 'server', be.serverSlots[0], ServerGauge.sessions).sum(), 0);
    assert.equal(new SharedCount(segment, 'server', be.serverSlots[0], ServerGauge.usedConnections).sum(), 0);
  });
}
