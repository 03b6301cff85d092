/**
 * Listening sockets that cannot be bound once per thread: Unix and abstract sockets, and descriptors that the process
 * inherited. Main owns one of each for as long as a generation names it and gives every thread a duplicate of its own,
 * because closing the last duplicate that a dead thread held would end the listener for all (see the manual on `bind`,
 * `fd@`). A Unix socket is bound under a temporary name and renamed, so that its path never is without a listener.
 */

import { chmodSync, chownSync, lstatSync, renameSync, unlinkSync } from 'node:fs';
import type { Bind } from '@evenkeel/config';
import type { ListenerDescriptor, ListenerPlan, Plan } from '@evenkeel/proxy';
import { SysError, closeFd, dup, isListening, isSocket, lookupGroup, lookupUser, openListener } from '@evenkeel/sys';

interface Held {
  readonly plan: ListenerPlan;
  readonly descriptor: number;
  /** The Unix socket as we made it, by inode: another process may have put its own at the path since. */
  readonly unix: { readonly temporary: string; readonly inode: number } | undefined;
}

/** What one generation needs beyond the current one, open but not yet visible. */
export interface OpenedListeners {
  readonly errors: readonly string[];
  /** Duplicates for one thread, which owns them: of what is new, or, for a thread that has nothing yet, of everything. */
  duplicates(forNewThread: boolean): readonly ListenerDescriptor[];
  /** Gives new Unix sockets their names, once; returns what failed. Needs the right to write to their folders. */
  publishPaths(): readonly string[];
  /** Makes the new set the current one and closes what is no longer named. */
  commit(): void;
  /** Closes what was opened; the old set stays. */
  rollBack(): void;
}

export class SharedListeners {
  #held = new Map<string, Held>();

  /** Opens what `plan` has and the current set has not. Nothing is visible to clients before commit(). */
  open(plan: Plan): OpenedListeners {
    const next = new Map<string, Held>();
    const opened: Held[] = [];
    const errors: string[] = [];
    const named = new Set<Held>();
    for (const listener of plan.listeners) {
      if (listener.address.kind === 'inet') continue;
      const known = this.#held.get(listener.key);
      if (known !== undefined) {
        next.set(listener.key, known);
        continue;
      }
      try {
        const held = openOne(listener, plan.config.proxies[listener.proxy].binds[listener.bind]);
        opened.push(held);
        next.set(listener.key, held);
      } catch (error) {
        errors.push(startError(plan, listener, error));
      }
    }
    return {
      errors,
      duplicates: (forNewThread) => (forNewThread ? [...next.values()] : opened).map(duplicate),
      publishPaths: () => {
        const unnamed = opened.filter((held) => !named.has(held));
        for (const held of unnamed) named.add(held);
        return unnamed.flatMap((held) => publishPath(plan, held));
      },
      commit: () => {
        const before = this.#held;
        this.#held = next;
        for (const [key, held] of before) if (!next.has(key)) close(held);
      },
      rollBack: () => {
        for (const held of opened) {
          if (held.unix !== undefined) removeQuietly(held.unix.temporary);
          close(held);
        }
      },
    };
  }

  /** Duplicates of the current set, for a thread that replaces one. */
  duplicates(): readonly ListenerDescriptor[] {
    return [...this.#held.values()].map(duplicate);
  }

  /** Closes everything; Unix paths that are still ours are removed. */
  closeAll(): void {
    for (const held of this.#held.values()) close(held);
    this.#held.clear();
  }
}

function duplicate({ plan, descriptor }: Held): ListenerDescriptor {
  return { key: plan.key, descriptor: dup(descriptor) };
}

function openOne(listener: ListenerPlan, bind: Bind): Held {
  const { address } = listener;
  switch (address.kind) {
    case 'fd': {
      if (!isSocket(address.fd)) throw new Error(`descriptor ${address.fd} is not a socket`);
      if (!isListening(address.fd)) throw new Error(`descriptor ${address.fd} does not listen`);
      return { plan: listener, descriptor: dup(address.fd), unix: undefined };
    }
    case 'abstract':
      return {
        plan: listener,
        descriptor: openListener({ family: 'unix', address: `@${address.name}`, backlog: listener.backlog }),
        unix: undefined,
      };
    case 'unix':
      return { plan: listener, ...openUnix(address.path, listener.backlog, bind) };
    case 'inet':
      throw new Error('an Internet listener is bound by each thread');
  }
}

function openUnix(
  path: string,
  backlog: number,
  bind: Pick<Bind, 'mode' | 'uid' | 'gid' | 'user' | 'group'>,
): Pick<Held, 'descriptor' | 'unix'> {
  const temporary = `${path}.${process.pid}.tmp`;
  removeQuietly(temporary);
  const descriptor = openListener({ family: 'unix', address: temporary, backlog });
  try {
    if (bind.mode !== undefined) chmodSync(temporary, bind.mode);
    const uid = bind.uid ?? (bind.user === undefined ? undefined : lookupUser(bind.user)?.uid);
    const gid = bind.gid ?? (bind.group === undefined ? undefined : lookupGroup(bind.group)?.gid);
    if (uid !== undefined || gid !== undefined) chownSync(temporary, uid ?? -1, gid ?? -1);
    return { descriptor, unix: { temporary, inode: lstatSync(temporary).ino } };
  } catch (error) {
    closeFd(descriptor);
    removeQuietly(temporary);
    throw error;
  }
}

/** Gives a new Unix socket its name, in one step: whoever connects finds the old listener or the new one. */
function publishPath(plan: Plan, { plan: listener, unix }: Held): readonly string[] {
  if (unix === undefined || listener.address.kind !== 'unix') return [];
  try {
    renameSync(unix.temporary, listener.address.path);
    return [];
  } catch (error) {
    removeQuietly(unix.temporary);
    return [startError(plan, listener, error)];
  }
}

function close({ plan, descriptor, unix }: Held): void {
  closeFd(descriptor);
  if (plan.address.kind !== 'unix' || unix === undefined) return;
  try {
    if (lstatSync(plan.address.path).ino === unix.inode) unlinkSync(plan.address.path);
  } catch {
    // Somebody removed the path already.
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was not there.
  }
}

const ERRNO_TEXT: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied',
  EADDRINUSE: 'Address already in use',
  ENOENT: 'No such file or directory',
  ENOTDIR: 'Not a directory',
  EROFS: 'Read-only file system',
};

function startError(plan: Plan, listener: ListenerPlan, error: unknown): string {
  const proxy = plan.config.proxies[listener.proxy];
  const code = error instanceof SysError ? error.code : ((error as NodeJS.ErrnoException).code ?? '');
  const reason = ERRNO_TEXT[code] ?? (error as Error).message;
  const { file, line } = proxy.binds[listener.bind].at;
  return `Binding [${file}:${line}] for ${proxy.kind === 'frontend' ? 'frontend' : 'proxy'} ${proxy.name}: cannot bind UNIX socket (${reason}) [${listener.text}]`;
}
