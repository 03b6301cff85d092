/**
 * The journal's file: reading it, adding to it, putting another in its place so that at every moment one whole file is there,
 * and the lock that keeps two processes from writing it. What is written and when is the journal's (journal.ts).
 */

import { constants, type Stats } from 'node:fs';
import { chmod, chown, link, mkdir, open, readFile, rename, stat, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { lockFile, support } from '@evenkeel/sys';

/** What a journal does to its file; tests put memory in its place. */
export interface JournalDisk {
  readonly path: string;
  /** Rejects where that cannot be found out. */
  exists(): Promise<boolean>;
  /** latin1; undefined where there is no file. Rejects where it cannot be read. */
  read(): Promise<string | undefined>;
  /** The number of the process that has the lock, where it says one; `own` from now on, or already, where it is ours. */
  lock(): Promise<'own' | { readonly holder: string | undefined }>;
  /** Behind what is there. Resolves when it would survive the end of the process; rejects where it may be there in part. */
  append(text: string): Promise<void>;
  /** Resolves when what was appended would survive the end of the machine. */
  sync(): Promise<void>;
  /** Exactly `text` is there from now on, or, where it rejects, what was there before. It survives the end of the machine. */
  replace(text: string): Promise<void>;
  /** The file goes on existing under another name. */
  keepAside(suffix: string): Promise<string>;
  /** Removes the file. */
  remove(): Promise<void>;
  /** Gives back the lock. */
  close(): Promise<void>;
}

/** Only who runs the proxy needs to know what was changed. */
const MODE = 0o600;
const FOLDER_MODE = 0o700;
const BASE_MODE = 0o755;
/** Longer than a thousand changes for each of a thousand servers, and far from what memory holds. */
const MAX_BYTES = 256 * 1024 * 1024;

export class JournalFile implements JournalDisk {
  readonly path: string;
  readonly #hasFolder: boolean;
  #lock: FileHandle | undefined;
  #file: FileHandle | undefined;

  /** `hasFolder`: the folder is ours alone, and is made where it is not there. */
  constructor(path: string, hasFolder: boolean) {
    this.path = path;
    this.#hasFolder = hasFolder;
  }

  async exists(): Promise<boolean> {
    try {
      await stat(this.path);
      return true;
    } catch (error) {
      if (isAbsent(error)) return false;
      throw error;
    }
  }

  async read(): Promise<string | undefined> {
    try {
      const stats = await this.#statFile();
      if (stats === undefined) return undefined;
      if (stats.size > MAX_BYTES) throw new Error(`${this.path} has ${stats.size} bytes, which no journal has`);
      return await readFile(this.path, 'latin1');
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  /**
   * Undefined where nothing is there. Rejects where something else than a file is, which might be read without end
   * (/dev/full), wait for who reads it (a pipe) or be lost when a file is put in its place (/dev/null). A folder says so by itself.
   */
  async #statFile(): Promise<Stats | undefined> {
    try {
      const stats = await stat(this.path);
      if (stats.isFile() || stats.isDirectory()) return stats;
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
    throw new Error('it is a device, a pipe or a socket, and no file');
  }

  /**
   * Before the process becomes another user: what it keeps open stays, and what is there goes to that user, the folder where
   * it is ours.
   */
  async giveTo(uid: number, gid: number): Promise<void> {
    await this.#statFile();
    if (this.#hasFolder) {
      await this.#makeFolder();
      await chown(dirname(this.path), uid, gid);
    }
    for (const path of [this.path, `${this.path}.lock`]) {
      await chown(path, uid, gid).catch((error: unknown) => {
        if (!isAbsent(error)) throw error;
      });
    }
  }

  async lock(): Promise<'own' | { readonly holder: string | undefined }> {
    if (this.#lock !== undefined) return 'own';
    await this.#statFile();
    if (this.#hasFolder) await this.#makeFolder();
    // Not the journal itself, in whose place another file is put.
    const file = await open(`${this.path}.lock`, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, MODE);
    try {
      // Without the C library nothing can be locked, and nothing is gained by writing nothing.
      if (support('native').supported && !lockFile(file.fd)) {
        const holder = /^\d{1,10}$/m.exec(await file.readFile('latin1'))?.[0];
        await file.close();
        return { holder };
      }
      await file.truncate(0);
      await file.write(`${process.pid}\n`, 0);
    } catch (error) {
      await file.close();
      throw error;
    }
    this.#lock = file;
    return 'own';
  }

  async #makeFolder(): Promise<void> {
    const folder = dirname(this.path);
    const base = dirname(folder);
    // Others, of other users, have their folders beside it.
    if ((await mkdir(base, { recursive: true })) !== undefined) await chmod(base, BASE_MODE);
    await mkdir(folder, { mode: FOLDER_MODE }).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
  }

  async append(text: string): Promise<void> {
    if (this.#file === undefined) await this.#statFile();
    this.#file ??= await open(
      this.path,
      constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW,
      MODE,
    );
    await this.#file.writeFile(text, 'latin1');
    // Somebody removed or replaced it: what was appended would be gone with it.
    if (!isSame(await this.#file.stat(), await statOrNothing(this.path)))
      throw new Error(`${this.path} was taken away`);
  }

  async sync(): Promise<void> {
    await this.#file?.datasync();
  }

  async replace(text: string): Promise<void> {
    await this.#statFile();
    const temporary = `${this.path}.new`;
    const { O_WRONLY, O_APPEND, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
    const file = await open(temporary, O_WRONLY | O_APPEND | O_CREAT | O_TRUNC | O_NOFOLLOW, MODE);
    try {
      await file.writeFile(text, 'latin1');
      await file.sync();
      await rename(temporary, this.path);
    } catch (error) {
      await file.close();
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
    await this.#file?.close().catch(() => undefined);
    this.#file = file;
    await syncFolder(this.path);
  }

  async keepAside(suffix: string): Promise<string> {
    const aside = `${this.path}.${suffix}`;
    await unlink(aside).catch(() => undefined);
    await link(this.path, aside);
    return aside;
  }

  async remove(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    await unlink(this.path);
    await syncFolder(this.path);
  }

  async close(): Promise<void> {
    await this.#file?.close().catch(() => undefined);
    await this.#lock?.close().catch(() => undefined);
    this.#file = undefined;
    this.#lock = undefined;
  }
}

const isAbsent = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** A name in a folder survives the end of the machine once the folder does. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function statOrNothing(path: string): Promise<Stats | undefined> {
  return await stat(path).catch(() => undefined);
}

const isSame = (one: Stats, other: Stats | undefined): boolean => one.ino === other?.ino && one.dev === other.dev;
