// Gets a stream from "this backend" to "a server connection": one object per client connection, used again for each request.
// Knows nothing of HTTP, of rules or of logs: the stream says which backend, is called back with a connection or with the
// one reason why there is none, and reads the figures that a log line wants from the fields here.
//
// Life of one request:
//   dispatch.assign(backend)     the backend is chosen (`use_backend` / `default_backend`): counted as a session of it
//   dispatch.start()             a server is chosen, a slot taken, a pooled connection found or a new one opened
//     -> client.onServerConnection(…)  or  client.onDispatchFailure(…), exactly once, perhaps within start() itself
//   dispatch.giveBack() | dispatch.discard()   the connection is idle again | is closed or must not be used again
//   dispatch.finish()            the stream or transaction ended: slot and backend session are returned, the oldest waiter is woken
// cancel() may replace the wait between start() and the callback; after it no callback is made. finish() implies it.
//
// One object for the whole of it, beyond the usual size, because every step can end in any of the others (a retry waits in a
// queue, a grant is cancelled); its rules of retrying, contract, connections and lists are files of their own.

import {
  BackendStat,
  Observation,
  ServerStat,
  type EnqueueResult,
  type QueuePosition,
  type ServerLimit,
  type Ticket,
} from '@evenkeel/shm';
import type { Connection, ConnectionError, OpenOptions } from '../connection.ts';
import type { ThreadContext } from '../thread-context.ts';
import { Timer, type TimerOwner } from '../timers.ts';
import type { Backend } from './backend.ts';
import { NO_KEY } from './balance/balancer.ts';
import { FAILURE_OF_KIND, type DispatchClient, type DispatchFailure, type ShutdownReason } from './dispatch-client.ts';
import { PrivateConnections } from './private-connections.ts';
import { mayRedispatch, pauseMs, retriesFailedConnects } from './retry-rules.ts';
import type { Server } from './server.ts';
import type { ServerSource } from './source.ts';
import { ServerConnection, type Opener } from './server-connection.ts';

export type { DispatchClient, DispatchFailure, ShutdownReason } from './dispatch-client.ts';

/** `lastsess` is told in seconds: it is stamped no more often than this for each server. */
const STAMP_INTERVAL_MS = 100;
/** No server is likelier to be free than others. */
const NONE: readonly ServerLimit[] = [];

/** One for each stream (TCP) or client connection (HTTP). */
export function createDispatch(context: ThreadContext, client: DispatchClient): Dispatch {
  return new Dispatch(context, client);
}

const IDLE = 0;
const QUEUED = 1;
/** A session was granted and continueGranted() is about to be called. */
const GRANTED = 2;
const CONNECTING = 3;
/** Between two attempts at the same server. */
const PAUSING = 4;
const ESTABLISHED = 5;
const FAILED = 6;

export class Dispatch implements TimerOwner, Opener, QueuePosition {
  // ------------------------------------------------------------------------------------------------- set by the stream
  /** Set before start() where persistence, `use-server` or a tracked entry names the server: it is asked first. */
  persistentServer: Server | undefined = undefined;
  /** Hash of the balance key for the hash algorithms, 32 bits unsigned; NO_KEY where the request has none. */
  balanceHash = NO_KEY;
  /** First request of its client connection: what `http-reuse safe` asks. The stream sets it to false after the first. */
  firstRequest = true;
  /** The connection may not be shared with other clients (manual: `http-reuse`, NTLM); set before giveBack(). */
  privateConnection = false;
  /** A server has authenticated a connection of this client (NTLM): the client stays with it where the algorithm leaves it open. */
  prefersLastServer = false;
  /** The request may be answered with the `redir` of its server: GET and HEAD. */
  mayRedirect = false;
  /** Port that the client connected to, for servers that have none or a relative one. */
  clientPort = 0;
  /** Address that it connected to, for servers that stand for any address. */
  clientDestination = '';
  /** `set-priority-class`, -2047 to 2047: lower classes leave a queue first. */
  priorityClass = 0;
  /** `set-priority-offset`, -524287 to 524287 ms: added to the time of arrival within the class. */
  offsetMs = 0;

