import type { ThreadIdentity } from './identity.ts'
import type { Segment } from './segment.ts'

/**
 * Takes back all that a dead thread held: locks, shares of gauges, tickets. Main only, after the thread has ended. False
 * when a lock is held by yet another thread for longer than about `waitMs`: call again later; it is idempotent. When it
 * returns true the other threads have been posted `Wake.recovered`.
 */
export declare function recoverThread(segment: Segment, dead: ThreadIdentity, waitMs: number): boolean
