import type { ThreadIdentity } from './identity.ts'
import type { ObjectKind } from './layout.ts'

/** Plain data that crosses threads (workerData, postMessage): buffers are shared, nothing is copied. */
export interface SegmentHandle {
  readonly maxThreads: number
  readonly ticketsPerThread: number
  readonly control: SharedArrayBuffer
  readonly tickets: SharedArrayBuffer
  readonly chunks: Readonly<Record<ObjectKind, readonly SharedArrayBuffer[]>>
  /** Further named memory, for example the log ring or stick tables. */
  readonly buffers: Readonly<Record<string, SharedArrayBuffer>>
}

/** Where the words of one object lie: indexes into the two views of its chunk. */
export interface ObjectView {
  readonly kind: ObjectKind
  readonly slot: number
  readonly ints: Int32Array
  readonly floats: Float64Array
  /** Index of the lock word; the shared words follow. */
  readonly shared: number
  readonly sharedFloats: number
  /** Index of thread 0's part, and the distance to the next thread's. */
  readonly threadInts: number
  readonly threadIntStride: number
  readonly threadFloats: number
  readonly threadFloatStride: number
}

/** One thread's view of the shared memory of the process. */
export declare class Segment {
  readonly identity: ThreadIdentity
  readonly maxThreads: number
  constructor(handle: SegmentHandle, identity: ThreadIdentity)
  /** Takes in what a later handle added; to be called before the generation that uses it. */
  extend(handle: SegmentHandle): void
  object(kind: ObjectKind, slot: number): ObjectView
  buffer(name: string): SharedArrayBuffer
  /** Threads 0 to this - 1 have ever existed: sums need not look further. */
  threadsUsed(): number
}

export interface SegmentOptions {
  /** Threads that may ever exist at one time, main included: 2 to 128. */
  readonly maxThreads: number
  /** Streams of one thread that may wait in queues at one time (default 65,536, 64 bytes each, committed as used). */
  readonly ticketsPerThread?: number
}

/** The main thread's side: it alone allocates. Names outlive generations: the same name is the same slot. */
export declare class SegmentOwner {
  /** The main thread's own view: thread 0, incarnation 1. */
  readonly segment: Segment
  constructor(options: SegmentOptions)
  /** The slot of a name; the one it had, when it exists or was released and not yet reclaimed. Names as 'web' or 'web/s1'. */
  allocate(kind: ObjectKind, name: string): number
  lookup(kind: ObjectKind, name: string): number | undefined
  names(kind: ObjectKind): ReadonlyMap<string, number>
  /** From `generation` on no object has this name. Its slot is reused once every thread has left older generations. */
  release(kind: ObjectKind, name: string, generation: number): void
  /** Frees what was released in a generation that is <= `oldestGeneration` in use; returns how many slots. */
  reclaim(oldestGeneration: number): number
  addBuffer(name: string, bytes: number): SharedArrayBuffer
  removeBuffer(name: string): void
  /** To be called before a thread of that number starts. */
  useThread(thread: number): void
  handle(): SegmentHandle
}
