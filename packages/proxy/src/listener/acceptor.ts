// One listener of one thread: takes what the kernel accepted, asks the limits, runs the connection and session rules, and
// hands the session to its mode. Over a limit it stops accepting until there is room. Outlives generations; `frontend` is
// the one that is published now.
import type { Server as NetServer, Socket } from 'node:net';
import type { Bind } from '@evenkeel/config';
import { reasonOf } from '@evenkeel/sys';
import {
  FrontendStat,
  ListenerGauge,
  ListenerRate,
  ListenerStat,
  ProcessStat,
  FrequencyCounter,
  SharedCount,
  StatBlock,
} from '@evenkeel/shm';
import { NOBODY, type Connection } from '../connection.ts';
import { acceptHandle, handleConnectionsSupported } from '../connection/handle-connection.ts';
import { tryOptions } from '../connection/options.ts';
import { acceptSocket } from '../connection/socket-connection.ts';
import type { StreamHandle } from '../connection/stream-handle.ts';
import type { Frontend } from '../frontend.ts';
import type { ListenerPlan } from '../plan.ts';
import { ClientSession } from '../stream/client-session.ts';
import type { DataThread } from '../data-thread.ts';
import { SessionContext } from '../tcp/session-context.ts';
import { BindError, bindSocket, type BoundSocket } from './bind.ts';
import { enter, forgetSession, waitFor } from './limits.ts';
import type { Listener } from './listener.ts';
import { ListeningSocket } from './listening-socket.ts';
import { MOST_PARKED, type ParkingListener } from './parking.ts';

export class Acceptor implements Listener, ParkingListener {
  readonly thread: DataThread;
  plan: ListenerPlan;
  config: Bind;
  frontend: Frontend;
  sessions: SharedCount;
  stat: StatBlock;
  #rate: FrequencyCounter;
  readonly #socket: ListeningSocket;
  readonly #onFailure: (acceptor: Acceptor, error: BindError) => void;
  /** It accepts nothing until there is room. */
  #isHeld = false;
  /** Accepted over a limit, oldest first; those before `#parkedAt` have left. */
  #parked: Connection[] = [];
  #parkedAt = 0;
  /** It accepts nothing any more. */
  #hasLeft = false;

  /** `onFailure` hears of a socket that could not listen. */
  constructor(
    thread: DataThread,
    plan: ListenerPlan,
    frontend: Frontend,
    onFailure: (acceptor: Acceptor, error: BindError) => void,
  ) {
    const { segment } = thread;
    this.thread = thread;
    this.#onFailure = onFailure;
    this.#socket = new ListeningSocket(thread.keptDescriptors, (server) => this.#attach(server));
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
    const { backlog } = this.plan;
    this.plan = plan;
    this.frontend = frontend;
    this.config = frontend.config.binds[plan.bind];
    if (plan.backlog !== backlog) {
      try {
        this.#socket.setBacklog(plan.backlog, this.config.tfo && plan.address.kind === 'inet');
      } catch (error) {
        this.#onFailure(this, new BindError(`cannot change the backlog (${reasonOf(error)})`));
      }
    }
  }

  // ------------------------------------------------------------------------------------------------------- the socket

