/**
 * A regular file: `file@/path` (our own), or `stdout` and `fd@N` where they lead to one. Writes are made by the runtime's
 * helper threads, one at a time, so a disk that hangs holds up nobody; lines that came meanwhile leave together.
 *
 * A file that was renamed or removed is opened anew within a second of the next line, so rotation needs no signal. A disk
 * that is full costs the lines that do not fit, and the next one that does begins a line of its own.
 */

import { close, constants, fstat, open, stat, write } from 'node:fs';
import { ByteQueue } from './byte-queue.ts';
import type { Destination } from './destination.ts';

/** Two of these: one is being written while the other fills. */
const QUEUE_BYTES = 512 * 1024;
/** As syslog daemons create theirs. */
const MODE = 0o640;
/** Of a pipe that nobody reads, at once an error: a helper thread would wait for a reader, and the process's end for that thread. */
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;
/** How often it is looked whether the path still leads to the open file, and whether one that failed can be opened. */
const LOOK_MS = 1000;

export class FileDestination implements Destination {
  readonly countsLineFeed = true;
  /** Undefined for a descriptor that is given. */
  readonly #path: string | undefined;
  #fd = -1;
  #filling = new ByteQueue(QUEUE_BYTES);
  #leaving = new ByteQueue(QUEUE_BYTES);
  #isBusy = false;
  #isClosed = false;
  /** The last write ended within a line. */
  #isCut = false;
  #lookedAtMs = -Infinity;
  #failedAtMs = -Infinity;
  /** To be called when what fills, and what leaves, has been written. */
  #whenFilled: (() => void)[] = [];
  #whenLeft: (() => void)[] = [];
  dropped = 0;
  reason = '';

  constructor(where: { readonly path: string } | { readonly fd: number }) {
    if ('path' in where) this.#path = where.path;
    else {
      this.#path = undefined;
      this.#fd = where.fd;
    }
  }

  send(line: Buffer, length: number): void {
    if (this.#filling.push(line, length)) return;
    this.#drop(1, this.#isBusy ? 'the disk is too slow' : 'its queue is full');
    this.flush();
  }

  flush(): void {
    if (this.#isBusy || this.#filling.length === 0) return;
    [this.#filling, this.#leaving] = [this.#leaving, this.#filling];
    this.#whenLeft = this.#whenFilled.splice(0);
    this.#isBusy = true;
    this.#findFile(() => this.#writeOut());
  }

  whenIdle(callback: () => void): void {
    this.flush();
    if (!this.#isBusy) callback();
    else (this.#filling.length === 0 ? this.#whenLeft : this.#whenFilled).push(callback);
  }

  /** What was taken is written first. */
  close(): void {
    this.#isClosed = true;
    this.flush();
    if (!this.#isBusy) this.#closeFile();
  }

  /** Goes on once the right file is open, or cannot be opened. */
  #findFile(done: () => void): void {
    const path = this.#path;
    const now = performance.now();
    if (path === undefined) return done();
    if (this.#fd < 0) {
      // Asked for once a second: what cannot be opened would be asked for at every line otherwise.
      if (now - this.#failedAtMs < LOOK_MS) return done();
      this.#open(path, now, done);
      return;
    }
    if (now - this.#lookedAtMs < LOOK_MS) return done();
    this.#lookedAtMs = now;
    fstat(this.#fd, (_error, own) => {
      stat(path, (error, there) => {
        if (error === null && own !== undefined && there.ino === own.ino && there.dev === own.dev) return done();
        this.#closeFile();
        this.#open(path, now, done);
      });
    });
  }

  #open(path: string, now: number, done: () => void): void {
    open(path, FLAGS, MODE, (error, fd) => {
      if (error === null) {
        this.#fd = fd;
        this.#lookedAtMs = now;
        this.#isCut = false;
      } else {
        this.#failedAtMs = now;
        this.reason = error.code ?? error.message;
      }
      done();
    });
  }

  #writeOut(): void {
    if (this.#fd < 0) return this.#fail(this.reason);
    if (this.#isCut) {
      write(this.#fd, '\n', (error) => {
        if (error !== null) return this.#fail(error.code ?? error.message);
        this.#isCut = false;
        this.#writeRest();
      });
      return;
    }
    this.#writeRest();
  }

  #writeRest(): void {
    const bytes = this.#leaving.head(QUEUE_BYTES);
    write(this.#fd, bytes, 0, bytes.length, null, (error, written) => {
      if (error !== null) return this.#fail(error.code ?? error.message);
      this.#isCut = written < bytes.length && bytes[written - 1] !== 0x0a;
      this.#leaving.take(written);
      if (this.#leaving.length > 0) this.#writeRest();
      else this.#finish();
    });
  }

  #fail(reason: string): void {
    this.#drop(this.#leaving.lines(), reason);
    this.#leaving.clear();
    this.#finish();
  }

  #finish(): void {
    this.#isBusy = false;
    for (const callback of this.#whenLeft.splice(0)) callback();
    this.flush();
    if (!this.#isBusy && this.#isClosed) this.#closeFile();
  }

  #closeFile(): void {
    if (this.#path === undefined || this.#fd < 0) return;
    close(this.#fd, () => undefined);
    this.#fd = -1;
  }

  #drop(lines: number, reason: string): void {
    this.dropped += lines;
    this.reason = reason;
  }
}
