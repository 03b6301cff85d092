// The idle HTTP connections of one server on one thread (manual: `http-reuse`, `pool-max-conn`, `pool-purge-delay`,
// `pool-low-conn`, `max-reuse`). Streams do not use this: their dispatch does. Knows nothing of HTTP or of balancing.
//
// Two lists, newest first, so that those in daily use stay fresh and the oldest go first. `safe` are connections that were
// reused at least once, which the server thereby showed to keep alive; `idle` all others. Which list may serve which
// request is the table below, the manual's prose on `http-reuse`:
//
//   request of its client     first                 later
//   never                     -                     - (only connections kept for this client)
//   safe                      -                     idle, then safe
//   aggressive                safe                  idle, then safe
//   always                    safe, then idle       idle, then safe
//
// An idle connection keeps being read: any byte or FIN removes it, so a stream rarely gets a dead one. Every
// `pool-purge-delay` half of those that the last period did not need are closed, as on HAProxy; `pool-low-conn` of them
// stay. Connections never change threads, so there is nothing to steal below that threshold.

import { ServerGauge, SharedCount } from '@evenkeel/shm';
import { Timer, type TimerOwner } from '../timers.ts';
import type { ThreadContext } from '../thread-context.ts';
import type { IdleConnections } from './idle-connections.ts';
import type { ServerConnection } from './server-connection.ts';

export type ReuseMode = 'never' | 'safe' | 'aggressive' | 'always';

/** Whether a first and whether a later request may take from each list. */
const FIRST_TAKES: Readonly<Record<ReuseMode, { readonly safe: boolean; readonly idle: boolean }>> = {
  never: { safe: false, idle: false },
  safe: { safe: false, idle: false },
  aggressive: { safe: true, idle: false },
  always: { safe: true, idle: true },
};

export interface PoolLimits {
  readonly reuse: ReuseMode;
  /** `pool-max-conn`: idle connections over all threads; -1 = no limit. */
  readonly maxIdle: number;
  /** `pool-purge-delay`, ms; 0 = nothing is kept. */
  readonly purgeDelayMs: number;
  /** `pool-low-conn`: idle connections that a purge leaves. */
  readonly lowIdle: number;
  /** `max-reuse`: requests after the first on one connection; -1 = no limit. */
  readonly maxReuse: number;
}

export class ServerPool implements TimerOwner {
  /** Connections of this thread that streams use now, those still connecting included. */
  used = 0;
  /** Idle connections of all servers of this thread. */
  readonly #all: IdleConnections;
  readonly #context: ThreadContext;
  readonly #limits: PoolLimits;
  readonly #timer: Timer;
  readonly #idle = new ConnectionList();
  readonly #safe = new ConnectionList();
  readonly #idleGauge: SharedCount;
  readonly #safeGauge: SharedCount;
  readonly #usedGauge: SharedCount;
  readonly #firstTakesSafe: boolean;
  readonly #firstTakesIdle: boolean;
  /** Most connections in use at a time since the last purge. */
  #needed = 0;
  /** The same, with half of what earlier periods needed: nothing is kept beyond it, so that first requests, which take no idle connection, do not pile them up. */
  #estimate = 0;
  #closed = false;

  constructor(context: ThreadContext, all: IdleConnections, slot: number, limits: PoolLimits) {
    const { segment } = context;
    this.#context = context;
    this.#all = all;
    this.#limits = limits;
    this.#timer = new Timer(this, 0);
    this.#idleGauge = new SharedCount(segment, 'server', slot, ServerGauge.idleConnections);
    this.#safeGauge = new SharedCount(segment, 'server', slot, ServerGauge.safeConnections);
    this.#usedGauge = new SharedCount(segment, 'server', slot, ServerGauge.usedConnections);
    this.#firstTakesSafe = FIRST_TAKES[limits.reuse].safe;
    this.#firstTakesIdle = FIRST_TAKES[limits.reuse].idle;
  }

  /** Idle connections kept now on this thread. */
  get idle(): number {
    return this.#idle.length + this.#safe.length;
  }

  /** Those of them that have been reused at least once. */
  get safe(): number {
    return this.#safe.length;
  }

