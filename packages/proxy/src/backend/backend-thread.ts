// What all backends of one thread share, over all generations: the queue tickets of the thread, and what is to be done when
// another thread wakes it. One for each thread, made with it.

import { Tickets, Wake, type Granted, type Ticket } from '@evenkeel/shm';
import { bufferOptions } from '../connection/options.ts';
import type { PackedPlan, Section } from '../packed-plan.ts';
import type { ThreadContext } from '../thread-context.ts';
import { Backend } from './backend.ts';
import type { Dispatch, ShutdownReason } from './dispatch.ts';
import type { Server } from './server.ts';
import { IdleConnections } from './idle-connections.ts';

/** How long traffic waits at a time while states of servers are followed. */
const FOLLOW_TURN_MS = 3;

/** Who builds backends as they are used. */
export interface BackendSource {
  backendBySlot(slot: number): Backend | undefined;
}

export class BackendThread {
  readonly context: ThreadContext;
  /** The generation that serves. */
  current: BackendSource | undefined = undefined;
  readonly tickets: Tickets;
  /** Idle server connections of all generations. */
  readonly idle: IdleConnections;
  /** Streams in a queue, by ticket. */
  readonly #waiting = new Map<Ticket, Dispatch>();
  readonly #backends = new Set<Backend>();
  readonly #retired = new Set<Backend>();
  /** Streams whose wait is over and that have not been called yet. */
  #ready: Dispatch[] = [];
  #delivering = false;
  /** Backends whose servers' states are still to be looked at, the next one last. */
  #toFollow: Backend[] = [];

