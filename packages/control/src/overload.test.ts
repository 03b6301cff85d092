// Listeners that stop accepting over a limit, with threads that die and sockets that all threads share: nobody may be left
// waiting in the queue of a socket that nobody polls.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Worker } from 'node:worker_threads';
import type { Config } from '@evenkeel/config';
import { configOf, eventually, freePort, newDaemon } from './test-daemon.ts';

const THREADS = 2;
const CLIENTS = 60;

function configuration(listener: string, server: string, maxconn: number, threads: number): Config {
  return configOf(`global
  nbthread ${threads}
defaults
  mode tcp
  timeout client 30s
  timeout server 30s
  timeout connect 5s
${listener === '' ? 'frontend other\n  bind abns@evenkeel-overload-other' : `listen f\n  bind ${listener}\n  maxconn ${maxconn}\n  server s ${server}`}
`);
}

interface Stage {
  /** Data threads in the order of their start. */
  readonly workers: readonly Worker[];
  readonly reports: readonly string[];
  /** A reload; 0 takes the listener away. */
  apply(maxconn: number, threads?: number): Promise<void>;
  client(): Promise<Client>;
  clients(): Promise<Client[]>;
  /** Listening sockets of the process on the listener's address. */
  sockets(): number;
}

/** Says a word and hears it back. */
class Client {
  text = '';
  isGone = false;
  readonly socket: net.Socket;

  constructor(context: TestContext, socket: net.Socket) {
    this.socket = socket;
    context.after(() => socket.destroy());
    socket.on('data', (chunk: Buffer) => (this.text += chunk.toString('latin1')));
    for (const event of ['error', 'end', 'close']) socket.on(event, () => (this.isGone = true));
    socket.write('word');
  }

  get isServed(): boolean {
    return this.text === 'word';
  }
}

async function start(context: TestContext, kind: 'inet' | 'unix'): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-overload-'));
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  server.listen(join(folder, 'server.sock'));
  await once(server, 'listening');
  const port = kind === 'inet' ? await freePort() : 0;
  const path = join(folder, 'listener.sock');
  const listener = kind === 'inet' ? `127.0.0.1:${port}` : path;
  const { daemon, workers, reports } = newDaemon(context);
  context.after(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const apply = async (maxconn: number, threads = THREADS): Promise<void> => {
    const config = configuration(maxconn === 0 ? '' : listener, join(folder, 'server.sock'), maxconn, threads);
    const result = await daemon.apply(config);
    assert.ok(result.ok, result.ok ? '' : result.errors.join('\n'));
  };
  const client = async (): Promise<Client> => {
    const socket = kind === 'inet' ? net.connect(port, '127.0.0.1') : net.connect(path);
    await Promise.race([once(socket, 'connect'), once(socket, 'error').catch(() => {})]);
    return new Client(context, socket);
  };
  await apply(1);
  return {
    workers,
    reports,
    apply,
    client,
    clients: async () => await Promise.all(Array.from({ length: CLIENTS }, client)),
    sockets: () => (kind === 'inet' ? listeningOn(port) : descriptorsOf(path)),
  };
}

function listeningOn(port: number): number {
  const hex = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = readFileSync('/proc/net/tcp', 'latin1').split('\n');
  return lines.filter((line) => line.includes(` ${hex} 00000000:0000 0A `)).length;
}

/** Descriptors of this process for the one socket that listens at a path. */
function descriptorsOf(path: string): number {
  const line = readFileSync('/proc/net/unix', 'latin1')
    .split('\n')
    .find((each) => each.endsWith(' ' + path) && each.includes(' 00010000 '));
  const inode = line?.trim().split(/\s+/)[6];
  if (inode === undefined) return 0;
  return readdirSync('/proc/self/fd').filter((number) => {
    try {
      return readlinkSync(`/proc/self/fd/${number}`) === `socket:[${inode}]`;
    } catch {
      return false;
    }
  }).length;
}

/** Every client that is there gets its turn: whoever was served leaves. */
async function serveAll(clients: readonly Client[]): Promise<void> {
  const limit = performance.now() + 20_000;
  while (clients.some(({ isServed, isGone }) => !isServed && !isGone)) {
    for (const client of clients) if (client.isServed) client.socket.end();
    assert.ok(performance.now() < limit, `${clients.filter(({ isServed }) => !isServed).length} wait for ever`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  for (const { socket } of clients) socket.end();
}

for (const kind of ['inet', 'unix'] as const) {
  test(
    `${kind}: clients far beyond maxconn all have their turn, on every thread`,
    { timeout: 60_000 },
    async (context) => {
      const stage = await start(context, kind);
      const before = stage.sockets();
      const clients = await stage.clients();
      await eventually(() => clients.some(({ isServed }) => isServed), 'one is served');
      await serveAll(clients);
      assert.ok(clients.every(({ isServed }) => isServed));
      const late = await stage.client();
      await eventually(() => late.isServed, 'late one');
      // The second descriptor of a listener that has been held stays.
      assert.ok(stage.sockets() <= before + (kind === 'inet' ? 0 : THREADS), `${before} to ${stage.sockets()}`);
    },
  );

  test(
    `${kind}: threads that die while they do not accept leave no socket and no client behind`,
    { timeout: 60_000 },
    async (context) => {
      const stage = await start(context, kind);
      const before = stage.sockets();
      const holder = await stage.client();
      await eventually(() => holder.isServed, 'the only place is taken');
      const waiting = await stage.clients();
      // One that is served was accepted by a thread that dies now, or by the other: both do.
      for (const index of [0, 1]) {
        await stage.workers[index].terminate();
        await eventually(
          () => stage.reports.filter((line) => line.includes('was replaced')).length === index + 1,
          'replaced',
        );
      }
      assert.equal(stage.sockets(), before);
      // The kernel gives them to another socket of the group, where it may (`net.ipv4.tcp_migrate_req`), or tells them.
      await serveAll(waiting);
      const fresh = await stage.clients();
      await serveAll(fresh);
      assert.ok(fresh.every(({ isServed }) => isServed));
    },
  );

  test(
    `${kind}: clients that wait for a place have their turn also where fewer threads serve`,
    { timeout: 60_000 },
    async (context) => {
      const stage = await start(context, kind);
      await stage.apply(1, 4);
      const holder = await stage.client();
      await eventually(() => holder.isServed, 'the only place is taken');
      const waiting = await stage.clients();
      const ended = stage.workers.slice(1).map(async (worker) => await once(worker, 'exit'));
      await stage.apply(1, 1);
      holder.socket.end();
      await serveAll(waiting);
      assert.equal(waiting.filter(({ isServed }) => !isServed).length, 0);
      await Promise.all(ended);
    },
  );

  test(
    `${kind}: reloads while nobody is accepted: a higher limit serves all, a listener that goes tells all`,
    { timeout: 60_000 },
    async (context) => {
      const stage = await start(context, kind);
      const clients = await stage.clients();
      await stage.apply(2);
      await stage.apply(CLIENTS + 1);
      await eventually(() => clients.every(({ isServed }) => isServed), 'all are served at a time');
      for (const { socket } of clients) socket.end();
      await stage.apply(1);
      const more = await stage.clients();
      await eventually(() => more.some(({ isServed }) => isServed), 'one is served');
      await stage.apply(0);
      await eventually(() => more.every(({ isServed, isGone }) => isServed || isGone), 'the others are told');
      assert.equal(stage.sockets(), 0);
    },
  );
}
