// Proxies and servers as sample fetches and log formats see them.
import { parseIpAddress, type IpAddress, type ProxyView, type ServerView } from '@evenkeel/expr';
import type { SharedCount } from '@evenkeel/shm';
import type { Proxy } from '@evenkeel/config';
import type { Backend } from '../backend/backend.ts';
import type { Server } from '../backend/server.ts';

/** One proxy section, both of its sides; counts are those of the whole process. */
export class SectionView implements ProxyView {
  readonly name: string;
  readonly id: number;
  readonly defaultBackend: string | undefined;
  readonly #sessions: SharedCount | undefined;
  readonly #backend: Backend | undefined;

  constructor(proxy: Proxy, sessions: SharedCount | undefined, backend: Backend | undefined) {
    this.name = proxy.name;
    this.id = proxy.id;
    this.defaultBackend = proxy.defaultBackend;
    this.#sessions = sessions;
    this.#backend = backend;
  }

  get frontendConnections(): number {
    return this.#sessions?.sum() ?? 0;
  }
  get backendConnections(): number {
    return this.#backend?.currentSessions() ?? 0;
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
