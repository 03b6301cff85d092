// Several data threads under one supervisor, over real sockets: limits that hold over all threads, reloads under load,
// threads that die or stall, listeners that all threads share.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { FrontendGauge, ProcessGauge, SharedCount } from '@evenkeel/shm';
import { closeFd, openListener } from '@evenkeel/sys';
import { GLOBAL } from './runtime-changes/change.ts';
import { configOf, eventually, freePort, newDaemon, type TestDaemon } from './test-daemon.ts';

const DEFAULTS = `defaults
  mode tcp
  timeout client 30s
  timeout server 30s
  timeout connect 5s
`;

/** `hear` gets what is reported at the moment when it is. */
async function start(
  context: TestContext,
  text: string,
  hear: (line: string) => void = () => undefined,
): Promise<TestDaemon> {
  const running = newDaemon(context, {}, hear);
  assert.equal(running.daemon.isHealthy, false);
  const result = await running.daemon.apply(configOf(text));
  assert.deepEqual(result, { ok: true, generation: 1 });
  return running;
}

async function reload({ daemon }: TestDaemon, text: string): Promise<void> {
  const result = await daemon.apply(configOf(text));
  assert.ok(result.ok, result.ok ? '' : result.errors.join('\n'));
}

/** An echo server that knows the most connections that it ever had at a time. */
async function echoServer(
  context: TestContext,
): Promise<{ readonly port: number; readonly most: () => number; readonly open: () => number }> {
  let open = 0;
  let most = 0;
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    most = Math.max(most, ++open);
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      open--;
      sockets.delete(socket);
    });
    socket.on('data', (chunk: Buffer) => socket.write(chunk));
    socket.on('end', () => socket.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as net.AddressInfo).port, most: () => most, open: () => open };
}

/** A connection that says words and hears them back. */
class Talker {
  readonly socket: net.Socket;
  failure: string | undefined = undefined;
  #heard = '';
  #words = 0;

  constructor(context: TestContext, target: net.NetConnectOpts) {
    this.socket = net.connect({ allowHalfOpen: true, ...target });
    this.socket.on('data', (chunk: Buffer) => (this.#heard += chunk.toString('latin1')));
    this.socket.on('error', (error: NodeJS.ErrnoException) => (this.failure ??= error.code ?? error.message));
    this.socket.on('end', () => (this.failure ??= 'ended'));
    context.after(() => this.socket.destroy());
  }

  /** Resolves when the echo came; false when the connection ended instead. */
  async talk(): Promise<boolean> {
    const word = `<${++this.#words}>`;
    this.socket.write(word);
    while (!this.#heard.endsWith(word)) {
      if (this.failure !== undefined) return false;
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.socket.off('data', done);
          this.socket.off('end', done);
          this.socket.off('close', done);
          resolve();
        };
        this.socket.once('data', done);
        this.socket.once('end', done);
        this.socket.once('close', done);
      });
    }
    return true;
  }

  close(): void {
    this.failure = 'closed by the test';
    this.socket.destroy();
  }
}

/** New connections one after another, each with a word, on `lanes` lanes until stopped. */
class Load {
  done = 0;
  readonly failures: string[] = [];
  #running = true;
  readonly #lanes: Promise<void>[];

  constructor(context: TestContext, target: net.NetConnectOpts, lanes: number) {
    this.#lanes = Array.from({ length: lanes }, async () => {
      while (this.#running) {
        const talker = new Talker(context, target);
        if (await talker.talk()) this.done++;
        else this.failures.push(talker.failure ?? '?');
        talker.close();
      }
    });
  }

  async until(count: number): Promise<void> {
    const goal = this.done + count;
    await eventually(() => this.done >= goal || this.failures.length > 50, 'load goes on');
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#lanes);
  }
}

function connections({ daemon }: TestDaemon): number {
  return new SharedCount(daemon.segment, 'process', 0, ProcessGauge.connections).sum();
}

function listen(port: number, serverPort: number, { threads = 2, proxy = '', server = '' } = {}): string {
  return `global\n  nbthread ${threads}\n${DEFAULTS}listen f\n  bind 127.0.0.1:${port}\n  ${proxy}\n  server s 127.0.0.1:${serverPort} ${server}\n`;
}

