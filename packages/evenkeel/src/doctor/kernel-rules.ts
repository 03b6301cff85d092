/** Settings of the kernel that a proxy feels: queues, ports, what happens to connections of a thread that goes. */

import type { Proxy } from '@evenkeel/config';
import type { Facts, Machine } from './facts.ts';
import { ok, warning, type Finding } from './finding.ts';

/** As listeners ask for where the file does not say (packages/control, listener-plans.ts). */
const DEFAULT_BACKLOG = 4096;
/** Entries of connection tracking that a proxied connection has: one for each side. */
const TRACKED_PER_CONNECTION = 2;

export function examineKernel(facts: Facts): readonly Finding[] {
  return [
    ...backlogs(facts),
    ...migration(facts.machine),
    ...sourcePorts(facts),
    ...connectionTracking(facts),
    ...fastOpen(facts),
  ];
}

function backlogs({ config, machine: { sysctls } }: Facts): readonly Finding[] {
  const wanted = Math.max(
    DEFAULT_BACKLOG,
    ...(config?.proxies ?? []).flatMap(({ backlog, binds, disabled, maxconn }) =>
      disabled ? [] : binds.map((bind) => bind.backlog ?? backlog ?? maxconn ?? 0),
    ),
  );
  const somaxconn = number(sysctls['net.core.somaxconn']);
  const synBacklog = number(sysctls['net.ipv4.tcp_max_syn_backlog']);
  const findings: Finding[] = [];
  if (somaxconn !== undefined) {
    findings.push(
      somaxconn < wanted
        ? warning(
            'backlog',
            `net.core.somaxconn is ${somaxconn}; listeners ask for a queue of ${wanted}.`,
            'clients that come in a burst, or wait for a place of maxconn, find the queue full and try again a second later',
            setting('net.core.somaxconn', wanted),
          )
        : ok('backlog', `net.core.somaxconn is ${somaxconn}.`),
    );
  }
  // Without SYN cookies a full queue drops clients; with them they lose options of TCP only.
  if (synBacklog !== undefined && synBacklog < wanted && sysctls['net.ipv4.tcp_syncookies'] === '0') {
    findings.push(
      warning(
        'syn-backlog',
        `net.ipv4.tcp_max_syn_backlog is ${synBacklog} and net.ipv4.tcp_syncookies is 0.`,
        'a burst or a flood of new clients fills the queue of half-open connections, and the rest is dropped',
        `sysctl -w net.ipv4.tcp_syncookies=1 net.ipv4.tcp_max_syn_backlog=${wanted}`,
      ),
    );
  }
  return findings;
}

function migration({ capabilities, sysctls, uid }: Machine): readonly Finding[] {
  const value = sysctls['net.ipv4.tcp_migrate_req'];
  if (value === '1') return [ok('migration', 'net.ipv4.tcp_migrate_req is 1.')];
  const why = 'clients that wait on a thread which goes (nbthread, a crash, a new process) are reset';
  if (value === undefined)
    return [warning('migration', 'This kernel has no net.ipv4.tcp_migrate_req.', why, 'use Linux 5.14 or newer')];
  if (uid === 0 && capabilities.includes('CAP_NET_ADMIN'))
    return [ok('migration', 'net.ipv4.tcp_migrate_req is 0; the daemon sets it when it starts as root.')];
  return [
    warning(
      'migration',
      'net.ipv4.tcp_migrate_req is 0 and this user may not set it.',
      why,
      setting('net.ipv4.tcp_migrate_req', 1),
    ),
  ];
}

/** Connections to one server need a port of this machine each. */
function sourcePorts({ config, machine: { sysctls } }: Facts): readonly Finding[] {
  const range = /^(\d+)\s+(\d+)$/.exec(sysctls['net.ipv4.ip_local_port_range'] ?? '');
  if (range === null) return [];
  const ports = Number(range[2]) - Number(range[1]) + 1;
  const maxconn = config?.global.maxconn;
  const narrow = maxconn === undefined ? undefined : config?.proxies.find((proxy) => ports * roomOf(proxy) < maxconn);
  if (maxconn === undefined || narrow === undefined)
    return [ok('source-ports', `${ports} ports for connections to one server (net.ipv4.ip_local_port_range).`)];
  const server = narrow.servers.find(({ backup }) => !backup)?.name ?? '';
  return [
    warning(
      'source-ports',
      `${ports} ports are there for connections to one server, and 'maxconn' is ${maxconn}: server ${narrow.name}/${server} could be wanted by more.`,
      'connects fail when every port is in use (log lines with SC, "Cannot assign requested address")',
      "sysctl -w net.ipv4.ip_local_port_range='1024 65000', or give the server a 'maxconn'",
    ),
  ];
}

/** For how many times the range of ports the servers of a backend are good; Infinity where their number is bounded otherwise. */
function roomOf({ disabled, kind, servers }: Proxy): number {
  if (disabled || kind === 'frontend') return Infinity;
  const addresses = new Set<string>();
  for (const { address, backup, maxconn, source } of servers) {
    if (backup) continue;
    if (maxconn !== undefined || source !== undefined || address.kind !== 'inet') return Infinity;
    addresses.add(`${address.host} ${address.port?.first ?? 0}`);
  }
  return addresses.size === 0 ? Infinity : addresses.size;
}

function connectionTracking({ config, machine: { sysctls } }: Facts): readonly Finding[] {
  const most = number(sysctls['net.netfilter.nf_conntrack_max']);
  const maxconn = config?.global.maxconn;
  if (most === undefined || maxconn === undefined) return [];
  const wanted = maxconn * TRACKED_PER_CONNECTION;
  if (most >= wanted) return [ok('conntrack', `net.netfilter.nf_conntrack_max is ${most}.`)];
  return [
    warning(
      'conntrack',
      `net.netfilter.nf_conntrack_max is ${most}; 'maxconn ${maxconn}' can take ${wanted} entries.`,
      'when the table is full the kernel drops packets of new connections ("nf_conntrack: table full" in its log)',
      setting('net.netfilter.nf_conntrack_max', wanted * 2),
    ),
  ];
}

function fastOpen({ config, machine: { sysctls } }: Facts): readonly Finding[] {
  const uses = config?.proxies.some(({ binds, disabled }) => !disabled && binds.some(({ tfo }) => tfo)) === true;
  if (!uses) return [];
  const value = sysctls['net.ipv4.tcp_fastopen'];
  if (((number(value) ?? 0) & 2) !== 0) return [ok('fast-open', `net.ipv4.tcp_fastopen is ${value}.`)];
  return [
    warning(
      'fast-open',
      `net.ipv4.tcp_fastopen is ${value ?? 'not there'}, without its bit for servers.`,
      "'tfo' of a 'bind' line has no effect",
      setting('net.ipv4.tcp_fastopen', 3),
    ),
  ];
}

export function setting(name: string, value: number | string): string {
  return `sysctl -w ${name}=${value}`;
}

function number(text: string | undefined): number | undefined {
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
}
