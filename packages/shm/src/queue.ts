import type { Segment } from './segment.ts'

/** A waiting stream: an index into the calling thread's slice of the ticket table. */
export type Ticket = number

/** `queued`: wait for `Wake.granted`. `entered`: a slot was free after all. `full`: maxqueue or the ticket table is exhausted. */
export type EnqueueResult =
  | { readonly type: 'queued'; readonly ticket: Ticket }
  | { readonly type: 'entered'; readonly server: number }
  | { readonly type: 'full' }

/** Order in a queue: lowest class first (`set-priority-class`, -2047 to 2047), then arrival plus offset (`set-priority-offset`, ms). */
export interface QueuePosition {
  readonly priorityClass: number
  readonly offsetMs: number
}

/** A server that may take from the backend's queue, and its limit now (dynamic maxconn, slow start; 0: none). */
export interface ServerLimit {
  readonly server: number
  readonly limit: number
}

/** What became of a ticket. `entered`: the caller holds a session on `server`. `redispatch`: its server's queue was emptied, balance again. */
export type Granted = { readonly ticket: Ticket; readonly type: 'entered'; readonly server: number } | { readonly ticket: Ticket; readonly type: 'redispatch' }

/**
 * Sessions of a backend's servers under `maxconn`, and the streams that wait for one: in a server's own queue
 * (persistence, hashing) or in the backend's (any server will do). Exact over all threads. `server` is a server's slot.
 */
export declare class Admission {
  constructor(segment: Segment, backend: number)
  /** Main only, when a server is allocated: which backend it belongs to. */
  static assign(segment: Segment, server: number, backend: number): void
  /** Counts a session on the server unless `limit` (0: none) is reached or its own queue is not empty. */
  enter(server: number, limit: number): boolean
  /**
   * Ends a session. If somebody waits, the slot goes to the oldest: to the caller's own thread, then it is returned; or to
   * another thread, which is woken. `takesBackendQueue` is false for a server that must not get new streams.
   */
  leave(server: number, limit: number, takesBackendQueue: boolean): Granted | undefined
  /** Waits for that server; `maxqueue` 0: no bound. */
  enqueueForServer(server: number, limit: number, maxqueue: number, position: QueuePosition, now: number): EnqueueResult
  /** Waits for any of the backend's servers; the candidates are tried once more under the lock. */
  enqueueForBackend(candidates: readonly ServerLimit[], position: QueuePosition, now: number): EnqueueResult
  /** Gives up waiting (timeout, client gone). A grant that had already arrived goes to the next oldest; returned if that is the caller's. */
  cancel(ticket: Ticket, limitOf: (server: number) => number, takesBackendQueue: boolean): Granted | undefined
  /** Fills free slots of a server from the queues: after it came up, its limit rose, or a thread died. Grants for the caller's thread are returned. */
  dispatch(server: number, limit: number, takesBackendQueue: boolean): Granted[]
  /** Empties a server's own queue: its streams balance again (server went down). Those of the caller's thread are returned. */
  redistribute(server: number): Granted[]
  serverQueueLength(server: number): number
  serverQueueHighest(server: number): number
  /** Waiting in the backend's own queue and in those of its servers is the caller's sum; this is the backend's own. */
  backendQueueLength(): number
  backendQueueHighest(): number
  resetHighest(): void
}

/** The calling thread's tickets over all backends. */
export declare class Tickets {
  constructor(segment: Segment)
  /** Call on `Wake.granted`: tickets granted since the last call, oldest first, sessions already claimed for the caller. */
  takeGranted(): Granted[]
  /** Call on `Wake.recovered`: as `takeGranted`, but finds also those whose granting thread died before telling. */
  rescan(): Granted[]
  waiting(): number
}
