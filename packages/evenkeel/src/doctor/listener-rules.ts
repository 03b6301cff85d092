/** Whether the listeners of the configuration can be opened here: rights, devices, addresses, ports that others hold. */

import { isIP } from 'node:net';
import { formatAddress } from '@evenkeel/config';
import type { Address, Bind, Config } from '@evenkeel/config';
import type { Capability } from '@evenkeel/sys';
import type { Facts, Holder, ListeningSocket, Machine } from './facts.ts';
import { error, ok, type Finding } from './finding.ts';
import { setting } from './kernel-rules.ts';

/** One numeric address and port of a `bind` line. */
interface Wanted {
  readonly owner: string;
  readonly bind: Bind;
  readonly host: string;
  readonly first: number;
  readonly last: number;
  readonly text: string;
}

export function examineListeners({ config, machine }: Facts): readonly Finding[] {
  if (config === undefined) return [];
  const wanted = wantedListeners(config);
  return [
    ...lowPorts(wanted, machine),
    ...rights(config, machine),
    ...devices(config, machine),
    ...addresses(wanted, machine),
    ...ports(wanted, machine),
  ];
}

function wantedListeners({ proxies }: Config): readonly Wanted[] {
  return proxies.flatMap(({ binds, disabled, kind, name }) =>
    disabled
      ? []
      : binds.flatMap((bind) =>
          bind.addresses.flatMap((address) =>
            wantedOf(address, bind, `${kind === 'listen' ? 'listen' : 'frontend'} ${name}`),
          ),
        ),
  );
}

function wantedOf(address: Address, bind: Bind, owner: string): readonly Wanted[] {
  if (address.kind !== 'inet' || address.port === undefined) return [];
  const { first, last } = address.port;
  const any = address.family === 6 ? '::' : '0.0.0.0';
  const host = address.host === '*' || address.host === '' ? any : address.host;
  // Names are the resolver's affair.
  return isIP(host) === 0 ? [] : [{ owner, bind, host, first, last, text: formatAddress(address) }];
}

function lowPorts(wanted: readonly Wanted[], { capabilities, sysctls }: Machine): readonly Finding[] {
  const free = Number(sysctls['net.ipv4.ip_unprivileged_port_start'] ?? 1024);
  const low = wanted.filter(({ first }) => first > 0 && first < free);
  if (low.length === 0) return [];
  const names = listed(low.map(({ text }) => text));
  if (capabilities.includes('CAP_NET_BIND_SERVICE')) return [ok('low-ports', `${names} may be bound.`)];
  return [
    error(
      'low-ports',
      `${names}: ports below ${free} need CAP_NET_BIND_SERVICE, which this user does not have.`,
      'the start ends with "Permission denied"',
      `AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit of systemd, or: ${setting('net.ipv4.ip_unprivileged_port_start', Math.min(...low.map(({ first }) => first)))}`,
    ),
  ];
}

interface Right {
  readonly what: string;
  /** Any of these is enough. */
  readonly needs: readonly Capability[];
}

/** Options of sockets that need more than an ordinary user has. */
function rights({ proxies }: Config, { capabilities }: Machine): readonly Finding[] {
  const uses: Right[] = [];
  for (const { binds, disabled, kind, name, servers, source } of proxies) {
    if (disabled) continue;
    if (binds.some(({ transparent }) => transparent))
      uses.push({ what: `'transparent' of ${kind} ${name}`, needs: ['CAP_NET_ADMIN', 'CAP_NET_RAW'] });
    for (const each of [source, ...servers.map((server) => server.source)]) {
      if (each?.usesrc === undefined) continue;
      uses.push({ what: `'usesrc' of ${kind} ${name}`, needs: ['CAP_NET_ADMIN', 'CAP_NET_RAW'] });
      break;
    }
  }
  return uses.map(({ needs, what }) =>
    needs.some((capability) => capabilities.includes(capability))
      ? ok('rights', `${what} is allowed.`)
      : error(
          'rights',
          `${what} needs ${needs.join(' or ')}, which this user does not have.`,
          'the start, or each connection to a server, ends with "Operation not permitted"',
          `AmbientCapabilities=${needs[0]} in the unit of systemd, or start as root`,
        ),
  );
}

