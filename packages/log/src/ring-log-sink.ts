/** How a producing thread hands messages to the log thread: one copy into its own ring, or a counted drop. Never waits. */

import { ByteRingWriter } from '@evenkeel/shm';
import type { ByteRingHandle } from '@evenkeel/shm';
import { NO_LOG_SET } from './log-set.ts';
import { packTag } from './record.ts';

export class RingLogSink {
  readonly #writer: ByteRingWriter;

  /** `producer` is the thread's number in shared memory; one sink for each thread. */
  constructor(ring: ByteRingHandle, producer: number) {
    this.#writer = new ByteRingWriter(ring, producer);
  }

  /** Sends `line` (latin1, no header, no line end) at `level` 0 to 7 to log set `set`. */
  emit(set: number, level: number, line: string): void {
    if (set !== NO_LOG_SET) this.#writer.writeText(packTag(set, level), line, 'latin1');
  }
}