  // ------------------------------------------------------------------------------------------------ read by the stream
  backend: Backend | undefined = undefined;
  /** The server whose slot is held, or the last one tried; undefined when none was ever chosen (`<NOSRV>`). */
  server: Server | undefined = undefined;
  /** Connection attempts after the first (`%rc`). */
  retries = 0;
  /** The server was changed after a failed attempt (`+` before `%rc`). */
  redispatched = false;
  /** Streams that the server's queue served while this one waited there, itself included; 0 where it did not (`%sq`). */
  serverQueuePosition = 0;
  /** The same for the backend's queue (`%bq`). */
  backendQueuePosition = 0;
  /**
   * ms from start() to the moment the last server was assigned (`%Tw`), earlier attempts included, or to the end of
   * `timeout queue`; -1 when there was neither.
   */
  queueTimeMs = -1;
  /** ms from that moment to the established connection (`%Tc`); -1 when there is none, 0 when reused. */
  connectTimeMs = -1;
  /** Neighbours among the streams of the server on this thread; written by Server only. */
  nextOnServer: Dispatch | undefined = undefined;
  previousOnServer: Dispatch | undefined = undefined;

  readonly #context: ThreadContext;
  readonly #client: DispatchClient;
  readonly #timer: Timer;
  #state = IDLE;
  #startedMs = 0;
  #assignedMs = 0;
  #ticket: Ticket = -1;
  #grantedSlot = -1;
  /** `server` is held: a slot of it is counted for this stream. */
  #holdsSlot = false;
  /** The server was named by persistence, not by the algorithm. */
  #isBound = false;
  /** Where the last attempt failed, when the server is being changed. */
  #leftServer: Server | undefined = undefined;
  #serverConnection: ServerConnection | undefined = undefined;
  #reused = false;
  #reuseFailures = 0;
  #private: PrivateConnections | undefined = undefined;

  constructor(context: ThreadContext, client: DispatchClient) {
    this.#context = context;
    this.#client = client;
    this.#timer = new Timer(this, 0);
  }

  get connection(): Connection | undefined {
    return this.#state === ESTABLISHED ? this.#serverConnection?.connection : undefined;
  }

  /** True between start() and its callback. */
  get pending(): boolean {
    return this.#state >= QUEUED && this.#state <= PAUSING;
  }

