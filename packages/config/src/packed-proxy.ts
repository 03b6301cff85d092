/**
 * Proxies on their way to another thread, as bytes. Servers of one proxy are much alike, and each has dozens of settings: what
 * one has in common with the one before it is left out, which leaves a quarter of the bytes, and of the time. Pages of errors,
 * which thousands of proxies may have from one `defaults` section, are told once.
 */

import { deserialize, serialize } from 'node:v8';
import type { ErrorPage, Proxy, Server } from './model.ts';

/** What is serialized. */
interface Packed {
  /** Of its servers it has the first one only, and no pages of errors. */
  readonly proxy: Omit<Proxy, 'errors'>;
  /** Of each other server what is not as in the one before. */
  readonly differences: readonly Partial<Server>[];
  /** Statuses, and which of the pages that all proxies share is for each. */
  readonly errors: readonly (readonly [status: string, page: number])[];
}

/** What proxies that are packed together have in common, to be sent beside their bytes. Grows at its end only. */
export type SharedPages = ErrorPage[];

interface Arrival {
  readonly bytes: Uint8Array;
  readonly pages: SharedPages;
}

/** Proxies that came as bytes and have not been packed again. */
let arrivals = new WeakMap<Proxy, Arrival>();

/** Packs the proxies of one configuration. */
export class ProxyPacker {
  readonly pages: SharedPages;
  /** Where a page is among them. */
  readonly #places = new Map<ErrorPage, number>();

  /** Those of `proxies` that came as bytes are packed as those. */
  constructor(proxies: readonly Proxy[]) {
    const arrived = proxies.map((proxy) => arrivals.get(proxy)).find((arrival) => arrival !== undefined);
    this.pages = arrived?.pages ?? [];
    for (const [place, page] of this.pages.entries()) this.#places.set(page, place);
  }

  /** Bytes for `unpackProxy`. */
  pack(proxy: Proxy): Uint8Array {
    const arrival = arrivals.get(proxy);
    return arrival?.pages === this.pages ? arrival.bytes : serialize(this.#packed(proxy));
  }

  /** The last one is packed: two copies of a large configuration are enough. */
  finish(): void {
    arrivals = new WeakMap();
  }

  #packed(proxy: Proxy): Packed {
    const { errors, ...rest } = proxy;
    const pages = Object.entries(errors).map(([status, page]) => [status, this.#placeOf(page)] as const);
    const [first, ...others] = proxy.servers;
    if (first === undefined) return { proxy: rest, differences: [], errors: pages };
    // All servers have the same properties.
    const names = Object.keys(first) as (keyof Server)[];
    let before = first;
    const differences = others.map((server) => {
      const difference: Partial<Record<keyof Server, unknown>> = {};
      for (const name of names) if (server[name] !== before[name]) difference[name] = server[name];
      before = server;
      return difference as Partial<Server>;
    });
    return { proxy: { ...rest, servers: [first] }, differences, errors: pages };
  }

  #placeOf(page: ErrorPage): number {
    const known = this.#places.get(page);
    if (known !== undefined) return known;
    const place = this.pages.push(page) - 1;
    this.#places.set(page, place);
    return place;
  }
}

/** The proxy that a ProxyPacker with these pages made the bytes of. */
export function unpackProxy(bytes: Uint8Array, pages: readonly ErrorPage[]): Proxy {
  const { differences, errors, proxy } = deserialize(bytes) as Packed;
  const servers = [...proxy.servers];
  for (const difference of differences) servers.push({ ...servers[servers.length - 1], ...difference });
  return { ...proxy, servers, errors: Object.fromEntries(errors.map(([status, page]) => [status, pages[page]])) };
}

/** The same for a proxy that is to be packed once more, for other threads: its bytes, which must not change, are kept until then. */
export function receiveProxy(bytes: Uint8Array, pages: SharedPages): Proxy {
  const proxy = unpackProxy(bytes, pages);
  arrivals.set(proxy, { bytes, pages });
  return proxy;
}
