/** What joins resolvers to the rest of the daemon: the servers of a plan that follow a name, and what may be done to them. */

import { isIP } from 'node:net';
import type { HealthMonitor } from '@evenkeel/checks';
import type { Plan } from '@evenkeel/proxy';
import { AdminState } from '@evenkeel/shm';
import type { NamedServer, ServerControl } from './resolvers.ts';

/** Servers with `resolvers` whose address is a name. */
export function followedServers({ config, proxies }: Plan): NamedServer[] {
  return config.proxies.flatMap((proxy, index) => {
    const { backendSlot, serverSlots, serverAddresses } = proxies[index];
    if (backendSlot < 0 || proxy.disabled) return [];
    return proxy.servers.flatMap((server, at): NamedServer[] => {
      const { address } = server;
      if (server.resolvers === undefined || address.kind !== 'inet' || isIP(address.host) !== 0) return [];
      return [
        {
          slot: serverSlots[at],
          backendSlot,
          name: `${proxy.name}/${server.name}`,
          config: server,
          host: serverAddresses?.[at],
        },
      ];
    });
  });
}

/** Syslog severity of what is said about names: HAProxy's. */
const NOTICE = 5;

export function controlThrough(health: HealthMonitor): ServerControl {
  return {
    move: (slot, address) => health.move(slot, address),
    release: (slot) => {
      health.move(slot, undefined);
      const server = health.server(slot);
      if (server?.lacksAddress === true) server.setAdmin(AdminState.resolutionMaintenance);
      else server?.clearAdmin(AdminState.resolutionMaintenance);
    },
    suspend: (slot, cause) => health.server(slot)?.setAdmin(AdminState.resolutionMaintenance, cause),
    restore: (slot) => health.server(slot)?.clearAdmin(AdminState.resolutionMaintenance),
    weigh: (slot, weight) => health.server(slot)?.setWeight(weight),
    log: (slot, text, isShown) =>
      health.tell(slot, {
        level: NOTICE,
        text,
        terminal: isShown ? { level: 'warning', text } : undefined,
        mailLevel: undefined,
      }),
  };
}
