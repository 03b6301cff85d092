import type { ThreadIdentity } from './identity.ts'

/** Blocks the calling thread until the word is its own. Critical sections hold no I/O and last well below a microsecond. */
export declare function acquire(words: Int32Array, index: number, me: ThreadIdentity): void
/** Tries for at most about `waitMs`; for the main thread, which must not wait for a thread whose death only it can notice. */
export declare function tryAcquire(words: Int32Array, index: number, me: ThreadIdentity, waitMs: number): boolean
export declare function release(words: Int32Array, index: number): void
/** Who holds it now, or undefined. */
export declare function lockOwner(words: Int32Array, index: number): ThreadIdentity | undefined
/** Makes a dead thread's lock the caller's; false when it is not held by that thread. The caller repairs, then releases. */
export declare function takeOver(words: Int32Array, index: number, dead: ThreadIdentity, me: ThreadIdentity): boolean
