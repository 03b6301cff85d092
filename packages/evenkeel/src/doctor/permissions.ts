/** What permission bits allow to whom, of paths that were looked at. Pure. */

import { dirname } from 'node:path';
import type { FileFact } from './facts.ts';

export const READ = 4;
export const WRITE = 2;
export const EXECUTE = 1;
export const ROOT = { name: 'root', uid: 0, gid: 0 };

/** What the permission bits allow to a user without further groups; what is not there hinders nobody here. */
export function may(
  file: FileFact | undefined,
  { gid, uid }: { readonly uid: number; readonly gid: number },
  bit: number,
): boolean {
  if (file === undefined || file.kind === 'missing') return true;
  // Root reads and writes everything, and runs what anybody may run.
  if (uid === 0) return bit !== EXECUTE || file.kind === 'folder' || (file.mode & 0o111) !== 0;
  const shift = file.uid === uid ? 6 : file.gid === gid ? 3 : 0;
  return ((file.mode >> shift) & bit) !== 0;
}

/** The folders that must be entered on the way to a path, the nearest first. */
export function foldersAbove(path: string): readonly string[] {
  const folders: string[] = [];
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    folders.push(folder);
    if (folder === dirname(folder)) return folders;
  }
}
