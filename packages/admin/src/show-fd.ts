/**
 * `show fd [<fd>]` (management manual, section 9.3): what each descriptor of the process is, as the kernel knows it: sockets
 * with their state and ends, listeners with the proxy that they belong to. The format may change.
 */

import { readFile, readdir, readlink } from 'node:fs/promises';
import type { Plan } from '@evenkeel/proxy';
import type { Command } from './cli/command.ts';
import { Stream } from './cli/command.ts';
import type { Runtime } from './runtime.ts';

export const showFd: Command = {
  words: ['show', 'fd'],
  parameters: '[num]',
  help: 'dump list of file descriptors in use or a specific one',
  level: 'operator',
  run: ({ runtime }, [number]) => new Stream(descriptors(runtime, number === undefined ? undefined : Number(number))),
};

async function* descriptors(runtime: Runtime, only: number | undefined): AsyncGenerator<string> {
  const sockets = await socketsByInode(runtime.plan());
  const numbers = (await readdir('/proc/self/fd')).map(Number).toSorted((left, right) => left - right);
  for (const number of numbers) {
    if (only !== undefined && number !== only) continue;
    let target: string;
    try {
      target = await readlink(`/proc/self/fd/${number}`);
    } catch {
      // Closed since it was listed.
      continue;
    }
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    const text = inode === undefined ? `target=${target}` : (sockets.get(inode) ?? `socket inode=${inode}`);
    yield `${String(number).padStart(7)} : ${text}\n`;
  }
}

/** States of /proc/net/tcp, by their numbers. */
const TCP_STATES: Readonly<Record<string, string>> = {
  '01': 'ESTABLISHED',
  '02': 'SYN_SENT',
  '03': 'SYN_RECV',
  '04': 'FIN_WAIT1',
  '05': 'FIN_WAIT2',
  '06': 'TIME_WAIT',
  '07': 'CLOSE',
  '08': 'CLOSE_WAIT',
  '09': 'LAST_ACK',
  '0A': 'LISTEN',
  '0B': 'CLOSING',
};

async function socketsByInode(plan: Plan): Promise<ReadonlyMap<string, string>> {
  const owners = new Map(plan.listeners.map(({ text, proxy }) => [text, plan.config.proxies[proxy].name]));
  const sockets = new Map<string, string>();
  for (const family of ['ipv4', 'ipv6'] as const) {
    for (const line of await lines(family === 'ipv4' ? '/proc/self/net/tcp' : '/proc/self/net/tcp6')) {
      const fields = line.trim().split(/\s+/);
      const [, local, remote, state] = fields;
      const [here, there] = [endText(local), endText(remote)];
      const isListener = state === '0A';
      const owner = isListener ? owners.get(here) : undefined;
      sockets.set(
        fields[9],
        `st=${TCP_STATES[state] ?? state} fam=${family} local=${here}` +
          (isListener ? (owner === undefined ? '' : ` fe=${owner}`) : ` remote=${there}`),
      );
    }
  }
  for (const line of await lines('/proc/self/net/unix')) {
    const [, , , flags, , state, inode, path] = line.trim().split(/\s+/);
    const isListener = (Number.parseInt(flags, 16) & 0x10000) !== 0;
    const owner = path === undefined ? undefined : owners.get(path);
    sockets.set(
      inode,
      `st=${isListener ? 'LISTEN' : state === '03' ? 'ESTABLISHED' : state} fam=unix` +
        (path === undefined ? '' : ` path=${path}`) +
        (owner === undefined ? '' : ` fe=${owner}`),
    );
  }
  return sockets;
}

/** Without the line of headings; none where the system does not have the file. */
async function lines(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'latin1').catch(() => '');
  return text.split('\n').slice(1, -1);
}

/** `0100007F:4807` is 127.0.0.1:18439: words of four bytes in the machine's order, which is little-endian on all that this runs on. */
function endText(end: string): string {
  const [address, port] = end.split(':');
  const bytes = address.match(/../g)!.map((pair) => Number.parseInt(pair, 16));
  const ordered = bytes.map((_, index) => bytes[(index & ~3) + 3 - (index & 3)]);
  const text =
    ordered.length === 4
      ? ordered.join('.')
      : `[${ordered
          .map((byte, index) => (index % 2 === 0 ? ((byte << 8) | ordered[index + 1]).toString(16) : ''))
          .filter((_, index) => index % 2 === 0)
          .join(':')
          .replace(/(?:^|:)0(?::0)+(?::|$)/, '::')}]`;
  return `${text}:${Number.parseInt(port, 16)}`;
}
