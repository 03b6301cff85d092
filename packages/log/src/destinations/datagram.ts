/**
 * A datagram socket of syslog: `/dev/log`, another Unix socket, or a host and port. HAProxy drops a line that the kernel does
 * not take at once. Here lines come in bursts, after the log thread slept, so a receiver without room is waited for a few
 * milliseconds, and what it then has not taken is held, as is everything while nobody receives: syslogd is
 * started again and loses nothing. Both are bounded in bytes, lines and time.
 */

import { DatagramQueue } from '@evenkeel/sys';
import type { DatagramTarget, SendResult } from '@evenkeel/sys';
import type { Destination } from './destination.ts';

/**
 * What may wait: 256 KiB hold about a thousand lines, the burst of one busy second behind a receiver that hiccups, and cost
 * nothing worth the name.
 */
const QUEUE_BYTES = 256 * 1024;
const QUEUE_LINES = 2048;
/**
 * How long the log thread may stand still for a receiver without room that takes nothing, and for one that is only slower
 * than the lines come: its ring holds what comes within that time, and other destinations can do without it.
 */
const WAIT_MS = 5;
const TOTAL_WAIT_MS = 50;
/** When a receiver is asked again: one that goes on taking, one that has taken nothing lately, one that is not there. */
const SOON_MS = 1;
const RETRY_MS = 20;
const GONE_RETRY_MS = 100;
/** How long what waits is kept for a receiver that takes nothing: for one that hangs, and for one that is being restarted. */
const PATIENCE_MS = 1000;
const GONE_PATIENCE_MS = 5000;

export class DatagramDestination implements Destination {
  readonly countsLineFeed = false;
  readonly #open: () => DatagramQueue;
  #queue: DatagramQueue | undefined;
  /** Set while the receiver takes nothing: when it began, in monotonic ms, and how it showed. */
  #silence: { readonly sinceMs: number; readonly result: SendResult } | undefined;
  #retry: NodeJS.Timeout | undefined;
  #idleCallbacks: (() => void)[] = [];
  dropped = 0;
  reason = '';

  constructor(target: DatagramTarget) {
    this.#open = () =>
      new DatagramQueue(target, {
        bytes: QUEUE_BYTES,
        datagrams: QUEUE_LINES,
        waitMs: WAIT_MS,
        totalWaitMs: TOTAL_WAIT_MS,
      });
  }

  send(line: Buffer, length: number): void {
    try {
      this.#queue ??= this.#open();
    } catch (error) {
      this.#drop(1, error instanceof Error ? error.message : String(error));
      return;
    }
    if (this.#queue.push(line, length)) return;
    this.flush();
    if (!this.#queue.push(line, length)) this.#drop(1, this.#queue.lastError ?? 'its queue is full');
  }

  flush(): void {
    const queue = this.#queue;
    // While it takes nothing, only the timer asks it.
    if (queue === undefined || queue.waiting === 0 || this.#silence !== undefined) return;
    this.#try(queue, true);
  }

  whenIdle(callback: () => void): void {
    const waits = this.#queue !== undefined && this.#queue.waiting > 0 && this.#silence?.result === 'again';
    if (waits) this.#idleCallbacks.push(callback);
    else callback();
  }

  close(): void {
    clearTimeout(this.#retry);
    if (this.#queue === undefined) return;
    if (this.#queue.waiting > 0) this.#drop(this.#queue.waiting, this.#queue.lastError ?? 'its receiver took nothing');
    this.#queue.close();
  }

  #try(queue: DatagramQueue, mayWait: boolean): void {
    const before = queue.waiting;
    let result = queue.flush(mayWait);
    while (result === 'too-big') {
      this.#drop(1, queue.lastError ?? result);
      queue.drop(1);
      result = queue.flush(mayWait);
    }
    if (result === 'sent') {
      this.#silence = undefined;
      this.#becomeIdle();
      return;
    }
    const now = performance.now();
    const progressed = queue.waiting < before;
    if (this.#silence?.result !== result || progressed) this.#silence = { sinceMs: now, result };
    if (now - this.#silence.sinceMs >= (result === 'gone' ? GONE_PATIENCE_MS : PATIENCE_MS)) {
      this.#drop(queue.waiting, queue.lastError ?? result);
      queue.drop(queue.waiting);
      this.#silence = undefined;
      this.#becomeIdle();
      return;
    }
    // A receiver that is gone is not waited for by who wants to end.
    if (result === 'gone') this.#becomeIdle();
    this.#retry = setTimeout(
      () => this.#try(queue, progressed),
      result === 'gone' ? GONE_RETRY_MS : progressed ? SOON_MS : RETRY_MS,
    );
  }

  #becomeIdle(): void {
    for (const callback of this.#idleCallbacks.splice(0)) callback();
  }

  #drop(lines: number, reason: string): void {
    this.dropped += lines;
    this.reason = reason;
  }
}