test(
  'maxconn holds over two threads, and a place freed on one thread serves who waits on another',
  { timeout: 60_000 },
  async (context) => {
    const server = await echoServer(context);
    const port = await freePort();
    const running = await start(context, listen(port, server.port, { proxy: 'maxconn 5' }));
    const load = new Load(context, { port, host: '127.0.0.1' }, 40);
    await load.until(600);
    await load.stop();
    assert.deepEqual(load.failures, []);
    assert.equal(server.most(), 5);
    await eventually(() => connections(running) === 0, 'no connection counted');
    const frontend = new SharedCount(
      running.daemon.segment,
      'frontend',
      running.daemon.plan.proxies[0].frontendSlot,
      FrontendGauge.sessions,
    );
    assert.equal(frontend.highest(), 5);
  },
);

for (const limit of ['frontend', 'global'] as const) {
  test(`a limit that is raised lets those in who wait for a place: ${limit}`, { timeout: 60_000 }, async (context) => {
    const server = await echoServer(context);
    const [port, other] = [await freePort(), await freePort()];
    const { daemon } = await start(
      context,
      `${listen(port, server.port, { threads: 1 })}listen o\n  bind 127.0.0.1:${other}\n  server s 127.0.0.1:${server.port}\n`,
    );
    const target = { port, host: '127.0.0.1' };
    const object = limit === 'global' ? GLOBAL : ({ kind: 'frontend', name: 'f' } as const);
    const allow = async (value: string): Promise<void> =>
      await daemon.changes.make([{ object, field: 'maxconn', value, by: 'test' }]);
    // A place that is free for whoever shows below that the thread has seen all that came before.
    const [first, witness] = [new Talker(context, target), new Talker(context, { port: other, host: '127.0.0.1' })];
    assert.ok((await first.talk()) && (await witness.talk()));
    await allow(limit === 'global' ? '2' : '1');
    const waiting = new Talker(context, target);
    let isServed = false;
    const served = waiting.talk().then((isWell) => (isServed = isWell));
    await once(waiting.socket, 'connect');
    for (let round = 0; round < 5; round++) assert.ok(await witness.talk());
    assert.equal(isServed, false);
    await allow('3');
    assert.equal(await served, true);
    assert.ok(await first.talk());
  });
}

test('reloads under load lose no connection, and those that stand live on', { timeout: 60_000 }, async (context) => {
  const first = await echoServer(context);
  const second = await echoServer(context);
  const port = await freePort();
  const running = await start(context, listen(port, first.port));
  const standing = Array.from({ length: 20 }, () => new Talker(context, { port, host: '127.0.0.1' }));
  for (const talker of standing) assert.ok(await talker.talk());
  const load = new Load(context, { port, host: '127.0.0.1' }, 10);
  for (let count = 0; count < 12; count++) {
    await load.until(40);
    await reload(
      running,
      listen(port, count % 2 === 0 ? second.port : first.port, { proxy: `maxconn ${1000 + count}` }),
    );
  }
  await load.until(40);
  await load.stop();
  assert.deepEqual(load.failures, []);
  for (const talker of standing) assert.ok(await talker.talk(), talker.failure ?? 'no echo');
  assert.ok(second.most() > 0);
  for (const talker of standing) talker.close();
  await eventually(() => connections(running) === 0, 'no connection counted');
});

test('nbthread changes under load', { timeout: 60_000 }, async (context) => {
  const server = await echoServer(context);
  const port = await freePort();
  const running = await start(context, listen(port, server.port, { threads: 1 }));
  const standing = Array.from({ length: 8 }, () => new Talker(context, { port, host: '127.0.0.1' }));
  for (const talker of standing) assert.ok(await talker.talk());
  const load = new Load(context, { port, host: '127.0.0.1' }, 8);
  for (const threads of [3, 2, 1, 2]) {
    await load.until(30);
    await reload(running, listen(port, server.port, { threads }));
    assert.equal(running.daemon.status().threads, threads);
  }
  await load.until(30);
  await load.stop();
  assert.deepEqual(load.failures, []);
  for (const talker of standing) assert.ok(await talker.talk(), talker.failure ?? 'no echo');
});

