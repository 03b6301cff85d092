/**
 * A thread as shared memory knows it. `thread` is 0 (main) to maxThreads - 1; a thread that replaces a dead one takes its
 * number with the next `incarnation` (1 to MAX_INCARNATION, then 1 again), so that a lock or a heartbeat of the dead one
 * is told apart.
 */
export interface ThreadIdentity {
  readonly thread: number;
  readonly incarnation: number;
}

export const MAX_INCARNATION = 0x3f_ffff;