  /** Most connections in use at a time since the last purge, and what is kept for the next ones. */
  get needs(): { readonly needed: number; readonly estimate: number } {
    return { needed: this.#needed, estimate: this.#estimate };
  }

  /** Server connections open on this thread, in use or idle. */
  get open(): number {
    return this.used + this.idle;
  }

  /** A shared connection for a request, now in use; undefined where a new one must be opened. */
  take(firstRequest: boolean): ServerConnection | undefined {
    let from: ConnectionList | undefined;
    if (firstRequest) {
      if (this.#firstTakesSafe && this.#safe.length > 0) from = this.#safe;
      else if (this.#firstTakesIdle && this.#idle.length > 0) from = this.#idle;
    } else if (this.#limits.reuse !== 'never') {
      if (this.#idle.length > 0) from = this.#idle;
      else if (this.#safe.length > 0) from = this.#safe;
    }
    if (from === undefined) return undefined;
    const connection = from.newest!;
    this.#remove(connection);
    this.countUse();
    return connection;
  }

  /** Keeps a connection that is no longer in use, or returns false: it is to be closed. The use is no longer counted either way. */
  keep(connection: ServerConnection): boolean {
    const isNeeded = this.open <= Math.max(this.used, this.#estimate) + this.#limits.lowIdle;
    this.countEndOfUse();
    const { maxIdle, purgeDelayMs, maxReuse } = this.#limits;
    if (!isNeeded || this.#closed || purgeDelayMs === 0 || (maxIdle >= 0 && this.#idleGauge.sum() >= maxIdle))
      return false;
    if (maxReuse >= 0 && connection.requests > maxReuse) return false;
    if (!this.#all.mayKeep) return false;
    connection.list = connection.requests > 1 ? this.#safe : this.#idle;
    connection.list.add(connection);
    this.#all.add(connection);
    this.#idleGauge.add(1);
    if (connection.list === this.#safe) this.#safeGauge.add(1);
    if (!this.#timer.armed) this.#context.wheel.arm(this.#timer, this.#context.now + purgeDelayMs);
    return true;
  }

  /** An idle connection ended by itself, or is ended for the sake of others. */
  forget(connection: ServerConnection): void {
    this.#remove(connection);
  }

  countUse(): void {
    this.used++;
    if (this.used > this.#needed) this.#needed = this.used;
    if (this.used > this.#estimate) this.#estimate = this.used;
    this.#usedGauge.add(1);
  }

  countEndOfUse(): void {
    this.used--;
    this.#usedGauge.add(-1);
  }

  /** Closes all idle connections: the server went down or changed its address. */
  clear(): void {
    for (const list of [this.#idle, this.#safe]) {
      for (let oldest = list.oldest; oldest !== undefined; oldest = list.oldest) this.#close(oldest);
    }
  }

  /** Closes all idle connections and keeps none from now on: its generation ended. */
  close(): void {
    this.#closed = true;
    this.clear();
    this.#context.wheel.remove(this.#timer);
  }

  /** The purge. */
  onTimer(): void {
    const excess = this.open - this.#needed;
    this.#estimate = Math.max(this.used, Math.ceil((this.#estimate + this.#needed) / 2));
    this.#needed = this.used;
    let victims = Math.min(Math.ceil(excess / 2), this.idle - this.#limits.lowIdle);
    for (; victims > 0; victims--) this.#close((this.#idle.oldest ?? this.#safe.oldest)!);
    if (this.idle > 0) this.#context.wheel.arm(this.#timer, this.#context.now + this.#limits.purgeDelayMs);
  }

  #close(connection: ServerConnection): void {
    this.#remove(connection);
    connection.close();
  }

  #remove(connection: ServerConnection): void {
    if (connection.list === undefined) return;
    if (connection.list === this.#safe) this.#safeGauge.add(-1);
    this.#idleGauge.add(-1);
    connection.list.remove(connection);
    connection.list = undefined;
    this.#all.remove(connection);
  }
}

/** An intrusive list through `newer` and `older`. */
export class ConnectionList {
  length = 0;
  newest: ServerConnection | undefined = undefined;
  oldest: ServerConnection | undefined = undefined;

  add(connection: ServerConnection): void {
    connection.older = this.newest;
    connection.newer = undefined;
    if (this.newest !== undefined) this.newest.newer = connection;
    else this.oldest = connection;
    this.newest = connection;
    this.length++;
  }

  remove(connection: ServerConnection): void {
    const { newer, older } = connection;
    if (newer !== undefined) newer.older = older;
    else this.newest = older;
    if (older !== undefined) older.newer = newer;
    else this.oldest = newer;
    connection.newer = undefined;
    connection.older = undefined;
    this.length--;
  }
}
