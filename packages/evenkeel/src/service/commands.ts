/**
 * `evenkeel reload|stop|status -p PIDFILE`: for people, init scripts and the ExecReload= of a unit. Each waits until what it
 * asked for has happened, says what there is to say, and leaves with the status that the Linux Standard Base gives to the
 * actions of init scripts.
 */

import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { descriptorOf, peerCredentials, reasonOf } from '@evenkeel/sys';
import { Terminal } from '../terminal.ts';
import { channelPaths } from './channel-name.ts';
import type { ChannelAnswer } from './channel.ts';

/** Exit statuses of the Linux Standard Base, "Init Script Actions": those of `status` first. */
const Status = {
  running: 0,
  deadWithPidFile: 1,
  notRunning: 3,
  unknown: 4,
} as const;
const Action = { done: 0, failed: 1, usage: 2, forbidden: 4, notRunning: 7 } as const;

const USAGE = `usage: evenkeel reload -p PIDFILE [--timeout SECONDS]          read the configuration anew; 1 when it was not applied
       evenkeel stop -p PIDFILE [--now] [--timeout SECONDS]    let connections finish, or with --now end them; returns when it is gone
       evenkeel status -p PIDFILE                              0: it serves, 1: dead, 3: not started, 4: cannot be told
`;

/** A daemon that says nothing for so long has lost its way: reading and binding take a second for the largest files. */
const ANSWER_LIMIT_MS = 60_000;
/** How often it is looked whether a process is gone. */
const LOOK_MS = 20;

interface Arguments {
  readonly command: string;
  readonly pidFile: string;
  readonly now: boolean;
  readonly timeoutMs: number | undefined;
}

/** Resolves with the exit status. */
export async function runServiceCommand(argv: readonly string[]): Promise<number> {
  const terminal = new Terminal(false);
  const given = readArguments(argv);
  if (given === undefined) {
    terminal.write(USAGE);
    return Action.usage;
  }
  const found = await findDaemon(given.pidFile);
  switch (given.command) {
    case 'status':
      return await status(given, found, terminal);
    case 'reload':
      return await reload(given, found, terminal);
    default:
      return await stop(given, found, terminal);
  }
}

function readArguments(argv: readonly string[]): Arguments | undefined {
  const [command, ...words] = argv;
  let pidFile: string | undefined;
  let now = false;
  let timeoutMs: number | undefined;
  for (let index = 0; index < words.length; index++) {
    const word = words[index];
    if (word === '-p') pidFile = words[++index];
    else if (word === '--now' && command === 'stop') now = true;
    else if (word === '--timeout' && command !== 'status') {
      if (!/^\d{1,6}$/.test(words[++index] ?? '')) return undefined;
      timeoutMs = Number(words[index]) * 1000;
    } else return undefined;
  }
  return pidFile === undefined || pidFile === '' ? undefined : { command, pidFile, now, timeoutMs };
}

/** What a pid file leads to. */
type Found =
  | { readonly kind: 'no-file' }
  | { readonly kind: 'unreadable'; readonly reason: string }
  | { readonly kind: 'dead'; readonly pid: number }
  | { readonly kind: 'stranger'; readonly pid: number; readonly reason: string }
  | { readonly kind: 'daemon'; readonly pid: number; readonly status: ChannelAnswer };

async function findDaemon(pidFile: string): Promise<Found> {
  let text: string;
  try {
    text = readFileSync(pidFile, 'latin1');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? { kind: 'no-file' }
      : { kind: 'unreadable', reason: `cannot read ${pidFile} (${reasonOf(error)})` };
  }
  const pid = Number(text.trim());
  if (!Number.isSafeInteger(pid) || pid <= 0)
    return { kind: 'unreadable', reason: `${pidFile} holds no process number` };
  if (!lives(pid)) return { kind: 'dead', pid };
  try {
    return { kind: 'daemon', pid, status: await ask(pid, 'status', ANSWER_LIMIT_MS) };
  } catch (error) {
    // Between the two questions it may have ended.
    if (!lives(pid)) return { kind: 'dead', pid };
    return { kind: 'stranger', pid, reason: reasonOf(error) };
  }
}

async function status({ pidFile }: Arguments, found: Found, terminal: Terminal): Promise<number> {
  await Promise.resolve();
  switch (found.kind) {
    case 'no-file':
      terminal.answer(`not running: there is no ${pidFile}\n`);
      return Status.notRunning;
    case 'dead':
      terminal.answer(`not running: process ${found.pid} of ${pidFile} is gone\n`);
      return Status.deadWithPidFile;
    case 'unreadable':
      terminal.write(`${found.reason}\n`);
      return Status.unknown;
    case 'stranger':
      terminal.write(noAnswer(found.pid, found.reason));
      return Status.unknown;
    case 'daemon':
      terminal.answer(found.status.text);
      return found.status.ok ? Status.running : Status.unknown;
  }
}

