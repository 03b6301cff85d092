/**
 * A configuration whose servers come and go one by one, as runtime changes have it: who is there, by name and by number, and who
 * follows whom. A step costs the same however many servers there are; the configuration that comes of it is made once, at the end.
 */

import type { Config, Proxy, Server } from './model.ts';

export class EditedServers {
  readonly config: Config;
  readonly #backends = new Map<string, EditedBackend>();
  #trackers: Map<string, Set<string>> | undefined;

  constructor(config: Config) {
    this.config = config;
    for (const proxy of config.proxies)
      if (proxy.kind !== 'frontend') this.#backends.set(proxy.name, new EditedBackend(proxy));
  }

  backend(name: string): EditedBackend | undefined {
    return this.#backends.get(name);
  }

  /** `backend` is one of those here. */
  add(backend: EditedBackend, server: Server): void {
    backend.put(server);
    this.#follow(backend, server);
  }

  /** `server` is one of that backend. */
  remove(backend: EditedBackend, server: Server): void {
    backend.take(server);
    if (this.#trackers === undefined || server.track === undefined) return;
    this.#trackers.get(trackedName(backend.proxy, server.track))?.delete(`${backend.proxy.name}/${server.name}`);
  }

  /** `backend/server` of one that tracks that server. */
  trackerOf(backend: EditedBackend, server: Server): string | undefined {
    if (this.#trackers === undefined) {
      this.#trackers = new Map();
      for (const one of this.#backends.values()) for (const each of one.servers()) this.#follow(one, each);
    }
    return this.#trackers.get(`${backend.proxy.name}/${server.name}`)?.values().next().value;
  }

  #follow({ proxy }: EditedBackend, { name, track }: Server): void {
    if (this.#trackers === undefined || track === undefined) return;
    const tracked = trackedName(proxy, track);
    const trackers = this.#trackers.get(tracked);
    if (trackers === undefined) this.#trackers.set(tracked, new Set([`${proxy.name}/${name}`]));
    else trackers.add(`${proxy.name}/${name}`);
  }

  /** Those that stayed are where they were, and those that came stand behind them. */
  result(): Config {
    if (![...this.#backends.values()].some(({ isEdited }) => isEdited)) return this.config;
    const proxies = this.config.proxies.map((proxy) => {
      const backend = proxy.kind === 'frontend' ? undefined : this.#backends.get(proxy.name);
      return backend?.isEdited === true ? { ...proxy, servers: backend.servers() } : proxy;
    });
    return { ...this.config, proxies };
  }
}

export class EditedBackend {
  readonly proxy: Proxy;
  readonly #removed = new Set<Server>();
  readonly #added = new Set<Server>();
  #byName: Map<string, Server> | undefined;
  #byId: Map<number, Server> | undefined;
  /** No number below it is free. */
  #lowestFree = 1;

  constructor(proxy: Proxy) {
    this.proxy = proxy;
  }

  get isEdited(): boolean {
    return this.#removed.size > 0 || this.#added.size > 0;
  }

  server(name: string): Server | undefined {
    return this.#names().get(name);
  }

  /** Who has which number. */
  get ids(): ReadonlyMap<number, Server> {
    return this.#ids();
  }

  /** The lowest number that no server has. */
  freeId(): number {
    const { ids } = this;
    while (ids.has(this.#lowestFree)) this.#lowestFree++;
    return this.#lowestFree;
  }

  servers(): readonly Server[] {
    if (!this.isEdited) return this.proxy.servers;
    return [...this.proxy.servers.filter((server) => !this.#removed.has(server)), ...this.#added];
  }

  put(server: Server): void {
    this.#names().set(server.name, server);
    this.#ids().set(server.id, server);
    // One that was only taken away for a moment is where it was.
    if (!this.#removed.delete(server)) this.#added.add(server);
  }

  take(server: Server): void {
    const names = this.#names();
    const ids = this.#ids();
    if (!this.#added.delete(server)) this.#removed.add(server);
    names.delete(server.name);
    ids.delete(server.id);
    this.#lowestFree = Math.min(this.#lowestFree, server.id);
  }

  #ids(): Map<number, Server> {
    return (this.#byId ??= new Map(this.servers().map((server) => [server.id, server])));
  }

  #names(): Map<string, Server> {
    return (this.#byName ??= new Map(this.servers().map((server) => [server.name, server])));
  }
}

/** `track` of a server of that proxy, in full. */
function trackedName({ name }: Proxy, track: string): string {
  return track.includes('/') ? track : `${name}/${track}`;
}
