/**
 * The pid file: opened as long as the process may write there, written once it serves, so that a start that fails leaves the
 * number of the process that serves. Removed at the end where it still holds this process's number.
 */

import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { constants } from 'node:fs';
import { reasonOf } from '@evenkeel/sys';

export class PidFile {
  readonly #path: string;
  /** Undefined once written. */
  #descriptor: number | undefined;
  readonly #isNew: boolean;

  /** Throws with HAProxy's sentence where the file cannot be written. */
  constructor(path: string) {
    this.#path = path;
    this.#isNew = !existsSync(path);
    try {
      this.#descriptor = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o644);
    } catch (error) {
      throw new Error(`[haproxy.main()] Cannot create pidfile ${path} (${reasonOf(error)})`, { cause: error });
    }
  }

  write(): void {
    if (this.#descriptor === undefined) return;
    ftruncateSync(this.#descriptor);
    writeSync(this.#descriptor, `${process.pid}\n`);
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  /** A newer process may have written its own number there, and an unprivileged process may not be allowed to remove it. */
  remove(): void {
    try {
      const isOurs =
        this.#descriptor === undefined ? Number(readFileSync(this.#path, 'latin1')) === process.pid : this.#isNew;
      if (isOurs) rmSync(this.#path);
    } catch {
      // It is gone, or stays: the number in it is of no living process.
    }
  }
}
