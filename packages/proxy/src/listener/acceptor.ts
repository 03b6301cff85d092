// One listening socket of one thread: takes what the kernel accepted, asks the limits, runs the connection and session
// rules, and hands the session to its mode. Outlives generations; `frontend` is the one that is published now.
import type { Server as NetServer, Socket } from 'node:net';
import type { Bind } from '@evenkeel/config';
import {
  FrontendStat,
  ListenerGauge,
  ListenerRate,
  ListenerStat,
  FrequencyCounter,
  SharedCount,
  StatBlock,
} from '@evenkeel/shm';
import { NOBODY, type Connection } from '../connection.ts';
import { acceptHandle, handleConnectionsSupported } from '../connection/handle-connection.ts';
import { acceptSocket } from '../connection/socket-connection.ts';
import type { StreamHandle } from '../connection/stream-handle.ts';
import type { Frontend } from '../frontend.ts';
import type { ListenerPlan } from '../plan.ts';
import { ClientSession } from '../stream/client-session.ts';
import type { DataThread } from '../data-thread.ts';
import { SessionContext } from '../tcp/session-context.ts';
import { enter, forgetSession } from './limits.ts';
import type { Listener } from './listener.ts';
import type { ParkingListener } from './parking.ts';

export class Acceptor implements Listener, ParkingListener {
  readonly thread: DataThread;
  plan: ListenerPlan;
  config: Bind;
  frontend: Frontend;
  sessions: SharedCount;
  stat: StatBlock;
  #rate: FrequencyCounter;
  /** Accepted over a limit, oldest first; those before `#parkedAt` have left. */
  #parked: Connection[] = [];
  #parkedAt = 0;

  constructor(thread: DataThread, plan: ListenerPlan, frontend: Frontend) {
    const { segment } = thread;
    this.thread = thread;
    this.plan = plan;
    this.frontend = frontend;
    this.config = frontend.config.binds[plan.bind];
    this.sessions = new SharedCount(segment, 'listener', plan.slot, ListenerGauge.sessions);
    this.stat = new StatBlock(segment, 'listener', plan.slot);
    this.#rate = new FrequencyCounter(segment, 'listener', plan.slot, ListenerRate.connections);
  }

  /** A newer generation has the same socket, perhaps in another proxy: sessions that exist stay counted where they are. */
  handOver(plan: ListenerPlan, frontend: Frontend): void {
    if (plan.slot !== this.plan.slot) {
      const { segment } = this.thread;
      this.sessions = new SharedCount(segment, 'listener', plan.slot, ListenerGauge.sessions);
      this.stat = new StatBlock(segment, 'listener', plan.slot);
      this.#rate = new FrequencyCounter(segment, 'listener', plan.slot, ListenerRate.connections);
    }
    this.plan = plan;
    this.frontend = frontend;
    this.config = frontend.config.binds[plan.bind];
  }

  /** Takes connections of a listening server from now on. */
  attach(server: NetServer): void {
    const handle = (server as unknown as { _handle: { onconnection?: unknown } | null })._handle;
    if (handleConnectionsSupported && handle !== null) {
      handle.onconnection = (status: number, client: StreamHandle | undefined) => {
        if (status === 0 && client !== undefined) this.#accept(acceptHandle(client, this.thread, NOBODY));
      };
    } else {
      server.on('connection', (socket: Socket) => this.#accept(acceptSocket(socket, this.thread, NOBODY)));
    }
  }

  get waiting(): number {
    return this.#parked.length - this.#parkedAt;
  }

  #accept(connection: Connection): void {
    const { thread } = this;
    thread.refresh();
    // Those that wait are older.
    if (this.waiting > 0) return this.#park(connection);
    const wait = enter(thread.counts, this.frontend, this, thread.now);
    if (wait === 0) this.#begin(connection);
    else this.#park(connection);
  }

  #park(connection: Connection): void {
    const { parking, counts } = this.thread;
    const { maxParked } = counts.limits;
    if (this.waiting >= this.plan.backlog || (maxParked !== undefined && parking.total() >= maxParked))
      return connection.reset();
    this.#parked.push(connection);
    parking.add(this);
    const wait = this.beginWaiting();
    if (wait > 0) parking.serveIn(wait);
  }

  beginWaiting(): number {
    const { thread } = this;
    while (this.waiting > 0) {
      const wait = enter(thread.counts, this.frontend, this, thread.now);
      if (wait !== 0) return wait;
      const connection = this.#parked[this.#parkedAt++];
      if (this.#parkedAt === this.#parked.length || this.#parkedAt > 1024) {
        this.#parked.splice(0, this.#parkedAt);
        this.#parkedAt = 0;
      }
      thread.parking.remove(this);
      this.#begin(connection);
    }
    return 0;
  }

  /** No new connections, those that wait are closed. */
  closeWaiting(): void {
    while (this.waiting > 0) {
      this.#parked[this.#parkedAt++].reset();
      this.thread.parking.remove(this);
    }
    this.#parked = [];
    this.#parkedAt = 0;
  }

  /** The connection has its place in every count. */
  #begin(connection: Connection): void {
    const { frontend, thread, stat } = this;
    const { now } = thread;
    const session = new ClientSession(connection, this, frontend, thread.dateNow(), now);
    thread.sessions.add(session);
    frontend.generation.sessions++;
    frontend.stat.add(FrontendStat.connections, 1);
    frontend.connectionRate.add(now);
    stat.add(ListenerStat.connections, 1);
    this.#rate.add(now);
    const { connection: connectionRules, session: sessionRules } = frontend.tcp;
    if (connectionRules !== undefined && !connectionRules(new SessionContext(session))) {
      frontend.stat.add(FrontendStat.deniedConnections, 1);
      stat.add(ListenerStat.deniedConnections, 1);
      forgetSession(thread.counts, frontend, now);
      connection.reset();
      return session.end();
    }
    if (sessionRules !== undefined && !sessionRules(new SessionContext(session))) {
      frontend.stat.add(FrontendStat.deniedSessions, 1);
      stat.add(ListenerStat.deniedSessions, 1);
      forgetSession(thread.counts, frontend, now);
      connection.destroy();
      return session.end();
    }
    frontend.stat.add(FrontendStat.sessions, 1);
    stat.add(ListenerStat.sessions, 1);
    const { options } = frontend.config;
    if (options.clitcpka) connection.setKeepAlive(options.clitcpkaIdleMs, options.clitcpkaIntvlMs, options.clitcpkaCnt);
    frontend.serve(session);
  }
}
