/** Limits over two threads: who has no place waits and is served when one is free, and never is there one more than allowed. */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { once } from 'node:events';
import { Daemon, freePorts, until } from '../support/daemon.ts';
import { RawServer, ask } from '../support/http.ts';
import { missing } from '../support/programs.ts';

const CLIENTS = 500;
const LIMIT = 20;
/** Long enough that clients pile up behind the limit, short enough that all have had their turn in a second or two. */
const SERVICE_MS = 10;

/** Answers nobody until `LIMIT` requests are in its hands, then each after a while; counts how many it has at a time. */
class CountingServer {
  highest = 0;
  served = 0;
  now = 0;
  #server: RawServer | undefined;
  readonly #crowd = Promise.withResolvers<void>();

  static async start(): Promise<CountingServer> {
    const counting = new CountingServer();
    counting.#server = await RawServer.start((socket) => counting.#serve(socket));
    return counting;
  }

  get port(): number {
    return this.#server?.port ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.stop();
  }

  #serve(socket: Socket): void {
    let active = false;
    const leave = (): void => {
      if (active) this.now--;
      active = false;
    };
    socket.once('close', leave);
    socket.on('data', (chunk) => {
      active = true;
      this.highest = Math.max(this.highest, ++this.now);
      if (this.highest >= LIMIT) this.#crowd.resolve();
      const close = /connection: close/i.test(chunk.toString('latin1'));
      const answer = (): void => {
        leave();
        this.served++;
        const head = `HTTP/1.1 200 OK\r\ncontent-length: 2\r\n${close ? 'connection: close\r\n' : ''}\r\nok`;
        if (close) socket.end(head);
        else socket.write(head);
      };
      void this.#crowd.promise.then(() => setTimeout(answer, SERVICE_MS));
    });
  }
}

interface Trial {
  readonly name: string;
  readonly mode?: 'http' | 'tcp';
  readonly global?: string;
  readonly proxy?: string;
  readonly bind?: string;
  readonly server?: string;
  /** Column of `show stat` that must never exceed the limit, and its line. */
  readonly counted: readonly [service: string, column: string];
}

const TRIALS: readonly Trial[] = [
  { name: 'global maxconn', global: `maxconn ${LIMIT}`, counted: ['FRONTEND', 'smax'] },
  { name: 'maxconn of a frontend', proxy: `maxconn ${LIMIT}`, counted: ['FRONTEND', 'smax'] },
  { name: 'maxconn of a bind line', bind: `maxconn ${LIMIT}`, counted: ['FRONTEND', 'smax'] },
  { name: 'maxconn of a server, with its queue', server: `maxconn ${LIMIT}`, counted: ['s1', 'smax'] },
  { name: 'maxconn of a server in mode tcp', mode: 'tcp', server: `maxconn ${LIMIT}`, counted: ['s1', 'smax'] },
  { name: 'maxconn of a frontend in mode tcp', mode: 'tcp', proxy: `maxconn ${LIMIT}`, counted: ['FRONTEND', 'smax'] },
];

for (const { name, mode = 'http', global = '', proxy = '', bind = '', server = '', counted } of TRIALS) {
  test(`${name}: ${CLIENTS} clients at once, all are served, never more than ${LIMIT} at a time`, async () => {
    await using backend = await CountingServer.start();
    const [port] = await freePorts(1);
    await using daemon = await Daemon.start(
      `global
    nbthread 2
    stats socket FOLDER/admin.sock level admin
    ${global}
defaults
    mode ${mode}
    timeout connect 20s
    timeout client 20s
    timeout server 20s
    timeout queue 20s
listen limited
    ${proxy}
    backlog 1024
    bind 127.0.0.1:${port} ${bind}
    server s1 127.0.0.1:${backend.port} ${server}
`,
      { port },
    );
    const answers = await Promise.all(
      Array.from({ length: CLIENTS }, async () => await ask(port, { headers: { connection: 'close' } })),
    );
    assert.ok(answers.every(({ status, body }) => status === 200 && body.toString() === 'ok'));
    assert.equal(backend.served, CLIENTS);
    // All places were in use: the limit was met, and kept.
    assert.equal(backend.highest, LIMIT);
    assert.equal(await daemon.statistic('limited', ...counted), String(LIMIT));
    await until('nobody is counted any more', async () => {
      const rows = await daemon.statistics();
      return (
        rows.every((row) => (row['scur'] ?? '') === '' || row['scur'] === '0') &&
        rows.every((row) => (row['qcur'] ?? '') === '' || row['qcur'] === '0')
      );
    });
    assert.doesNotMatch(daemon.output, /ALERT|\bat .*\.ts:\d+/);
  });
}

