/** Which proxy a command means. */

import type { ChangedObject } from '@evenkeel/control';
import type { Proxy } from '@evenkeel/config';
import type { Runtime } from './runtime.ts';

export interface FoundProxy {
  readonly proxy: Proxy;
  /** Its place in the plan. */
  readonly index: number;
  /** In shared memory, of the side that was asked for. */
  readonly slot: number;
  readonly object: ChangedObject;
}

/** By its name, or by its number behind a `#`. */
export function findProxy(
  runtime: Runtime,
  side: 'frontend' | 'backend',
  word: string | undefined,
): FoundProxy | { readonly fault: string } {
  if (word === undefined || word === '') return { fault: `A ${side} name is expected.\n` };
  const { config, proxies } = runtime.plan();
  const other = side === 'frontend' ? 'backend' : 'frontend';
  const index = config.proxies.findIndex(
    ({ kind, name, id }) => kind !== other && (word.startsWith('#') ? String(id) === word.slice(1) : name === word),
  );
  if (index < 0) return { fault: `No such ${side}.\n` };
  const proxy = config.proxies[index];
  const slot = side === 'frontend' ? proxies[index].frontendSlot : proxies[index].backendSlot;
  return { proxy, index, slot, object: { kind: side, name: proxy.name } };
}
