// Dispatches against real sockets on loopback: a client that records what it is told, servers that listen or do not.
import { once } from 'node:events';
import net from 'node:net';
import type { TestContext } from 'node:test';
import { BackendStat, ServerStat, StatReader, type SegmentOwner } from '@evenkeel/shm';
import type { Connection, ConnectionOwner } from '../connection.ts';
import type { Plan } from '../plan.ts';
import type { Backend } from './backend.ts';
import { Dispatch, type DispatchClient, type DispatchFailure, type ShutdownReason } from './dispatch.ts';
import type { Server } from './server.ts';
import { planOf, singleThread, type ProxyOptions, type ServerOptions, type TestThread } from './test-kit.ts';

export class Client implements DispatchClient {
  readonly dispatch: Dispatch;
  server: Server | undefined;
  connection: Connection | undefined;
  reused = false;
  failure: DispatchFailure | undefined;
  shutdown: string | undefined;
  calls = 0;
  owner: ConnectionOwner = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };
  #settled: (() => void)[] = [];

  constructor(thread: TestThread) {
    this.dispatch = new Dispatch(thread, this);
  }

  start(backend: Backend): this {
    this.calls = 0;
    this.connection = undefined;
    this.failure = undefined;
    backend.thread.context.refresh();
    this.dispatch.assign(backend);
    this.dispatch.start();
    return this;
  }

  onServerConnection(server: Server, connection: Connection, reused: boolean): void {
    this.server = server;
    this.connection = connection;
    this.reused = reused;
    connection.owner = this.owner;
    connection.resume();
    this.#settle();
  }

  onDispatchFailure(failure: DispatchFailure): void {
    this.failure = failure;
    this.#settle();
  }

  onServerShutdown(reason: ShutdownReason): void {
    this.shutdown = reason;
    this.end();
  }

  async settled(): Promise<this> {
    if (this.calls === 0) await new Promise<void>((resolve) => this.#settled.push(resolve));
    return this;
  }

  end(): void {
    this.dispatch.discard();
    this.connection?.destroy();
    this.dispatch.finish();
  }

  /** The response is complete and the connection goes back. */
  giveBack(): void {
    this.dispatch.giveBack();
    this.dispatch.finish();
    this.connection = undefined;
  }

  #settle(): void {
    this.calls++;
    for (const resolve of this.#settled.splice(0)) resolve();
  }
}

export interface Setup {
  readonly owner: SegmentOwner;
  readonly plan: Plan;
  readonly thread: TestThread;
  readonly backend: Backend;
  readonly client: () => Client;
  /** Counters of server `index`, or of the backend. */
  readonly stat: (index: number | 'backend') => Record<string, number>;
}

export function setup(context: TestContext, servers: readonly ServerOptions[], options: ProxyOptions = {}): Setup {
  const { owner, start } = singleThread();
  const plan = planOf(owner, servers, options);
  const thread = start();
  const backend = thread.build(plan);
  const clients: Client[] = [];
  context.after(() => {
    for (const client of clients) {
      client.end();
      client.dispatch.close();
    }
    for (const server of backend.servers) server.pool.close();
    thread.stop();
  });
  return {
    owner,
    plan,
    thread,
    backend,
    client: () => {
      const client = new Client(thread);
      clients.push(client);
      return client;
    },
    stat: (index) => {
      const reader = new StatReader(owner.segment);
      const [kind, slot, fields] =
        index === 'backend'
          ? (['backend', backend.slot, BackendStat] as const)
          : (['server', backend.servers[index].slot, ServerStat] as const);
      const values = reader.read(kind, slot);
      return Object.fromEntries(Object.entries(fields).map(([name, at]) => [name, values[at]]));
    },
  };
}

/** Listens on a free port; accepts and keeps. */
export async function listen(
  context: TestContext,
): Promise<{ port: number; server: net.Server; sockets: Set<net.Socket> }> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    socket.resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as net.AddressInfo).port, server, sockets };
}

export const pick = (stat: Record<string, number>, ...names: string[]): number[] => names.map((name) => stat[name]);
