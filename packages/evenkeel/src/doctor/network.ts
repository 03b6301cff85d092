/**
 * Asks the network: opens a connection to every server and closes it, looks names up, asks name servers. All at the same
 * time, each question and the whole of them bounded, and nothing is sent to a server.
 */

import { promises as dns } from 'node:dns';
import { connect, isIP, isIPv6 } from 'node:net';
import type { Address, Config } from '@evenkeel/config';
import { resolveName } from '@evenkeel/control';
import { reasonOf } from '@evenkeel/sys';
import type { AskedName, AskedNameServer, Network, ReachedServer } from './facts.ts';

/** A server in the same network answers in milliseconds; one on another continent in a third of a second. */
const CONNECT_LIMIT_MS = 1000;
/** What all servers together may take: those that are left are not tried. */
const SERVERS_LIMIT_MS = 10_000;
/** Connections under way at a time: more would look like a scan. */
const AT_A_TIME = 64;
/** The C library asks for longer where a name server is silent; see `boundResolver`. */
const NAME_LIMIT_MS = 4000;
const NAME_SERVER_LIMIT_MS = 2000;

/** Must be called before the first name is asked for: the C library reads these options once (resolv.conf(5)). */
export function boundResolver(): void {
  process.env['RES_OPTIONS'] = 'timeout:2 attempts:1';
}

export async function askNetwork(config: Config): Promise<Network> {
  const answers = new Map<string, Promise<string | undefined>>();
  const lookUp = async (name: string): Promise<string | undefined> => {
    const answer = answers.get(name) ?? within(NAME_LIMIT_MS, resolveName(name, undefined));
    answers.set(name, answer);
    return await answer;
  };
  const [names, servers, nameServers] = await Promise.all([
    askNames(config, lookUp),
    reachServers(config, lookUp),
    askNameServers(config),
  ]);
  return { names, servers, nameServers };
}

type LookUp = (name: string) => Promise<string | undefined>;

async function askNames(config: Config, lookUp: LookUp): Promise<readonly AskedName[]> {
  const owners = new Map<string, string>();
  const note = (host: string | undefined, owner: string): void => {
    if (host !== undefined && host !== '' && host !== '*' && isIP(host) === 0 && !owners.has(host))
      owners.set(host, owner);
  };
  for (const { binds, disabled, kind, logs, name, servers } of config.proxies) {
    if (disabled) continue;
    for (const address of binds.flatMap((bind) => bind.addresses)) note(hostOf(address), `${kind} ${name}`);
    for (const { address, checkAddress, name: server, resolvers } of servers) {
      // What resolvers follow may be an SRV record, and is asked for by name servers of its own.
      if (resolvers === undefined) note(hostOf(address), `server ${name}/${server}`);
      note(checkAddress, `checks of ${name}/${server}`);
    }
    for (const { destination } of logs) if (destination.kind === 'udp') note(destination.host, `log of ${name}`);
  }
  for (const { destination } of config.global.logs) if (destination.kind === 'udp') note(destination.host, 'log');
  return await Promise.all(
    [...owners].map(async ([name, owner]) => ({ name, owner, isKnown: (await lookUp(name)) !== undefined })),
  );
}

const hostOf = (address: Address): string | undefined => (address.kind === 'inet' ? address.host : undefined);

interface Target {
  readonly backend: string;
  readonly server: string;
  readonly address: Address;
}

async function reachServers(config: Config, lookUp: LookUp): Promise<readonly ReachedServer[]> {
  const targets: Target[] = config.proxies.flatMap(({ disabled, kind, name, servers }) =>
    disabled || kind === 'frontend'
      ? []
      : servers
          .filter((server) => !server.disabled)
          .map((server) => ({ backend: name, server: server.name, address: server.address })),
  );
  const end = performance.now() + SERVERS_LIMIT_MS;
  const results: ReachedServer[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < targets.length) {
      const target = targets[next++];
      const reached = performance.now() < end ? await reach(target, lookUp) : untried(target);
      if (reached !== undefined) results.push(reached);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  // In the order of the file.
  const order = new Map(targets.map(({ backend, server }, index) => [`${backend}/${server}`, index]));
  return results.toSorted(
    (left, right) => order.get(`${left.backend}/${left.server}`)! - order.get(`${right.backend}/${right.server}`)!,
  );
}

function untried({ address, backend, server }: Target): ReachedServer {
  const host = address.kind === 'inet' ? address.host : '';
  return { backend, server, target: host, failure: 'untried' };
}

/** Undefined where there is nothing to try: a server that takes its address or port from the client, or whose name is unknown. */
async function reach({ address, backend, server }: Target, lookUp: LookUp): Promise<ReachedServer | undefined> {
  if (address.kind === 'unix')
    return { backend, server, target: address.path, failure: await tryConnection({ path: address.path }) };
  if (address.kind !== 'inet' || address.port === undefined || address.port.relative) return undefined;
  const port = address.port.first;
  if (port === 0 || address.host === '*' || address.host === '0.0.0.0' || address.host === '::') return undefined;
  const host = isIP(address.host) === 0 ? await lookUp(address.host) : address.host;
  if (host === undefined) return undefined;
  const target = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  return { backend, server, target, failure: await tryConnection({ host, port }) };
}

async function tryConnection(
  to: { readonly path: string } | { readonly host: string; readonly port: number },
): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const socket = connect(to);
    const done = (failure: string | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(failure);
    };
    const timer = setTimeout(() => done(`no answer within ${CONNECT_LIMIT_MS} ms`), CONNECT_LIMIT_MS);
    socket.once('connect', () => done(undefined));
    socket.once('error', (failure) => done(reasonOf(failure)));
  });
}

/** A name server that says anything, also that there is no such name, is there. */
async function askNameServers({ resolvers }: Config): Promise<readonly AskedNameServer[]> {
  return await Promise.all(
    resolvers.flatMap(({ name: section, nameservers }) =>
      nameservers.map(async ({ host, name, port }) => {
        const address = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
        const resolver = new dns.Resolver({ timeout: NAME_SERVER_LIMIT_MS, tries: 1 });
        resolver.setServers([address]);
        const answered = await resolver.resolve4('localhost').then(
          () => true,
          (failure: NodeJS.ErrnoException) => !SILENT.has(failure.code ?? ''),
        );
        return { section, name, address, answered };
      }),
    ),
  );
}

/** Codes of c-ares for a server that said nothing. */
const SILENT: ReadonlySet<string> = new Set(['ETIMEOUT', 'ECONNREFUSED', 'ECANCELLED']);

async function within<T>(limitMs: number, answer: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), limitMs)));
  const first = await Promise.race([answer, limit]);
  clearTimeout(timer);
  return first;
}
