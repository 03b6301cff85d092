/** Operations on shared state with one and with two threads: the benchmark of packages/shm, as it prints itself. */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const BENCHMARK = join(import.meta.dirname, '../../packages/shm/bench/shared-state.ts');

export function measureSharedMemory(): void {
  console.log('\noperations on shared state, one and two threads');
  // A process of its own: its threads and their memory end with it.
  const text = execFileSync(process.execPath, [BENCHMARK], { encoding: 'utf8', timeout: 300_000 });
  console.log(text.trimEnd().replace(/^/gm, '  '));
}
