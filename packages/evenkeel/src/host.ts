/** The machine as the configuration parser sees it: files, environment, names, features. The only real ConfigHost. */

import { readFileSync, readdirSync } from 'node:fs';
import { availableParallelism, hostname } from 'node:os';
import { lookupGroup, lookupUser } from '@evenkeel/sys';
import type { ConfigHost, HostAnswer } from '@evenkeel/config';
import { FEATURES, LANGUAGE_VERSION } from './version.ts';

export function nodeHost(): ConfigHost {
  return {
    readFile: (path) => answer(() => readFileSync(path, 'latin1')),
    listDirectory: (path) => answer(() => readdirSync(path)),
    env: { ...process.env },
    hostname: hostname(),
    pid: process.pid,
    cpus: availableParallelism(),
    version: LANGUAGE_VERSION,
    opensslVersion: process.versions.openssl,
    features: new Set(FEATURES.filter(({ present }) => present).map(({ name }) => name)),
    userId: (name) => lookupUser(name)?.uid,
    groupId: (name) => lookupGroup(name)?.gid,
  };
}

/** The texts of the C library for what commonly stops a file from being read. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory',
  EACCES: 'Permission denied',
  EPERM: 'Operation not permitted',
  EISDIR: 'Is a directory',
  ENOTDIR: 'Not a directory',
  ELOOP: 'Too many levels of symbolic links',
  ENAMETOOLONG: 'File name too long',
};

function answer<T>(read: () => T): HostAnswer<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    return { ok: false, reason: REASONS[code] ?? (error as Error).message };
  }
}
