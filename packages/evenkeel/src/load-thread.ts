/** Where the thread begins that reads a large configuration: it gives way to whoever has traffic to serve, from its first act on. */

import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { hastenImports } from '@evenkeel/sys/fast-imports';

/** A third of what another thread gets that wants the same processor. */
const NICENESS = 5;

try {
  // Linux knows the niceness of threads; the number of this one is the end of `PID/task/TID`.
  setPriority(Number(readlinkSync('/proc/thread-self').split('/')[2]), NICENESS);
} catch {
  // No /proc here, or no right to: it reads with the priority of all.
}
hastenImports();
await import('./load-work.ts');
