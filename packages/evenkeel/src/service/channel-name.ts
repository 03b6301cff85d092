/**
 * The address at which a daemon hears `evenkeel reload|stop|status`: an abstract Unix socket named after the process number,
 * so that a pid file is all that is needed to find it. It leaves nothing in the file system, is gone with the process, and
 * asks for no rights in any folder after the daemon gave up being root. Who may speak is decided by the kernel's word on who
 * is at the other end (SO_PEERCRED): the daemon asks for its own user or root, the caller for the process that it means.
 */

import { readlinkSync } from 'node:fs';

/** sizeof sun_path: Node pads abstract names with NUL up to it. */
const SUN_PATH_BYTES = 108;

/** For net.connect() and net.Server.listen(). */
export function channelPath(pid: number): string {
  return `\0evenkeel/${pidNamespace()}/${pid}`.padEnd(SUN_PATH_BYTES, '\0');
}

/** Containers may share a network, in which the names live, and each have a process 1. */
function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '';
  } catch {
    // No /proc: the processes of this network are told apart by their numbers alone.
    return '';
  }
}
