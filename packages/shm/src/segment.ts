// One thread's view of the shared memory of the process: where each object's words lie. Knows no names (segment-owner.ts
// has them) and not what the words mean.
//
// Objects of a kind live in chunks of a fixed number of objects. A chunk is one SharedArrayBuffer that never moves; growing
// means adding a chunk. Inside a chunk: shared Float64 parts, shared Int32 parts (each object on cache lines of its own),
// then for each thread its Float64 parts and its Int32 parts of all objects, each region on lines of its own. Memory of
// thread numbers that never ran is never touched and so never committed.
import { ControlWord, SegmentWord, controlInts } from './control.ts';
import type { ThreadIdentity } from './identity.ts';
import { kindLayouts, objectKinds, objectsPerChunk, type ObjectKind } from './layout.ts';
import { lockWord, type LockParty } from './lock.ts';

/** Plain data that crosses threads (workerData, postMessage): buffers are shared, nothing is copied. */
export interface SegmentHandle {
  readonly maxThreads: number;
  readonly ticketsPerThread: number;
  readonly control: SharedArrayBuffer;
  readonly tickets: SharedArrayBuffer;
  readonly chunks: Readonly<Record<ObjectKind, readonly SharedArrayBuffer[]>>;
  /** Further named memory, for example the log ring or stick tables. */
  readonly buffers: Readonly<Record<string, SharedArrayBuffer>>;
}

/** Where the words of one object lie: indexes into the two views of its chunk. */
export interface ObjectView {
  readonly kind: ObjectKind;
  readonly slot: number;
  readonly ints: Int32Array;
  readonly floats: Float64Array;
  /** Index of the first shared word, the lock. */
  readonly shared: number;
  readonly sharedFloats: number;
  /** Index of thread 0's part, and the distance to the next thread's. */
  readonly threadInts: number;
  readonly threadIntStride: number;
  readonly threadFloats: number;
  readonly threadFloatStride: number;
}

/** A prefetcher takes lines in pairs, so two threads' regions are kept two lines apart. */
const REGION_BYTES = 128;
const LINE_BYTES = 64;

const roundUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit;

/** Sizes and places inside a chunk of one kind, in bytes. */
interface ChunkGeometry {
  readonly objects: number;
  readonly sharedFloatBytes: number;
  readonly sharedIntBytes: number;
  readonly sharedIntsAt: number;
  readonly threadFloatsAt: number;
  readonly threadFloatRegion: number;
  readonly threadIntsAt: number;
  readonly threadIntRegion: number;
  readonly bytes: number;
}

export function chunkGeometry(kind: ObjectKind, maxThreads: number): ChunkGeometry {
  const layout = kindLayouts[kind];
  const objects = objectsPerChunk(kind);
  const sharedFloatBytes = roundUp(layout.sharedFloats * 8, LINE_BYTES);
  const sharedIntBytes = roundUp(layout.sharedInts * 4, LINE_BYTES);
  const sharedIntsAt = objects * sharedFloatBytes;
  const threadFloatsAt = roundUp(sharedIntsAt + objects * sharedIntBytes, REGION_BYTES);
  const threadFloatRegion = roundUp(objects * layout.threadFloats * 8, REGION_BYTES);
  const threadIntsAt = threadFloatsAt + maxThreads * threadFloatRegion;
  const threadIntRegion = roundUp(objects * layout.threadInts * 4, REGION_BYTES);
  const bytes = threadIntsAt + maxThreads * threadIntRegion;
  return {
    objects,
    sharedFloatBytes,
    sharedIntBytes,
    sharedIntsAt,
    threadFloatsAt,
    threadFloatRegion,
    threadIntsAt,
    threadIntRegion,
    bytes,
  };
}

interface Chunk {
  readonly ints: Int32Array;
  readonly floats: Float64Array;
}

