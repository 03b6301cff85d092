// A configuration is published with everything that goes with it, or not at all: what fails in the first phase, for whatever
// reason and however late, leaves no socket, no path and no thread of its own behind.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Worker } from 'node:worker_threads';
import type { Daemon } from './daemon.ts';
import type { PreparedChange } from './prepared-change.ts';
import { configOf, eventually, freePort, newDaemon } from './test-daemon.ts';

const DEFAULTS = `defaults
  mode tcp
  timeout client 30s
  timeout server 30s
  timeout connect 5s
`;

/** A daemon, with what a test may put between its two phases. */
class Stage {
  readonly daemon: Daemon;
  readonly reports: readonly string[];
  readonly workers: readonly Worker[];
  /** Part of the next publications. */
  change: Partial<PreparedChange> = {};

  constructor(context: TestContext, prepareLimitMs?: number) {
    const nothing: PreparedChange = { errors: [], publishPaths: () => [], commit() {}, rollBack() {} };
    const { daemon, reports, workers } = newDaemon(context, {
      maxconn: 100,
      follower: { prepare: async () => await Promise.resolve({ ...nothing, ...this.change }) },
      ...(prepareLimitMs === undefined ? undefined : { prepareLimitMs }),
    });
    this.daemon = daemon;
    this.reports = reports;
    this.workers = workers;
  }

  async apply(body: string): Promise<readonly string[]> {
    const result = await this.daemon.apply(configOf(`${DEFAULTS}${body}`));
    return result.ok ? [] : result.errors;
  }
}

/** Descriptors of sockets that this process has. */
function sockets(): number {
  return readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;
}

