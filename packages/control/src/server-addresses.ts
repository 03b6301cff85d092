/** First addresses of servers: host names of `server` lines to numeric addresses, by the methods of `init-addr` (manual 5.2). */

import { isIP } from 'node:net';
import type { Proxy, Server } from '@evenkeel/config';
import { isServiceName } from './resolvers/resolvers.ts';

/** The first address of a name in the family wanted; undefined where there is none. */
export type ResolveName = (host: string, family: 4 | 6 | undefined) => Promise<string | undefined>;

/**
 * Method `last`: the address that a server has, or had when its state was saved; `host` is undefined for one that is known to
 * have none now. Undefined where nothing is known of the server.
 */
export type LastAddress = (proxy: Proxy, server: Server) => { readonly host: string | undefined } | undefined;

export interface ResolvedServers {
  /** For each proxy, parallel to its servers. */
  readonly addresses: readonly (readonly (string | undefined)[])[];
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** Manual "init-addr": "This option defaults to last,libc". */
const DEFAULT_METHODS = ['last', 'libc'] as const;

export function isNumericHost(host: string): boolean {
  return isIP(host) !== 0;
}

/**
 * Each name is asked for once, all at the same time. A server without an address is an error, unless `ignore` is set (`-dr`)
 * or resolvers may find one later.
 */
export async function resolveServers(
  proxies: readonly Proxy[],
  resolve: ResolveName,
  last: LastAddress,
  ignore: boolean,
): Promise<ResolvedServers> {
  const answers = new Map<string, Promise<string | undefined>>();
  const ask: ResolveName = async (host, family) => {
    const key = `${family ?? ''} ${host}`;
    const answer = answers.get(key) ?? resolve(host, family);
    answers.set(key, answer);
    return await answer;
  };
  const errors: string[] = [];
  const warnings: string[] = [];
  const addresses = await Promise.all(
    proxies.map(async (proxy) => {
      return await Promise.all(
        proxy.servers.map(async (server) => {
          const { address, name, at, resolvers } = server;
          if (address.kind !== 'inet') return undefined;
          if (isNumericHost(address.host)) return address.host;
          const found = await firstAddress(proxy, server, ask, last);
          if (found?.host !== undefined) return found.host;
          // A name that was not asked for is not missed.
          if (ignore || found?.wasAsked === false) return undefined;
          const text = `config : [${at.file}:${at.line}] : 'server ${proxy.name}/${name}' : could not resolve address '${address.host}'`;
          if (found !== undefined || resolvers !== undefined) warnings.push(`${text}, disabling server.`);
          else errors.push(`${text}. Use a numeric address, 'init-addr', or '-dr' to start without it.`);
          return undefined;
        }),
      );
    }),
  );
  return { addresses, errors, warnings };
}

/** What the first method that succeeds gives, and whether the system was asked before; undefined where no method does. */
async function firstAddress(
  proxy: Proxy,
  server: Server,
  ask: ResolveName,
  last: LastAddress,
): Promise<{ readonly host: string | undefined; readonly wasAsked: boolean } | undefined> {
  const { address, initAddr, resolvers } = server;
  if (address.kind !== 'inet') return undefined;
  // Only SRV records say where such a server is.
  const isService = resolvers !== undefined && isServiceName(address.host);
  let wasAsked = false;
  for (const method of initAddr ?? DEFAULT_METHODS) {
    switch (method) {
      case 'last': {
        const known = last(proxy, server);
        if (known !== undefined) return { host: known.host, wasAsked: false };
        break;
      }
      case 'libc': {
        if (isService) break;
        wasAsked = true;
        const host = await ask(address.host, address.family);
        if (host !== undefined) return { host, wasAsked };
        break;
      }
      case 'none':
        return { host: undefined, wasAsked };
      default:
        if (!isService) return { host: method.replace(/^(?:ip|ipv4|ipv6)@/, '').replace(/^\[(.*)\]$/, '$1'), wasAsked };
    }
  }
  return isService ? { host: undefined, wasAsked: false } : undefined;
}
