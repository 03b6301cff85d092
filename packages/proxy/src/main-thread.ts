// The main thread's part of the data plane: what has to be in shared memory before a thread starts or builds a generation,
// and what is taken back when one died.
import type { SegmentOwner } from '@evenkeel/shm';
import { closeKept, prepareKept } from './listener/kept-descriptors.ts';
import { PARKED_BUFFER } from './listener/parking.ts';

export { Connection } from './connection.ts';
export { inTurns } from './in-turns.ts';
export { packPlan } from './packed-plan.ts';
export { PROCESS_SLOT } from './plan.ts';
export { Profiler } from './profiler.ts';
export { fullconns } from './backend/limit.ts';
export { monitoredGeneration } from './backend/monitored.ts';
export { MOST_PARKED } from './listener/parking.ts';
export { hasDynamicWeights } from './backend/monitored.ts';
export { streamNumber, threadOfStream } from './thread-questions.ts';
export {
  discardBackends,
  discardServers,
  placeBalance,
  prepareBackends,
  prepareServers,
  recoverBackends,
} from './backend/prepare.ts';

/** Once, before the first thread starts. `maxThreads` is that of the segment. */
export function prepareProcess(owner: SegmentOwner, maxThreads: number): void {
  owner.addBuffer(PARKED_BUFFER, maxThreads * Int32Array.BYTES_PER_ELEMENT);
  prepareKept(owner, maxThreads);
}

/** When a thread has ended: nobody waits there any more, and no socket of its is left behind. */
export function recoverListeners(owner: SegmentOwner, thread: number): void {
  Atomics.store(new Int32Array(owner.segment.buffer(PARKED_BUFFER)), thread, 0);
  closeKept(owner, thread);
}
