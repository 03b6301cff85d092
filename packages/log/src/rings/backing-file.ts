/**
 * The file that shadows a ring's memory (manual section 3.9, "backing-file"), for who looks after the process has ended. The
 * manual has it mapped into memory; here what changed is written at most ten times a second, so that what the last tenth of
 * a second brought is missing after a crash, and a full disk costs the shadow alone.
 *
 * It holds the ring's bytes as they are: each event behind its length, with a line feed behind it, the newest overwriting the
 * oldest. A file that was there before is kept as `.bak`.
 */

import { close, constants, open, renameSync, statSync, write, writeSync } from 'node:fs';
import type { MemoryRing } from './memory-ring.ts';

const MODE = 0o600;
/** A pipe that nobody reads is at once an error: a helper thread would wait for a reader, and the process's end for that thread. */
const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NONBLOCK;
const UPDATE_MS = 100;

export class BackingFile {
  readonly #memory: MemoryRing;
  #fd = -1;
  /** Position up to which the file is as the memory. */
  #written = 0;
  #isBusy = false;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;
  #idleCallbacks: (() => void)[] = [];

  constructor(path: string, memory: MemoryRing) {
    this.#memory = memory;
    try {
      if (statSync(path).size > 0) renameSync(path, `${path}.bak`);
    } catch {
      // There was none, or it cannot be renamed: then the manual has it overwritten without a word.
    }
    this.#isBusy = true;
    open(path, FLAGS, MODE, (error, fd) => {
      this.#isBusy = false;
      if (error === null) this.#fd = fd;
      if (this.#isClosed) this.#finish();
      else this.#write();
    });
  }

  /** The memory has changed. */
  update(): void {
    if (this.#isBusy || this.#isClosed || this.#fd < 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#write();
    }, UPDATE_MS);
  }

  whenIdle(callback: () => void): void {
    this.#idleCallbacks.push(callback);
    if (!this.#isBusy) this.#write();
  }

  /** Writes what is left, at once, or as soon as the write that is under way has ended. */
  close(): void {
    clearTimeout(this.#timer);
    this.#isClosed = true;
    if (!this.#isBusy) this.#finish();
  }

  #finish(): void {
    const fd = this.#fd;
    this.#fd = -1;
    if (fd >= 0) {
      try {
        for (let part = this.#nextPart(); part.length > 0; part = this.#nextPart()) {
          this.#written += writeSync(fd, part, 0, part.length, this.#written % this.#memory.size);
        }
      } catch {
        // The disk is full, or gone.
      }
      close(fd, () => undefined);
    }
    for (const callback of this.#idleCallbacks.splice(0)) callback();
  }

  #write(): void {
    const part = this.#nextPart();
    if (this.#fd < 0 || part.length === 0) {
      for (const callback of this.#idleCallbacks.splice(0)) callback();
      return;
    }
    this.#isBusy = true;
    const { size } = this.#memory;
    write(this.#fd, part, 0, part.length, this.#written % size, (error, written) => {
      this.#isBusy = false;
      // What could not be written is tried again with what comes next.
      if (error === null) this.#written += written;
      if (this.#isClosed) return this.#finish();
      if (error === null && this.#written < this.#memory.next && this.#idleCallbacks.length > 0) this.#write();
      else {
        for (const callback of this.#idleCallbacks.splice(0)) callback();
        if (this.#written < this.#memory.next) this.update();
      }
    });
  }

  /** The next bytes that differ, up to the end of the memory. */
  #nextPart(): Buffer {
    const { bytes, next, size } = this.#memory;
    // What was overwritten in the meantime is passed over.
    this.#written = Math.max(this.#written, next - size);
    const start = this.#written % size;
    return bytes.subarray(start, Math.min(size, start + next - this.#written));
  }
}