  /** What the stream waits for, for time-outs and termination states; undefined when it waits for nothing. */
  get waitsFor(): 'queue' | 'connect' | undefined {
    if (this.#state === QUEUED || this.#state === GRANTED) return 'queue';
    return this.#state === CONNECTING || this.#state === PAUSING ? 'connect' : undefined;
  }

  /** Counts a session of `backend` and resets the figures above. Must follow finish() where there was one before. */
  assign(backend: Backend): void {
    if (this.backend !== undefined) throw new Error(`dispatch is still assigned to ${this.backend.name}`);
    this.backend = backend;
    this.server = undefined;
    this.persistentServer = undefined;
    this.retries = 0;
    this.redispatched = false;
    this.serverQueuePosition = 0;
    this.backendQueuePosition = 0;
    this.queueTimeMs = -1;
    this.connectTimeMs = -1;
    this.privateConnection = false;
    this.#reuseFailures = 0;
    this.#state = IDLE;
    backend.sessions.increment();
    backend.rate.add(this.#context.now);
    backend.stat.add(BackendStat.sessions, 1);
  }

  /** Seeks a connection; exactly one callback follows unless cancel() or finish() comes first. */
  start(): void {
    this.#startedMs = this.#context.now;
    this.#leftServer = undefined;
    this.#balance();
  }

  /** The client went away: leaves the queue or abandons the attempt. Harmless when nothing is pending. */
  cancel(): void {
    switch (this.#state) {
      case QUEUED:
        this.#leaveQueue();
        break;
      case GRANTED: {
        const slot = this.#grantedSlot;
        this.#grantedSlot = -1;
        this.#state = IDLE;
        if (slot >= 0) this.#returnGrant(slot);
        break;
      }
      case CONNECTING:
        this.#abandonAttempt();
        break;
      case PAUSING:
        break;
      default:
        return;
    }
    this.#context.wheel.disarm(this.#timer);
    this.#state = IDLE;
    this.#releaseSlot();
  }

  /**
   * The response is complete and the connection can carry another request: it goes to the idle pool, or is closed where the
   * pool's limits or `http-reuse` say so. The slot stays held until finish().
   */
  giveBack(): void {
    const connection = this.#serverConnection;
    if (connection === undefined || this.#state !== ESTABLISHED) return;
    this.#serverConnection = undefined;
    this.#state = IDLE;
    const { source } = connection.server;
    if (source?.isRequests) {
      connection.endUse();
      connection.connection.reset();
      return;
    }
    const isShared =
      !this.privateConnection &&
      !connection.server.isPerClient &&
      connection.privateNumber === 0 &&
      connection.server.backend.config.httpReuse !== 'never';
    if (isShared) connection.release();
    else (this.#private ??= new PrivateConnections()).keep(connection);
  }

  /** The connection is closed or will be by the stream: it is no longer this dispatch's. */
  discard(): void {
    const connection = this.#serverConnection;
    if (connection === undefined || this.#state !== ESTABLISHED) return;
    this.#serverConnection = undefined;
    this.#state = IDLE;
    connection.endUse();
  }

  /**
   * A reused connection died before the first response byte: a new connection to the same server is opened, at most once
   * per request and not counted as a retry. Returns false, and does nothing, where that is spent or it was not reused.
   */
  retryAfterReuseFailure(): boolean {
    if (!this.#reused || this.#reuseFailures > 0 || !this.#holdsSlot) return false;
    this.discard();
    this.#reuseFailures++;
    this.#connect(false);
    return true;
  }

  /** Whether an established connection may still be followed by another attempt: `retries` is not spent. */
  get mayRetry(): boolean {
    return this.backend !== undefined && this.#holdsSlot && this.retries < this.backend.config.retries;
  }

  /**
   * The request failed on an established connection in a way that `retry-on` names, and the stream holds it whole: another
   * attempt, without a pause. Returns false, and does nothing, when `retries` is spent.
   */
  retry(): boolean {
    if (!this.mayRetry) return false;
    this.discard();
    this.connectTimeMs = -1;
    // Beside what every attempt counts, as HAProxy does: it shows twice where the server stays the same.
    this.server!.stat.add(ServerStat.retries, 1);
    this.backend!.stat.add(BackendStat.retries, 1);
    this.#nextAttempt(false);
    return true;
  }

  /** Returns slot and backend session (waking the oldest waiter) and cancels what is pending. Idempotent. */
  finish(): void {
    const { backend } = this;
    this.priorityClass = 0;
    this.offsetMs = 0;
    if (backend === undefined) return;
    this.cancel();
    this.discard();
    this.#releaseSlot();
    this.backend = undefined;
    backend.sessions.decrement();
  }

  /** The client connection is closed for good: also connections kept for it alone are closed. Implies finish(). */
  close(): void {
    this.finish();
    this.#context.wheel.remove(this.#timer);
    this.#private?.close();
    this.#private = undefined;
  }

  // ------------------------------------------------------------------------------------------------ choosing a server

  #balance(): void {
    const backend = this.backend!;
    backend.followVersion();
    const bound = this.persistentServer;
    if (bound !== undefined && (bound.isUp || (backend.config.options.persist && !bound.isRemoved))) {
      this.#isBound = true;
      if (backend.admission.enter(bound.limit)) this.#assigned(bound, false);
      else this.#waitForServer(bound);
      return;
    }
    this.#isBound = false;
    const { picker } = backend;
    if (this.#private !== undefined && (this.prefersLastServer || backend.prefersLastServer) && !backend.hashes) {
      const preferred = this.#private.preferred(backend, this.#leftServer, this.prefersLastServer);
      if (preferred !== undefined) {
        if (backend.admission.enter(preferred.limit)) this.#assigned(preferred, false);
        else this.#waitForServer(preferred);
        return;
      }
    }
    // Who comes to a queue of the backend cannot pass those that wait in it: no server need be sought.
    if (backend.hasLimits && picker.serverQueues === 'never' && picker.size > 0 && backend.queued() > 0) {
      this.#waitForBackend(undefined);
      return;
    }
    const server = picker.pick(this.balanceHash, this.#leftServer);
    if (server !== undefined) {
      if (backend.admission.enter(server.limit)) {
        this.#assigned(server, true);
        return;
      }
      // Another stream was quicker, or older ones wait.
      const queues = picker.serverQueues;
      if (queues === 'always' || (queues === 'with-maxqueue' && (server.config.maxqueue ?? 0) > 0)) {
        this.#countBalanced(server);
        this.#waitForServer(server);
        return;
      }
    } else if (picker.size === 0) {
      this.#fail('no-server');
      return;
    }
    this.#waitForBackend(server);
  }

  #waitForServer(server: Server): void {
    const { admission } = this.backend!;
    const result = admission.enqueueForServer(server.limit, server.config.maxqueue ?? 0, this, this.#context.now);
    if (result.type === 'full' && this.#isBound && this.backend!.config.redispatch !== undefined) {
      this.persistentServer = undefined;
      this.#leftServer = server;
      this.#balance();
      return;
    }
    this.server = server;
    this.#enqueued(result);
  }

  /** `picked`: the server that was thought to be free. */
  #waitForBackend(picked: Server | undefined): void {
    const { admission, limits, hasMovingLimits } = this.backend!;
    const likely = hasMovingLimits ? limits : picked === undefined ? NONE : [picked.limit];
    const result = admission.enqueueForBackend(limits, likely, this, this.#context.now);
    this.server = undefined;
    this.#enqueued(result);
  }

  #enqueued(result: EnqueueResult): void {
    const { thread, queueTimeoutMs } = this.backend!;
    switch (result.type) {
      case 'full':
        this.#fail('queue-full');
        break;
      case 'entered':
        this.#enterGranted(result.server);
        break;
      case 'queued':
        this.#state = QUEUED;
        this.#ticket = result.ticket;
        thread.wait(result.ticket, this);
        if (queueTimeoutMs > 0) this.#context.wheel.arm(this.#timer, this.#context.now + queueTimeoutMs);
        break;
    }
    // Queueing may have granted free sessions to older waiters of this thread; they go on at once, so that none of them
    // can be cancelled in between.
    thread.deliver(thread.tickets.takeGranted());
  }

  /** The wait is over: a session on the server of that slot is held, or (-1) the server's queue was emptied. */
  handleGrant(slot: number): void {
    this.#countPosition();
    this.#state = GRANTED;
    this.#ticket = -1;
    this.#grantedSlot = slot;
    this.#context.wheel.disarm(this.#timer);
  }

  /** Called by BackendThread after handleGrant, from the bottom of the stack. */
  continueGranted(): void {
    if (this.#state !== GRANTED) return;
    const slot = this.#grantedSlot;
    this.#grantedSlot = -1;
    this.#state = IDLE;
    if (slot >= 0) {
      this.#enterGranted(slot);
      return;
    }
    this.#chooseAgain();
  }

  #chooseAgain(): void {
    this.persistentServer = undefined;
    this.#balance();
  }

  #enterGranted(slot: number): void {
    const server = findServer(this.backend!, slot);
    if (server !== undefined) {
      this.#assigned(server, false);
      return;
    }
    // It was removed after the grant, and before this thread took the grant.
    this.#returnGrant(slot);
    this.#chooseAgain();
  }

  #returnGrant(slot: number): void {
    const backend = this.backend!;
    const { admission, thread } = backend;
    // Who waits for a server that is gone, on whatever thread, is to choose again and not to follow there.
    if (findServer(backend, slot) === undefined) thread.deliver(admission.redistribute(slot));
    thread.deliver(admission.leave(limitOf(backend, slot)));
  }

  #leaveQueue(): void {
    const backend = this.backend!;
    const ticket = this.#ticket;
    this.#state = IDLE;
    backend.thread.stopWaiting(ticket);
    const grants = backend.admission.cancel(ticket, (slot) => limitOf(backend, slot));
    this.#countPosition();
    // Who leaves unserved stood behind those that were: it counts itself, as one that is served does.
    if (this.server === undefined) this.backendQueuePosition++;
    else this.serverQueuePosition++;
    this.#ticket = -1;
    backend.thread.deliver(grants);
  }

  /** The wait has just ended. A server is named while the stream waits in its own queue. */
  #countPosition(): void {
    const position = this.backend!.thread.tickets.position(this.#ticket);
    if (this.server === undefined) this.backendQueuePosition += position;
    else this.serverQueuePosition += position;
  }

  /** The algorithm chose another server than the one before (`lbtot`). */
  #countBalanced(server: Server): void {
    server.stat.add(ServerStat.loadBalanced, 1);
    this.backend!.stat.add(BackendStat.loadBalanced, 1);
  }

  /** A slot of `server` is held. `balanced`: the algorithm chose it, not persistence nor the end of a wait. */
  #assigned(server: Server, balanced: boolean): void {
    const backend = this.backend!;
    const { now } = this.#context;
    this.server = server;
    this.#holdsSlot = true;
    server.addDispatch(this);
    server.backend.served?.add(1);
    server.backend.balancer.loadChanged?.(server);
    this.#assignedMs = now;
    this.queueTimeMs = now - this.#startedMs;
    const left = this.#leftServer;
    if (balanced && left !== server) this.#countBalanced(server);
    if (left !== undefined) {
      this.#leftServer = undefined;
      if (left !== server) {
        this.redispatched = true;
        left.stat.add(ServerStat.redispatches, 1);
        backend.stat.add(BackendStat.redispatches, 1);
      } else {
        left.stat.add(ServerStat.retries, 1);
        backend.stat.add(BackendStat.retries, 1);
      }
    }
    const { redir } = server;
    if (redir !== undefined && this.mayRedirect) {
      server.stat.add(ServerStat.sessions, 1);
      this.#client.onServerRedirect!(redir);
    } else this.#connect(true);
  }

