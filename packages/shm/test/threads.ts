// For this package's tests: a worker thread with an incarnation that can be ended at any moment and replaced.
import { Worker } from 'node:worker_threads';
import { HeartbeatReader } from '../src/heartbeat.ts';
import type { ThreadIdentity } from '../src/identity.ts';
import { recoverThread } from '../src/recovery.ts';
import type { SegmentOwner } from '../src/segment-owner.ts';

export interface Killable {
  readonly identity: ThreadIdentity;
  readonly worker: Worker;
  /** Set when the worker failed by itself: the test's fault or a bug. */
  readonly failed: Promise<never>;
}

/** Starts `file`, beside this one, as thread `thread`; it finds its segment's handle, its identity and `data` in workerData. */
export function startThread(
  owner: SegmentOwner,
  file: string,
  thread: number,
  incarnation: number,
  data: object,
): Killable {
  const identity = { thread, incarnation };
  owner.useThread(thread);
  new HeartbeatReader(owner.segment).begin(identity, 0);
  const worker = new Worker(new URL(file, import.meta.url), {
    workerData: { handle: owner.handle(), identity, ...data },
  });
  const failed = new Promise<never>((_, reject) => worker.on('error', reject));
  failed.catch(() => undefined);
  return { identity, worker, failed };
}

/** Ends a thread wherever it is, lets the test clean up its own marks, and takes back what the thread held. */
export async function killThread(
  owner: SegmentOwner,
  { identity, worker }: Killable,
  cleanUp: () => void,
): Promise<void> {
  await worker.terminate();
  cleanUp();
  while (!recoverThread(owner.segment, identity, 50)) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits until a condition holds, or fails after `seconds`. */
export async function until(condition: () => boolean, what: string, seconds: number = 20): Promise<void> {
  for (const end = performance.now() + seconds * 1000; !condition();) {
    if (performance.now() > end) throw new Error(`waited ${seconds} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** A repeatable sequence of numbers below `bound` (xorshift32), for choices in stress tests; the seed is printed on failure. */
export function choices(seed: number): (bound: number) => number {
  let state = seed | 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}
