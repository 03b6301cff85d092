import { test } from 'node:test';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { memoryHost, parseConfig } from '@evenkeel/config';
import type { Ring } from '@evenkeel/config';
import { NamedRing } from './named-ring.ts';

/** A ring as a section describes it, with one server on that port. */
function settings(port: number, lines: readonly string[] = [], options = ''): Ring {
  const text = `ring r\n size 16384\n timeout connect 1s\n timeout server 10s\n${lines.map((line) => ` ${line}\n`).join('')} server s 127.0.0.1:${port} ${options}\n`;
  const { config } = parseConfig([{ name: 't.cfg', text }], memoryHost({}));
  assert.ok(config !== undefined);
  return config.rings[0];
}

async function until(what: string, condition: () => boolean): Promise<void> {
  for (const end = performance.now() + 10_000; !condition();) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await pause(5);
  }
}

/** A log server: what it was sent by each connection, in order. */
class Receiver {
  readonly server: Server;
  readonly texts: string[] = [];
  readonly sockets: Socket[] = [];
  reads = true;

  constructor() {
    this.server = createServer((socket) => {
      const index = this.texts.push('') - 1;
      this.sockets.push(socket);
      socket.on('error', () => {});
      if (this.reads) socket.on('data', (chunk) => (this.texts[index] += chunk.toString('latin1')));
      else socket.pause();
    });
  }

  async listen(port = 0): Promise<number> {
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (!this.server.listening) return;
    await new Promise((resolve) => this.server.close(resolve));
  }
}

function push(ring: NamedRing, text: string): boolean {
  const isStored = ring.push(Buffer.from(text, 'latin1'), text.length);
  if (!isStored) ring.drop();
  ring.flush();
  return isStored;
}

test('a server gets every event, framed by a line feed or by its length', async () => {
  for (const [options, expected] of [
    ['', 'one\nthree\n'],
    ['log-proto legacy', 'one\nthree\n'],
    ['log-proto octet-count', '3 one5 three'],
  ]) {
    const receiver = new Receiver();
    const ring = new NamedRing(settings(await receiver.listen(), [], options));
    push(ring, 'one');
    await until('the first is there', () => (receiver.texts[0] ?? '').includes('one'));
    push(ring, 'three');
    await new Promise<void>((resolve) => ring.whenIdle(resolve));
    await until('all is there', () => receiver.texts[0].length >= expected.length);
    assert.equal(receiver.texts[0], expected);
    ring.close();
    await receiver.close();
  }
});

test('before the first connection the oldest events go; after it they are kept, new ones are dropped, and nothing is sent twice', async () => {
  const receiver = new Receiver();
  const port = await receiver.listen();
  await receiver.close();
  const line = (number: number): string => `${number}:`.padEnd(100, 'x');
  const ring = new NamedRing(settings(port));
  for (let index = 0; index < 300; index++) assert.equal(push(ring, line(index)), true);
  assert.equal(ring.dropped, 0);
  const second = new Receiver();
  await second.listen(port);
  await until('it is connected', () => second.texts.length > 0 && second.texts[0].includes('299:'));
  assert.equal(second.texts[0].split('\n').length - 1, 160);

  // The server goes away for good: 16,383 bytes are kept for it, and no more.
  await second.close();
  await until('the ring has noticed', () => /closed|ECONN/.test(ring.reason) || push(ring, 'x') === false);
  let stored = 0;
  while (push(ring, line(stored))) stored++;
  assert.ok(stored > 100 && stored <= 160, `${stored} events`);
  assert.ok(ring.pendingDrops > 0);
  assert.match(ring.reason, /^server s: /);

  const third = new Receiver();
  await third.listen(port);
  await until('what was kept arrives', () => (third.texts.at(-1) ?? '').includes(`\n${stored - 1}:`));
  assert.doesNotMatch(third.texts.at(-1)!, /299:/);
  ring.close();
  await third.close();
});

test('a server that accepts and never reads is left after `timeout server`, and holds no more than the ring', async () => {
  const receiver = new Receiver();
  receiver.reads = false;
  const ring = new NamedRing(settings(await receiver.listen(), ['timeout server 300ms']));
  await until('it is connected', () => receiver.sockets.length === 1);
  const line = 'x'.repeat(1000);
  // The kernel takes some megabytes for it; what it does not take stays in the ring.
  await until('another connection is made', () => {
    for (let index = 0; index < 50; index++) push(ring, line);
    return receiver.sockets.length > 1;
  });
  assert.ok(ring.dropped > 0);
  ring.close();
  await receiver.close();
});

test('a server that closes every connection at once is not asked again at once', async () => {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const ring = new NamedRing(settings((server.address() as AddressInfo).port));
  await until('it was asked twice', () => connections >= 2);
  assert.ok(connections <= 3, `${connections} connections`);
  ring.close();
  await new Promise((resolve) => server.close(resolve));
});

test('other settings of the ring of that name keep its events, and servers that stay keep their connection', async () => {
  const receiver = new Receiver();
  const port = await receiver.listen();
  const ring = new NamedRing(settings(port));
  push(ring, 'before');
  await until('it is there', () => (receiver.texts[0] ?? '').includes('before'));
  ring.configure({ ...settings(port), format: 'iso', description: 'other' });
  push(ring, 'after');
  await until('it came over the same connection', () => receiver.texts[0].includes('after'));
  assert.equal(receiver.sockets.length, 1);

  // Where the file says it does not matter.
  const [server] = settings(port).servers;
  ring.configure({ ...settings(port), servers: [{ ...server, at: { ...server.at, line: 99 } }] });
  assert.equal(receiver.sockets.length, 1);

  // Larger: the events stay, for the CLI; the server gets what comes from now on.
  ring.configure({ ...settings(port), size: 32_768 });
  const events: string[] = [];
  ring.read(0, (event, length) => events.push(event.toString('latin1', 0, length)) > 0);
  assert.deepEqual(events, ['before', 'after']);
  await until('it is connected anew', () => receiver.sockets.length === 2);
  push(ring, 'later');
  await until('the later one arrives', () => receiver.texts[1].includes('later'));
  assert.equal(receiver.texts[1], 'later\n');
  ring.close();
  await receiver.close();
});

test('what a server had not got when its settings changed is sent by the next one', async () => {
  const receiver = new Receiver();
  const port = await receiver.listen();
  await receiver.close();
  const ring = new NamedRing(settings(port));
  push(ring, 'one');
  ring.configure(settings(port, ['timeout server 9s']));
  ring.configure({ ...settings(port, ['timeout server 9s']), size: 32_768 });
  push(ring, 'two');
  const second = new Receiver();
  await second.listen(port);
  await until('both are there', () => (second.texts[0] ?? '').includes('two\n'));
  assert.equal(second.texts[0], 'one\ntwo\n');
  ring.close();
  await second.close();
});

test('a server goes on where it was when the memory of its ring is another one', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-log-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const receiver = new Receiver();
  const port = await receiver.listen();
  const ring = new NamedRing(settings(port));
  const lines = Array.from({ length: 300 }, (_line, index) => `${index}:`.padEnd(100, 'x'));
  for (const line of lines) {
    push(ring, line);
    await new Promise<void>((resolve) => ring.whenIdle(resolve));
  }
  await until('all is there', () => (receiver.texts[0] ?? '').includes('299:'));
  ring.configure({ ...settings(port), backingFile: join(folder, 'ring') });
  push(ring, 'after');
  await until('it came over the same connection', () => receiver.texts[0].endsWith('after\n'));
  assert.equal(receiver.sockets.length, 1);
  ring.close();
  await receiver.close();
});
