/** Reads the machine: the only file of the doctor that asks the system about itself. */

import { accessSync, constants, readFileSync, statSync, type Stats } from 'node:fs';
import { availableParallelism, networkInterfaces } from 'node:os';
import type { Config } from '@evenkeel/config';
import { journalPlace } from '@evenkeel/control';
import { effectiveCapabilities, getResourceLimit, lookupUser, ownerIds, readSysctl, support } from '@evenkeel/sys';
import type { Facts, FileFact, Machine } from './facts.ts';
import { namedPaths } from './file-rules.ts';
import { listeningSockets } from './listening-sockets.ts';
import { foldersAbove } from './permissions.ts';
import { writtenPaths } from './writing-rules.ts';

const SYSCTLS = [
  'fs.nr_open',
  'net.core.somaxconn',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_nonlocal_bind',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_fastopen',
  'net.ipv4.tcp_max_syn_backlog',
  'net.ipv4.tcp_migrate_req',
  'net.ipv4.tcp_syncookies',
  'net.ipv6.ip_nonlocal_bind',
  'net.netfilter.nf_conntrack_max',
] as const;

/** Bit number of include/uapi/linux/capability.h. */
const CAP_SYS_RESOURCE = 24;

function hasEffective(bit: number): boolean {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0';
  return ((BigInt(`0x${mask}`) >> BigInt(bit)) & 1n) === 1n;
}

export function gatherMachine(): Machine {
  const native = support('native');
  const interfaces = networkInterfaces();
  return {
    nodeVersion: process.versions.node,
    nativeRefusal: native.supported ? undefined : native,
    cpus: availableParallelism(),
    uid: process.getuid?.() ?? 0,
    capabilities: native.supported ? effectiveCapabilities() : [],
    raisesLimits: hasEffective(CAP_SYS_RESOURCE),
    descriptors: native.supported ? getResourceLimit('nofile') : { soft: Infinity, hard: Infinity },
    sysctls: Object.fromEntries(SYSCTLS.map((name) => [name, readSysctl(name)])),
    addresses: Object.values(interfaces).flatMap((list) => (list ?? []).map(({ address }) => address.toLowerCase())),
    devices: Object.keys(interfaces),
    sockets: listeningSockets(),
  };
}

/** `names`: the files and folders that the command line names, which decide where the journal lies. */
export function gatherJournal(config: Config | undefined, names: readonly string[]): Facts['journal'] {
  if (config === undefined || !config.global.persistRuntime.enabled) return undefined;
  return journalPlace(config, names, process.env['STATE_DIRECTORY'], (path) => fileFact(path).kind === 'folder');
}

export function gatherFiles(config: Config | undefined, journal: Facts['journal']): ReadonlyMap<string, FileFact> {
  if (config === undefined) return new Map();
  const files = [...namedPaths(config), ...writtenPaths(config, journal)];
  const paths = new Set(files.flatMap((path) => [path, ...foldersAbove(path)]));
  return new Map([...paths].map((path) => [path, fileFact(path)]));
}

function fileFact(path: string): FileFact {
  let stats: Stats | undefined;
  try {
    stats = statSync(path);
  } catch {
    return { kind: 'missing', uid: 0, gid: 0, mode: 0, writable: 'no' };
  }
  const { gid, mode, uid } = stats;
  const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : stats.isSocket() ? 'socket' : 'other';
  return { kind, uid, gid, mode: mode & 0o7777, writable: writability(path, kind) };
}

function writability(path: string, kind: FileFact['kind']): FileFact['writable'] {
  try {
    accessSync(path, kind === 'folder' ? constants.W_OK | constants.X_OK : constants.W_OK);
    return 'yes';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EROFS' ? 'read-only' : 'no';
  }
}

/** Whom the daemon becomes when it is started as root. */
export function gatherUser(config: Config | undefined, machine: Machine): Facts['user'] {
  if (config === undefined || machine.nativeRefusal !== undefined) return undefined;
  const { gid, uid } = ownerIds(config.global);
  if (uid === undefined) return undefined;
  const entry = lookupUser(String(uid));
  return { name: entry?.name ?? String(uid), uid, gid: gid ?? entry?.gid ?? 0 };
}