export class Segment {
  readonly identity: ThreadIdentity;
  readonly maxThreads: number;
  readonly ticketsPerThread: number;
  /** The calling thread as locks know it. */
  readonly party: LockParty;
  /** Control blocks of all threads, see control.ts. */
  readonly control: Int32Array;
  readonly controlFloats: Float64Array;
  /** Queue tickets of all threads, see ticket-table.ts. */
  readonly tickets: Int32Array;
  readonly ticketFloats: Float64Array;
  readonly #chunks: Record<ObjectKind, Chunk[]> = { process: [], frontend: [], listener: [], backend: [], server: [] };
  readonly #geometries: Readonly<Record<ObjectKind, ChunkGeometry>>;
  #buffers: Readonly<Record<string, SharedArrayBuffer>> = {};

  constructor(handle: SegmentHandle, identity: ThreadIdentity) {
    if (!(identity.thread >= 0 && identity.thread < handle.maxThreads)) {
      throw new RangeError(`thread ${identity.thread} is not below maxThreads ${handle.maxThreads}`);
    }
    this.identity = identity;
    this.maxThreads = handle.maxThreads;
    this.ticketsPerThread = handle.ticketsPerThread;
    this.control = new Int32Array(handle.control);
    this.controlFloats = new Float64Array(handle.control);
    this.tickets = new Int32Array(handle.tickets);
    this.ticketFloats = new Float64Array(handle.tickets);
    this.party = {
      thread: identity.thread,
      word: lockWord(identity),
      control: this.control,
      waitsFor: controlInts(identity.thread) + ControlWord.waitsFor,
    };
    const geometry = (kind: ObjectKind): ChunkGeometry => chunkGeometry(kind, handle.maxThreads);
    this.#geometries = {
      process: geometry('process'),
      frontend: geometry('frontend'),
      listener: geometry('listener'),
      backend: geometry('backend'),
      server: geometry('server'),
    };
    this.extend(handle);
  }

  /** Takes in what a later handle added; to be called before the generation that uses it. */
  extend(handle: SegmentHandle): void {
    for (const kind of objectKinds) {
      const chunks = this.#chunks[kind];
      for (const buffer of handle.chunks[kind].slice(chunks.length)) {
        chunks.push({ ints: new Int32Array(buffer), floats: new Float64Array(buffer) });
      }
    }
    this.#buffers = handle.buffers;
  }

  /** Throws RangeError for a slot whose chunk this thread does not have yet. */
  object(kind: ObjectKind, slot: number): ObjectView {
    const geometry = this.#geometries[kind];
    const chunk = this.#chunks[kind][Math.floor(slot / geometry.objects)];
    if (chunk === undefined) throw new RangeError(`${kind} slot ${slot} is not in this thread's view of the segment`);
    const layout = kindLayouts[kind];
    const place = slot % geometry.objects;
    return {
      kind,
      slot,
      ints: chunk.ints,
      floats: chunk.floats,
      shared: (geometry.sharedIntsAt + place * geometry.sharedIntBytes) / 4,
      sharedFloats: (place * geometry.sharedFloatBytes) / 8,
      threadInts: geometry.threadIntsAt / 4 + place * layout.threadInts,
      threadIntStride: geometry.threadIntRegion / 4,
      threadFloats: geometry.threadFloatsAt / 8 + place * layout.threadFloats,
      threadFloatStride: geometry.threadFloatRegion / 8,
    };
  }

  /** Slots 0 to this - 1 of a kind exist in this view, named or not. */
  capacity(kind: ObjectKind): number {
    return this.#chunks[kind].length * this.#geometries[kind].objects;
  }

  /** Bytes that objects of a kind have reserved; the system commits them as they are used. */
  reservedBytes(kind: ObjectKind): number {
    return this.#chunks[kind].length * this.#geometries[kind].bytes;
  }

  /** Throws RangeError when there is none of that name in this thread's view. */
  buffer(name: string): SharedArrayBuffer {
    const buffer = this.#buffers[name];
    if (buffer === undefined) throw new RangeError(`no shared buffer '${name}' in this thread's view of the segment`);
    return buffer;
  }

  /** Threads 0 to this - 1 have ever existed: sums need not look further. */
  threadsUsed(): number {
    return Atomics.load(this.control, SegmentWord.threadsUsed);
  }
}
