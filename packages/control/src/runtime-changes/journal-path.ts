/**
 * Where the journal of runtime changes lies (`persist-runtime`). Its name tells the configuration it belongs to, so that two
 * processes with different configurations never share one. Pure.
 */

import { createHash } from 'node:crypto';
import { basename, join, resolve } from 'node:path';
import type { Config } from '@evenkeel/config';

export interface JournalPlace {
  readonly path: string;
  /** The folder that it lies in is ours alone: it is made where it is missing, and belongs to the user of the process. */
  readonly hasFolder: boolean;
  /** The configuration names it: what is wrong with it is said at once. */
  readonly isNamed: boolean;
}

/** Where neither the configuration nor the service manager says another. */
const BASE = '/var/lib/evenkeel';

/**
 * `names`: the files and folders that the command line names. `stateDirectory`: systemd's STATE_DIRECTORY. `isFolder`: asked about
 * a path that the configuration names. In this order: what `persist-runtime` names, beside the files of `server-state-base`,
 * the service manager's folder, our own. In a folder that others use too it has one of its own, since a process that has
 * become another user could not put a new file in the place of an old one there.
 */
export function journalPlace(
  { global }: Pick<Config, 'global'>,
  names: readonly string[],
  stateDirectory: string | undefined,
  isFolder: (path: string) => boolean,
): JournalPlace {
  const inside = (base: string): string => join(base, folderName(names), 'runtime.journal');
  const { path } = global.persistRuntime;
  const base = global.serverStateBase;
  if (path !== undefined) {
    const named = resolve(base ?? '', path);
    const hasFolder = path.endsWith('/') || isFolder(named);
    return { path: hasFolder ? inside(named) : named, hasFolder, isNamed: true };
  }
  // Several folders are separated by colons; the first one is the main one.
  const managed = stateDirectory?.split(':')[0] ?? '';
  const folder = base !== undefined ? resolve(base) : managed !== '' ? managed : BASE;
  return { path: inside(folder), hasFolder: true, isNamed: false };
}

/** Of the files as they were named, whatever is in them: an edit must find what was changed before. */
function folderName(names: readonly string[]): string {
  const paths = names.map((name) => resolve(name));
  const label = basename(paths[0] ?? '').replace(/[^A-Za-z0-9._-]/g, '_');
  const digest = createHash('sha256').update(paths.join('\n')).digest('hex').slice(0, 12);
  return `${label === '' ? 'evenkeel' : label}-${digest}`;
}
