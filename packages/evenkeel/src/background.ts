/**
 * `-D` and `daemon`: Node cannot fork, so the process starts itself again in a session of its own, shows what that one says
 * until it is ready, and leaves with its status (management manual, section 3). Inherited sockets keep their numbers.
 */

import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { isListening } from '@evenkeel/sys';

/** Descriptors above this are never what a service manager passes on. */
const HIGHEST_INHERITED = 255;

/** Starts the same command line in the background. Resolves with 0 once it serves, or with its exit status. */
export async function startInBackground(argv: readonly string[], mark: string): Promise<number> {
  const inherited = inheritedSockets();
  const readyDescriptor = Math.max(2, ...inherited) + 1;
  const stdio: ('ignore' | 'pipe' | number)[] = ['ignore', 'pipe', 'pipe'];
  for (let descriptor = 3; descriptor < readyDescriptor; descriptor++) stdio.push(inherited.includes(descriptor) ? descriptor : 'ignore');
  stdio.push('pipe');
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1], ...argv], {
    detached: true,
    stdio,
    env: { ...process.env, [mark]: String(readyDescriptor) },
  });
  child.stdout?.pipe(process.stdout);
  child.stderr?.pipe(process.stderr);
  return await new Promise((resolve) => {
    child.stdio[readyDescriptor]?.once('data', () => {
      child.unref();
      resolve(0);
      // What was said before the child was ready has been shown: its pipes carry nothing more that matters.
      setImmediate(() => process.exit(0));
    });
    child.once('exit', (status) => resolve(status ?? 1));
  });
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
