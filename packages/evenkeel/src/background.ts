/**
 * `-D` and `daemon`: Node cannot fork, so the process starts itself again in a session of its own, shows what that one says
 * until it is ready, and leaves with its status (management manual, section 3). Inherited sockets keep their numbers.
 */

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, readdirSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { isListening, reasonOf } from '@evenkeel/sys';
import type { ProcessEnd, Signals } from './signals.ts';
import type { Terminal } from './terminal.ts';

/** Descriptors above this are never what a service manager passes on. */
const HIGHEST_INHERITED = 255;

/** Set in the environment of the process that is left behind: the number of the descriptor on which it says that it is ready. */
const READY_MARK = 'EVENKEEL_READY_FD';

/** Whether this process is the one that was left behind: the configuration was read, and its warnings shown, before it started. */
export function isInBackground(): boolean {
  return process.env[READY_MARK] !== undefined;
}

/** Tells the process that started this one in the background, which then leaves. */
export function sayReady(): void {
  const descriptor = process.env[READY_MARK];
  if (descriptor === undefined) return;
  delete process.env[READY_MARK];
  writeSync(Number(descriptor), 'ready\n');
  closeSync(Number(descriptor));
}

/**
 * Starts the same command line in the background. Resolves with 0 once it serves, or with the way in which it ended before;
 * signals that come meanwhile are meant for it.
 */
export async function startInBackground(
  argv: readonly string[],
  terminal: Terminal,
  signals: Signals,
): Promise<ProcessEnd> {
  const inherited = inheritedSockets();
  const readyDescriptor = Math.max(2, ...inherited) + 1;
  const stdio: ('ignore' | 'pipe' | number)[] = ['ignore', 'pipe', 'pipe'];
  for (let descriptor = 3; descriptor < readyDescriptor; descriptor++)
    stdio.push(inherited.includes(descriptor) ? descriptor : 'ignore');
  stdio.push('pipe');
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1], ...argv], {
    detached: true,
    stdio,
    env: { ...process.env, [READY_MARK]: String(readyDescriptor) },
  });
  signals.listen((signal) => child.kill(signal));
  // Who reads the output of a start may leave before its end.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  child.stdout?.pipe(process.stdout);
  child.stderr?.pipe(process.stderr);
  // What a process that could not be started has instead of its pipes is undefined.
  const ready = (child.stdio as ChildProcess['stdio'] | undefined)?.[readyDescriptor];
  return await new Promise((resolve) => {
    child.once('error', (error) => {
      terminal.say('alert', `[haproxy.main()] Cannot fork (${reasonOf(error)})`);
      resolve(1);
    });
    ready?.once('data', () => {
      child.unref();
      resolve(0);
      // What was said before the child was ready has been shown: its pipes carry nothing more that matters.
      setImmediate(() => process.exit(0));
    });
    child.once('exit', (status, signal) => resolve(status ?? endOf(signal)));
  });
}

/** As a shell tells of a program that died of a signal, where it is not one of those that this process dies of itself. */
function endOf(signal: NodeJS.Signals | null): ProcessEnd {
  if (signal === 'SIGTERM' || signal === 'SIGINT') return signal;
  return signal === null ? 1 : 128 + constants.signals[signal];
}

/** Listening sockets that this process was started with: at this moment it has opened none of its own. */
function inheritedSockets(): number[] {
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter((descriptor) => descriptor > 2 && descriptor <= HIGHEST_INHERITED && listens(descriptor));
}

function listens(descriptor: number): boolean {
  try {
    return isListening(descriptor);
  } catch {
    // The descriptor with which the folder was read is gone again.
    return false;
  }
}
