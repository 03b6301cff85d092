/**
 * What a start would say of the host names in a configuration: for a check of the file, which asks for them as HAProxy's
 * does. Nothing is kept of the answers.
 */

import { isIP } from 'node:net';
import type { Config } from '@evenkeel/config';
import { planListeners } from './listener-plans.ts';
import { unresolvedNames } from './other-names.ts';
import { resolveName } from './resolve-name.ts';
import { resolveServers } from './server-addresses.ts';
import { loadStates } from './state-files.ts';

export interface NameFindings {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** `ignore`: names that do not resolve are no errors (`-dr`). */
export async function checkNames(config: Config, ignore: boolean): Promise<NameFindings> {
  const states = await loadStates(config);
  const servers = await resolveServers(
    config.proxies,
    resolveName,
    (proxy, server) => {
      const address = states.find(proxy.name, server.name)?.address;
      return address !== undefined && isIP(address) !== 0 ? { host: address } : undefined;
    },
    ignore,
  );
  const listeners = await planListeners(config.proxies, () => 0, resolveName);
  const others = await unresolvedNames(config, resolveName);
  return {
    errors: [...others, ...listeners.errors, ...servers.errors],
    warnings: [...states.warnings, ...servers.warnings],
  };
}
