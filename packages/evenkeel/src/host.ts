/** The machine as the configuration parser sees it: files, environment, names, features. The only real ConfigHost. */

import { readFileSync, readdirSync } from 'node:fs';
import { availableParallelism, hostname } from 'node:os';
import { lookupGroup, lookupUser, reasonOf } from '@evenkeel/sys';
import type { ConfigHost, HostAnswer } from '@evenkeel/config';
import { FEATURES, LANGUAGE_VERSION } from './version.ts';

/** `became`: the user whom the process became when it gave up being root; undefined where it is who started it. */
export function nodeHost(became?: string): ConfigHost {
  return {
    readFile: (path) => answer(() => readFileSync(path, 'latin1'), became),
    listDirectory: (path) => answer(() => readdirSync(path), became),
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

/** `became` is as nodeHost has it. */
function answer<T>(read: () => T, became: string | undefined): HostAnswer<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    const remedy =
      became !== undefined && (error as NodeJS.ErrnoException).code === 'EACCES'
        ? ` for user '${became}', which this process became at its start; let that user read it and enter the folders above it, or restart`
        : '';
    return { ok: false, reason: reasonOf(error) + remedy };
  }
}
