/** A host whose files, users and environment are values: for tests, and for checking a configuration that has no files yet. */

import type { ConfigHost, HostAnswer } from './host.ts';

export interface MemoryHostOptions {
  /** Contents by path, latin1. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly users?: Readonly<Record<string, number>>;
  readonly groups?: Readonly<Record<string, number>>;
  readonly features?: readonly string[];
}

export function memoryHost(options: MemoryHostOptions = {}): ConfigHost {
  const files = new Map(Object.entries(options.files ?? {}));
  const users = new Map(Object.entries(options.users ?? { root: 0, haproxy: 106 }));
  const groups = new Map(Object.entries(options.groups ?? { root: 0, haproxy: 112 }));
  return {
    readFile: (path): HostAnswer<string> => {
      const value = files.get(path);
      return value === undefined ? { ok: false, reason: 'No such file or directory' } : { ok: true, value };
    },
    listDirectory: (path): HostAnswer<readonly string[]> => {
      const start = path.endsWith('/') ? path : `${path}/`;
      const names = [...files.keys()].filter(
        (file) => file.startsWith(start) && !file.slice(start.length).includes('/'),
      );
      return names.length === 0
        ? { ok: false, reason: 'Not a directory' }
        : { ok: true, value: names.map((file) => file.slice(start.length)) };
    },
    env: options.env ?? {},
    hostname: 'node1',
    pid: 1,
    cpus: 2,
    version: '2.6.12',
    opensslVersion: '3.0.17',
    features: new Set(options.features ?? ['OPENSSL', 'THREAD']),
    userId: (name) => users.get(name),
    groupId: (name) => groups.get(name),
  };
}
