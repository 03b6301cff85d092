/**
 * Who listens on which TCP port, as the kernel tells through /proc: net/tcp and net/tcp6 name the sockets, the descriptors
 * of each process name their holders (proc(5)). Processes of other users are not to be seen without being root.
 */

import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import type { Holder, ListeningSocket } from './facts.ts';

/** A line of /proc/net/tcp: address and port, and the number of the socket. */
export interface SocketLine {
  readonly address: string;
  readonly port: number;
  readonly inode: string;
}

/** State of a socket that listens (include/net/tcp_states.h). */
const LISTEN = '0A';
/** Processes that are looked at: on a machine with more, a holder may stay unnamed. */
const MOST_PROCESSES = 20_000;

export function listeningSockets(): readonly ListeningSocket[] {
  const lines = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => parseSocketTable(readOr(path, '')));
  const holders = holdersOf(new Set(lines.map(({ inode }) => inode)));
  return lines.map(({ address, inode, port }) => ({ address, port, holder: holders.get(inode) }));
}

/** The listening sockets of such a table. Pure. */
export function parseSocketTable(text: string): readonly SocketLine[] {
  return text.split('\n').flatMap((line) => {
    const words = line.trim().split(/\s+/);
    const local = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(words[1] ?? '');
    if (local === null || words[3] !== LISTEN) return [];
    return [{ address: addressOf(local[1]), port: Number.parseInt(local[2], 16), inode: words[9] ?? '' }];
  });
}

/** Words of four bytes, each in the order of a little-endian machine. */
function addressOf(hex: string): string {
  const bytes: number[] = [];
  for (let word = 0; word < hex.length; word += 8)
    for (let at = 6; at >= 0; at -= 2) bytes.push(Number.parseInt(hex.slice(word + at, word + at + 2), 16));
  if (bytes.length === 4) return bytes.join('.');
  const groups: string[] = [];
  for (let at = 0; at < bytes.length; at += 2) groups.push(((bytes[at] << 8) | bytes[at + 1]).toString(16));
  // The runtime's own form, in which addresses are compared: `::ffff:127.0.0.1` is the address that it stands for.
  const host = new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(host);
  return mapped === null ? host : bytes.slice(12).join('.');
}

function holdersOf(inodes: ReadonlySet<string>): ReadonlyMap<string, Holder> {
  const holders = new Map<string, Holder>();
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  for (const pid of pids.slice(0, MOST_PROCESSES)) {
    for (const inode of socketsOf(pid)) {
      if (!inodes.has(inode) || holders.has(inode)) continue;
      holders.set(inode, holderOf(pid));
    }
  }
  return holders;
}

function socketsOf(pid: string): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    // Another user's, or gone.
    return [];
  }
  return names.flatMap((name) => {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${name}`))?.[1];
      return inode === undefined ? [] : [inode];
    } catch {
      return [];
    }
  });
}

function holderOf(pid: string): Holder {
  const command = readOr(`/proc/${pid}/comm`, '').trim();
  const line = readOr(`/proc/${pid}/cmdline`, '').split('\0');
  const isEvenkeel =
    line.some((word) => /(^|\/)evenkeel(\/|$)/.test(word)) && line.some((word) => /\/entry\.[jt]s$/.test(word));
  return { pid: Number(pid), command: isEvenkeel ? 'evenkeel' : command, isEvenkeel };
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return otherwise;
  }
}
