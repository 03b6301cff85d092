// Servers that come and go on two data threads, under load, while threads die: what `add server` and `del server` of the
// management manual (section 9.3) ask of the process.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as net from 'node:net';
import { test, type TestContext } from 'node:test';
import { memoryHost, readDynamicServer } from '@evenkeel/config';
import { ServerGauge, SharedCount } from '@evenkeel/shm';
import { configOf, eventually, freePort, newDaemon, type TestDaemon } from './test-daemon.ts';

/** A server that answers each connection with its name and closes it. */
async function named(context: TestContext, name: string): Promise<number> {
  const server = net.createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.end(name);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  return (server.address() as net.AddressInfo).port;
}

/** Who answered; the empty string where nobody did. */
async function whoAnswers(port: number): Promise<string> {
  return await new Promise((resolve) => {
    let text = '';
    const socket = net.connect(port, '127.0.0.1');
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}

interface Running extends TestDaemon {
  readonly port: number;
}

async function start(context: TestContext, backend: string): Promise<Running> {
  const running = newDaemon(context);
  const port = await freePort();
  const result = await running.daemon.apply(
    configOf(
      `global\n  nbthread 2\n  maxconn 500\ndefaults\n  mode tcp\n  timeout client 5s\n  timeout server 5s\n  timeout connect 5s\n` +
        `frontend f\n  bind 127.0.0.1:${port}\n  default_backend b\nbackend b\n${backend}`,
    ),
  );
  assert.deepEqual(result, { ok: true, generation: 1 });
  return { ...running, port };
}

async function add({ daemon }: Running, name: string, words: string): Promise<void> {
  const { config } = daemon.plan;
  const read = readDynamicServer(config, config.proxies[1], name, words.split(' '), memoryHost(), new Set());
  assert.ok(read.ok, read.ok ? '' : read.error);
  assert.equal(await daemon.servers.add('b', read.server), true);
}

/** Once its last stream has ended, which may be a moment after its client saw the end. */
async function remove({ daemon }: Running, name: string): Promise<void> {
  const limit = performance.now() + 20_000;
  for (;;) {
    const fault = await daemon.servers.remove('b', name);
    if (fault === undefined) return;
    assert.match(fault, /still has connections/);
    assert.ok(performance.now() < limit, fault);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function slotOf({ daemon }: Running, name: string): number {
  const slot = daemon.slots.lookup('server', `b/${name}`);
  assert.ok(slot !== undefined);
  return slot;
}

for (const algorithm of ['roundrobin', 'leastconn', 'first', 'random', 'source\n  hash-type consistent']) {
  test(`a server that is added serves on every thread once it is ready, and no more once it is gone: ${algorithm.split('\n')[0]}`, async (context) => {
    const [one, two] = [await named(context, 'one'), await named(context, 'two')];
    const running = await start(context, `  balance ${algorithm}\n  server one 127.0.0.1:${one}\n`);
    await add(running, 'two', `127.0.0.1:${two} weight 2`);
    for (let at = 0; at < 8; at++) assert.equal(await whoAnswers(running.port), 'one');
    const { health } = running.daemon;
    health.server(slotOf(running, 'one'))?.administer('maint');
    health.server(slotOf(running, 'two'))?.administer('ready');
    // Connections fall on both threads by the kernel's hash.
    for (let at = 0; at < 16; at++) assert.equal(await whoAnswers(running.port), 'two');
    health.server(slotOf(running, 'one'))?.administer('ready');
    health.server(slotOf(running, 'two'))?.administer('maint');
    await remove(running, 'two');
    for (let at = 0; at < 8; at++) assert.equal(await whoAnswers(running.port), 'one');
    assert.equal(running.daemon.plan.config.proxies[1].servers.length, 1);
    assert.equal(running.daemon.slots.lookup('server', 'b/two'), undefined);
    assert.equal(running.daemon.plan.generation, 1);
  });
}

test('a thread that is started later has the servers that were added before', { timeout: 60_000 }, async (context) => {
  const [one, two] = [await named(context, 'one'), await named(context, 'two')];
  const running = await start(context, `  server one 127.0.0.1:${one}\n`);
  await add(running, 'two', `127.0.0.1:${two} enabled`);
  running.daemon.health.server(slotOf(running, 'one'))?.administer('maint');
  await running.workers[0].terminate();
  await eventually(() => running.reports.some((line) => line.includes('data thread 1 was replaced')), 'replacement');
  for (let at = 0; at < 16; at++) assert.equal(await whoAnswers(running.port), 'two');
});

test(
  'threads die while servers come and go under load: nobody is sent to a server that is gone',
  { timeout: 120_000 },
  async (context) => {
    const [one, two] = [await named(context, 'one'), await named(context, 'two')];
    const running = await start(context, `  balance leastconn\n  server one 127.0.0.1:${one}\n`);
    const { daemon, workers, reports } = running;
    let isOver = false;
    const seen = new Set<string>();
    const load = Array.from({ length: 6 }, async () => {
      while (!isOver) seen.add(await whoAnswers(running.port));
    });
    for (let round = 0; round < 12; round++) {
      await add(running, 'two', `127.0.0.1:${two} maxconn ${1 + round} enabled`);
      if (round % 4 === 1) {
        const replaced = reports.filter((line) => line.includes('was replaced')).length;
        // In the middle of the next removal.
        const end = workers.at(-1)!.terminate();
        daemon.health.server(slotOf(running, 'two'))?.administer('maint');
        await end;
        await eventually(
          () => reports.filter((line) => line.includes('was replaced')).length > replaced,
          'replacement',
        );
      } else daemon.health.server(slotOf(running, 'two'))?.administer('maint');
      await remove(running, 'two');
    }
    isOver = true;
    await Promise.all(load);
    // Whose thread died got no answer.
    for (const answer of seen) assert.ok(['one', 'two', ''].includes(answer), answer);
    for (let at = 0; at < 8; at++) assert.equal(await whoAnswers(running.port), 'one');
    assert.deepEqual(
      reports.filter((line) => line.startsWith('hopeless') || line.includes('died:')),
      [],
    );
  },
);

test('a server with a stream is not removed; another of its name begins with counters of its own', async (context) => {
  const server = net.createServer((socket) => socket.on('error', () => socket.destroy())).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const { port } = server.address() as net.AddressInfo;
  const running = await start(context, '  server none 127.0.0.1:1 disabled\n');
  await add(running, 'held', `127.0.0.1:${port} enabled`);
  const client = net.connect(running.port, '127.0.0.1');
  client.on('error', () => undefined);
  const sessions = new SharedCount(running.daemon.segment, 'server', slotOf(running, 'held'), ServerGauge.sessions);
  await eventually(() => sessions.sum() === 1, 'its stream');
  running.daemon.health.server(slotOf(running, 'held'))?.administer('maint');
  assert.match((await running.daemon.servers.remove('b', 'held')) ?? '', /still has connections attached/);
  // `shutdown sessions server`
  const answers = await running.daemon.ask({ type: 'end-server-streams', serverSlot: slotOf(running, 'held') });
  assert.equal(
    answers.reduce((sum, { answer }) => sum + answer, 0),
    1,
  );
  await eventually(() => sessions.sum() === 0, 'its stream ends');
  await remove(running, 'held');
  await add(running, 'held', `127.0.0.1:${port} weight 7`);
  const again = new SharedCount(running.daemon.segment, 'server', slotOf(running, 'held'), ServerGauge.sessions);
  assert.deepEqual([again.sum(), again.highest()], [0, 0]);
  assert.equal(running.daemon.health.server(slotOf(running, 'held'))?.weight, 7);
});

test('nor is one that a stream is about to try again', async (context) => {
  const running = await start(context, '  retries 3\n  server none 127.0.0.1:1 disabled\n');
  await add(running, 'dead', `127.0.0.1:${await freePort()} enabled`);
  const client = net.connect(running.port, '127.0.0.1');
  client.on('error', () => undefined);
  context.after(() => client.destroy());
  const { segment } = running.daemon;
  const slot = slotOf(running, 'dead');
  const sessions = new SharedCount(segment, 'server', slot, ServerGauge.sessions);
  const connections = new SharedCount(segment, 'server', slot, ServerGauge.usedConnections);
  // Refused at once, and tried again after a second: meanwhile there is no connection.
  await eventually(() => sessions.sum() === 1 && connections.sum() === 0, 'the stream waits for its next attempt');
  running.daemon.health.server(slot)?.administer('maint');
  assert.match((await running.daemon.servers.remove('b', 'dead')) ?? '', /still has connections attached/);
  client.destroy();
  await remove(running, 'dead');
});
