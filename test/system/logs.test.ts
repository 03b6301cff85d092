/** Log destinations that come and go, or do not read: traffic never waits for them. */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon, freePorts, until } from '../support/daemon.ts';
import { RawServer, ask, keepAliveAgent } from '../support/http.ts';
import { Program, TemporaryFolder, missing } from '../support/programs.ts';

async function startServer(): Promise<RawServer> {
  return await RawServer.start((socket) => {
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'));
  });
}

function configuration(port: number, serverPort: number, log: string): string {
  return `global
    nbthread 2
    ${log}
    stats socket FOLDER/admin.sock level admin
defaults
    log global
    mode http
    option httplog
    timeout connect 5s
    timeout client 20s
    timeout server 20s
listen web
    bind 127.0.0.1:${port}
    server s1 127.0.0.1:${serverPort}
`;
}

/** A syslog daemon's socket: what arrives is appended to a file. */
class Receiver {
  readonly #program: Program;
  readonly #file: string;
  readonly #socket: string;

  private constructor(socket: string, file: string) {
    this.#socket = socket;
    this.#file = file;
    this.#program = new Program('socat', [
      '-u',
      `UNIX-RECV:${socket},unlink-early,mode=666`,
      `OPEN:${file},creat,append`,
    ]);
  }

  static async start(socket: string, file: string): Promise<Receiver> {
    const receiver = new Receiver(socket, file);
    await until('the receiver has its socket', () => {
      if (!receiver.#program.running) throw new Error(receiver.#program.output);
      return receiver.#listens();
    });
    return receiver;
  }

  #listens(): boolean {
    return readFileSync('/proc/net/unix', 'latin1').includes(this.#socket);
  }

  /** Paths of the requests that were logged, in order. */
  paths(): string[] {
    return existsSync(this.#file)
      ? [...readFileSync(this.#file, 'latin1').matchAll(/"GET (\S+) HTTP\/1\.1"/g)].map(([, path]) => path)
      : [];
  }

  text(): string {
    return readFileSync(this.#file, 'latin1');
  }

  async kill(): Promise<void> {
    await this.#program.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

async function askAll(port: number, paths: readonly string[]): Promise<void> {
  for (const path of paths) assert.equal((await ask(port, { path })).status, 200);
}

function paths(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `/${name}/${index}`);
}

test(
  'a syslog socket that is restarted gets the lines that come after, and traffic goes on meanwhile',
  { skip: missing('socat') },
  async () => {
    using folder = new TemporaryFolder();
    const socket = join(folder.path, 'log');
    await using server = await startServer();
    const [port] = await freePorts(1);
    await using first = await Receiver.start(socket, join(folder.path, 'first'));
    await using daemon = await Daemon.start(configuration(port, server.port, `log ${socket} local3`), { port });
    await askAll(port, paths('before', 20));
    await until('every line has arrived', () => first.paths().length === 20);
    // Two threads serve: the line of one request may follow the next one's.
    assert.deepEqual(first.paths().sort(), paths('before', 20).sort());
    // local3.info is 19 * 8 + 6; the tag and the process number follow the date (RFC 3164, section 4.1).
    assert.match(
      first.text(),
      new RegExp(
        `<158>[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d haproxy\\[${daemon.pid}\\]: 127\\.0\\.0\\.1:\\d+ \\[.*\\] web web/s1 \\d+/\\d+/\\d+/\\d+/\\d+ 200 `,
      ),
    );

    await first.kill();
    await askAll(port, paths('meanwhile', 20));

    await using second = await Receiver.start(socket, join(folder.path, 'second'));
    // The socket is looked for again after a while; what is logged then arrives, whole and in order.
    let round = 0;
    await until('lines arrive again', async () => {
      await askAll(port, [`/again/${round++}`]);
      return second.paths().some((path) => path.startsWith('/again/'));
    });
    await askAll(port, paths('after', 20));
    const later = (): string[] => second.paths().filter((path) => path.startsWith('/after/'));
    await until('every later line has arrived', () => later().length >= 20);
    assert.deepEqual(later().sort(), paths('after', 20).sort());
    assert.doesNotMatch(daemon.output, /\bat .*\.ts:\d+/);
  },
);

test(
  'a syslog socket that was never there costs no request, and is used once it is there',
  { skip: missing('socat') },
  async () => {
    using folder = new TemporaryFolder();
    const socket = join(folder.path, 'log');
    await using server = await startServer();
    const [port] = await freePorts(1);
    await using daemon = await Daemon.start(configuration(port, server.port, `log ${socket} local0`), { port });
    await askAll(port, paths('unheard', 50));
    await using receiver = await Receiver.start(socket, join(folder.path, 'lines'));
    let round = 0;
    await until('lines arrive', async () => {
      await askAll(port, [`/heard/${round++}`]);
      return receiver.paths().length > 0;
    });
    assert.doesNotMatch(daemon.output, /\bat .*\.ts:\d+/);
  },
);

/** More than a pipe and every buffer before it hold: 3000 lines of 1 KB. */
const UNREAD_LINES = 3000;

test('a standard output that nobody reads does not stop traffic, nor the end', async () => {
  await using server = await startServer();
  const [port] = await freePorts(1);
  await using daemon = await Daemon.start(configuration(port, server.port, 'log stdout format raw local0'), {
    port,
    deaf: true,
  });
  const agent = keepAliveAgent(8);
  const path = `/${'x'.repeat(1000)}`;
  let started = 0;
  const client = async (): Promise<void> => {
    while (started++ < UNREAD_LINES) assert.equal((await ask(port, { path, agent })).status, 200);
  };
  await Promise.all(Array.from({ length: 8 }, client));
  agent.destroy();
  assert.equal(await daemon.statistic('web', 'FRONTEND', 'hrsp_2xx'), String(UNREAD_LINES));
  // The log thread says what it dropped once a second.
  await until('the drops are counted', async () => /^DroppedLogs: [1-9]\d*$/m.test(await daemon.ask('show info')));
  daemon.signal('SIGTERM');
  assert.equal(await daemon.exited(), 'SIGTERM');
});

test('lines on standard output are whole, one for each request, from every thread', async () => {
  await using server = await startServer();
  const [port] = await freePorts(1);
  await using daemon = await Daemon.start(configuration(port, server.port, 'log stdout format raw local0'), { port });
  const wanted = paths('line', 400);
  await Promise.all(wanted.map(async (path) => assert.equal((await ask(port, { path })).status, 200)));
  const logged = (): string[] =>
    daemon.output
      .split('\n')
      .flatMap((line) => /^127\.0\.0\.1:\d+ \[.*\] web web\/s1 .* "GET (\S+) HTTP\/1\.1"$/.exec(line)?.[1] ?? []);
  await until('every request is logged', () => logged().length >= wanted.length);
  assert.deepEqual(logged().sort(), wanted.sort());
});
