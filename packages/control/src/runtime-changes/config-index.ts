/** Objects of a configuration by their names, for those who ask for many of them. Pure. */

import type { Config, Proxy, Server } from '@evenkeel/config';

export interface FoundProxy {
  readonly proxy: Proxy;
  /** Its place among the proxies. */
  readonly index: number;
}

export interface FoundServer {
  readonly server: Server;
  /** The place of its proxy, and its own among the servers of that. */
  readonly index: number;
  readonly position: number;
}

export class ConfigIndex {
  readonly config: Config;
  /** Of backends that were asked about: by the name of the server. */
  readonly #servers = new Map<string, ReadonlyMap<string, FoundServer>>();
  readonly #backends = new Map<string, FoundProxy>();
  readonly #frontends = new Map<string, FoundProxy>();

  constructor(config: Config) {
    this.config = config;
    for (const [index, proxy] of config.proxies.entries()) {
      // A frontend and a backend may have one name; a `listen` section is both.
      if (proxy.kind !== 'backend') this.#frontends.set(proxy.name, { proxy, index });
      if (proxy.kind !== 'frontend') this.#backends.set(proxy.name, { proxy, index });
    }
  }

  /** `name`: `backend/server`. */
  server(name: string): FoundServer | undefined {
    const slash = name.indexOf('/');
    const backend = name.slice(0, slash);
    const found = this.#backends.get(backend);
    if (found === undefined) return undefined;
    let servers = this.#servers.get(backend);
    if (servers === undefined) {
      const { proxy, index } = found;
      servers = new Map(proxy.servers.map((server, position) => [server.name, { server, index, position }]));
      this.#servers.set(backend, servers);
    }
    return servers.get(name.slice(slash + 1));
  }

  proxy(side: 'backend' | 'frontend', name: string): FoundProxy | undefined {
    return (side === 'backend' ? this.#backends : this.#frontends).get(name);
  }
}
