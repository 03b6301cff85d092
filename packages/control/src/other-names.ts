/**
 * Host names that are not a server's or a listener's own: of log destinations, checks and agents. They are asked for again
 * when they are used; one that does not resolve when the configuration is loaded is an error, as on HAProxy, which asks while
 * it reads the file.
 */

import { isIP } from 'node:net';
import type { Config, LogTarget, Position, Server } from '@evenkeel/config';
import type { ResolveName } from './server-addresses.ts';

interface NamedHost {
  readonly host: string;
  /** What is said where it does not resolve. */
  readonly complaint: string;
}

const REMEDY = 'Name a host that resolves, or use a numeric address.';

/** One sentence for each name that does not resolve. */
export async function unresolvedNames(config: Config, resolve: ResolveName): Promise<readonly string[]> {
  const answers = new Map<string, Promise<string | undefined>>();
  const findings = await Promise.all(
    namedHosts(config).map(async ({ complaint, host }) => {
      const answer = answers.get(host) ?? resolve(host, undefined);
      answers.set(host, answer);
      return (await answer) === undefined ? [`config : ${complaint} ${REMEDY}`] : [];
    }),
  );
  return findings.flat();
}

/** The hosts of `config` that are names. */
export function namedHosts({ global, proxies, rings }: Config): readonly NamedHost[] {
  const logs = new Set<LogTarget>([...global.logs, ...proxies.flatMap(({ logs: own }) => own)]);
  return [
    ...[...logs].flatMap(logHost),
    ...proxies.flatMap(({ name, servers }) => servers.flatMap((server) => checkHosts(name, server))),
    ...rings.flatMap(({ name, servers }) => servers.flatMap((server) => ringHost(name, server))),
  ].filter(({ host }) => host !== '*' && isIP(host) === 0);
}

function logHost({ at, destination }: LogTarget): readonly NamedHost[] {
  if (destination.kind !== 'udp') return [];
  const { host, port } = destination;
  return [{ host, complaint: `parsing [${place(at)}] : log : invalid address: '${host}' in '${host}:${port}'.` }];
}

/** The server of a ring; or of a `log` line over TCP, which is named after its address. */
function ringHost(ring: string, { address, at, name }: Server): readonly NamedHost[] {
  if (address.kind !== 'inet') return [];
  const { host, port } = address;
  const text = port === undefined ? host : `${host}:${port.first}`;
  const who = ring.startsWith('ring#') ? 'log' : `'server ${ring}/${name}'`;
  return [{ host, complaint: `[${place(at)}] : ${who} : invalid address: '${host}' in '${text}'.` }];
}

function checkHosts(proxy: string, { agentAddress, at, checkAddress, name }: Server): readonly NamedHost[] {
  if (checkAddress === undefined && agentAddress === undefined) return [];
  const start = `[${place(at)}] : 'server ${proxy}/${name}' : `;
  const check = {
    host: checkAddress ?? '',
    complaint: `${start}'addr' : invalid address: '${checkAddress}' in '${checkAddress}'.`,
  };
  const agent = {
    host: agentAddress ?? '',
    complaint: `${start}parsing agent-addr failed. Check if '${agentAddress}' is correct address.`,
  };
  return [check, agent].filter(({ host }) => host !== '');
}

function place({ file, line }: Position): string {
  return `${file}:${line}`;
}