test(
  'a thread that a smaller nbthread no longer wants finds all that its streams need, whatever is loaded meanwhile',
  { timeout: 60_000 },
  async (context) => {
    const server = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    context.after(() => server.close());
    const port = await freePort();
    // So many servers that a thread builds backends as they are used, this one `b` only after it was told to leave, and that
    // memory of plans is used again.
    const others = (count: number): string =>
      Array.from({ length: count }, (_, index) => `  server s${index} 127.0.0.1:1\n`).join('');
    const text = (threads: number, more: number): string =>
      `global\n  nbthread ${threads}\n${DEFAULTS.replace('tcp', 'http')}frontend f\n` +
      `  bind 127.0.0.1:${port} thread ${threads}\n  default_backend b\n` +
      `backend x\n${others(8000 + more)}backend b\n  server s 127.0.0.1:${(server.address() as net.AddressInfo).port}\n`;
    const running = await start(context, text(2, 0));
    const client = net.connect(port, '127.0.0.1').setEncoding('latin1');
    context.after(() => client.destroy());
    client.write('GET / HTTP/1.1\r\n');
    await eventually(() => connections(running) === 1, 'the connection is accepted');
    for (let reloads = 1; reloads < 5; reloads++) await reload(running, text(1, 100 * reloads));
    client.write('host: a\r\n\r\n');
    const [answer] = (await Promise.race([once(client, 'data'), once(client, 'close')])) as [unknown];
    assert.match(String(answer), /^HTTP\/1\.1 200 /);
  },
);

test('a reload whose bind fails changes nothing on any thread', { timeout: 60_000 }, async (context) => {
  const server = await echoServer(context);
  const taken = net.createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  context.after(() => taken.close());
  const takenPort = (taken.address() as net.AddressInfo).port;
  const [port, added] = [await freePort(), await freePort()];
  const running = await start(context, listen(port, server.port));
  const standing = new Talker(context, { port, host: '127.0.0.1' });
  assert.ok(await standing.talk());
  const text = `${listen(port, server.port)}  bind 127.0.0.1:${added}\n  bind 127.0.0.1:${takenPort}\n`;
  const result = await running.daemon.apply(configOf(text));
  assert.deepEqual(result, {
    ok: false,
    errors: [
      `Binding [test.cfg:13] for proxy f: cannot bind socket (Address already in use) for [127.0.0.1:${takenPort}]`,
    ],
  });
  assert.ok(await standing.talk());
  const refused = new Talker(context, { port: added, host: '127.0.0.1' });
  assert.equal(await refused.talk(), false);
  assert.equal(refused.failure, 'ECONNREFUSED');
  const load = new Load(context, { port, host: '127.0.0.1' }, 4);
  await load.until(20);
  await reload(running, `${listen(port, server.port)}  bind 127.0.0.1:${added}\n`);
  const late = new Talker(context, { port: added, host: '127.0.0.1' });
  assert.ok(await late.talk());
  await load.stop();
  assert.deepEqual(load.failures, []);
});

test(
  'a thread that dies costs its own connections only, and its counts come back',
  { timeout: 60_000 },
  async (context) => {
    const server = await echoServer(context);
    const port = await freePort();
    const running = await start(context, listen(port, server.port, { proxy: 'maxconn 60', server: 'maxconn 50' }));
    const standing = Array.from({ length: 30 }, () => new Talker(context, { port, host: '127.0.0.1' }));
    for (const talker of standing) assert.ok(await talker.talk());
    assert.equal(connections(running), 30);
    await running.workers[0].terminate();
    await eventually(() => running.reports.some((line) => line.includes('data thread 1 was replaced')), 'replacement');
    // TCP tells of the end when the descriptors are closed.
    await eventually(() => standing.some(({ failure }) => failure !== undefined), 'its connections end');
    const alive = standing.filter(({ failure }) => failure === undefined);
    assert.ok(alive.length > 0 && alive.length < 30, `${alive.length} of 30 live on`);
    for (const talker of alive) assert.ok(await talker.talk());
    assert.equal(connections(running), alive.length);
    const load = new Load(context, { port, host: '127.0.0.1' }, 10);
    await load.until(100);
    await running.workers[running.workers.length - 1].terminate();
    await eventually(
      () => running.reports.filter((line) => line.includes('was replaced')).length === 2,
      'second replacement',
    );
    await load.until(100);
    await load.stop();
    for (const talker of standing) talker.close();
    await eventually(() => connections(running) === 0 && server.open() === 0, 'all counts and sockets are gone');
  },
);

