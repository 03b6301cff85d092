/**
 * Where the journal of runtime changes lies (`persist-runtime`). Its name tells the configuration it belongs to, so that two
 * processes with different configurations never share one. Pure.
 */

import { createHash } from 'node:crypto';
import { basename, join, resolve } from 'node:path';
import type { Config } from '@evenkeel/config';

export interface JournalPlace {
  readonly path: string;
  /** The folder is ours alone: it is made where it is missing. */
  readonly makesFolder: boolean;
  /** The configuration names it: what is wrong with it is said at once. */
  readonly isNamed: boolean;
}

/** Where neither the configuration nor the service manager says another. */
const FOLDER = '/var/lib/evenkeel';

/**
 * `names`: the files and folders that the command line names. `stateDirectory`: systemd's STATE_DIRECTORY. `isFolder`: asked about
 * a path that the configuration names. In this order: what `persist-runtime` names, beside the files of `server-state-base`,
 * the service manager's folder, our own.
 */
export function journalPlace(
  { global }: Pick<Config, 'global'>,
  names: readonly string[],
  stateDirectory: string | undefined,
  isFolder: (path: string) => boolean,
): JournalPlace {
  const name = journalName(names);
  const { path } = global.persistRuntime;
  const base = global.serverStateBase;
  if (path !== undefined) {
    const named = resolve(base ?? '', path);
    const inside = path.endsWith('/') || isFolder(named);
    return { path: inside ? join(named, name) : named, makesFolder: false, isNamed: true };
  }
  if (base !== undefined) return { path: resolve(base, name), makesFolder: false, isNamed: false };
  // Several folders are separated by colons; the first one is the main one.
  const managed = stateDirectory?.split(':')[0];
  if (managed !== undefined && managed !== '') return { path: join(managed, name), makesFolder: false, isNamed: false };
  return { path: join(FOLDER, name), makesFolder: true, isNamed: false };
}

/** Of the files as they were named, whatever is in them: an edit must find what was changed before. */
function journalName(names: readonly string[]): string {
  const paths = names.map((name) => resolve(name));
  const label = basename(paths[0] ?? '').replace(/[^A-Za-z0-9._-]/g, '_');
  const digest = createHash('sha256').update(paths.join('\n')).digest('hex').slice(0, 12);
  return `runtime-${label === '' ? 'evenkeel' : label}-${digest}.journal`;
}
