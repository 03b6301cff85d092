// How many streams a server may have at this moment (manual 5.2 "maxconn", "minconn"; 4.2 "fullconn"; 5.2 "slowstart").
//
// Without `minconn` the limit stands still. With it, the limit follows the load of the whole backend: minconn while that is
// low, maxconn from `fullconn` streams on, and in proportion between. It is therefore computed at each look, from the exact
// number of the backend's streams over all threads; a limit that stands still costs one branch more than a constant.

import type { ServerLimit } from '@evenkeel/shm';
import type { Plan } from '../plan.ts';

/** The backend's load, where a limit depends on it. */
export interface BackendLoad {
  /** `fullconn`, at least 1. */
  readonly fullconn: number;
  /** Streams of the backend now, over all threads. */
  sessions(): number;
}

export class SessionLimit implements ServerLimit {
  readonly server: number;
  takesBackendQueue = false;
  /** The constant limit, or what the moving one grows to; 0: none. */
  maxconn = 0;
  /** What slow start leaves of the limit, 1 to 100. */
  throttlePercent = 100;
  readonly #minconn: number | undefined;
  readonly #load: BackendLoad;

  /** `minconn` undefined: the limit does not move. `server` is a slot. */
  constructor(server: number, minconn: number | undefined, load: BackendLoad) {
    this.server = server;
    this.#minconn = minconn;
    this.#load = load;
  }

  /** Whether it changes without anybody's doing. */
  get moves(): boolean {
    return this.#minconn !== undefined;
  }

  get limit(): number {
    const { maxconn } = this;
    if (this.#minconn === undefined && this.throttlePercent === 100) return maxconn;
    if (maxconn === 0) return 0;
    const limit =
      this.#minconn === undefined
        ? maxconn
        : movingLimit(this.#minconn, maxconn, this.#load.fullconn, this.#load.sessions());
    return Math.max(1, Math.floor((limit * this.throttlePercent) / 100));
  }
}

/** `minconn` and `maxconn` of a server in a backend that has `sessions` streams. */
export function movingLimit(minconn: number, maxconn: number, fullconn: number, sessions: number): number {
  if (sessions >= fullconn) return maxconn;
  return Math.max(minconn, Math.floor((sessions * maxconn) / fullconn));
}

/**
 * `fullconn` of each proxy, parallel to `plan.config.proxies`: as configured, or a tenth of the sum of the limits of all
 * frontends that name the backend by a fixed `use_backend` or `default_backend`, rounded up, at least 1.
 */
export function fullconns({ config, limits }: Pick<Plan, 'config' | 'limits'>): readonly number[] {
  const sums = new Map<string, number>();
  for (const proxy of config.proxies) {
    if (proxy.kind === 'backend' || proxy.disabled) continue;
    const targets = new Set(proxy.useBackend.flatMap(({ target }) => (typeof target === 'string' ? [target] : [])));
    if (proxy.defaultBackend !== undefined) targets.add(proxy.defaultBackend);
    else if (proxy.kind === 'listen') targets.add(proxy.name);
    for (const name of targets) sums.set(name, (sums.get(name) ?? 0) + (proxy.maxconn ?? limits.maxconn));
  }
  return config.proxies.map(({ name, fullconn }) => fullconn || Math.max(1, Math.ceil((sums.get(name) ?? 0) / 10)));
}
