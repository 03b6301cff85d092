// Second descriptors of listening sockets that their thread does not poll for the moment. They belong to the process, not to
// the thread's event loop: when a thread dies, nothing closes them, and clients that the kernel hashes to such a socket
// would wait for nobody. So each is noted in shared memory, where the supervisor finds it (`closeKept`).
//
// Words, one row for each thread: descriptor + 1, 0 for none. The thread writes its own row; main clears it after its end.
import { closeFd, isOpen } from '@evenkeel/sys';
import type { Segment, SegmentOwner } from '@evenkeel/shm';

/** Name of the shared buffer. */
const KEPT_BUFFER = 'kept-descriptors';

/**
 * Listeners of one thread that can be held at a time. More than any port range in use; a page of words that nobody writes
 * costs nothing. A listener that finds no room goes on accepting.
 */
const KEPT_PER_THREAD = 4096;

export class KeptDescriptors {
  readonly #row: Int32Array;

  constructor(segment: Segment) {
    this.#row = rowOf(segment.buffer(KEPT_BUFFER), segment.identity.thread);
  }

  /** Notes a descriptor; false when there is no room. */
  add(descriptor: number): boolean {
    const at = this.#row.indexOf(0);
    if (at < 0) return false;
    Atomics.store(this.#row, at, descriptor + 1);
    return true;
  }

  /** Before the thread closes it: a number that is noted and closed could be somebody else's by the time it is taken back. */
  remove(descriptor: number): void {
    const at = this.#row.indexOf(descriptor + 1);
    if (at >= 0) Atomics.store(this.#row, at, 0);
  }
}

/** Main, before the first thread starts. */
export function prepareKept(owner: SegmentOwner, maxThreads: number): void {
  owner.addBuffer(KEPT_BUFFER, maxThreads * KEPT_PER_THREAD * Int32Array.BYTES_PER_ELEMENT);
}

/** Main, after a thread has ended: closes what it kept, so that its sockets are gone and clients go to those of others. */
export function closeKept(owner: SegmentOwner, thread: number): void {
  const row = rowOf(owner.segment.buffer(KEPT_BUFFER), thread);
  for (const [at, word] of row.entries()) {
    if (word === 0) continue;
    Atomics.store(row, at, 0);
    if (isOpen(word - 1)) closeFd(word - 1);
  }
}

function rowOf(buffer: SharedArrayBuffer, thread: number): Int32Array {
  return new Int32Array(buffer, thread * KEPT_PER_THREAD * Int32Array.BYTES_PER_ELEMENT, KEPT_PER_THREAD);
}
