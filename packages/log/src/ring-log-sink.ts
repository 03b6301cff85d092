/** How a producing thread hands messages to the log thread: one copy into its own ring, or a counted drop. Never waits. */

import { ByteRingWriter } from '@evenkeel/shm';
import type { ByteRingHandle } from '@evenkeel/shm';
import { sharedClockOffset } from './clocks.ts';
import { NO_LOG_SET } from './log-set.ts';
import { markOf, packStructured, packStructuredTag, packTag } from './record.ts';

export class RingLogSink {
  readonly #writer: ByteRingWriter;
  readonly #clockOffset = sharedClockOffset();

  /** `producer` is the thread's number in shared memory; one sink for each thread. */
  constructor(ring: ByteRingHandle, producer: number) {
    this.#writer = new ByteRingWriter(ring, producer);
  }

  /**
   * Sends `line` (latin1, no header, no line end) at `level` 0 to 7 to log set `set`. `structuredData` is what stands in its
   * place in lines of format rfc5424.
   */
  emit(set: number, level: number, line: string, structuredData = ''): void {
    if (set === NO_LOG_SET) return;
    const mark = markOf(performance.now() + this.#clockOffset);
    if (structuredData === '') this.#writer.writeText(packTag(set, level), mark, line, 'latin1');
    else this.#writer.writeText(packStructuredTag(set, level), mark, packStructured(structuredData, line), 'latin1');
  }
}
