// Proxies and servers as sample fetches and log formats see them: figures of the whole process, over all threads.
import {
  parseIpAddress,
  type BackendFigures,
  type FrontendFigures,
  type IpAddress,
  type ProxyView,
  type ServerFigures,
  type ServerView,
} from '@evenkeel/expr';
import { FrequencyCounter, FrontendGauge, FrontendRate, SharedCount, type Segment } from '@evenkeel/shm';
import type { Proxy } from '@evenkeel/config';
import type { Backend } from '../backend/backend.ts';
import { WEIGHT_SCALE } from '../backend/balance/balancer.ts';
import type { Server } from '../backend/server.ts';
import type { Clock } from '../thread-context.ts';

/** One proxy section, both of its sides. */
export class SectionView implements ProxyView {
  readonly name: string;
  readonly id: number;
  readonly defaultBackend: string | undefined;
  readonly frontendFigures: FrontendFigures | undefined;
  readonly backendFigures: BackendFigures | undefined;
  readonly #sessions: SharedCount | undefined;
  readonly #backend: Backend | undefined;

  /** `frontendSlot`: -1 where there is no frontend side. */
  constructor(
    thread: Clock & { readonly segment: Segment },
    proxy: Proxy,
    frontendSlot: number,
    backend: Backend | undefined,
  ) {
    const { segment } = thread;
    this.name = proxy.name;
    this.id = proxy.id;
    this.defaultBackend = proxy.defaultBackend;
    this.#backend = backend;
    this.#sessions =
      frontendSlot < 0 ? undefined : new SharedCount(segment, 'frontend', frontendSlot, FrontendGauge.sessions);
    this.frontendFigures =
      frontendSlot < 0 ? undefined : new PresentFrontend(thread, segment, frontendSlot, proxy.timeouts.client);
    this.backendFigures = backend === undefined ? undefined : new PresentBackend(thread, backend);
  }

  /** A frontend and a backend may share a name. */
  has(side: 'frontend' | 'backend'): boolean {
    return (side === 'frontend' ? this.#sessions : this.#backend) !== undefined;
  }

  get frontendConnections(): number {
    return this.#sessions?.sum() ?? 0;
  }
  get backendConnections(): number {
    return this.#backend?.currentSessions() ?? 0;
  }
}

class PresentFrontend implements FrontendFigures {
  readonly clientTimeoutMs: number | undefined;
  readonly #clock: Clock;
  readonly #sessions: FrequencyCounter;
  readonly #requests: FrequencyCounter;

  constructor(clock: Clock, segment: Segment, slot: number, clientTimeoutMs: number | undefined) {
    this.clientTimeoutMs = clientTimeoutMs;
    this.#clock = clock;
    this.#sessions = new FrequencyCounter(segment, 'frontend', slot, FrontendRate.sessions);
    this.#requests = new FrequencyCounter(segment, 'frontend', slot, FrontendRate.requests);
  }

  get sessionRate(): number {
    return this.#sessions.rate(this.#clock.now);
  }
  get requestRate(): number {
    return this.#requests.rate(this.#clock.now);
  }
}

class PresentBackend implements BackendFigures {
  readonly #clock: Clock;
  readonly #backend: Backend;

  constructor(clock: Clock, backend: Backend) {
    this.#clock = clock;
    this.#backend = backend;
  }

  get sessionRate(): number {
    return this.#backend.rate.rate(this.#clock.now);
  }
  get queued(): number {
    let sum = this.#backend.queued();
    for (const server of this.#backend.servers) sum += server.queued();
    return sum;
  }
  get usableServers(): number {
    return this.#backend.usableServers();
  }
  get freeConnections(): number {
    this.#backend.followVersion();
    let sum = 0;
    for (const server of this.#backend.candidates) {
      const free = freePlaces(server);
      if (free < 0) return -1;
      sum += free;
    }
    return sum;
  }
  get connectionSlots(): number {
    this.#backend.followVersion();
    let sum = 0;
    for (const server of this.#backend.servers) {
      if (!server.isUp) continue;
      const { maxqueue = 0 } = server.config;
      if (server.limit.maxconn === 0 || maxqueue === 0) return -1;
      sum += server.limit.maxconn - server.currentSessions() + (maxqueue - server.queued());
    }
    return sum;
  }
  get serverTimeoutMs(): number | undefined {
    return this.#backend.config.timeouts.server;
  }
  get tunnelTimeoutMs(): number | undefined {
    return this.#backend.config.timeouts.tunnel;
  }

  server(name: string): ServerFigures | undefined {
    const server = this.#backend.serverByName(name);
    if (server === undefined) return undefined;
    this.#backend.followVersion();
    return new PresentServerFigures(this.#clock, server);
  }
}

/** Sessions that the server may still get; -1 where nothing limits them. */
function freePlaces(server: Server): number {
  const { limit } = server.limit;
  return limit === 0 ? -1 : Math.max(0, limit - server.currentSessions());
}

class PresentServerFigures implements ServerFigures {
  readonly #clock: Clock;
  readonly #server: Server;

  constructor(clock: Clock, server: Server) {
    this.#clock = clock;
    this.#server = server;
  }

  get isUp(): boolean {
    return this.#server.isUp;
  }
  get connections(): number {
    return this.#server.currentSessions();
  }
  get freeConnections(): number {
    return freePlaces(this.#server);
  }
  get queued(): number {
    return this.#server.queued();
  }
  get sessionRate(): number {
    return this.#server.rate.rate(this.#clock.now);
  }
  get weight(): number {
    return Math.ceil(this.#server.state.get('effectiveWeight') / WEIGHT_SCALE);
  }
  get userWeight(): number {
    return this.#server.state.get('userWeight');
  }
  get initialWeight(): number {
    return this.#server.state.get('initialWeight');
  }
}

/** A server at the moment of asking. */
export function serverView(server: Server): ServerView {
  return new PresentServer(server);
}

class PresentServer implements ServerView {
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  get name(): string {
    return this.#server.name;
  }
  get id(): number {
    return this.#server.id;
  }
  get connections(): number {
    return this.#server.currentSessions();
  }
  get address(): IpAddress | undefined {
    const { host } = this.#server;
    return host === undefined ? undefined : parseIpAddress(host);
  }
  get port(): number {
    return this.#server.port;
  }
}