  constructor(context: ThreadContext) {
    this.context = context;
    this.tickets = new Tickets(context.segment);
    this.idle = new IdleConnections(context);
    context.onWake(Wake.granted | Wake.recovered | Wake.state, (reasons) => this.#handleWake(reasons));
  }

  /** Streams of older generations may still end here. */
  get hasOldBackends(): boolean {
    return this.#retired.size > 0;
  }

  /** The backend side of a section of a plan. */
  create(section: Section, index: number, fullconn: number, plan: Pick<PackedPlan, 'config' | 'generation'>): Backend {
    const { sndbufServer, rcvbufServer } = plan.config.global.tune;
    const socketOptions = bufferOptions(sndbufServer, rcvbufServer);
    const backend = new Backend(this, section, index, plan.generation, fullconn, socketOptions);
    this.#backends.add(backend);
    return backend;
  }

  /** A newer generation was published: nothing is kept idle here any more. Streams go on and are still told of changes. */
  retire(backends: readonly (Backend | undefined)[]): void {
    for (const backend of backends) {
      if (backend === undefined) continue;
      this.#retired.add(backend);
      for (const server of backend.servers) server.pool.close();
      // Those that wait may be served by what the newer one brought.
      if (backend.queued() > 0) this.current?.backendBySlot(backend.slot);
    }
    for (const backend of this.#backends)
      if (!this.#retired.has(backend) && backend.queued() > 0) this.#fillSlots(backend);
  }

  /** The last stream of a generation has ended. */
  forget(backends: readonly (Backend | undefined)[]): void {
    for (const backend of backends) {
      if (backend === undefined) continue;
      this.#backends.delete(backend);
      this.#retired.delete(backend);
    }
  }

  /** Registers a stream that waits in a queue. */
  wait(ticket: Ticket, dispatch: Dispatch): void {
    this.#waiting.set(ticket, dispatch);
  }

  /** It waits no longer: its ticket is being given up. */
  stopWaiting(ticket: Ticket): void {
    this.#waiting.delete(ticket);
  }

  /**
   * Lets streams of this thread go on that were granted a session, in order. Streams that end while being called may
   * cause more of it: those come after, not within, so that no number of waiters deepens the stack.
   */
  deliver(grants: readonly Granted[]): void {
    for (const grant of grants) {
      const dispatch = this.#waiting.get(grant.ticket);
      if (dispatch === undefined) throw new Error(`ticket ${grant.ticket} was granted and nobody waits with it`);
      this.#waiting.delete(grant.ticket);
      dispatch.handleGrant(grant.type === 'entered' ? grant.server : -1);
      this.#ready.push(dispatch);
    }
    if (this.#delivering) return;
    this.#delivering = true;
    for (let at = 0; at < this.#ready.length; at++) this.#ready[at].continueGranted();
    if (this.#ready.length > 0) this.#ready = [];
    this.#delivering = false;
  }

  /** A slot that any generation of a backend knows: a server may have come with a reload while a stream waited. */
  findServer(backendSlot: number, serverSlot: number): ReturnType<Backend['serverBySlot']> {
    for (const backend of this.#backends) {
      if (backend.slot !== backendSlot) continue;
      const server = backend.serverBySlot(serverSlot);
      if (server !== undefined) return server;
    }
    // Another thread has used what this one has not built yet.
    return this.current?.backendBySlot(backendSlot)?.serverBySlot(serverSlot);
  }

  /** `shutdown sessions server`: ends the streams of a server, of whatever generation; returns how many. */
  endStreams(serverSlot: number): number {
    let count = 0;
    for (const backend of this.#backends) {
      const server = backend.serverBySlot(serverSlot);
      if (server !== undefined) count += shutDownStreams(server, 'killed');
    }
    return count;
  }

  /** What the pools of a server need, those of older generations included. */
  poolNeeds(serverSlot: number): { readonly needed: number; readonly estimate: number } {
    const sum = { needed: 0, estimate: 0 };
    for (const backend of this.#backends) {
      const needs = backend.serverBySlot(serverSlot)?.pool.needs;
      sum.needed += needs?.needed ?? 0;
      sum.estimate += needs?.estimate ?? 0;
    }
    return sum;
  }

  #handleWake(reasons: number): void {
    if ((reasons & Wake.recovered) !== 0) {
      this.deliver(this.tickets.rescan());
      for (const backend of this.#backends) {
        backend.balancer.refresh?.();
        this.#fillSlots(backend);
      }
    } else if ((reasons & Wake.granted) !== 0) {
      this.deliver(this.tickets.takeGranted());
    }
    if ((reasons & Wake.state) !== 0) {
      const isUnderWay = this.#toFollow.length > 0;
      this.#toFollow = [...this.#backends].reverse();
      if (!isUnderWay) this.#followAll();
    }
  }

  /** All at once, but where that are thousands: clients do not wait for it. */
  #followAll(): void {
    const turnEnds = performance.now() + FOLLOW_TURN_MS;
    for (let backend = this.#toFollow.pop(); backend !== undefined; backend = this.#toFollow.pop()) {
      if (this.#backends.has(backend)) this.#followStates(backend);
      if (performance.now() < turnEnds || this.#toFollow.length === 0) continue;
      setImmediate(() => {
        this.context.refresh();
        this.#followAll();
      });
      return;
    }
  }

  #followStates(backend: Backend): void {
    if (!backend.followStates()) return;
    const { fallen, leaving, risen } = backend.takeChanges();
    for (const server of fallen) {
      server.pool.clear();
      if (server.config.onMarkedDown === 'shutdown-sessions') shutDownStreams(server, 'down');
    }
    for (const { config } of risen) {
      if (config.onMarkedUp !== 'shutdown-backup-sessions' || config.backup) continue;
      for (const server of backend.servers) if (server.config.backup) shutDownStreams(server, 'up');
    }
    // Those that wait for such a server may go elsewhere where they may be sent elsewhere at all.
    if (backend.config.redispatch !== undefined && !backend.config.options.persist)
      for (const server of leaving) this.deliver(backend.admission.redistribute(server.slot));
    this.#fillSlots(backend);
  }

  /** Waiters get what has become free; every thread may do it for all, whoever comes first does. */
  #fillSlots(backend: Backend): void {
    backend.followVersion();
    for (const server of backend.candidates) this.deliver(backend.admission.dispatch(server.limit));
  }
}

function shutDownStreams(server: Server, reason: ShutdownReason): number {
  let count = 0;
  for (let dispatch = server.firstDispatch; dispatch !== undefined; dispatch = server.firstDispatch) {
    dispatch.shutDown(reason);
    count++;
  }
  return count;
}
