// The main thread's part of the data plane: what has to be in shared memory before a thread starts or builds a generation,
// and what is taken back when one died.
import type { SegmentOwner } from '@evenkeel/shm';
import { PARKED_BUFFER } from './listener/parking.ts';

export { monitoredGeneration } from './backend/monitored.ts';
export { discardBackends, prepareBackends, recoverBackends } from './backend/prepare.ts';

/** Once, before the first thread starts. `maxThreads` is that of the segment. */
export function prepareProcess(owner: SegmentOwner, maxThreads: number): void {
  owner.addBuffer(PARKED_BUFFER, maxThreads * Int32Array.BYTES_PER_ELEMENT);
}

/** When a thread has ended: nothing is parked there any more. */
export function recoverParked(owner: SegmentOwner, thread: number): void {
  Atomics.store(new Int32Array(owner.segment.buffer(PARKED_BUFFER)), thread, 0);
}