test(
  'an exception that nobody caught ends the thread, loudly, and it is replaced',
  { timeout: 60_000 },
  async (context) => {
    const server = await echoServer(context);
    const port = await freePort();
    const running = await start(context, listen(port, server.port));
    const load = new Load(context, { port, host: '127.0.0.1' }, 4);
    await load.until(20);
    // A message that breaks the protocol: the thread trusts its supervisor, and throws.
    running.workers[1].postMessage({ type: 'prepare' });
    await eventually(() => running.reports.some((line) => line.includes('data thread 2 was replaced')), 'replacement');
    const report = running.reports.find((line) => line.startsWith('alert: data thread 2 died')) ?? '';
    assert.match(report, /died: TypeError: .*\n +at .*thread\.ts:\d+/s);
    await load.until(50);
    await load.stop();
    await eventually(() => connections(running) === 0, 'no connection counted');
  },
);

test('a thread that dies again and again is given up with an alert', { timeout: 60_000 }, async (context) => {
  const server = await echoServer(context);
  const port = await freePort();
  const running = await start(context, listen(port, server.port, { threads: 1 }));
  let killed = 0;
  const kill = async (): Promise<void> => {
    while (!running.reports.some((line) => line.startsWith('hopeless'))) {
      if (running.workers.length > killed) await running.workers[killed++].terminate();
      else await new Promise((resolve) => setTimeout(resolve, 10));
      if (killed === 5) return;
    }
  };
  await kill();
  assert.equal(killed, 5);
  await eventually(() => running.workers.length === 6, 'it is still replaced after five deaths');
});

test('a thread that stalls is replaced, and the others serve meanwhile', { timeout: 60_000 }, async (context) => {
  const server = await echoServer(context);
  const port = await freePort();
  // A backtracking expression and a path made for it: the regular expression engine does not come back.
  const text = `global
  nbthread 2
defaults
  timeout client 30s
  timeout server 30s
  timeout connect 5s
listen web
  mode http
  bind 127.0.0.1:${port}
  http-request deny if { path_reg ^/(x+x+)+y$ }
  server s 127.0.0.1:${server.port}
listen tcp
  mode tcp
  bind 127.0.0.1:${await freePort()}
  server s 127.0.0.1:${server.port}
`;
  // What a service manager would be told when it is seen, and before the thread is replaced.
  let isHealthy: boolean | undefined;
  const running: TestDaemon = await start(context, text, (line) => {
    if (line.includes('has been silent')) isHealthy = running.daemon.isHealthy;
  });
  assert.equal(running.daemon.isHealthy, true);
  const tcpPort = running.daemon.plan.listeners[1].address;
  assert.equal(tcpPort.kind, 'inet');
  const target = { port: tcpPort.kind === 'inet' ? tcpPort.port : 0, host: '127.0.0.1' };
  const standing = Array.from({ length: 20 }, () => new Talker(context, target));
  for (const talker of standing) assert.ok(await talker.talk());
  const attacker = new Talker(context, { port, host: '127.0.0.1' });
  attacker.socket.write(`GET /${'x'.repeat(60)} HTTP/1.1\r\nHost: a\r\n\r\n`);
  await eventually(
    () => running.reports.some((line) => line.includes('has been silent for more than')),
    'stall is seen',
  );
  assert.equal(isHealthy, false);
  await eventually(() => running.reports.some((line) => line.includes('was replaced')), 'replacement');
  await eventually(() => running.daemon.isHealthy, 'it is healthy again');
  await eventually(() => standing.some(({ failure }) => failure !== undefined), 'its connections end');
  const alive = standing.filter(({ failure }) => failure === undefined);
  assert.ok(alive.length > 0 && alive.length < 20, `${alive.length} of 20 live on`);
  for (const talker of alive) assert.ok(await talker.talk());
  const load = new Load(context, target, 8);
  await load.until(100);
  await load.stop();
  assert.deepEqual(load.failures, []);
});

