// Clients and servers for tests of the data plane: real sockets on loopback, closed when the test ends, with the moments
// that tests wait for as promises.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import * as net from 'node:net';
import type { TestContext } from 'node:test';

/** A port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** One end of a connection in the hands of a test. */
export class Peer {
  readonly socket: net.Socket;
  received = 0;
  text = '';
  /** Saw FIN, RST (its errno name), or the descriptor closed. */
  ended = false;
  error: string | undefined = undefined;
  closed = false;
  #waiters: (() => void)[] = [];

  /** `reads` false: nothing is read until `read()`. */
  constructor(context: TestContext, socket: net.Socket, reads: boolean) {
    this.socket = socket;
    context.after(() => socket.destroy());
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code;
      this.#notify();
    });
    socket.on('end', () => {
      this.ended = true;
      this.#notify();
    });
    socket.on('close', () => {
      this.closed = true;
      this.#notify();
    });
    if (reads) this.read();
    else socket.pause();
  }

  read(): void {
    this.socket.on('data', (chunk: Buffer) => {
      this.received += chunk.length;
      if (this.text.length < 4096) this.text += chunk.toString('latin1');
      this.#notify();
    });
    this.socket.resume();
  }

  write(data: string | Buffer): void {
    this.socket.write(data);
  }
  end(data?: string | Buffer): void {
    if (data === undefined) this.socket.end();
    else this.socket.end(data);
  }
  reset(): void {
    this.socket.resetAndDestroy();
  }
  /** Writes without end, as fast as the other side reads. */
  flood(chunk: Buffer): void {
    const go = (): void => {
      while (!this.socket.destroyed && this.socket.writable && this.socket.write(chunk));
    };
    this.socket.on('drain', go);
    go();
  }

  async until(condition: (peer: this) => boolean): Promise<void> {
    while (!condition(this)) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }
  /** FIN, RST or close: nothing more comes. */
  async gone(): Promise<void> {
    await this.until((peer) => peer.ended || peer.error !== undefined || peer.closed);
  }

  #notify(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }
}

export async function connect(
  context: TestContext,
  port: number,
  { reads = true }: { readonly reads?: boolean } = {},
): Promise<Peer> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const peer = new Peer(context, socket, reads);
  await Promise.race([once(socket, 'connect').catch(() => {}), peer.gone()]);
  return peer;
}

export interface TestServer {
  readonly port: number;
  readonly peers: readonly Peer[];
  /** The connection with that number, from 0, once it was accepted. */
  peer(index: number): Promise<Peer>;
}

/** A server whose connections the test plays. */
export async function serve(
  context: TestContext,
  play?: (peer: Peer) => void,
  { reads = true }: { readonly reads?: boolean } = {},
): Promise<TestServer> {
  const peers: Peer[] = [];
  let waiters: (() => void)[] = [];
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    const peer = new Peer(context, socket, reads);
    peers.push(peer);
    play?.(peer);
    for (const waiter of waiters.splice(0)) waiter();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  return {
    port: (server.address() as net.AddressInfo).port,
    peers,
    async peer(index) {
      while (peers.length <= index) await new Promise<void>((resolve) => (waiters = [...waiters, resolve]));
      return peers[index];
    },
  };
}

/** An address where SYN gets no answer: a listener whose queue is full and whose connections nobody accepts. */
export async function blackHole(context: TestContext): Promise<number> {
  const { openListener, closeFd, getSocketName } = await import('@evenkeel/sys');
  const descriptor = openListener({ family: 'ipv4', address: '127.0.0.1', port: 0, backlog: 0 });
  const name = getSocketName(descriptor);
  if (name === undefined || name.family === 'unix') throw new Error('no port');
  const { port } = name;
  // Linux queues one more than the backlog; further SYN are dropped.
  const fillers = Array.from({ length: 3 }, () => net.connect({ port, host: '127.0.0.1' }));
  for (const filler of fillers) filler.on('error', () => {});
  context.after(() => {
    for (const filler of fillers) filler.destroy();
    closeFd(descriptor);
  });
  await once(fillers[0], 'connect');
  return port;
}

/** Waits until `condition` holds, looking again each few ms: for state that has no event. */
export async function eventually(condition: () => boolean, what: string, limitMs = 10_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Resident memory of this process in bytes. */
export function residentBytes(): number {
  return Number(readFileSync('/proc/self/statm', 'latin1').split(' ')[1]) * 4096;
}