/** Says why nothing can be asked of the daemon; undefined where it can. */
function obstacle(found: Found, pidFile: string, terminal: Terminal): number | undefined {
  switch (found.kind) {
    case 'no-file':
      terminal.write(`not running: there is no ${pidFile}\n`);
      return Action.notRunning;
    case 'dead':
      terminal.write(`not running: process ${found.pid} of ${pidFile} is gone\n`);
      return Action.notRunning;
    case 'unreadable':
      terminal.write(`${found.reason}\n`);
      return Action.forbidden;
    case 'stranger':
      terminal.write(noAnswer(found.pid, found.reason));
      return Action.failed;
    case 'daemon':
      if (found.status.ok) return undefined;
      terminal.write(found.status.text);
      return Action.forbidden;
  }
}

function noAnswer(pid: number, reason: string): string {
  return `process ${pid} does not answer as evenkeel does (${reason}); nothing was asked of it\n`;
}

async function reload({ pidFile, timeoutMs }: Arguments, found: Found, terminal: Terminal): Promise<number> {
  const problem = obstacle(found, pidFile, terminal);
  if (problem !== undefined || found.kind !== 'daemon') return problem ?? Action.failed;
  try {
    const { ok, text } = await ask(found.pid, 'reload', timeoutMs ?? ANSWER_LIMIT_MS);
    terminal.write(text);
    return ok ? Action.done : Action.failed;
  } catch (error) {
    terminal.write(`process ${found.pid} gave no answer (${reasonOf(error)})\n`);
    return Action.failed;
  }
}

async function stop({ pidFile, now, timeoutMs }: Arguments, found: Found, terminal: Terminal): Promise<number> {
  // What is to be gone is gone.
  if (found.kind === 'no-file' || found.kind === 'dead') return Action.done;
  const problem = obstacle(found, pidFile, terminal);
  if (problem !== undefined || found.kind !== 'daemon') return problem ?? Action.failed;
  const { pid } = found;
  const began = beginOf(pid);
  try {
    process.kill(pid, now ? 'SIGTERM' : 'SIGUSR1');
  } catch (error) {
    terminal.write(`process ${pid} could not be told to stop (${reasonOf(error)})\n`);
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? Action.forbidden : Action.failed;
  }
  const limitMs = performance.now() + (timeoutMs ?? Infinity);
  // A number may be given to another process as soon as its holder is gone.
  while (lives(pid) && beginOf(pid) === began) {
    if (performance.now() > limitMs) {
      terminal.write(
        `process ${pid} has not ended after ${(timeoutMs ?? 0) / 1000} s: connections are still open; 'evenkeel stop --now' ends them\n`,
      );
      return Action.failed;
    }
    await pause(LOOK_MS);
  }
  return Action.done;
}

/** Whether there is such a process that is more than an entry for its parent to read. */
function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return statOf(pid)?.[0] !== 'Z';
}

/** When a process began, in clock ticks after the boot. */
function beginOf(pid: number): string | undefined {
  return statOf(pid)?.[19];
}

/** The fields of /proc/PID/stat from the state on (proc(5)). */
function statOf(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/** Rejects where the process does not listen, and where no answer comes in time. */
async function ask(pid: number, request: string, limitMs: number): Promise<ChannelAnswer> {
  const socket = await reach(pid);
  return await new Promise((resolve, reject) => {
    let heard = '';
    const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${limitMs / 1000} s`)), limitMs);
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString('utf8')));
    // An answer that came counts, also where what was asked was not read any more.
    let failure = new Error('it ended before it answered');
    socket.once('error', (error) => (failure = error));
    socket.once('close', () => {
      clearTimeout(timer);
      try {
        resolve(JSON.parse(heard) as ChannelAnswer);
      } catch {
        reject(failure);
      }
    });
    socket.write(`${request}\n`);
  });
}

/** A connection to that very process: the name says a number, the kernel says whose socket it is. */
async function reach(pid: number): Promise<Socket> {
  let failure = new Error('it does not listen for commands');
  for (const path of channelPaths(pid)) {
    try {
      const socket = await connected(path);
      const peer = peerCredentials(descriptorOf(socket)).pid;
      if (peer === pid) return socket;
      failure = new Error(`process ${peer} listens in its place`);
      socket.destroy();
    } catch (error) {
      failure = error as Error;
    }
  }
  throw failure;
}

async function connected(path: string): Promise<Socket> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ path });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}
