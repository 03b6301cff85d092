// What tests of the HTTP side share: a proxy in the test's own process between real sockets, with clients and servers that
// follow a script.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as net from 'node:net';
import type { TestContext } from 'node:test';
import { freePort } from '../test-sockets.ts';
import { TestHost } from '../test-host.ts';

/** Far above what anything here needs; only what is broken gets there. */
const LIMIT_MS = 8000;

/** One end of a connection, client or server, that keeps what it received. */
export class Peer {
  readonly socket: net.Socket;
  /** latin1 */
  received = '';
  /** FIN came. */
  isEnded = false;
  /** errno name of what ended the connection. */
  error = '';
  isClosed = false;
  #mark = 0;
  #waiters: (() => void)[] = [];

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('latin1');
      this.#wake();
    });
    socket.on('end', () => {
      this.isEnded = true;
      this.#wake();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code ?? error.message;
      this.#wake();
    });
    socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  send(text: string): this {
    this.socket.write(text, 'latin1');
    return this;
  }

  /** Waits until `text` came, not counting what an earlier call waited for; returns everything up to its end since then. */
  async until(text: string): Promise<string> {
    const from = this.#mark;
    await this.#when(() => this.received.indexOf(text, from) >= 0, `'${text}'`);
    this.#mark = this.received.indexOf(text, from) + text.length;
    return this.received.slice(from, this.#mark);
  }

  /** Waits for the end of a head; returns it. */
  async head(): Promise<string> {
    return this.until('\r\n\r\n');
  }

  /** Waits for FIN or the connection's end. */
  async over(): Promise<this> {
    await this.#when(() => this.isEnded || this.isClosed, 'the end', true);
    return this;
  }

  async #when(condition: () => boolean, what: string, endIsFine = false): Promise<void> {
    const limit = setTimeout(() => this.#wake(), LIMIT_MS);
    const start = performance.now();
    try {
      while (!condition()) {
        if (!endIsFine && (this.isEnded || this.isClosed))
          assert.fail(`the connection ended (${this.error}) before ${what} came: ${JSON.stringify(this.received)}`);
        if (performance.now() - start >= LIMIT_MS)
          assert.fail(`${what} did not come: ${JSON.stringify(this.received.slice(-2000))}`);
        await new Promise<void>((resolve) => this.#waiters.push(resolve));
      }
    } finally {
      clearTimeout(limit);
    }
  }

  #wake(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }
}

export type ServerScript = (peer: Peer, index: number) => void | Promise<void>;

export interface ProxyOptions {
  readonly global?: readonly string[];
  readonly defaults?: readonly string[];
  readonly frontend?: readonly string[];
  readonly backend?: readonly string[];
  /** Behind address and port of the server line; undefined leaves the backend without a server. */
  readonly server?: string | undefined;
  readonly noServer?: boolean;
  /** Sections behind the backend. */
  readonly sections?: readonly string[];
  /** Files that the configuration names: contents by path. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface TestProxy {
  readonly host: TestHost;
  readonly port: number;
  readonly serverPort: number;
  /** Connections that the server accepted, in order. */
  readonly servers: Peer[];
  connect(): Promise<Peer>;
  /** The log lines so far, waiting for at least `count`; addresses and dates are cut off. */
  lines(count: number): Promise<string[]>;
  /** Replaces the configuration, as a reload does. */
  apply(options: ProxyOptions): Promise<void>;
  /** The first half of it; the second is returned. */
  prepare(options: ProxyOptions): () => Promise<void>;
}

export const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';
export const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** A server that answers every request head with OK. */
export const answering: ServerScript = async (peer) => {
  for (;;) {
    await peer.head();
    peer.send(OK);
  }
};

/** Frontend `fe`, backend `be` with server `s1` behind which `script` runs for each connection. Ends with the test. */
export async function startProxy(
  t: TestContext,
  options: ProxyOptions = {},
  script: ServerScript = answering,
): Promise<TestProxy> {
  const servers: Peer[] = [];
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    const peer = new Peer(socket);
    servers.push(peer);
    // A script that waits for what never comes ends with its connection.
    Promise.resolve(script(peer, servers.length - 1)).catch(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const serverPort = (server.address() as net.AddressInfo).port;
  const port = await freePort();
  const host = new TestHost();
  const clients: Peer[] = [];
  t.after(() => {
    for (const peer of [...clients, ...servers]) peer.socket.destroy();
    host.stop();
    server.close();
  });
  const apply = async (more: ProxyOptions): Promise<void> => {
    host.files = more.files ?? {};
    await host.apply(configuration(more, port, serverPort));
  };
  await apply(options);
  return {
    host,
    port,
    serverPort,
    servers,
    apply,
    prepare(more) {
      const plan = host.compile(configuration(more, port, serverPort));
      host.prepare(plan);
      return async () => await host.keeper.publish(plan.generation);
    },
    async connect() {
      const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      const peer = new Peer(socket);
      clients.push(peer);
      await once(socket, 'connect');
      return peer;
    },
    async lines(count) {
      return (await host.logged(count)).map(({ line }) => line.replace(/^\S+ \[[^\]]*\] /, ''));
    },
  };
}

function configuration(options: ProxyOptions, port: number, serverPort: number): string {
  const indent = (lines: readonly string[] = []): string[] => lines.map((line) => `  ${line}`);
  return [
    'global',
    ...indent(options.global),
    'defaults',
    '  mode http',
    '  log stdout format raw local0',
    '  option httplog',
    '  timeout connect 3s',
    '  timeout client 5s',
    '  timeout server 5s',
    ...indent(options.defaults),
    'frontend fe',
    `  bind 127.0.0.1:${port}`,
    '  default_backend be',
    ...indent(options.frontend),
    'backend be',
    ...indent(options.backend),
    ...(options.noServer === true ? [] : [`  server s1 127.0.0.1:${serverPort} ${options.server ?? ''}`]),
    ...(options.sections ?? []),
    '',
  ].join('\n');
}

/** Status and termination state of an httplog line: `200 ----`. */
export function outcome(line: string): string {
  const match = / (-?\d+) \d+ - - (\S{4}) /.exec(line);
  return match === null ? line : `${match[1]} ${match[2]}`;
}
