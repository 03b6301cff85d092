/**
 * `overlapping-binds`: listeners that take each other's connections. The system lets one process bind an address several
 * times (SO_REUSEPORT) and shares connections out between them by chance; of a wildcard and an address, the address wins.
 * Both are allowed, here and on HAProxy, and seldom meant where they belong to two proxies.
 */

import { formatAddress } from '../address.ts';
import { describeKind } from '../draft.ts';
import type { Address, Bind, Config, Position, Proxy, StatsSocket } from '../model.ts';
import type { ReportLint } from './index.ts';

/** One written address of a line, with those who hold it. */
interface Claim {
  /** Undefined for `stats socket`. */
  readonly proxy: Proxy | undefined;
  readonly at: Position;
  readonly keyword: string;
  readonly address: Address;
  /** Only for some threads: such lines share an address out on purpose. */
  readonly isPartial: boolean;
  readonly first: number;
  readonly last: number;
}

const IPV4_ANY = '0.0.0.0';
const IPV6_ANY = '::';

export function lintBinds(config: Config, report: ReportLint): void {
  /** By device and host, or by the path or number of what is no network address. */
  const groups = new Map<string, Claim[]>();
  const add = (key: string, claim: Claim): void => {
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [claim]);
    else group.push(claim);
  };
  for (const proxy of config.proxies) {
    if (proxy.disabled) continue;
    for (const bind of proxy.binds) {
      for (const address of bind.addresses) {
        for (const key of keysOf(address, bind)) add(key, claimOf(proxy, 'bind', address, bind));
      }
    }
  }
  for (const socket of config.global.statsSockets)
    for (const key of keysOf(socket.address, socket)) add(key, claimOf(undefined, 'stats', socket.address, socket));
  for (const group of groups.values()) group.sort((left, right) => left.first - right.first);
  const said = new Set<Position>();
  for (const group of groups.values()) lintSame(group, report, said);
  for (const [key, group] of groups) lintWildcard(key, group, groups, report, said);
}

function claimOf(
  proxy: Proxy | undefined,
  keyword: string,
  address: Address,
  line: Pick<Bind, 'at'> & Partial<Pick<Bind, 'threads'>>,
): Claim {
  const { first, last } = (address.kind === 'inet' ? address.port : undefined) ?? { first: 0, last: 0 };
  return { proxy, at: line.at, keyword, address, isPartial: line.threads !== undefined, first, last };
}

/** The groups that a line belongs to: `::` that takes IPv4 too stands in both. */
function keysOf(address: Address, line: Pick<Bind | StatsSocket, 'interface' | 'v4v6'>): readonly string[] {
  if (address.kind !== 'inet') return [`${address.kind} ${formatAddress(address)}`];
  const device = line.interface ?? '';
  const host = anyHost(address);
  return host === IPV6_ANY && line.v4v6 ? [hostKey(device, host), hostKey(device, IPV4_ANY)] : [hostKey(device, host)];
}

const hostKey = (device: string, host: string): string => `inet ${device} ${host}`;

function anyHost({ family, host }: Address & { kind: 'inet' }): string {
  if (host !== '*' && host !== '') return host.toLowerCase();
  return family === 6 ? IPV6_ANY : IPV4_ANY;
}

/** Lines of one group whose ports meet, each with the one before that reaches farthest. */
function lintSame(group: readonly Claim[], report: ReportLint, said: Set<Position>): void {
  let widest: Claim | undefined;
  for (const claim of group) {
    if (widest !== undefined && claim.first <= widest.last && claim.at !== widest.at && !said.has(claim.at)) {
      if (!(claim.proxy === widest.proxy && claim.isPartial && widest.isPartial)) {
        said.add(claim.at);
        report('overlapping-binds', claim.at, claim.keyword, sameSentence(claim, widest), SAME_REMEDY);
      }
    }
    if (widest === undefined || claim.last > widest.last) widest = claim;
  }
}

const SAME_REMEDY = 'leave one of the two out, or give it another port';

function sameSentence(claim: Claim, other: Claim): string {
  const { kind } = claim.address;
  const what = `${ownerOf(claim)}: '${formatAddress(claim.address)}' is bound already, by ${ownerOf(other)} at ${place(other)}`;
  if (kind === 'unix') return `${what}: the one that comes last takes the path.`;
  return isIpv6Any(claim) === isIpv6Any(other)
    ? `${what}: connections go to one or the other by chance.`
    : `${what}: clients of IPv4 go to the address of IPv4.`;
}

/** One that takes IPv4 too, for it stands in one group with the other. */
function isIpv6Any({ address }: Claim): boolean {
  return address.kind === 'inet' && anyHost(address) === IPV6_ANY;
}

/** Lines of a wildcard group of one proxy against those of single addresses of other proxies. */
function lintWildcard(
  key: string,
  wildcards: readonly Claim[],
  groups: ReadonlyMap<string, readonly Claim[]>,
  report: ReportLint,
  said: Set<Position>,
): void {
  const match = /^(inet \S* )(0\.0\.0\.0|::)$/.exec(key);
  if (match === null) return;
  const isIpv6 = match[2] === IPV6_ANY;
  for (const [other, group] of groups) {
    if (other === key || !other.startsWith(match[1])) continue;
    const host = other.slice(match[1].length);
    if (host === IPV4_ANY || host === IPV6_ANY || host.includes(':') !== isIpv6) continue;
    let from = 0;
    for (const claim of group) {
      while (from < wildcards.length && wildcards[from].last < claim.first) from++;
      const wildcard = wildcards[from];
      if (wildcard === undefined) break;
      if (wildcard.first > claim.last || wildcard.proxy === claim.proxy || said.has(claim.at)) continue;
      said.add(claim.at);
      const message = `${ownerOf(claim)}: '${formatAddress(claim.address)}' takes connections from '${formatAddress(wildcard.address)}' of ${ownerOf(wildcard)} at ${place(wildcard)}: of the two, the address that is not a wildcard gets them.`;
      report('overlapping-binds', claim.at, claim.keyword, message, WILDCARD_REMEDY);
    }
  }
}

const WILDCARD_REMEDY = "give the other line the addresses that it is meant for, or mark this one '# lint-ok'";

function ownerOf({ proxy }: Claim): string {
  return proxy === undefined ? "'stats socket'" : `${describeKind(proxy.kind)} '${proxy.name}'`;
}

function place({ at }: Claim): string {
  return `${at.file}:${at.line}`;
}
