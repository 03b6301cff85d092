/** Which server a command means. */

import { serverObject } from '@evenkeel/control';
import type { ChangedObject } from '@evenkeel/control';
import type { CommandContext } from './cli/command.ts';

type Found = { readonly slot: number; readonly object: ChangedObject } | { readonly fault: string };

/** `backend/server`, by their names or by their numbers behind a `#`. */
export function findServer({ runtime }: CommandContext, word: string | undefined): Found {
  const slash = word?.indexOf('/') ?? -1;
  if (word === undefined || slash < 0 || slash === word.length - 1) return { fault: "Require 'backend/server'.\n" };
  const { config, proxies } = runtime.plan();
  const [backend, server] = [word.slice(0, slash), word.slice(slash + 1)];
  const index = config.proxies.findIndex((proxy) => proxy.kind !== 'frontend' && isCalled(proxy, backend));
  if (index < 0) return { fault: 'No such backend.\n' };
  const proxy = config.proxies[index];
  const position = proxy.servers.findIndex((candidate) => isCalled(candidate, server));
  if (position < 0) return { fault: 'No such server.\n' };
  const object = serverObject(proxy.name, proxy.servers[position].name);
  return { slot: proxies[index].serverSlots[position], object };
}

function isCalled({ id, name }: { readonly id: number; readonly name: string }, word: string): boolean {
  return word.startsWith('#') ? String(id) === word.slice(1) : name === word;
}
