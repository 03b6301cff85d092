/** First addresses of servers: host names of `server` lines to numeric addresses, by the methods of `init-addr` (manual 5.2). */

import { isIP } from 'node:net';
import { isAdded } from '@evenkeel/config';
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

/** Said behind the errors, as HAProxy does. */
const NOT_INITIALIZED = 'config : Failed to initialize server(s) addr.';
/** What `*` stands for. */
const ANY_ADDRESS = { 4: '0.0.0.0', 6: '::' } as const;

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
          if (address.kind !== 'inet' || proxy.disabled) return undefined;
          if (address.host === '*') return ANY_ADDRESS[address.family ?? 4];
          if (isNumericHost(address.host)) return address.host;
          const found = await firstAddress(proxy, server, ask, last);
          const place = `config : [${at.file}:${at.line}] : 'server ${proxy.name}/${name}' : `;
          const text = `${place}could not resolve address '${address.host}'`;
          if (found?.host !== undefined) {
            if (found.isFallback) warnings.push(`${text}, falling back to configured address.`);
            return found.host;
          }
          // A name that was not asked for is not missed.
          if (found?.wasAsked === false) return undefined;
          // Nor may one that was added at run time keep a configuration from serving.
          if (found !== undefined || resolvers !== undefined || ignore || isAdded(server))
            warnings.push(`${text}, disabling server.`);
          else if (asksSystem(server)) errors.push(`${text}. ${REMEDY}`);
          else errors.push(`${place}no method found to resolve address '${address.host}'. ${REMEDY}`);
          return undefined;
        }),
      );
    }),
  );
  if (errors.length > 0) errors.push(NOT_INITIALIZED);
  return { addresses, errors, warnings };
}

const REMEDY = "Use a numeric address, 'init-addr', or '-dr' to start without it.";

function asksSystem({ initAddr }: Server): boolean {
  return (initAddr ?? DEFAULT_METHODS).includes('libc');
}

interface FirstAddress {
  readonly host: string | undefined;
  /** The system was asked before. */
  readonly wasAsked: boolean;
  /** The address stands in the configuration, for the case that the system knows none. */
  readonly isFallback?: boolean;
}

/** What the first method that succeeds gives; undefined where no method does. */
async function firstAddress(
  proxy: Proxy,
  server: Server,
  ask: ResolveName,
  last: LastAddress,
): Promise<FirstAddress | undefined> {
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
        if (!isService) {
          const host = method.replace(/^(?:ip|ipv4|ipv6)@/, '').replace(/^\[(.*)\]$/, '$1');
          return { host, wasAsked, isFallback: wasAsked };
        }
    }
  }
  return isService ? { host: undefined, wasAsked: false } : undefined;
}
