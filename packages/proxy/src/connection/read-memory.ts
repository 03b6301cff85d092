// Where bytes from sockets go. By itself Node makes a new ArrayBuffer for each read, which costs more than the read's own
// bookkeeping and feeds the garbage collector. Here all connections of a thread that are not amid a large transfer read to
// one desk, and what came is copied from it; a large transfer reads to slabs of its own, which are used again when no write
// needs them any more. Both are memory without meaning between two reads: an allocator, not state.

/** Bytes of one read: what libuv would ask for itself. */
const READ_BYTES = 65_536;
/** Slabs kept for later: 4 MiB a thread. */
const MAX_FREE = 64;
/** A connection whose large transfer has paused for one to two of these gives its slab back. */
const SWEEP_MS = 2000;

/** Where short reads land. Nothing stays on it: it is free again when the read's handler returns. */
export const DESK: Buffer = Buffer.allocUnsafeSlow(READ_BYTES);

export class Slab {
  readonly buffer: Buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  /** Unfinished writes of bytes that lie in it. */
  writes = 0;
  /** No connection reads to it any more: it is free after the last write. */
  isDetached = false;

  constructor() {
    (this.buffer.buffer as SlabMemory).evenkeelSlab = this;
  }
}

interface SlabMemory extends ArrayBuffer {
  evenkeelSlab?: Slab;
}

/** The slab that a chunk lies in, whole or part of it. */
export function slabOf(chunk: Uint8Array): Slab | undefined {
  return (chunk.buffer as SlabMemory).evenkeelSlab;
}

/** A connection amid a large transfer. */
export interface SlabReader {
  /** Called every SWEEP_MS: returns true when it was not read since the last call and has let go of its slab. */
  leaveIdleSlab(): boolean;
}

export class SlabPool {
  readonly #free: Slab[] = [];
  readonly #readers = new Set<SlabReader>();
  #sweep: NodeJS.Timeout | undefined = undefined;

  take(): Slab {
    return this.#free.pop() ?? new Slab();
  }

  /** Only for a slab that nobody will look at again. */
  giveBack(slab: Slab): void {
    slab.isDetached = false;
    if (this.#free.length < MAX_FREE) this.#free.push(slab);
  }

  /** A write that needed the slab is done. */
  endWrite(slab: Slab): void {
    if (--slab.writes === 0 && slab.isDetached) this.giveBack(slab);
  }

  /** `reader` reads to a slab from now on. */
  join(reader: SlabReader): void {
    this.#readers.add(reader);
    this.#sweep ??= setInterval(() => this.#sweepReaders(), SWEEP_MS).unref();
  }

  leave(reader: SlabReader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }

  #sweepReaders(): void {
    for (const reader of this.#readers) if (reader.leaveIdleSlab()) this.leave(reader);
  }
}

/** The slabs of this thread. */
export const slabs = new SlabPool();
