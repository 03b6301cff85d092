/**
 * Where the lines of the logging benchmark go: for each kind of target a receiver on the load's core that takes lines, throws
 * them away and counts them. A receiver lives for one run of one program, and is the same for every program.
 */

import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { LOAD_CORE, freePort } from './processes.ts';

export interface Receiver {
  /** The destination as a `log` line writes it. */
  readonly destination: string;
  /** Sections that the destination needs. */
  readonly sections: readonly string[];
  /** What the program is to have as its standard output; undefined where that does not matter. */
  readonly output: number | undefined;
  /** To be called when the program has ended: the lines that arrived. */
  stop(): Promise<number>;
}

export interface LogTarget {
  readonly name: string;
  start(folder: string): Promise<Receiver>;
}

/** Datagrams that a Unix socket has room for: what systemd sets it to at the start of a machine, and what the kernel does. */
const ROOMS = [512, 10] as const;

export const LOG_TARGETS: readonly LogTarget[] = [
  { name: 'syslog over UDP', start: startUdp },
  ...ROOMS.map((room) => ({
    name: `a Unix socket as /dev/log, with room for ${room} lines`,
    start: async (folder: string) => await startUnix(folder, room),
  })),
  { name: 'stdout, a pipe', start: startPipe },
  { name: 'stdout, a file', start: startFile },
  { name: 'a ring with a server over TCP', start: startRing },
];

async function startUdp(): Promise<Receiver> {
  const port = await freePort();
  const hex = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
  const receiver = onLoadCore('socat', '-u', `UDP4-RECV:${port},bind=127.0.0.1`, 'OPEN:/dev/null');
  await until(() => readFileSync('/proc/net/udp', 'latin1').includes(hex));
  return {
    destination: `127.0.0.1:${port}`,
    sections: [],
    output: undefined,
    stop: async () => await datagramsOf(receiver),
  };
}

/** The room is a setting of the receiver's network namespace, so it gets one of its own, where it may; the path is everybody's. */
async function startUnix(folder: string, room: number): Promise<Receiver> {
  const path = join(folder, 'log.sock');
  rmSync(path, { force: true });
  const receiver = onLoadCore(
    'unshare',
    '-n',
    'sh',
    '-c',
    'echo "$0" > /proc/sys/net/unix/max_dgram_qlen && exec socat -u "UNIX-RECV:$1,mode=666" OPEN:/dev/null',
    String(room),
    path,
  );
  await until(() => existsSync(path));
  return { destination: path, sections: [], output: undefined, stop: async () => await datagramsOf(receiver) };
}

/** A receiver of datagrams writes each of them on its own, so the kernel has counted them. */
async function datagramsOf(receiver: ChildProcess): Promise<number> {
  const count = (): number =>
    Number(/^syscw: (\d+)/m.exec(readFileSync(`/proc/${receiver.pid}/io`, 'latin1'))?.[1] ?? 0);
  let [before, now] = [-1, count()];
  for (; now !== before; [before, now] = [now, count()]) await pause(50);
  await end(receiver);
  return now;
}

async function startPipe(folder: string): Promise<Receiver> {
  const path = join(folder, 'pipe');
  rmSync(path, { force: true });
  execFileSync('mkfifo', [path]);
  const both = openSync(path, 'r+');
  const reader = onLoadCore('sh', '-c', 'exec wc -l < "$0"', path);
  const output = openSync(path, 'w');
  const text = textOf(reader);
  return {
    destination: 'stdout format raw',
    sections: [],
    output,
    stop: async () => {
      closeSync(output);
      closeSync(both);
      return Number(await text);
    },
  };
}

async function startFile(folder: string): Promise<Receiver> {
  const path = join(folder, 'lines');
  const output = openSync(path, 'w');
  return {
    destination: 'stdout format raw',
    sections: [],
    output,
    stop: async () => {
      closeSync(output);
      const lines = Number(await textOf(onLoadCore('sh', '-c', 'exec wc -l < "$0"', path)));
      rmSync(path);
      return lines;
    },
  };
}

async function startRing(): Promise<Receiver> {
  const port = await freePort();
  const hex = `:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A `;
  const reader = onLoadCore('sh', '-c', 'socat -u "TCP4-LISTEN:$0,bind=127.0.0.1" - | wc -l', String(port));
  await until(() => readFileSync('/proc/net/tcp', 'latin1').includes(hex));
  const text = textOf(reader);
  return {
    destination: 'ring@lines',
    sections: [
      'ring lines',
      '    size 1048576',
      '    timeout connect 5s',
      '    timeout server 10s',
      `    server reader 127.0.0.1:${port}`,
    ],
    output: undefined,
    stop: async () => Number(await text),
  };
}

function onLoadCore(command: string, ...args: readonly string[]): ChildProcess {
  return spawn('taskset', ['-c', String(LOAD_CORE), command, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function textOf(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  await once(child, 'close');
  return text;
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function until(isThere: () => boolean): Promise<void> {
  for (const limit = performance.now() + 10_000; !isThere(); await pause(5))
    if (performance.now() > limit) throw new Error('the receiver of lines does not receive');
}
