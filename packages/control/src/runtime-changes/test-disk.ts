// A journal's disk for tests: it holds its text in memory, and fails, hangs or dies when it is told to.

import { setImmediate as turn } from 'node:timers/promises';
import type { JournalDisk } from './journal-disk.ts';

/** A disk in memory. Whatever is set to fail or to hang does until that is taken back. */
export class MemoryDisk implements JournalDisk {
  readonly path = '/state/journal';
  text: string | undefined;
  aside: string | undefined;
  holder: string | undefined;
  isLocked = false;
  refuses: { readonly code: string } | undefined;
  /** Bytes that an append which fails leaves behind. */
  tornBytes = 0;
  hangs: Promise<void> | undefined;
  /** Writes until the process is killed in the middle of one, of which `tornBytes` are left; nothing is answered after that. */
  writesLeft = Infinity;
  appends = 0;
  replaces = 0;
  syncs = 0;

  constructor(text?: string) {
    this.text = text;
  }

  async exists(): Promise<boolean> {
    await turn();
    return this.text !== undefined;
  }

  async read(): Promise<string | undefined> {
    await turn();
    if (this.refuses?.code === 'EACCES') throw Object.assign(new Error('EACCES'), this.refuses);
    return this.text;
  }

  async lock(): Promise<'own' | { readonly holder: string | undefined }> {
    await turn();
    if (this.holder !== undefined) return { holder: this.holder };
    this.isLocked = true;
    return 'own';
  }

  async append(text: string): Promise<void> {
    await this.#meet(() => void (this.text = (this.text ?? '') + text.slice(0, this.tornBytes)));
    this.appends++;
    this.text = (this.text ?? '') + text;
  }

  async sync(): Promise<void> {
    await turn();
    this.syncs++;
  }

  async replace(text: string): Promise<void> {
    await this.#meet(() => undefined);
    this.replaces++;
    this.text = text;
  }

  async keepAside(suffix: string): Promise<string> {
    await turn();
    this.aside = this.text;
    return `${this.path}.${suffix}`;
  }

  async remove(): Promise<void> {
    await turn();
    this.text = undefined;
  }

  async close(): Promise<void> {
    await turn();
    this.isLocked = false;
  }

  async #meet(leaveBehind: () => void): Promise<void> {
    await this.hangs;
    await turn();
    if (this.writesLeft-- <= 0) {
      if (this.writesLeft === -1) leaveBehind();
      await new Promise<never>(() => {});
    }
    if (this.refuses === undefined) return;
    leaveBehind();
    throw Object.assign(new Error(this.refuses.code), this.refuses);
  }
}
