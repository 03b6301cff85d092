/**
 * From `bind` lines to the sockets that threads bind: one plan for each address and port, with names resolved, ids given and
 * a key that tells whether a listener of the next generation is the same socket. Pure but for the resolver passed in.
 */

import { formatAddress } from '@evenkeel/config';
import type { Address, Bind, Position, Proxy } from '@evenkeel/config';
import type { ListenAddress, ListenerPlan } from '@evenkeel/proxy';
import { reasonOf } from '@evenkeel/sys';
import { isNumericHost } from './server-addresses.ts';
import type { ResolveName } from './server-addresses.ts';

export interface ListenerPlansResult {
  readonly plans: readonly ListenerPlan[];
  readonly errors: readonly string[];
}

/**
 * Length of the kernel's queue where nothing is configured; net.core.somaxconn cuts it to what the host allows. Clients wait
 * there for a place of `maxconn`, so it is not as short as a small `maxconn`, as on HAProxy: who finds it full asks again,
 * by the kernel's timers, for seconds.
 */
const DEFAULT_BACKLOG = 4096;

/** The listeners of all proxies. `slotOf` gives the shared-memory slot of a listener's stable name. */
export async function planListeners(
  proxies: readonly Proxy[],
  slotOf: (name: string) => number,
  resolve: ResolveName,
): Promise<ListenerPlansResult> {
  const plans: ListenerPlan[] = [];
  const errors: string[] = [];
  const seen = new Map<string, number>();
  for (const [proxyIndex, proxy] of proxies.entries()) {
    if (proxy.disabled) continue;
    let position = 0;
    for (const [bindIndex, bind] of proxy.binds.entries()) {
      for (const written of bind.addresses) {
        const addresses = await listenAddresses(written, bind, resolve);
        if (addresses === undefined) {
          errors.push(
            `config : parsing [${bind.at.file}:${bind.at.line}] : 'bind' : invalid address: '${hostOf(written)}' in '${formatAddress(written)}'. Name an address of this machine, or a host name that leads to one.`,
          );
          continue;
        }
        for (const address of addresses) {
          position++;
          const text = addressText(address);
          plans.push({
            key: distinct(listenerKey(address, bind), seen),
            proxy: proxyIndex,
            bind: bindIndex,
            // An explicit id stands on lines with one socket only.
            id: bind.id ?? position,
            name: bind.name,
            slot: slotOf(`${proxy.name}/${text}`),
            address,
            text,
            backlog: bind.backlog ?? proxy.backlog ?? Math.max(proxy.maxconn ?? 0, DEFAULT_BACKLOG),
          });
        }
      }
    }
  }
  return { plans, errors };
}

/** `bind … thread` lines that none of the process's threads serves; where `nbthread` is set, the parser has said so. */
export function unservedListeners(proxies: readonly Proxy[], threads: number): readonly string[] {
  return proxies.flatMap(({ name, disabled, binds }) =>
    disabled
      ? []
      : binds
          .filter((bind) => bind.threads?.every((thread) => thread > threads))
          .map(({ at }) => {
            const where = `[${at.file}:${at.line}]`;
            return `Proxy '${name}': 'thread' directive of the bind line at ${where} names none of the ${threads} threads (nbthread).`;
          }),
  );
}

function hostOf(address: Address): string {
  return address.kind === 'inet' ? address.host : '';
}

/** The sockets that one address of a `bind` or `stats socket` line asks for; undefined where its name does not resolve. */
export async function listenAddresses(
  address: Address,
  bind: Pick<Bind, 'v4v6' | 'v6only'>,
  resolve: ResolveName,
): Promise<readonly ListenAddress[] | undefined> {
  switch (address.kind) {
    case 'unix':
      return [{ kind: 'unix', path: address.path }];
    case 'abstract':
      return [{ kind: 'abstract', name: address.name }];
    case 'fd':
      return [{ kind: 'fd', fd: address.fd }];
    case 'inet': {
      const numeric = await numericHost(address.host, address.family, resolve);
      if (numeric === undefined) return undefined;
      const family = numeric.includes(':') ? 6 : 4;
      const { first, last } = address.port ?? { first: 0, last: 0 };
      // `v4v6` accepts both families on `::`, `v6only` forbids it; without either the system's default holds.
      const v6only = bind.v6only ? true : bind.v4v6 ? false : undefined;
      return Array.from({ length: last - first + 1 }, (_, offset) => ({
        kind: 'inet',
        family,
        address: numeric,
        port: first + offset,
        v6only,
      }));
    }
  }
}

async function numericHost(host: string, family: 4 | 6 | undefined, resolve: ResolveName): Promise<string | undefined> {
  if (host === '*' || host === '') return family === 6 ? '::' : '0.0.0.0';
  if (isNumericHost(host)) return host;
  return await resolve(host, family);
}

/** The same address twice is two sockets of one SO_REUSEPORT group, as on HAProxy: the kernel shares connections out. */
function distinct(key: string, seen: Map<string, number>): string {
  const count = (seen.get(key) ?? 0) + 1;
  seen.set(key, count);
  return count === 1 ? key : `${key}#${count}`;
}

/** Address and everything that is fixed when the socket is made: what differs here cannot be handed over. */
function listenerKey(address: ListenAddress, bind: Bind): string {
  const {
    interface: device,
    mss,
    deferAccept,
    transparent,
    tfo,
    tcpUserTimeoutMs,
    mode,
    user,
    group,
    uid,
    gid,
    threads,
  } = bind;
  return JSON.stringify([
    address,
    device,
    mss,
    deferAccept,
    transparent,
    tfo,
    tcpUserTimeoutMs,
    mode,
    user,
    group,
    uid,
    gid,
    threads,
  ]);
}

/** An address as HAProxy's messages print it: IPv6 without brackets. */
function addressText(address: ListenAddress): string {
  return address.kind === 'inet' ? `${address.address}:${address.port}` : formatAddress(address);
}

/** Why a socket of a `bind` or `stats socket` line could not be opened, in HAProxy's words. */
export function bindingError(at: Position, owner: string, address: ListenAddress, error: unknown): string {
  const subject = address.kind === 'inet' ? 'socket' : 'UNIX socket';
  const target = `${address.kind === 'inet' ? 'for ' : ''}[${addressText(address)}]`;
  return `Binding [${at.file}:${at.line}] for ${owner}: cannot bind ${subject} (${reasonOf(error)}) ${target}`;
}
