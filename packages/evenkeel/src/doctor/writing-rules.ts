/** What the daemon writes while it runs: the journal of runtime changes (`persist-runtime`), logs that go to files. */

import { dirname } from 'node:path';
import type { Config } from '@evenkeel/config';
import type { Facts, FileFact } from './facts.ts';
import { ok, warning, type Finding } from './finding.ts';
import { EXECUTE, ROOT, WRITE, foldersAbove, may } from './permissions.ts';

type Files = ReadonlyMap<string, FileFact>;

/** The files that the rules ask about; the folders above them are needed too. */
export function writtenPaths(config: Config, journal: Facts['journal']): readonly string[] {
  return [...logFiles(config), ...(journal === undefined ? [] : [journal.path])];
}

export function examineWriting(facts: Facts): readonly Finding[] {
  const { config } = facts;
  return config === undefined ? [] : [...logs(config, facts), ...journal(facts)];
}

function logFiles({ global, proxies }: Config): readonly string[] {
  const targets = [...global.logs, ...proxies.flatMap(({ disabled, logs: own }) => (disabled ? [] : own))];
  return [...new Set(targets.flatMap(({ destination }) => (destination.kind === 'file' ? [destination.path] : [])))];
}

/** The log thread opens its files as the user whom the daemon became. */
function logs(config: Config, { files, user }: Facts): readonly Finding[] {
  return logFiles(config).map((path) => {
    const file = files.get(path);
    const isNone = file?.kind === 'folder' || file?.kind === 'socket';
    const hindrance = isNone ? `${path} is no file.` : hindranceAt(path, files, user);
    if (hindrance === undefined) return ok('logs', `${path} can be written.`);
    const folder = dirname(path);
    return warning(
      'logs',
      hindrance,
      `log lines that go to ${path} are dropped, and counted`,
      files.get(folder)?.kind === 'missing'
        ? `install -d${user === undefined ? '' : ` -o ${user.name}`} ${folder}`
        : isNone || user === undefined
          ? 'name another file'
          : `let ${user.name} write to ${file?.kind === 'missing' ? folder : path}, or name another file`,
    );
  });
}

function journal({ files, journal: place, user }: Facts): readonly Finding[] {
  if (place === undefined) return [];
  const { hasFolder, path } = place;
  const kind = files.get(path)?.kind ?? 'missing';
  const hindrance =
    kind !== 'missing' && kind !== 'file'
      ? `${path}, which is to keep what is changed at run time, is no file.`
      : hasFolder
        ? hindranceOfOwnFolder(dirname(path), files, user)
        : hindranceIn(dirname(path), files, user);
  if (hindrance === undefined) return [ok('journal', `What is changed at run time can be kept in ${path}.`)];
  return [
    warning(
      'journal',
      hindrance,
      `what is changed at run time cannot be kept in ${path}, and is lost when the process ends`,
      "in 'global': persist-runtime /A/FOLDER/ that may be written, or: no persist-runtime; under systemd: StateDirectory=evenkeel",
    ),
  ];
}

/** The daemon makes the folder as who starts it, and gives it to the user whom it becomes; only root can become another. */
function hindranceOfOwnFolder(folder: string, files: Files, user: Facts['user']): string | undefined {
  const present = [folder, ...foldersAbove(folder)].find((each) => files.get(each)?.kind !== 'missing') ?? '/';
  const hindrance = hindranceIn(present, files, user === undefined ? undefined : ROOT);
  if (hindrance !== undefined || user === undefined) return hindrance;
  return closedFolder(foldersAbove(folder), files, user);
}

/** What keeps the user, or who asks where that is undefined, from writing a file, or from making it where it is missing. */
function hindranceAt(path: string, files: Files, user: Facts['user']): string | undefined {
  const file = files.get(path);
  if (file === undefined) return undefined;
  if (file.kind === 'missing') return hindranceIn(dirname(path), files, user);
  return (
    refusalTo(path, file, user) ?? (user === undefined ? undefined : closedFolder(foldersAbove(path), files, user))
  );
}

/** What keeps them from making files in a folder, as a sentence. */
function hindranceIn(folder: string, files: Files, user: Facts['user']): string | undefined {
  const file = files.get(folder);
  if (file === undefined) return undefined;
  if (file.kind === 'missing') return `${folder} does not exist.`;
  if (file.kind !== 'folder') return `${folder} is no folder.`;
  return (
    refusalTo(folder, file, user) ??
    (user === undefined ? undefined : closedFolder([folder, ...foldersAbove(folder)], files, user))
  );
}

function refusalTo(path: string, file: FileFact, user: Facts['user']): string | undefined {
  if (file.writable === 'read-only') return `${path} is on a file system that is mounted read-only.`;
  if (user === undefined) return file.writable === 'no' ? `This user may not write to ${path}.` : undefined;
  return may(file, user, WRITE) ? undefined : `User ${user.name} may not write to ${path}.`;
}

function closedFolder(folders: readonly string[], files: Files, user: NonNullable<Facts['user']>): string | undefined {
  const closed = folders.find((folder) => !may(files.get(folder), user, EXECUTE));
  return closed === undefined ? undefined : `User ${user.name} may not enter ${closed}.`;
}
