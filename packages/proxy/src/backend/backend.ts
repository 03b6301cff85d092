// A proxy's backend side as one thread of one generation sees it: its servers, the picker that the slow side published
// last, its queue and its counts. Built from the plan; shared figures are read and written through shared memory, so all
// threads and both generations of a reload agree on them.

import type { Proxy } from '@evenkeel/config';
import type { Picker } from './balance/balancer.ts';
import type { Server } from './server.ts';

export interface Backend {
  readonly name: string;
  /** Index in the plan's list of proxies. */
  readonly index: number;
  readonly config: Proxy;
  /** In configuration order. */
  readonly servers: readonly Server[];
  /** What start() of a dispatch asks; replaced whole when weights or states change. */
  readonly picker: Picker;
  /** `timeout connect`, `timeout queue` in ms (the latter falls back to the former, manual "timeout queue"); 0 = none. */
  readonly connectTimeoutMs: number;
  readonly queueTimeoutMs: number;
  /** Streams assigned now, over all threads (`%bc`, `be_conn`). */
  currentSessions(): number;
  /** Waiters in the backend's own queue now (`qcur`). */
  queued(): number;
  /** Servers that would be picked from now: active ones, or backups in use. */
  usableServers(): number;
  serverByName(name: string): Server | undefined;
}
