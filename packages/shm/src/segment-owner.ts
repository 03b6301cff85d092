// The main thread's side of the segment: names to slots, growth, reuse. Knows nothing of what the words mean.
//
// Names outlive generations, so that counters and state survive a reload: allocating a name that exists gives its slot. A
// name that a generation no longer has is released with that generation's number, and its slot is cleared and reused only
// when no thread uses an older generation, since old streams still count on it.
import { SegmentWord, controlBytes } from './control.ts';
import { CommonShared, kindLayouts, objectKinds, type ObjectKind } from './layout.ts';
import { Segment, chunkGeometry, type SegmentHandle } from './segment.ts';
import { TICKET_BYTES } from './ticket-table.ts';

export interface SegmentOptions {
  /** Threads that may ever exist at one time, main included: 2 to 128. Memory of those that never run is not committed. */
  readonly maxThreads: number;
  /** Streams of one thread that may wait in queues at one time: 1 to 1,048,576, default 16,384; 64 bytes each, committed as used. */
  readonly ticketsPerThread?: number;
}

const DEFAULT_TICKETS = 16_384;
/** Ticket numbers of all threads fit an Int32. */
const MAX_TICKETS = 1 << 20;
/** A lock word has eight bits for the thread; half of them is more than any host this is meant for has cores. */
const MAX_THREADS = 128;

interface Names {
  readonly slots: Map<string, number>;
  /** Generation from which on the name is gone. */
  readonly released: Map<string, number>;
  readonly free: number[];
  next: number;
}

export class SegmentOwner {
  /** The main thread's own view: thread 0, incarnation 1. */
  readonly segment: Segment;
  /** What this thread's own view sees: its record of buffers is changed in place. */
  #handle: SegmentHandle;
  readonly #buffers: Record<string, SharedArrayBuffer> = {};
  /** The last one that was given away; undefined once something has changed since. */
  #given: SegmentHandle | undefined;
  readonly #names: Readonly<Record<ObjectKind, Names>>;

  constructor(options: SegmentOptions) {
    const { maxThreads, ticketsPerThread = DEFAULT_TICKETS } = options;
    if (!Number.isInteger(maxThreads) || maxThreads < 2 || maxThreads > MAX_THREADS)
      throw new RangeError(`maxThreads ${maxThreads} is not 2 to ${MAX_THREADS}`);
    if (!Number.isInteger(ticketsPerThread) || ticketsPerThread < 1 || ticketsPerThread > MAX_TICKETS) {
      throw new RangeError(`ticketsPerThread ${ticketsPerThread} is not 1 to ${MAX_TICKETS}`);
    }
    this.#handle = {
      maxThreads,
      ticketsPerThread,
      control: new SharedArrayBuffer(controlBytes(maxThreads)),
      tickets: new SharedArrayBuffer(maxThreads * ticketsPerThread * TICKET_BYTES),
      chunks: { process: [], frontend: [], listener: [], backend: [], server: [] },
      buffers: this.#buffers,
    };
    const names = (): Names => ({ slots: new Map(), released: new Map(), free: [], next: 0 });
    this.#names = { process: names(), frontend: names(), listener: names(), backend: names(), server: names() };
    this.segment = new Segment(this.#handle, { thread: 0, incarnation: 1 });
    this.useThread(0);
  }

  /** The slot of a name such as 'web' or 'web/s1'; the one it had, when it exists or was released and not yet reclaimed. */
  allocate(kind: ObjectKind, name: string): number {
    const names = this.#names[kind];
    const known = names.slots.get(name);
    names.released.delete(name);
    if (known !== undefined) return known;
    const slot = names.free.pop() ?? names.next++;
    if (slot >= this.segment.capacity(kind)) this.#grow(kind);
    names.slots.set(name, slot);
    const { ints, shared } = this.segment.object(kind, slot);
    Atomics.add(ints, shared + CommonShared.birth, 1);
    return slot;
  }

  /** Undefined for a name that was never allocated or is reclaimed. */
  lookup(kind: ObjectKind, name: string): number | undefined {
    return this.#names[kind].slots.get(name);
  }

