/** `user`, `group`, `uid` and `gid` (manual section 3.1): what the process gives up once it has bound its sockets. */

import type { Global } from '@evenkeel/config';
import { dropPrivileges, lookupGroup, lookupUser } from '@evenkeel/sys';
import type { Terminal } from './terminal.ts';

export function dropPrivilegesOf(global: Global, terminal: Terminal): void {
  const uid = global.uid ?? (global.user === undefined ? undefined : lookupUser(global.user)?.uid);
  const gid = global.gid ?? (global.group === undefined ? undefined : lookupGroup(global.group)?.gid);
  if (uid === undefined && gid === undefined) return;
  if (process.getuid?.() !== 0) {
    terminal.say('warning', `'user' and 'group' have no effect: the process is not root.`);
    return;
  }
  dropPrivileges({ uid, gid, groups: [], keep: ['CAP_NET_BIND_SERVICE', 'CAP_NET_ADMIN', 'CAP_NET_RAW'] });
}
