/**
 * `user`, `group`, `uid` and `gid` (manual section 3.1): what the process gives up, in two steps. Before the first data
 * thread starts it becomes that user; what main still needs to publish the first configuration goes when that serves.
 */

import type { Global } from '@evenkeel/config';
import { dropPrivileges, effectiveCapabilities, limitCapabilities, lookupUser, ownerIds } from '@evenkeel/sys';
import type { Capability } from '@evenkeel/sys';
import type { Terminal } from './terminal.ts';

/** Reloads bind ports below 1024, to devices and to addresses that are not there; every thread binds. */
const KEPT: readonly Capability[] = ['CAP_NET_BIND_SERVICE', 'CAP_NET_ADMIN', 'CAP_NET_RAW'];
/** Unix sockets take their paths once everything else is ready, in folders that belong to root, perhaps with a sticky bit. */
const UNTIL_SERVING: readonly Capability[] = ['CAP_DAC_OVERRIDE', 'CAP_FOWNER'];

export class Privileges {
  #kept: readonly Capability[] | undefined;

  /** The user whom this process became; undefined where it is who started it. */
  get became(): string | undefined {
    if (this.#kept === undefined) return undefined;
    const uid = String(process.getuid?.());
    return lookupUser(uid)?.name ?? uid;
  }

  /** Whether the configuration asks for it. */
  willDrop(global: Global): boolean {
    const { uid, gid } = ownerIds(global);
    return uid !== undefined || gid !== undefined;
  }

  /** Becomes the user of the configuration. Returns what a data thread may keep, or undefined where nothing was given up. */
  drop(global: Global, terminal: Terminal): readonly Capability[] | undefined {
    if (!this.willDrop(global)) return undefined;
    const { uid, gid } = ownerIds(global);
    if (process.getuid?.() !== 0) {
      terminal.say('warning', `'user' and 'group' have no effect: the process is not root.`);
      return undefined;
    }
    // A container may run as root with less than all of them.
    const has = new Set(effectiveCapabilities());
    this.#kept = KEPT.filter((capability) => has.has(capability));
    const keep = [...this.#kept, ...UNTIL_SERVING.filter((capability) => has.has(capability))];
    dropPrivileges({ uid, gid, groups: [], keep });
    return this.#kept;
  }

  /** The first configuration serves: main keeps no more than its threads. */
  finish(): void {
    if (this.#kept !== undefined) limitCapabilities(this.#kept);
  }
}
