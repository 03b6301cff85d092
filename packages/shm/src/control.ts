// The control block of each thread: heartbeat, wake-up word, inbox of granted tickets. Slot constants only.
//
// Two cache lines for each thread: the first is written by other threads, the second by the thread itself. All accesses are
// sequentially consistent Atomics, but for the time of the last beat, a Float64 with one writer that a reader may see late.
//
// word          unit            writer
// wake          Wake bits       any thread (or), owner (exchange to 0)
// inbox         ticket + 1      any thread (push by compare-exchange), owner (exchange to 0)
// incarnation   number          main, before the thread starts
// state         ThreadState     main before start and after end, owner in between
// ticks         beats, wraps    owner
// waitsFor      thread + 1      owner, while it waits for a lock; 0 otherwise
// ticketsUsed   number          owner: tickets below this number have been used
// beatMs        monotonic ms    owner; main before the thread starts
//
// Block 0 is the segment's own: `threadsUsed`, written by main before a thread starts.

export const ControlWord = {
  wake: 0,
  inbox: 1,
  incarnation: 16,
  state: 17,
  ticks: 18,
  waitsFor: 19,
  ticketsUsed: 20,
} as const;
/** In Float64 words from the start of the block. */
export const ControlFloat = { beatMs: 12 } as const;
export const SegmentWord = { threadsUsed: 0 } as const;

const BLOCK_BYTES = 128;

export const controlBytes = (maxThreads: number): number => BLOCK_BYTES * (1 + maxThreads);
/** First Int32 word of a thread's block. */
export const controlInts = (thread: number): number => ((1 + thread) * BLOCK_BYTES) / 4;
/** First Float64 word of a thread's block. */
export const controlFloats = (thread: number): number => ((1 + thread) * BLOCK_BYTES) / 8;