  #releaseSlot(): void {
    if (!this.#holdsSlot) return;
    const server = this.server!;
    this.#holdsSlot = false;
    server.removeDispatch(this);
    const { backend } = server;
    const grants = backend.admission.leave(server.limit);
    backend.served?.add(-1);
    backend.balancer.loadChanged?.(server);
    if (grants.length > 0) backend.thread.deliver(grants);
  }

  // ------------------------------------------------------------------------------------------------------- connecting

  #connect(mayReuse: boolean): void {
    const server = this.server!;
    const { now } = this.#context;
    server.stat.add(ServerStat.sessions, 1);
    server.rate.add(now);
    if (mayReuse && server.backend.config.mode === 'http') {
      const idle = this.#private?.take(server) ?? server.pool.take(this.firstRequest);
      if (idle !== undefined) {
        server.stat.add(ServerStat.reuses, 1);
        server.backend.stat.add(BackendStat.reuses, 1);
        this.#established(idle, true);
        return;
      }
    }
    server.stat.add(ServerStat.connects, 1);
    server.backend.stat.add(BackendStat.connects, 1);
    this.#state = CONNECTING;
    const { connectTimeoutMs } = this.backend!;
    if (connectTimeoutMs > 0) this.#context.wheel.arm(this.#timer, now + connectTimeoutMs);
    const options = server.openOptionsFor(this.clientPort, this.clientDestination);
    const { source } = server;
    if (source === undefined) this.#serverConnection = new ServerConnection(server, options, this.#context, this);
    else this.#connectFrom(source, server, options);
  }

  #connectFrom(source: ServerSource, server: Server, options: OpenOptions): void {
    const { socks4 } = server.config;
    const bound = source.open(socks4?.kind === 'inet' ? socks4.host : options.host!, this.#client.sourceClient);
    if (bound === undefined) {
      this.#context.wheel.disarm(this.#timer);
      this.#attemptFailed('resource');
      return;
    }
    const { fd, port } = bound;
    this.#serverConnection = new ServerConnection(server, { ...options, fd }, this.#context, this, port);
  }

  onOpened(connection: ServerConnection): void {
    this.#context.wheel.disarm(this.#timer);
    this.#established(connection, false);
  }

  #established(connection: ServerConnection, reused: boolean): void {
    this.#serverConnection = connection;
    this.#state = ESTABLISHED;
    this.#reused = reused;
    this.connectTimeMs = this.#context.now - this.#assignedMs;
    connection.requests++;
    const { server } = connection;
    if (this.#context.now >= server.stampDueMs) {
      server.stampDueMs = this.#context.now + STAMP_INTERVAL_MS;
      const date = this.#context.dateNow();
      server.stat.raise(ServerStat.lastSessionMs, date);
      server.backend.stat.raise(BackendStat.lastSessionMs, date);
    }
    if (server.observes) server.observe(Observation.connected);
    this.#client.onServerConnection(server, connection.connection, reused);
  }

  onOpenFailed(_connection: ServerConnection, error: ConnectionError | undefined): void {
    this.#context.wheel.disarm(this.#timer);
    this.#serverConnection = undefined;
    this.#attemptFailed(error === undefined ? 'refused' : FAILURE_OF_KIND[error.kind], error?.kind === 'reset');
  }

  /** Time-outs: in a queue, of an attempt, and the end of a pause. */
  onTimer(): void {
    switch (this.#state) {
      case QUEUED:
        this.#leaveQueue();
        this.queueTimeMs = this.#context.now - this.#startedMs;
        this.#fail('queue-timeout');
        break;
      case CONNECTING:
        this.#abandonAttempt();
        this.#attemptFailed('connect-timeout');
        break;
      case PAUSING:
        if (this.#holdsSlot) this.#connect(true);
        else this.#balance();
        break;
      default:
        break;
    }
  }

  #abandonAttempt(): void {
    this.#serverConnection?.abandon();
    this.#serverConnection = undefined;
  }

  #attemptFailed(failure: DispatchFailure, wasReset = false): void {
    const backend = this.backend!;
    const server = this.server!;
    if (server.observes) server.observe(Observation.notConnected);
    const { config } = backend;
    if (this.retries >= config.retries || !retriesFailedConnects(config.retryOn, wasReset)) {
      this.#fail(failure);
      return;
    }
    this.#nextAttempt(failure !== 'connect-timeout');
  }

  /** The slot is held and `retries` is not spent. */
  #nextAttempt(afterError: boolean): void {
    const backend = this.backend!;
    const server = this.server!;
    backend.followVersion();
    this.retries++;
    const others = backend.candidates.length > 1 && backend.picker.serverQueues !== 'always';
    if (
      mayRedispatch(backend.config, {
        attempt: this.retries,
        bound: this.#isBound,
        serverIsUp: server.isUp,
        othersAreThere: others,
      })
    ) {
      this.#leftServer = server;
      this.persistentServer = undefined;
      this.#releaseSlot();
      // Where the algorithm may well name the same server again, the pause comes first.
      if (others || !afterError) this.#balance();
      else this.#pause();
      return;
    }
    server.stat.add(ServerStat.retries, 1);
    backend.stat.add(BackendStat.retries, 1);
    if (afterError) this.#pause();
    else this.#connect(true);
  }

  #pause(): void {
    this.#state = PAUSING;
    this.#context.wheel.arm(this.#timer, this.#context.now + pauseMs(this.backend!.connectTimeoutMs));
  }

  #fail(failure: DispatchFailure): void {
    this.#context.wheel.disarm(this.#timer);
    this.#state = FAILED;
    this.#releaseSlot();
    this.server?.stat.add(ServerStat.failedConnects, 1);
    this.backend!.stat.add(BackendStat.failedConnects, 1);
    this.#client.onDispatchFailure(failure);
  }

  // ------------------------------------------------------------------------------------------------ told by the server

  /** The server went down and its streams are to end, or an operator ends them. */
  shutDown(reason: ShutdownReason): void {
    const server = this.server!;
    if (this.#state === ESTABLISHED || this.#state === IDLE) this.#client.onServerShutdown(reason);
    else if (this.#state === CONNECTING || this.#state === PAUSING) {
      this.#abandonAttempt();
      this.#attemptFailed('refused');
    }
    // A stream that did not end would keep its place at the head of the list for ever.
    if (server.firstDispatch === this) server.removeDispatch(this);
  }
}

/** Undefined: it was removed. */
function findServer(backend: Backend, slot: number): Server | undefined {
  return backend.serverBySlot(slot) ?? backend.thread.findServer(backend.slot, slot);
}

function limitOf(backend: Backend, slot: number): ServerLimit {
  return findServer(backend, slot)?.limit ?? { server: slot, limit: 0, takesBackendQueue: false };
}