test('timeout queue: who waits longer for a server gets 503', async () => {
  const waiting: Socket[] = [];
  await using server = await RawServer.start((socket) => socket.once('data', () => waiting.push(socket)));
  const [port] = await freePorts(1);
  await using daemon = await Daemon.start(
    `global
    nbthread 2
    stats socket FOLDER/admin.sock level admin
defaults
    mode http
    timeout connect 20s
    timeout client 20s
    timeout server 20s
    timeout queue 2s
listen limited
    bind 127.0.0.1:${port}
    server s1 127.0.0.1:${server.port} maxconn 1
`,
    { port },
  );
  const first = ask(port);
  await until('the first has the server', () => waiting.length === 1);
  const others = await Promise.all(Array.from({ length: 10 }, async () => await ask(port)));
  assert.deepEqual(
    others.map(({ status }) => status),
    Array.from({ length: 10 }, () => 503),
  );
  waiting[0].write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
  assert.equal((await first).status, 200);
  assert.equal(waiting.length, 1);
  assert.equal(await daemon.statistic('limited', 'BACKEND', 'qmax'), '10');
  assert.equal(await daemon.statistic('limited', 'BACKEND', 'qcur'), '0');
});

// ------------------------------------------------------------------------------------------------------- descriptors

/** Gives up the right to raise hard limits, which root has; then starts the program under a low one. */
const FEW_DESCRIPTORS = 256;
function fewDescriptors(): string[] {
  const limited = ['bash', '-c', `ulimit -n ${FEW_DESCRIPTORS}; exec "$@"`, 'bash'];
  return process.getuid?.() === 0
    ? ['setpriv', '--bounding-set=-sys_resource', '--inh-caps=-sys_resource', ...limited]
    : limited;
}

test(
  'a low limit of descriptors lowers maxconn with a warning, and clients beyond it wait',
  { skip: missing('setpriv', 'bash') },
  async () => {
    await using server = await RawServer.start((socket) => {
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'));
    });
    const [port] = await freePorts(1);
    const clients: Client[] = [];
    await using daemon = await Daemon.start(
      `global
    nbthread 2
    maxconn 2000
    no strict-limits
    stats socket FOLDER/admin.sock level admin
defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s
listen web
    bind 127.0.0.1:${port}
    server s1 127.0.0.1:${server.port}
`,
      { port, launcher: fewDescriptors() },
    );
    try {
      assert.match(daemon.output, /\[WARNING\].*maxconn 2000 .*descriptors.*lowered to \d+/s);
      const info = await daemon.ask('show info');
      const maxconn = Number(/^Maxconn: (\d+)$/m.exec(info)?.[1]);
      assert.ok(maxconn >= 20 && maxconn < FEW_DESCRIPTORS / 2, info);
      assert.match(info, new RegExp(`^Ulimit-n: ${FEW_DESCRIPTORS}$`, 'm'));
      // Clients that have had their answer and stay take every place.
      for (let index = 0; index < maxconn; index++) {
        const client = await Client.open(port);
        clients.push(client);
        assert.equal(await client.ask(), 'ok');
      }
      const late: Client[] = [];
      for (let index = 0; index < 10; index++) late.push(await Client.open(port));
      clients.push(...late);
      const answers = late.map(async (client) => await client.ask());
      await until('every place is taken', async () =>
        new RegExp(`^CurrConns: ${maxconn}$`, 'm').test(await daemon.ask('show info')),
      );
      assert.equal(late.filter((client) => client.isAnswered || client.isClosed).length, 0);
      for (const client of clients.slice(0, 10)) client.leave();
      assert.deepEqual(
        await Promise.all(answers),
        Array.from({ length: 10 }, () => 'ok'),
      );
      // Places in use by turns: many more than there are descriptors come and go, and none is lost.
      for (const client of clients) client.leave();
      await until('every place is free', async () => /^CurrConns: 0$/m.test(await daemon.ask('show info')));
      let started = 0;
      const worker = async (): Promise<void> => {
        while (started++ < 600) assert.equal((await ask(port, { headers: { connection: 'close' } })).status, 200);
      };
      await Promise.all(Array.from({ length: maxconn + 5 }, worker));
      assert.doesNotMatch(daemon.output, /ALERT|EMFILE/);
    } finally {
      for (const client of clients) client.leave();
    }
  },
);

/** A client that keeps its connection. */
class Client {
  isAnswered = false;
  isClosed = false;
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.once('close', () => (this.isClosed = true));
  }

  static async open(port: number): Promise<Client> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Client(socket);
  }

  /** The body of the answer. */
  async ask(): Promise<string> {
    this.#socket.write('GET / HTTP/1.1\r\nhost: limited\r\n\r\n');
    return await new Promise((resolve, reject) => {
      let text = '';
      this.#socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
        this.isAnswered = true;
        if (text.endsWith('\r\n\r\nok')) resolve('ok');
      });
      this.#socket.once('close', () => reject(new Error(`closed after ${JSON.stringify(text)}`)));
    });
  }

  leave(): void {
    this.#socket.destroy();
  }
}