test('soft stop: nobody new, those who are there finish, then it is over', { timeout: 60_000 }, async (context) => {
  const server = await echoServer(context);
  const port = await freePort();
  const running = await start(context, listen(port, server.port));
  const standing = Array.from({ length: 6 }, () => new Talker(context, { port, host: '127.0.0.1' }));
  for (const talker of standing) assert.ok(await talker.talk());
  let isOver = false;
  const stopped = running.daemon.softStop().then(() => (isOver = true));
  await eventually(() => running.reports.some((line) => line.includes('Proxy f stopped')), 'announced');
  const late = new Talker(context, { port, host: '127.0.0.1' });
  await eventually(() => late.failure !== undefined || late.socket.readyState === 'open', 'late client');
  for (const talker of standing) assert.ok(await talker.talk());
  assert.equal(isOver, false);
  late.close();
  for (const talker of standing) talker.close();
  await stopped;
});

test(
  'Unix, abstract and inherited listeners are served by every thread, survive reloads and the death of one',
  { timeout: 60_000 },
  async (context) => {
    const server = await echoServer(context);
    const folder = mkdtempSync(join(tmpdir(), 'evenkeel-'));
    context.after(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'f.sock');
    const inheritedPath = join(folder, 'inherited.sock');
    const inherited = openListener({ family: 'unix', address: inheritedPath, backlog: 100 });
    context.after(() => closeFd(inherited));
    const name = `evenkeel-test-${process.pid}`;
    const text = (extra: string): string => `global
  nbthread 2
${DEFAULTS}listen f
  bind unix@${path} mode 640
  bind abns@${name}
  bind fd@${inherited}
  ${extra}
  server s 127.0.0.1:${server.port}
`;
    const running = await start(context, text(''));
    assert.equal(statSync(path).mode & 0o777, 0o640);
    const targets = [{ path }, { path: `\0${name}`.padEnd(108, '\0') }, { path: inheritedPath }];
    const all = async (): Promise<void> => {
      for (const target of targets) {
        const talkers = Array.from({ length: 10 }, () => new Talker(context, target));
        for (const talker of talkers) assert.ok(await talker.talk(), `${JSON.stringify(target)}: ${talker.failure}`);
        for (const talker of talkers) talker.close();
      }
    };
    await all();
    await reload(running, text('maxconn 500'));
    await all();
    await running.workers[0].terminate();
    await eventually(() => running.reports.some((line) => line.includes('was replaced')), 'replacement');
    await all();
    await running.daemon.stop();
    assert.equal(existsSync(path), false, 'the path is removed at the end');
  },
);

test('pause and resume of the listeners', { timeout: 60_000 }, async (context) => {
  const server = await echoServer(context);
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const port = await freePort();
  const path = join(folder, 'f.sock');
  const running = await start(context, `${listen(port, server.port)}  bind unix@${path}\n`);
  const standing = new Talker(context, { port, host: '127.0.0.1' });
  assert.ok(await standing.talk());
  running.daemon.pause();
  await eventually(() => {
    const probe = new Talker(context, { port, host: '127.0.0.1' });
    return probe.failure !== undefined || true;
  }, 'paused');
  assert.ok(await standing.talk());
  running.daemon.resume();
  for (const target of [{ port, host: '127.0.0.1' }, { path }]) {
    let talked = false;
    await eventually(() => {
      void new Talker(context, target).talk().then((ok) => (talked ||= ok));
      return talked;
    }, 'serves again');
  }
});

test('two bind lines with one address share its connections', { timeout: 60_000 }, async (context) => {
  const [first, second] = [await echoServer(context), await echoServer(context)];
  const port = await freePort();
  const text = `${listen(port, first.port)}listen g\n  bind 127.0.0.1:${port}\n  server s 127.0.0.1:${second.port}\n`;
  const running = await start(context, text);
  const talkers = Array.from({ length: 60 }, () => new Talker(context, { port, host: '127.0.0.1' }));
  for (const talker of talkers) assert.ok(await talker.talk());
  assert.ok(first.open() > 0 && second.open() > 0);
  assert.equal(connections(running), 60);
});