async function accepts(target: net.NetConnectOpts): Promise<boolean> {
  const socket = net.connect(target);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('whatever throws in the first phase, the old configuration serves on and nothing is left behind', async (context) => {
  const folder = folderOf(context);
  const [port, added] = [await freePort(), await freePort()];
  const stage = new Stage(context);
  const before = `frontend f\n  bind 127.0.0.1:${port}\n`;
  const after = `global\n  nbthread 2\nfrontend f\n  bind 127.0.0.1:${port}\n  bind 127.0.0.1:${added}\n  bind unix@${folder}/new\n`;
  assert.deepEqual(await stage.apply(`global\n  nbthread 1\n${before}`), []);
  const had = sockets();
  let rolledBack = 0;
  stage.change = {
    publishPaths: () => {
      throw new Error('the disk is on fire');
    },
    rollBack: () => rolledBack++,
  };
  assert.deepEqual(await stage.apply(after), ['the disk is on fire']);
  stage.change = { errors: ['no room'], rollBack: () => rolledBack++ };
  assert.deepEqual(await stage.apply(after), ['no room']);
  assert.equal(rolledBack, 2);
  assert.equal(stage.daemon.status().threads, 1);
  assert.deepEqual(readdirSync(folder), []);
  assert.equal(await accepts({ port, host: '127.0.0.1' }), true);
  assert.equal(await accepts({ port: added, host: '127.0.0.1' }), false);
  await eventually(() => sockets() === had, 'its sockets are closed');
  stage.change = {};
  assert.deepEqual(await stage.apply(after), []);
  assert.equal(await accepts({ path: join(folder, 'new') }), true);
});

test('a Unix socket that replaced another is taken back when something else fails', async (context) => {
  const folder = folderOf(context);
  const path = join(folder, 's');
  const older = net.createServer((socket) => socket.end('older')).listen(path);
  await once(older, 'listening');
  context.after(() => older.close());
  const stage = new Stage(context);
  stage.change = { publishPaths: () => ['the last thing fails'] };
  assert.deepEqual(await stage.apply(`frontend f\n  bind unix@${path}\n`), ['the last thing fails']);
  assert.deepEqual(readdirSync(folder), ['s']);
  const client = net.connect(path);
  const [said] = (await once(client, 'data')) as [Buffer];
  assert.equal(said.toString(), 'older');
});

test('a thread that dies between the two phases leaves no descriptor behind', async (context) => {
  const folder = folderOf(context);
  const [port, added] = [await freePort(), await freePort()];
  const text = (extra: string): string => `global\n  nbthread 1\nfrontend f\n  bind 127.0.0.1:${port}\n${extra}`;
  const stage = new Stage(context);
  assert.deepEqual(await stage.apply(text('')), []);
  const had = sockets();
  stage.change = {
    publishPaths: () => {
      void stage.workers[0].terminate();
      return [];
    },
  };
  assert.deepEqual(await stage.apply(text(`  bind unix@${folder}/s\n  bind 127.0.0.1:${added}\n`)), []);
  await eventually(() => stage.reports.some((line) => line.includes('was replaced')), 'it is replaced');
  assert.equal(await accepts({ path: join(folder, 's') }), true);
  assert.equal(await accepts({ port: added, host: '127.0.0.1' }), true);
  // The new Unix socket in main and in the thread, and the new Internet socket.
  await eventually(() => sockets() === had + 3, 'nothing else is open');
});

test('a thread that turns its loop and does not answer is ended, and the next reload works', async (context) => {
  const port = await freePort();
  const text = (extra: string): string => `global\n  nbthread 2\nfrontend f\n  bind 127.0.0.1:${port}\n${extra}`;
  const stage = new Stage(context, 3000);
  assert.deepEqual(await stage.apply(text('')), []);
  const [, deaf] = stage.workers;
  const { postMessage } = deaf;
  deaf.postMessage = function (this: Worker, message: { readonly type: string }): void {
    if (message.type !== 'prepare') postMessage.call(this, message);
  };
  assert.deepEqual(await stage.apply(text('  maxconn 50\n')), ['data thread 2 did not answer within 3000 ms']);
  await eventually(() => stage.reports.some((line) => line.includes('data thread 2 was replaced')), 'it is replaced');
  assert.deepEqual(await stage.apply(text('  maxconn 50\n')), []);
  assert.equal(stage.workers.length, 3);
});

test('when descriptors run out during a reload, it fails whole', async (context) => {
  const folder = folderOf(context);
  const port = await freePort();
  const paths = Array.from({ length: 30 }, (_, index) => `  bind unix@${folder}/s${index}\n`).join('');
  const text = (extra: string): string => `global\n  nbthread 2\nfrontend f\n  bind 127.0.0.1:${port}\n${extra}`;
  const stage = new Stage(context);
  assert.deepEqual(await stage.apply(text('')), []);
  const had = sockets();
  const fillers: number[] = [];
  try {
    for (;;) fillers.push(openSync('/dev/null', 'r'));
  } catch {
    // No more. There is room for main's thirty sockets and for the duplicates of one thread, not for those of the second.
    for (const descriptor of fillers.splice(0, 70)) closeSync(descriptor);
  }
  const errors = await stage.apply(text(paths));
  for (const descriptor of fillers) closeSync(descriptor);
  assert.match(errors.join('\n'), /Too many open files/);
  assert.deepEqual(readdirSync(folder), []);
  await eventually(() => sockets() === had, 'its sockets are closed');
  assert.equal(await accepts({ port, host: '127.0.0.1' }), true);
  assert.deepEqual(await stage.apply(text(paths)), []);
  assert.equal(await accepts({ path: join(folder, 's29') }), true);
});

test('the backlog of a listener that stays follows the configuration', async (context) => {
  const folder = folderOf(context);
  const port = await freePort();
  const text = (backlog: number): string =>
    `global\n  nbthread 2\nfrontend f\n  backlog ${backlog}\n  bind 127.0.0.1:${port}\n  bind unix@${folder}/s\n`;
  const queues = (...filter: readonly string[]): string[] =>
    execFileSync('ss', ['-H', '-l', '-n', ...filter], { encoding: 'latin1' })
      .trim()
      .split('\n')
      .map((line) => /^(?:\S+\s+)?LISTEN\s+\d+\s+(\d+)/.exec(line)?.[1] ?? line);
  const stage = new Stage(context);
  assert.deepEqual(await stage.apply(text(100)), []);
  const all = (): string[] => [...queues('-t', 'sport', '=', `:${port}`), ...queues('-x', 'src', `${folder}/s*`)];
  assert.deepEqual(all(), ['100', '100', '100']);
  assert.deepEqual(await stage.apply(text(200)), []);
  assert.deepEqual(all(), ['200', '200', '200']);
});

test('a server that only an older generation has logs to the proxy that it was of', async (context) => {
  const folder = folderOf(context);
  const [port, other] = [await freePort(), await freePort()];
  const files = ['old', 'new'].map((name) => openSync(join(folder, name), 'a'));
  context.after(() => files.forEach((descriptor) => closeSync(descriptor)));
  const clients = new Set<net.Socket>();
  const server = net.createServer((socket) => clients.add(socket.on('error', () => {}))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: serverPort } = server.address() as net.AddressInfo;
  const stage = new Stage(context);
  const proxy = (name: string, at: number, log: number): string =>
    `listen ${name}\n  log fd@${log} format raw local0\n  bind 127.0.0.1:${at}\n`;
  const gone = `${proxy('gone', port, files[0])}  server s 127.0.0.1:${serverPort} check inter 50ms fall 1\n`;
  assert.deepEqual(await stage.apply(gone), []);
  const client = net.connect(port, '127.0.0.1');
  context.after(() => client.destroy());
  client.on('error', () => {});
  await once(client, 'connect');
  client.write('held');
  await eventually(() => clients.size > 0, 'the stream is there');
  assert.deepEqual(await stage.apply(proxy('fresh', other, files[1])), []);
  server.close();
  await eventually(() => readFileSync(join(folder, 'old'), 'latin1').includes('Server gone/s is DOWN'), 'it is told');
  assert.equal(readFileSync(join(folder, 'new'), 'latin1'), '');
  for (const each of clients) each.destroy();
});
