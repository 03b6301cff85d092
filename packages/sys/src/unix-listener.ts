// A listening Unix socket that takes its path in one step: bound under a temporary name, given its rights, and renamed when
// everything else is ready, so that the path never is without a listener and a start that fails leaves another process's
// socket in place. At the end the path goes only where it still leads to this socket.
import { chmodSync, chownSync, linkSync, lstatSync, renameSync, unlinkSync } from 'node:fs';
import { ownerIds, type Owner } from './credentials.ts';
import { openListener } from './listener.ts';
import { closeFd } from './socket.ts';

export interface UnixListenerOptions extends Owner {
  readonly path: string;
  readonly backlog: number;
  /** Rights of the path; undefined leaves what the umask makes of 0777. */
  readonly mode?: number | undefined;
}

export class UnixListener {
  readonly path: string;
  /** Listening descriptor; whoever takes it over closes it. */
  readonly descriptor: number;
  readonly #temporary: string;
  /** Second name of the socket that was at the path before, until it is certain that it is not needed any more. */
  readonly #before: string;
  readonly #inode: number;

  /** Listens under a temporary name beside `path`. Throws SysError or an error of node:fs with nothing left behind. */
  constructor(options: UnixListenerOptions) {
    const { path, backlog, mode } = options;
    this.path = path;
    this.#temporary = `${path}.${process.pid}.tmp`;
    this.#before = `${path}.${process.pid}.old`;
    removeQuietly(this.#temporary);
    this.descriptor = openListener({ family: 'unix', address: this.#temporary, backlog });
    try {
      if (mode !== undefined) chmodSync(this.#temporary, mode);
      const { uid, gid } = ownerIds(options);
      if (uid !== undefined || gid !== undefined) chownSync(this.#temporary, uid ?? -1, gid ?? -1);
      this.#inode = lstatSync(this.#temporary).ino;
    } catch (error) {
      closeFd(this.descriptor);
      removeQuietly(this.#temporary);
      throw error;
    }
  }

  /** Takes the path: whoever connects finds the socket that was there before, or this one. Throws errors of node:fs. */
  takePath(): void {
    removeQuietly(this.#before);
    try {
      linkSync(this.path, this.#before);
    } catch {
      // Nothing is there, or nothing that this user may link to: then it cannot be given back.
    }
    try {
      renameSync(this.#temporary, this.path);
    } catch (error) {
      removeQuietly(this.#before);
      throw error;
    }
  }

  /** The path is this socket's for good: everything that goes with it worked. */
  keepPath(): void {
    removeQuietly(this.#before);
  }

  /** Something else failed: what was at the path before `takePath` is there again. */
  giveBackPath(): void {
    try {
      if (lstatSync(this.path).ino === this.#inode) renameSync(this.#before, this.path);
    } catch {
      // The path was not taken, or nothing was there.
    }
    this.removePath();
  }

  /** Removes what leads to this socket; another process may have put its own at the path since. Never throws. */
  removePath(): void {
    for (const path of [this.#temporary, this.path]) {
      try {
        if (lstatSync(path).ino === this.#inode) unlinkSync(path);
      } catch {
        // It is gone already, or this process may no longer write to its folder.
      }
    }
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was not there.
  }
}
