// What of a plan the health monitor wants to know.

import { isIP } from 'node:net';
import type { MonitoredGeneration } from '@evenkeel/checks';
import type { Address } from '@evenkeel/config';
import type { Plan } from '../plan.ts';

export function monitoredGeneration(plan: Plan): MonitoredGeneration {
  const { global, proxies } = plan.config;
  return {
    generation: plan.generation,
    spreadPercent: global.spreadChecksPercent,
    maxSpreadMs: global.maxSpreadChecksMs,
    backends: proxies.flatMap((proxy, proxyIndex) => {
      const { backendSlot, serverSlots, serverAddresses } = plan.proxies[proxyIndex];
      if (backendSlot < 0 || proxy.disabled) return [];
      return {
        name: proxy.name,
        id: proxy.id,
        slot: backendSlot,
        proxyIndex,
        check: proxy.check,
        connectTimeoutMs: proxy.timeouts.connect,
        checkTimeoutMs: proxy.timeouts.check,
        options: proxy.options,
        source: proxy.source,
        servers: proxy.servers.map((config, at) => ({
          config,
          slot: serverSlots[at],
          host: serverAddresses?.[at] ?? numericHost(config.address),
        })),
      };
    }),
  };
}

function numericHost(address: Address): string | undefined {
  return address.kind === 'inet' && isIP(address.host) !== 0 ? address.host : undefined;
}
