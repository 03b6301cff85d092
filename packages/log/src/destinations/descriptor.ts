/**
 * `stdout`, `stderr` and `fd@N`: a pipe, terminal or socket that others may share. Lines that came together leave together,
 * in writes that stay whole. A reader that does not read is waited for a few milliseconds, then asked now and then, and what
 * does not fit into the queue meanwhile is dropped.
 */

import type { DescriptorWriter } from '@evenkeel/sys';
import { ByteQueue } from './byte-queue.ts';
import type { Destination } from './destination.ts';

/** About a thousand lines: the burst of one busy second behind a reader that hiccups. */
const QUEUE_BYTES = 256 * 1024;
const WAIT_MS = 5;
const RETRY_MS = 20;

export class DescriptorDestination implements Destination {
  readonly countsLineFeed = true;
  readonly #writer: DescriptorWriter;
  readonly #queue = new ByteQueue(QUEUE_BYTES);
  /** Set while the reader takes nothing. */
  #retry: NodeJS.Timeout | undefined;
  readonly #idleCallbacks: (() => void)[] = [];
  dropped = 0;
  reason = '';

  constructor(writer: DescriptorWriter) {
    this.#writer = writer;
  }

  send(line: Buffer, length: number): void {
    if (this.#queue.push(line, length)) return;
    this.flush();
    if (!this.#queue.push(line, length)) this.#drop(1, 'the reader is too slow');
  }

  flush(): void {
    if (this.#retry === undefined && this.#queue.length > 0) this.#write(performance.now() + WAIT_MS);
  }

  whenIdle(callback: () => void): void {
    if (this.#queue.length === 0) callback();
    else this.#idleCallbacks.push(callback);
  }

  close(): void {
    // Descriptors 1, 2 and inherited ones belong to whoever started the process.
    clearTimeout(this.#retry);
  }

  /** Writes what waits; until `waitsUntil` (monotonic ms) it stands still for a reader without room. */
  #write(waitsUntil: number): void {
    const queue = this.#queue;
    while (queue.length > 0) {
      const next = this.#writer.isDatagram ? queue.firstLine() : queue.head(this.#writer.chunkBytes);
      const taken = this.#writer.write(next);
      if (taken > 0) {
        queue.take(taken);
        continue;
      }
      if (taken < 0) {
        this.#drop(queue.lines(), this.#writer.lastError ?? 'it cannot be written to');
        queue.clear();
        break;
      }
      const patienceMs = Math.ceil(waitsUntil - performance.now());
      if (patienceMs <= 0 || !this.#writer.hasRoom(patienceMs)) {
        this.#retry = setTimeout(() => {
          this.#retry = undefined;
          // One that reads again is waited for again.
          this.#write(this.#writer.hasRoom(0) ? performance.now() + WAIT_MS : 0);
        }, RETRY_MS);
        return;
      }
    }
    for (const callback of this.#idleCallbacks.splice(0)) callback();
  }

  #drop(lines: number, reason: string): void {
    this.dropped += lines;
    this.reason = reason;
  }
}
