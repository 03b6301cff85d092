/**
 * Where relative paths in a configuration begin (manual section 3.1, `default-path`). HAProxy changes its directory while it reads
 * each file; here a path is completed when it is read, which comes to the same for everything that is read while parsing.
 */

import type { ConfigHost } from './host.ts';

export type PathPolicy =
  | { readonly kind: 'current' | 'config' | 'parent' }
  | { readonly kind: 'origin'; readonly path: string };

export class DefaultPath {
  /** The machine itself. */
  readonly machine: ConfigHost;
  /** The machine, with relative paths as the policy has them. */
  readonly host: ConfigHost;
  #policy: PathPolicy = { kind: 'current' };
  /** The configuration file that is being read, as it was named. */
  #file = '';

  constructor(host: ConfigHost) {
    this.machine = host;
    this.host = {
      ...host,
      userId: (name) => host.userId(name),
      groupId: (name) => host.groupId(name),
      readFile: (path) => host.readFile(this.complete(path)),
      listDirectory: (path) => host.listDirectory(this.complete(path)),
    };
  }

  /** Another configuration file begins: the policy stays, the folder may be another. */
  enter(file: string): void {
    this.#file = file;
  }

  /** Replaces the policy at once. */
  set(policy: PathPolicy): void {
    this.#policy = policy;
  }

  complete(path: string): string {
    if (path.startsWith('/')) return path;
    const folder = this.#folder();
    return folder === '' ? path : `${folder.replace(/\/$/, '')}/${path}`;
  }

  /** Empty for the directory that the process is in. */
  #folder(): string {
    const slash = this.#file.lastIndexOf('/');
    const own = slash < 0 ? '' : slash === 0 ? '/' : this.#file.slice(0, slash);
    switch (this.#policy.kind) {
      case 'current':
        return '';
      case 'config':
        return own;
      case 'parent':
        return own === '' ? '..' : `${own}/..`;
      case 'origin':
        return this.#policy.path;
    }
  }
}
