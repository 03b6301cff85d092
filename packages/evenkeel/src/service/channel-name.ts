/**
 * The address at which a daemon hears `evenkeel reload|stop|status`: an abstract Unix socket named after the process number,
 * so that a pid file is all that is needed to find it. It leaves nothing in the file system, is gone with the process, and
 * asks for no rights in any folder after the daemon gave up being root. Anybody on the machine may bind such a name, so it ends
 * in a number that nobody can know beforehand, or somebody could take the names of daemons that are still to start; the kernel's
 * list of sockets tells what it is. Who may speak is decided by the kernel's word on who is at the other end (SO_PEERCRED):
 * the daemon asks for its own user or root, the caller for the process that it means.
 */

import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';

/** sizeof sun_path: Node pads abstract names with NUL up to it. */
const SUN_PATH_BYTES = 108;
const RANDOM_BYTES = 16;

/** For net.Server.listen(): another name at each call. */
export function newChannelPath(pid: number): string {
  return pathOf(`${prefixOf(pid)}${randomBytes(RANDOM_BYTES).toString('hex')}`);
}

/** For net.connect(): where a process of that number may listen. Others may listen at such names too, with or without malice. */
export function channelPaths(pid: number): readonly string[] {
  const begin = `@${prefixOf(pid)}`;
  const names = readFileSync('/proc/net/unix', 'latin1')
    .split('\n')
    .flatMap((line) => NAME_OF_LISTENER.exec(line)?.[1] ?? [])
    .filter((name) => name.startsWith(begin));
  return names.map((name) => pathOf(name.slice(1)));
}

/** proc(5), /proc/net/unix: the flag __SO_ACCEPTCON marks who listens; NULs, also those of the padding, are shown as `@`. */
const NAME_OF_LISTENER = /^\S+ \S+ \S+ 00010000 \S+ \S+ +\d+ (@[^@]+)@*$/;

const prefixOf = (pid: number): string => `evenkeel/${pidNamespace()}/${pid}/`;

const pathOf = (name: string): string => `\0${name}`.padEnd(SUN_PATH_BYTES, '\0');

/** Containers may share a network, in which the names live, and each have a process 1. */
function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '';
  } catch {
    // No /proc: the processes of this network are told apart by their numbers alone.
    return '';
  }
}