  /** All names with their slots, released ones included until they are reclaimed. */
  names(kind: ObjectKind): ReadonlyMap<string, number> {
    return this.#names[kind].slots;
  }

  /** From `generation` on no object has this name. */
  release(kind: ObjectKind, name: string, generation: number): void {
    const names = this.#names[kind];
    if (names.slots.has(name)) names.released.set(name, generation);
  }

  /** Clears and frees what was released by a generation up to `oldestGeneration`, the oldest that any thread still uses; returns how many. */
  reclaim(oldestGeneration: number): number {
    let reclaimed = 0;
    for (const kind of objectKinds) {
      const names = this.#names[kind];
      for (const [name, generation] of names.released) {
        if (generation > oldestGeneration) continue;
        const slot = names.slots.get(name);
        names.released.delete(name);
        names.slots.delete(name);
        if (slot === undefined) continue;
        this.#clear(kind, slot);
        names.free.push(slot);
        reclaimed++;
      }
    }
    return reclaimed;
  }

  /** Clears and frees what was released, at once: the caller knows that no thread uses it any more. */
  discard(kind: ObjectKind, name: string): void {
    const names = this.#names[kind];
    const slot = names.slots.get(name);
    if (slot === undefined || !names.released.delete(name)) return;
    names.slots.delete(name);
    this.#clear(kind, slot);
    names.free.push(slot);
  }

  /** Memory that threads find by `Segment.buffer(name)` once they have the new handle. Throws when the name is taken. */
  addBuffer(name: string, bytes: number): SharedArrayBuffer {
    if (Object.hasOwn(this.#buffers, name)) throw new RangeError(`shared buffer '${name}' exists`);
    const buffer = new SharedArrayBuffer(bytes);
    this.#buffers[name] = buffer;
    this.#given = undefined;
    return buffer;
  }

  /** Threads keep what they hold; later handles do not have it. */
  removeBuffer(name: string): void {
    if (!Object.hasOwn(this.#buffers, name)) return;
    delete this.#buffers[name];
    this.#given = undefined;
  }

  /** To be called before a thread of that number starts, so that sums take it in. */
  useThread(thread: number): void {
    const { control, maxThreads } = this.segment;
    if (!(thread >= 0 && thread < maxThreads))
      throw new RangeError(`thread ${thread} is not below maxThreads ${maxThreads}`);
    if (thread >= this.segment.threadsUsed()) Atomics.store(control, SegmentWord.threadsUsed, thread + 1);
  }

  /** What a thread needs for `new Segment(handle, identity)` or `extend`; a new object after each growth. */
  handle(): SegmentHandle {
    this.#given ??= { ...this.#handle, buffers: { ...this.#buffers } };
    return this.#given;
  }

  #grow(kind: ObjectKind): void {
    const chunk = new SharedArrayBuffer(chunkGeometry(kind, this.segment.maxThreads).bytes);
    this.#publish({
      ...this.#handle,
      chunks: { ...this.#handle.chunks, [kind]: [...this.#handle.chunks[kind], chunk] },
    });
  }

  #publish(handle: SegmentHandle): void {
    this.#handle = handle;
    this.#given = undefined;
    this.segment.extend(handle);
  }

  /** Only when no thread uses the object: plain stores; what publishes the slot's next name orders them. */
  #clear(kind: ObjectKind, slot: number): void {
    const view = this.segment.object(kind, slot);
    const layout = kindLayouts[kind];
    const birth = Atomics.load(view.ints, view.shared + CommonShared.birth);
    view.ints.fill(0, view.shared, view.shared + layout.sharedInts);
    view.floats.fill(0, view.sharedFloats, view.sharedFloats + layout.sharedFloats);
    Atomics.store(view.ints, view.shared + CommonShared.birth, birth);
    for (let thread = 0; thread < this.segment.threadsUsed(); thread++) {
      const ints = view.threadInts + thread * view.threadIntStride;
      const floats = view.threadFloats + thread * view.threadFloatStride;
      view.ints.fill(0, ints, ints + layout.threadInts);
      view.floats.fill(0, floats, floats + layout.threadFloats);
    }
  }
}
