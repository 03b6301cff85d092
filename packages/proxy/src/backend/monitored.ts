// What of a plan the health monitor wants to know.

import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { ExternalCheck, MailAlert, MonitoredGeneration } from '@evenkeel/checks';
import type { Address, Config, Proxy } from '@evenkeel/config';
import type { Plan } from '../plan.ts';

export function monitoredGeneration(plan: Plan): MonitoredGeneration {
  const { global, proxies } = plan.config;
  return {
    generation: plan.generation,
    checks: {
      bufferBytes: global.tune.bufsize,
      maxHeaders: global.tune.httpMaxhdr,
      nodeName: global.node ?? hostname(),
    },
    spreadPercent: global.spreadChecksPercent,
    maxSpreadMs: global.maxSpreadChecksMs,
    backends: proxies.flatMap((proxy, proxyIndex) => {
      const { backendSlot, serverSlots, serverAddresses, logSet } = plan.proxies[proxyIndex];
      if (backendSlot < 0 || proxy.disabled) return [];
      return {
        name: proxy.name,
        id: proxy.id,
        slot: backendSlot,
        logSet,
        isListen: proxy.kind === 'listen',
        hasDynamicWeights: hasDynamicWeights(proxy),
        redispatches: proxy.redispatch !== undefined,
        mailAlert: mailAlert(plan.config, proxy),
        check: proxy.check,
        externalCheck: externalCheck(proxy),
        connectTimeoutMs: proxy.timeouts.connect,
        checkTimeoutMs: proxy.timeouts.check,
        serverTimeoutMs: proxy.timeouts.server,
        tunnelTimeoutMs: proxy.timeouts.tunnel,
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

/** Undefined where `from`, `to` or `mailers` is not set: nothing is mailed then (manual "email-alert from"). */
function mailAlert({ mailers }: Config, { emailAlert }: Proxy): MailAlert | undefined {
  const { from, to, level, myhostname } = emailAlert;
  const section = mailers.find(({ name }) => name === emailAlert.mailers);
  if (from === undefined || to === undefined || section === undefined) return undefined;
  return {
    mailers: section.mailers,
    timeoutMs: section.timeoutMs,
    from,
    to,
    level,
    hostname: myhostname ?? hostname(),
  };
}

/** Algorithms that follow weights as they change; those that hash do where the hash is consistent (manual "hash-type"). */
const DYNAMIC: ReadonlySet<string> = new Set(['roundrobin', 'leastconn', 'first', 'random']);

export function hasDynamicWeights({ balance, hashType }: Pick<Proxy, 'balance' | 'hashType'>): boolean {
  return DYNAMIC.has(balance.algorithm) || (balance.algorithm !== 'static-rr' && hashType.method === 'consistent');
}

function numericHost(address: Address): string | undefined {
  return address.kind === 'inet' && isIP(address.host) !== 0 ? address.host : undefined;
}

/** Manual "external-check command": the first listener that is an address or a Unix socket is told. */
function externalCheck(proxy: Proxy): ExternalCheck {
  const { externalCheckCommand, externalCheckPath, mode } = proxy;
  return {
    command: externalCheckCommand ?? '',
    path: externalCheckPath,
    serverProtocol: mode === 'http' ? 'h1' : 'tcp',
    listener: firstListener(proxy),
  };
}

const ANY = { 4: '0.0.0.0', 6: '::' } as const;

function firstListener({ binds }: Proxy): ExternalCheck['listener'] {
  for (const address of binds.flatMap((bind) => bind.addresses)) {
    if (address.kind === 'unix') return { address: address.path, port: '' };
    if (address.kind === 'inet') {
      const host = address.host === '*' ? ANY[address.family ?? 4] : address.host;
      return { address: host, port: String(address.port?.first ?? '') };
    }
  }
  return { address: '', port: '' };
}