function devices({ proxies }: Config, machine: Machine): readonly Finding[] {
  const wanted = new Map<string, string>();
  for (const { binds, disabled, kind, name, servers, source } of proxies) {
    if (disabled) continue;
    for (const device of [...binds, source, ...servers.map((server) => server.source)].map((each) => each?.interface))
      if (device !== undefined) wanted.set(device, `${kind} ${name}`);
  }
  return [...wanted].map(([device, owner]) =>
    machine.devices.includes(device)
      ? ok('devices', `Interface ${device} is there.`)
      : error(
          'devices',
          `Interface ${device} of ${owner} does not exist on this machine.`,
          'the socket cannot be bound to it ("No such device")',
          `name one of ${listed(machine.devices)}; ip link shows them`,
        ),
  );
}

function addresses(wanted: readonly Wanted[], { addresses: present, sysctls }: Machine): readonly Finding[] {
  const missing = new Map<string, Wanted>();
  for (const each of wanted)
    if (!isHere(each.host, present) && !each.bind.transparent && !missing.has(each.host)) missing.set(each.host, each);
  if (missing.size === 0) return wanted.length === 0 ? [] : [ok('addresses', 'Every address of a listener is here.')];
  return [...missing.values()].map(({ host, owner, text }) => {
    const name = `net.ipv${isIP(host)}.ip_nonlocal_bind`;
    if (sysctls[name] === '1')
      return ok('addresses', `${host} (${owner}) is not here, but may be bound: ${name} is 1.`);
    return error(
      'addresses',
      `${text} of ${owner}: this machine does not have the address ${host}.`,
      'the start ends with "Cannot assign requested address"; a virtual address that is on another node now looks the same',
      `ip address add ${host} dev DEVICE; for an address that moves between nodes: ${setting(name, 1)}`,
    );
  });
}

function isHere(host: string, present: readonly string[]): boolean {
  // The whole of 127/8 is the loopback device's.
  return host === '0.0.0.0' || host === '::' || host.startsWith('127.') || present.includes(host.toLowerCase());
}

function ports(wanted: readonly Wanted[], { sockets }: Machine): readonly Finding[] {
  const findings: Finding[] = [];
  for (const each of wanted) {
    const held = sockets.find((socket) => meets(each, socket));
    if (held === undefined) continue;
    const { address, holder, port } = held;
    const what = `${each.text} of ${each.owner}: port ${port} is held by ${spokenHolder(holder)} on ${address.includes(':') ? `[${address}]` : address}`;
    findings.push(
      holder?.isEvenkeel === true
        ? ok('ports', `${what}; a new process of the same user may bind beside it.`)
        : error(
            'ports',
            `${what}.`,
            'the start ends with "Address already in use"',
            holder === undefined
              ? `look as root who it is: ss -ltnp 'sport = :${port}'`
              : `stop it (process ${holder.pid}, ${holder.command}), or use another port`,
          ),
    );
  }
  return findings.length > 0 || wanted.length === 0 ? findings : [ok('ports', 'No port is held by another process.')];
}

function meets({ bind, first, host, last }: Wanted, { address, port }: ListeningSocket): boolean {
  if (port < first || port > last || first === 0) return false;
  if (host === address) return true;
  const both = [host, address];
  // A wildcard of IPv6 takes IPv4 too, unless it says otherwise; what another process said is not to be seen.
  if (host === '::' && (bind.v4v6 || isIP(address) === 6)) return true;
  if (host === '::' && !bind.v6only && address === '0.0.0.0') return true;
  if (address === '::' && isIP(host) === 6) return true;
  return both.includes('0.0.0.0') && both.every((each) => isIP(each) === 4);
}

function spokenHolder(holder: Holder | undefined): string {
  return holder === undefined ? 'a process of another user' : `${holder.command} (process ${holder.pid})`;
}

const MOST_LISTED = 6;

/** The first few of a list. */
function listed(names: readonly string[]): string {
  const unique = [...new Set(names)];
  const more = unique.length - MOST_LISTED;
  return `${unique.slice(0, MOST_LISTED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
