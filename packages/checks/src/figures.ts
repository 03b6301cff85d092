// Figures of backends and servers as the rules of checks may read them (manual section 7.3.2: `nbsrv`, `queue`, `srv_conn` …).
// Reads shared memory at the moment of asking; knows nothing of checks.

import type { BackendFigures, ServerFigures } from '@evenkeel/expr';
import {
  Admission,
  BackendRate,
  FrequencyCounter,
  ServerGauge,
  ServerRate,
  ServerState,
  SharedCount,
  type Tickets,
} from '@evenkeel/shm';
import type { MonitoredBackend, MonitoredServer } from './monitored.ts';
import { shownWeight } from './slow-start.ts';

/** Who asks keeps the figures, so `current` is asked each time. `now`: monotonic ms. */
export function backendFigures(tickets: Tickets, current: () => MonitoredBackend, now: () => number): BackendFigures {
  return new PresentBackend(tickets, current, now);
}

class PresentBackend implements BackendFigures {
  readonly #tickets: Tickets;
  readonly #current: () => MonitoredBackend;
  readonly #now: () => number;

  constructor(tickets: Tickets, current: () => MonitoredBackend, now: () => number) {
    this.#tickets = tickets;
    this.#current = current;
    this.#now = now;
  }

  get #backend(): MonitoredBackend {
    return this.#current();
  }

  get serverTimeoutMs(): number | undefined {
    return this.#backend.serverTimeoutMs;
  }
  get tunnelTimeoutMs(): number | undefined {
    return this.#backend.tunnelTimeoutMs;
  }
  get sessionRate(): number {
    const { segment } = this.#tickets;
    return new FrequencyCounter(segment, 'backend', this.#backend.slot, BackendRate.sessions).rate(this.#now());
  }
  get queued(): number {
    const waiting = new Admission(this.#tickets, this.#backend.slot).backendQueue().length;
    return this.#backend.servers.reduce((sum, server) => sum + this.#figures(server).queued, waiting);
  }
  get usableServers(): number {
    return this.#usable().length;
  }
  get freeConnections(): number {
    return sumOrUnlimited(this.#usable().map((server) => this.#figures(server).freeConnections));
  }
  get connectionSlots(): number {
    const up = this.#backend.servers.filter((server) => this.#figures(server).isUp);
    return sumOrUnlimited(
      up.map((server) => {
        const { freeConnections, queued } = this.#figures(server);
        const { maxqueue = 0 } = server.config;
        return freeConnections < 0 || maxqueue === 0 ? -1 : freeConnections + maxqueue - queued;
      }),
    );
  }

  server(name: string): ServerFigures | undefined {
    const server = this.#backend.servers.find(({ config }) => config.name === name);
    return server === undefined ? undefined : this.#figures(server);
  }

  /** Backup servers count where no other is left: the first, or all of them with `option allbackups`. */
  #usable(): readonly MonitoredServer[] {
    const { segment } = this.#tickets;
    const eligible = this.#backend.servers.filter(({ slot }) => new ServerState(segment, slot).isEligible());
    const active = eligible.filter(({ config }) => !config.backup);
    return active.length > 0 ? active : eligible.slice(0, this.#backend.options.allbackups ? undefined : 1);
  }

  #figures(server: MonitoredServer): PresentServer {
    return new PresentServer(this.#tickets, this.#backend, server, this.#now);
  }
}

class PresentServer implements ServerFigures {
  readonly #tickets: Tickets;
  readonly #backend: MonitoredBackend;
  readonly #server: MonitoredServer;
  readonly #state: ServerState;
  readonly #now: () => number;

  constructor(tickets: Tickets, backend: MonitoredBackend, server: MonitoredServer, now: () => number) {
    this.#tickets = tickets;
    this.#backend = backend;
    this.#server = server;
    this.#state = new ServerState(tickets.segment, server.slot);
    this.#now = now;
  }

  get isUp(): boolean {
    return this.#state.isUsable();
  }
  get connections(): number {
    return new SharedCount(this.#tickets.segment, 'server', this.#server.slot, ServerGauge.sessions).sum();
  }
  get freeConnections(): number {
    const limit = this.#state.get('maxconn');
    return limit === 0 ? -1 : Math.max(0, limit - this.connections);
  }
  get queued(): number {
    return new Admission(this.#tickets, this.#backend.slot).serverQueue(this.#server.slot).length;
  }
  get sessionRate(): number {
    const { segment } = this.#tickets;
    return new FrequencyCounter(segment, 'server', this.#server.slot, ServerRate.sessions).rate(this.#now());
  }
  get weight(): number {
    return shownWeight(this.#state.get('effectiveWeight'));
  }
  get userWeight(): number {
    return this.#state.get('userWeight');
  }
  get initialWeight(): number {
    return this.#state.get('initialWeight');
  }
}

/** -1 where one of them is. */
function sumOrUnlimited(counts: readonly number[]): number {
  return counts.includes(-1) ? -1 : counts.reduce((sum, count) => sum + count, 0);
}
