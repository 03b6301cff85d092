/**
 * Listening sockets that cannot be bound once per thread: Unix and abstract sockets, and descriptors that the process
 * inherited. Main owns one of each for as long as a generation names it and gives every thread a duplicate of its own,
 * because closing the last duplicate that a dead thread held would end the listener for all (see the manual on `bind`,
 * `fd@`). A duplicate belongs to its thread, but a thread can end before it has taken it over: what is left of it then is
 * closed here.
 */

import { fstatSync } from 'node:fs';
import type { Bind } from '@evenkeel/config';
import type { ListenerDescriptor, ListenerPlan, Plan } from '@evenkeel/proxy';
import { UnixListener, closeFd, dup, isListening, isSocket, openListener } from '@evenkeel/sys';
import { bindingError } from './listener-plans.ts';
import type { PreparedChange } from './prepared-change.ts';

interface Held {
  readonly plan: ListenerPlan;
  readonly descriptor: number;
  /** Which socket it is, under whatever number. */
  readonly identity: string;
  readonly unix: UnixListener | undefined;
}

/** Who was given a duplicate last, and of which socket. */
interface Given {
  readonly owner: object;
  readonly identity: string;
}

/** What one generation needs beyond the current one. */
export interface OpenedListeners extends PreparedChange {
  /**
   * Duplicates for one thread, which owns them: of what is new, or, for a thread that has nothing yet, of everything. Throws
   * SysError EMFILE with none left open.
   */
  duplicates(owner: object, isNewThread: boolean): readonly ListenerDescriptor[];
}

export class SharedListeners {
  #held = new Map<string, Held>();
  /** By descriptor. */
  readonly #given = new Map<number, Given>();

  /** Opens what `plan` has and the current set has not. Nothing is visible to clients before commit(). */
  open(plan: Plan): OpenedListeners {
    const next = new Map<string, Held>();
    const opened: Held[] = [];
    const errors: string[] = [];
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
        // The number is main's now, whoever had it before.
        this.#given.delete(held.descriptor);
        next.set(listener.key, held);
      } catch (error) {
        errors.push(startError(plan, listener, error));
      }
    }
    return {
      errors,
      duplicates: (owner, isNewThread) => this.#duplicate(isNewThread ? [...next.values()] : opened, owner),
      publishPaths: () => opened.flatMap((held) => publishPath(plan, held)),
      commit: () => {
        const before = this.#held;
        this.#held = next;
        for (const { unix } of opened) unix?.keepPath();
        for (const [key, held] of before) if (!next.has(key)) close(held);
      },
      rollBack: () => {
        for (const { descriptor, unix } of opened) {
          closeFd(descriptor);
          unix?.giveBackPath();
        }
      },
    };
  }

  /** Duplicates of the current set, for a thread that replaces one. Throws SysError EMFILE with none left open. */
  duplicates(owner: object): readonly ListenerDescriptor[] {
    return this.#duplicate([...this.#held.values()], owner);
  }

  /**
   * The thread listens on what it was given: it closes those itself, and opens others for the same sockets whenever it stops
   * and starts accepting, so that a number says nothing any more.
   */
  handedOver(owner: object): void {
    for (const [descriptor, given] of this.#given) if (given.owner === owner) this.#given.delete(descriptor);
  }

  /** The thread has ended: closes the duplicates that it was given and never took over. */
  reclaim(owner: object): void {
    for (const [descriptor, given] of this.#given) {
      if (given.owner !== owner) continue;
      this.#given.delete(descriptor);
      // What it took over, it closed; the number may be anything by now, in any thread.
      if (identityOf(descriptor) === given.identity) closeFd(descriptor);
    }
  }

  /** Closes some for good, until another plan names them anew. */
  forget(keys: ReadonlySet<string>): void {
    for (const [key, held] of this.#held) {
      if (!keys.has(key)) continue;
      close(held);
      this.#held.delete(key);
    }
  }

  /** Closes everything; Unix paths that are still ours are removed. */
  closeAll(): void {
    for (const held of this.#held.values()) close(held);
    this.#held.clear();
  }

  #duplicate(sources: readonly Held[], owner: object): readonly ListenerDescriptor[] {
    const made: ListenerDescriptor[] = [];
    try {
      for (const { plan, descriptor } of sources) made.push({ key: plan.key, descriptor: dup(descriptor) });
    } catch (error) {
      for (const { descriptor } of made) closeFd(descriptor);
      throw error;
    }
    for (const [index, { descriptor }] of made.entries())
      this.#given.set(descriptor, { owner, identity: sources[index].identity });
    return made;
  }
}

/** Undefined for a number that is not open. */
function identityOf(descriptor: number): string | undefined {
  try {
    const { dev, ino } = fstatSync(descriptor);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

function openOne(listener: ListenerPlan, bind: Bind): Held {
  const { address, backlog } = listener;
  const held = (descriptor: number, unix?: UnixListener): Held => ({
    plan: listener,
    descriptor,
    identity: identityOf(descriptor) ?? '',
    unix,
  });
  switch (address.kind) {
    case 'fd': {
      if (!isSocket(address.fd)) throw new Error(`descriptor ${address.fd} is not a socket`);
      if (!isListening(address.fd)) throw new Error(`descriptor ${address.fd} does not listen`);
      return held(dup(address.fd));
    }
    case 'abstract':
      return held(openListener({ family: 'unix', address: `@${address.name}`, backlog }));
    case 'unix': {
      const { mode, user, group, uid, gid } = bind;
      const unix = new UnixListener({ path: address.path, backlog, mode, user, group, uid, gid });
      return held(unix.descriptor, unix);
    }
    case 'inet':
      throw new Error('an Internet listener is bound by each thread');
  }
}

function publishPath(plan: Plan, { plan: listener, unix }: Held): readonly string[] {
  try {
    unix?.takePath();
    return [];
  } catch (error) {
    return [startError(plan, listener, error)];
  }
}

function close({ descriptor, unix }: Held): void {
  closeFd(descriptor);
  unix?.removePath();
}

function startError(plan: Plan, { proxy: index, bind, address }: ListenerPlan, error: unknown): string {
  const proxy = plan.config.proxies[index];
  const owner = `${proxy.kind === 'frontend' ? 'frontend' : 'proxy'} ${proxy.name}`;
  return bindingError(proxy.binds[bind].at, owner, address, error);
}