  /** Accepts from now on; resolves when that is certain. */
  async listen(socket: BoundSocket): Promise<void> {
    try {
      await this.#socket.listen(socket);
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (!(error instanceof BindError)) throw error;
    this.#onFailure(this, error);
  }

  /** No new connections from now on. Those that wait begin when there is room, each as a last one. */
  leave(): void {
    this.#hasLeft = true;
    this.#released();
    this.#socket.close();
  }

  /** No new connections from now on, those that wait are closed. */
  close(): void {
    this.#released();
    this.#socket.close();
    while (this.waiting > 0) {
      this.#parked[this.#parkedAt++].reset();
      this.thread.parking.remove(this);
    }
    this.#parked = [];
    this.#parkedAt = 0;
  }

  /** SIGTTOU: an Internet socket goes, since it can be bound again; of others the main thread has the only way to make them. */
  pause(): void {
    if (this.#hasLeft) return;
    this.#released();
    if (this.plan.address.kind === 'inet' || !this.#socket.hold()) this.#socket.close();
  }

  /** SIGTTIN: after `pause`, or where listening failed. */
  async resume(): Promise<void> {
    if (this.#socket.isListening || this.#isHeld || this.#hasLeft) return;
    try {
      if (!this.#socket.isHeld) await this.#socket.listen(bindSocket(this.plan, this.config, undefined));
      else if (!(await this.#socket.release(this.plan.backlog)))
        throw new BindError('cannot listen to socket (Too many open files)');
    } catch (error) {
      this.#failed(error);
    }
  }

  #attach(server: NetServer): void {
    const handle = (server as unknown as { _handle: { onconnection?: unknown } | null })._handle;
    if (handleConnectionsSupported && handle !== null) {
      handle.onconnection = (status: number, client: StreamHandle | undefined) => {
        if (status === 0 && client !== undefined) this.#accept(acceptHandle(client, this.thread, NOBODY));
      };
    } else {
      server.on('connection', (socket: Socket) => this.#accept(acceptSocket(socket, this.thread, NOBODY)));
    }
  }

  /** It takes connections, or will when a limit allows it. */
  get isAccepting(): boolean {
    return this.#socket.isListening || this.#isHeld;
  }

  // ------------------------------------------------------------------------------------------------ limits and waiting

  get waiting(): number {
    return this.#parked.length - this.#parkedAt;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  #accept(connection: Connection): void {
    const { thread } = this;
    thread.refresh();
    const { scarceDescriptor } = thread.counts.limits;
    if (scarceDescriptor !== undefined && connection.descriptor >= scarceDescriptor) this.#holdForShortage();
    // Those that wait are older.
    if (this.waiting > 0) return this.#park(connection);
    const wait = enter(thread.counts, this.frontend, this, thread.now);
    if (wait === 0) this.#begin(connection);
    else this.#park(connection);
  }

  #park(connection: Connection): void {
    const { parking, counts } = this.thread;
    const { maxParked } = counts.limits;
    this.#parked.push(connection);
    parking.add(this);
    if (this.waiting >= MOST_PARKED || (maxParked !== undefined && parking.total() >= maxParked)) this.#hold();
    const wait = this.goOn();
    if (wait > 0) parking.serveIn(wait);
  }

  /** Where no descriptor is left for it, the connection that was parked last gives its own. */
  #hold(): void {
    if (this.#isHeld) return;
    const { parking } = this.thread;
    if (!this.#socket.hold()) {
      if (this.waiting === 0) return;
      this.#parked.pop()?.reset();
      parking.remove(this);
      if (!this.#socket.hold()) return;
    }
    this.#isHeld = true;
    parking.hold(this);
  }

  /**
   * At the limit of descriptors libuv would close clients without a word, so accepting stops before it. Those that begin
   * meanwhile end without a server connection where none can be opened (503, `RC`).
   */
  #holdForShortage(): void {
    const { parking } = this.thread;
    parking.reportShortage();
    this.#hold();
    parking.serveIn(parking.shortageMs());
  }

  #released(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.thread.parking.release(this);
  }

  goOn(): number {
    const { thread } = this;
    let wait = 0;
    while (this.waiting > 0) {
      wait = waitFor(thread.counts, this.frontend, this, thread.now);
      if (wait === 0) wait = enter(thread.counts, this.frontend, this, thread.now);
      if (wait !== 0) return wait;
      const connection = this.#parked[this.#parkedAt++];
      if (this.#parkedAt === this.#parked.length || this.#parkedAt > 1024) {
        this.#parked.splice(0, this.#parkedAt);
        this.#parkedAt = 0;
      }
      thread.parking.remove(this);
      this.#begin(connection);
    }
    if (!this.#isHeld) return 0;
    wait = thread.parking.shortageMs();
    if (wait === 0) wait = waitFor(thread.counts, this.frontend, this, thread.now);
    if (wait !== 0) return wait;
    const listening = this.#socket.release(this.plan.backlog);
    if (listening === undefined) {
      thread.parking.reportShortage();
      return thread.parking.shortageMs();
    }
    this.#released();
    listening.catch((error: unknown) => this.#failed(error));
    return 0;
  }

  /** The connection has its place in every count. */
  #begin(connection: Connection): void {
    const { frontend, thread, stat } = this;
    const { now } = thread;
    const session = new ClientSession(connection, this, frontend, thread.dateNow(), now);
    thread.sessions.add(session);
    frontend.generation.sessions++;
    frontend.stat.add(FrontendStat.connections, 1);
    thread.counts.stat.add(ProcessStat.connections, 1);
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
    const { socketOptions } = frontend;
    if (socketOptions !== undefined) tryOptions(connection.descriptor, socketOptions);
    const { options } = frontend.config;
    if (options.clitcpka) connection.setKeepAlive(options.clitcpkaIdleMs, options.clitcpkaIntvlMs, options.clitcpkaCnt);
    frontend.serve(session);
    if (this.#hasLeft) session.user?.onSoftStop();
  }
}
