/**
 * Where log lines go: the same lines on the same targets as HAProxy, byte by byte but for times and process numbers; and
 * targets that are slow, dead or blocking, which cost no request, are said once, and counted.
 */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { join } from 'node:path';
import { Daemon, freePorts, until } from '../support/daemon.ts';
import { ask, keepAliveAgent } from '../support/http.ts';
import { Program, TemporaryFolder, missing } from '../support/programs.ts';

const FORMATS = ['local', 'rfc3164', 'rfc5424', 'priority', 'short', 'timed', 'iso', 'raw'] as const;

/** A log server on a Unix stream socket. */
class StreamReceiver {
  readonly #server: Server;
  readonly #sockets: Socket[] = [];
  text = '';

  private constructor(reads: boolean) {
    this.#server = createServer((socket) => {
      this.#sockets.push(socket);
      socket.on('error', () => {});
      if (reads) socket.on('data', (chunk) => (this.text += chunk.toString('latin1')));
      else socket.pause();
    });
  }

  static async start(path: string, { reads = true } = {}): Promise<StreamReceiver> {
    const receiver = new StreamReceiver(reads);
    await new Promise<void>((resolve) => receiver.#server.listen(path, resolve));
    chmodSync(path, 0o666);
    return receiver;
  }

  get connections(): number {
    return this.#sockets.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Every target of the comparison. Lines of one kind are told apart by their facility, or by what begins the message. */
function targets(folder: string): string {
  return [
    ...FORMATS.map((format, index) => `log stdout format ${format} local${index}`),
    'log stdout len 80 format timed local0',
    'log stdout len 120 format raw local0',
    'log stdout format short local0 notice',
    'log stdout format short local0 debug notice',
    'log stdout format priority sample 2-3:4 user',
    'log ring@counted len 90 local1',
    'log ring@cut local2',
    'log ring@kept format rfc5424 local3 info err',
    `log uxst@${folder}/implicit.sock format rfc5424 local4`,
  ].join('\n    ');
}

function configuration(folder: string, port: number): string {
  return `global
    nbthread 1
    ${targets(folder)}
    log-send-hostname balancer-1
    log-tag tag
    tune.http.logurilen 4000
    stats socket FOLDER/admin.sock level admin
defaults
    mode http
    log global
    timeout connect 5s
    timeout client 5s
    timeout server 5s
    option dontlognull
    log-format "%HP"
ring counted
    format rfc3164
    timeout connect 1s
    timeout server 10s
    server s1 unix@${folder}/counted.sock log-proto octet-count
ring cut
    format priority
    maxlen 70
    timeout connect 1s
    timeout server 10s
    server s1 unix@${folder}/cut.sock log-proto legacy
ring kept
    format timed
    description "kept here"
frontend web
    bind 127.0.0.1:${port}
    http-request return status 200
`;
}

const REQUESTS = [
  '/one',
  `/${'a'.repeat(60)}`,
  `/${'b'.repeat(200)}`,
  `/${'c'.repeat(3000)}`,
  '/two',
  '/three',
  '/last',
];

/** Everything that left the program for those requests, times and process numbers replaced. */
async function transcript(program: string | undefined): Promise<Record<string, string>> {
  using folder = new TemporaryFolder();
  chmodSync(folder.path, 0o755);
  await using counted = await StreamReceiver.start(join(folder.path, 'counted.sock'));
  await using cut = await StreamReceiver.start(join(folder.path, 'cut.sock'));
  await using implicit = await StreamReceiver.start(join(folder.path, 'implicit.sock'));
  const [port] = await freePorts(1);
  await using daemon = await Daemon.start(configuration(folder.path, port), {
    port,
    ...(program === undefined ? {} : { program }),
  });
  await until('the rings are connected', () => [counted, cut, implicit].every(({ connections }) => connections > 0));
  for (const path of REQUESTS) {
    assert.equal((await ask(port, { path })).status, 200);
    // One after the other, so that lines of one request stand together.
    await until(
      `${path.slice(0, 20)} is logged`,
      () => normal(daemon.output).includes(`<190>${path.slice(0, 60)}`) || counted.text.includes(path.slice(0, 40)),
    );
  }
  await until('the last is everywhere', async () => {
    const kept = await daemon.ask('show events kept');
    return [daemon.output, counted.text, cut.text, implicit.text, kept].every((text) => text.includes('/last'));
  });
  return {
    stdout: normal(daemon.output)
      .split('\n')
      .filter((line) => !line.startsWith('['))
      .sort()
      .join('\n'),
    counted: normal(counted.text),
    cut: normal(cut.text),
    implicit: normal(implicit.text),
    kept: normal(await daemon.ask('show events kept')),
    sinks: (await daemon.ask('show events')).replace(/'[^']+test\.cfg'/, 'FILE'),
  };
}

/** Process numbers vary in length, and what is counted or cut with them. */
function normal(text: string): string {
  return text
    .replaceAll(/[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d/g, 'MMM DD hh:mm:ss')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d/g, 'ISO');
}

/** Without the numbers of processes, whose digits decide how much of the longest message fits behind them. */
function withoutProcess(text: string): string {
  return text
    .replaceAll(/(\btag(?:\[| )\d+.*? )(\/c{900,})/g, '$1/c...')
    .replaceAll(/\d+ (?=<142>)/g, 'N ')
    .replaceAll(/tag\[\d+\]/g, 'tag[N]')
    .replaceAll(/ tag \d+ - /g, ' tag N - ');
}

test('every target gets the lines that HAProxy sends it', { skip: missing('haproxy') }, async () => {
  const [theirs, ours] = [await transcript('haproxy'), await transcript(undefined)];
  for (const name of Object.keys(theirs)) assert.equal(withoutProcess(ours[name]), withoutProcess(theirs[name]), name);
});

/** Requests of a kilobyte each, eight at a time. */
async function load(port: number, requests: number): Promise<number> {
  const agent = keepAliveAgent(8);
  const path = `/${'x'.repeat(1000)}`;
  let started = 0;
  let slowestMs = 0;
  const client = async (): Promise<void> => {
    while (started++ < requests) {
      const before = performance.now();
      assert.equal((await ask(port, { path, agent })).status, 200);
      slowestMs = Math.max(slowestMs, performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: 8 }, client));
  agent.destroy();
  return slowestMs;
}

test(
  'a stopped syslog daemon, a server that never reads, a full disk and a missing folder cost no request and no memory, and are said once',
  { skip: missing('socat') },
  async () => {
    using folder = new TemporaryFolder();
    chmodSync(folder.path, 0o755);
    const socket = join(folder.path, 'log');
    await using stopped = new Program('socat', ['-u', `UNIX-RECV:${socket},mode=666`, 'OPEN:/dev/null']);
    await using deaf = await StreamReceiver.start(join(folder.path, 'deaf.sock'), { reads: false });
    await until('the receiver has its socket', () => readFileSync('/proc/net/unix', 'latin1').includes(socket));
    stopped.pause();
    const [port] = await freePorts(1);
    await using daemon = await Daemon.start(
      `global
    nbthread 2
    stats socket FOLDER/admin.sock level admin
    log ${socket} local0
    log ring@deaf local0
    log file@/dev/full format raw local0
    log file@${folder.path}/missing/log format raw local0
ring deaf
    timeout connect 1s
    timeout server 30s
    server s1 unix@${folder.path}/deaf.sock
defaults
    log global
    mode http
    option httplog
    timeout connect 5s
    timeout client 20s
    timeout server 20s
frontend web
    bind 127.0.0.1:${port}
    http-request return status 200
`,
      { port },
    );
    await until('the ring is connected', () => deaf.connections > 0);
    await load(port, 2000);
    const before = daemon.residentBytes();
    await load(port, 6000);
    const grown = daemon.residentBytes() - before;
    assert.ok(grown < 64 << 20, `${grown} bytes more`);
    const names = [`${socket}`, 'ring@deaf', 'file@/dev/full', `file@${folder.path}/missing/log`];
    const said = (name: string): number => daemon.output.split(`log lines for ${name} are being dropped: `).length - 1;
    await until('all of it is said', () => names.every((name) => said(name) === 1));
    assert.match(daemon.output, /ring@deaf are being dropped: server s1: it does not read/);
    assert.match(daemon.output, /full are being dropped: ENOSPC/);
    assert.match(daemon.output, /missing\/log are being dropped: ENOENT/);
    const dropped = async (): Promise<number> =>
      Number(/^DroppedLogs: (\d+)$/m.exec(await daemon.ask('show info'))?.[1] ?? 0);
    await until('the drops are counted', async () => (await dropped()) >= 8000);
    // Further drops are counted, and nothing is said of them.
    const counted = await dropped();
    await load(port, 100);
    await until('further drops are counted', async () => (await dropped()) > counted);
    assert.ok(names.every((name) => said(name) === 1));
    assert.doesNotMatch(daemon.output, /no longer dropped/);
    assert.match(await daemon.ask('show events'), /deaf +: type=buffer, [1-9]\d* dropped, deaf/);

    // What works again is used again; the rest is not said a second time.
    mkdirSync(join(folder.path, 'missing'));
    stopped.resume();
    await until('the file is written', async () => {
      await load(port, 1);
      try {
        return readFileSync(join(folder.path, 'missing/log'), 'latin1').includes('GET /xxx');
      } catch {
        return false;
      }
    });
    assert.ok(names.every((name) => said(name) === 1));
    assert.doesNotMatch(daemon.output, /\bat .*\.ts:\d+/);
  },
);

test('rings outlive a reload that keeps their section, with their events and connections; a file that is refused changes nothing', async () => {
  using folder = new TemporaryFolder();
  chmodSync(folder.path, 0o755);
  await using receiver = await StreamReceiver.start(join(folder.path, 'log.sock'));
  const [port] = await freePorts(1);
  const text = (ring: string, more = ''): string => `global
    nbthread 1
    stats socket FOLDER/admin.sock level admin
    log ring@${ring} local0
ring ${ring}
    format priority
    timeout connect 1s
    timeout server 10s
    server s1 unix@${folder.path}/log.sock
defaults
    log global
    mode http
    log-format "%HP"
    option dontlognull
    timeout client 5s
frontend web
    bind 127.0.0.1:${port}
    http-request return status 200
${more}`;
  await using daemon = await Daemon.start(text('mine'), { port, flags: ['-W'] });
  await until('the ring is connected', () => receiver.connections === 1);
  await ask(port, { path: '/before' });
  await until('it is there', () => receiver.text === '<134>/before\n');
  assert.match(await daemon.reload(text('mine', '# another comment\n')), /Loading success/);
  await ask(port, { path: '/after' });
  await until('it came too', () => receiver.text === '<134>/before\n<134>/after\n');
  assert.equal(receiver.connections, 1);
  assert.match(await daemon.reload(`${text('other')}nonsense\n`), /was not applied|Fatal errors|not applied/);
  assert.equal((await daemon.ask('show events mine')).trim(), '<134>/before\n<134>/after');

  // The section has another name now: the old ring is gone, the new one sends over a connection of its own.
  assert.match(await daemon.reload(text('other')), /Loading success/);
  await ask(port, { path: '/other' });
  await until('the new ring sends', () => receiver.text.endsWith('<134>/other\n'));
  assert.equal((await daemon.ask('show events mine')).trim(), 'No such event sink');
  assert.equal((await daemon.ask('show events other')).trim(), '<134>/other');
});
