// One server of one backend, as one thread of one generation sees it: address, options, its pool of idle connections and
// the streams of this thread that use it. State, weight, session count and queue are in shared memory, common to all
// threads, under the server's slot.

import type { Server as ServerConfig } from '@evenkeel/config';
import type { Backend } from './backend.ts';
import type { ServerPool } from './pool.ts';

export interface Server {
  readonly name: string;
  /** `id` (`sid` in statistics). */
  readonly id: number;
  /** Position in the backend, from 0. */
  readonly index: number;
  /** Index of this server in the plan's slots: statistics, state and session count of all threads. */
  readonly slot: number;
  readonly backend: Backend;
  readonly config: ServerConfig;
  /** IP literal, or undefined for a Unix socket or a name that never resolved. */
  readonly host: string | undefined;
  readonly port: number;
  /** `address:port` or `unix@path`, as logs print it. */
  readonly addressText: string;
  readonly pool: ServerPool;
  /** Streams that hold a slot now, over all threads (`%sc`, `scur`). */
  currentSessions(): number;
  /** Waiters in this server's own queue (`qcur`). */
  queued(): number;
  /** Up (or unchecked) and not in maintenance; a draining one is up, but not picked for new streams. */
  isUp(): boolean;
  /** May get new streams that the algorithm sends: up, not draining, effective weight above 0. */
  isEligible(): boolean;
}
