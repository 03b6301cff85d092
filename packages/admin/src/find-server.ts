/** Which server a command means. */

import type { CommandContext } from './cli/command.ts';

type Found = { readonly slot: number } | { readonly fault: string };

/** `backend/server`, by their names or by their numbers behind a `#`. */
export function findServer({ runtime }: CommandContext, word: string | undefined): Found {
  const slash = word?.indexOf('/') ?? -1;
  if (word === undefined || slash < 0) return { fault: "Require 'backend/server'.\n" };
  const { config, proxies } = runtime.plan();
  const [backend, server] = [word.slice(0, slash), word.slice(slash + 1)];
  const index = config.proxies.findIndex((proxy) => proxy.kind !== 'frontend' && isCalled(proxy, backend));
  if (index < 0) return { fault: 'No such backend.\n' };
  const position = config.proxies[index].servers.findIndex((candidate) => isCalled(candidate, server));
  return position < 0 ? { fault: 'No such server.\n' } : { slot: proxies[index].serverSlots[position] };
}

function isCalled({ id, name }: { readonly id: number; readonly name: string }, word: string): boolean {
  return word.startsWith('#') ? String(id) === word.slice(1) : name === word;
}
