/**
 * Proxies on their way to another thread, as bytes. Servers of one proxy are much alike, and each has dozens of settings: what one has
 * in common with the one before it is left out, which leaves a quarter of the bytes, and of the time.
 */

import { deserialize, serialize } from 'node:v8';
import type { Proxy, Server } from './model.ts';

/** What is serialized. */
interface Packed {
  /** Of its servers it has the first one only. */
  readonly proxy: Proxy;
  /** Of each other server what is not as in the one before. */
  readonly differences: readonly Partial<Server>[];
}

/** Proxies that came as bytes and have not been packed again. */
const arrived = new WeakMap<Proxy, Uint8Array>();

/** Bytes for `unpackProxy`. Those that it was given for this very proxy, the first time that it is asked. */
export function packProxy(proxy: Proxy): Uint8Array {
  const known = arrived.get(proxy);
  if (known === undefined) return serialize(packed(proxy));
  // Two copies of a large configuration are enough.
  arrived.delete(proxy);
  return known;
}

/** The proxy that `packProxy` made the bytes of. They must not change afterwards. */
export function unpackProxy(bytes: Uint8Array): Proxy {
  const proxy = unpacked(deserialize(bytes) as Packed);
  arrived.set(proxy, bytes);
  return proxy;
}

function packed(proxy: Proxy): Packed {
  const [first, ...others] = proxy.servers;
  if (first === undefined) return { proxy, differences: [] };
  // All servers have the same properties.
  const names = Object.keys(first) as (keyof Server)[];
  let before = first;
  const differences = others.map((server) => {
    const difference: Partial<Record<keyof Server, unknown>> = {};
    for (const name of names) if (server[name] !== before[name]) difference[name] = server[name];
    before = server;
    return difference as Partial<Server>;
  });
  return { proxy: { ...proxy, servers: [first] }, differences };
}

function unpacked({ proxy, differences }: Packed): Proxy {
  if (differences.length === 0) return proxy;
  const servers = [...proxy.servers];
  for (const difference of differences) servers.push({ ...servers[servers.length - 1], ...difference });
  return { ...proxy, servers };
}
