/**
 * From a checked configuration to the plan of one generation: slots in shared memory under stable names, listeners, log
 * sets, limits. Everything here is data; nothing is bound and nothing is told to anyone.
 */

import type { Config, LogTarget, Proxy } from '@evenkeel/config';
import { messageLength } from '@evenkeel/log';
import type { LogSet } from '@evenkeel/log';
import type { Plan, ProcessLimits, ProxyPlan } from '@evenkeel/proxy';
import { placeBalance } from '@evenkeel/proxy/main';
import type { ObjectKind, SegmentOwner } from '@evenkeel/shm';
import { planListeners } from './listener-plans.ts';
import { unresolvedNames } from './other-names.ts';
import { resolveServers } from './server-addresses.ts';
import type { LastAddress, ResolveName } from './server-addresses.ts';

export interface PlanSources {
  readonly slots: SegmentOwner;
  readonly limits: ProcessLimits;
  /** Stable number of a log set (`LogService.numberOf`). */
  logSetNumber(set: LogSet): number;
  readonly resolve: ResolveName;
  readonly lastAddress: LastAddress;
  /** `-dr`: servers whose name does not resolve get no streams instead of stopping the start. */
  readonly ignoreResolution: boolean;
  /** Tag of log lines where no `log-tag` is set: the program's name. */
  readonly defaultLogTag: string;
  readonly hostname: string;
}

export interface PlanResult {
  readonly plan: Plan;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** The one object of kind `process`. */
export const PROCESS_NAME = 'process';

export async function compilePlan(config: Config, generation: number, sources: PlanSources): Promise<PlanResult> {
  const { slots } = sources;
  slots.allocate('process', PROCESS_NAME);
  const resolved = await resolveServers(config.proxies, sources.resolve, sources.lastAddress, sources.ignoreResolution);
  const longest = longestMessage(config);
  const proxies = placeBalance(
    config.proxies.map((proxy, index) => planProxy(config, proxy, resolved.addresses[index], longest, sources)),
  );
  const { plans: listeners, errors } = await planListeners(
    config.proxies,
    (name) => slots.allocate('listener', name),
    sources.resolve,
  );
  const others = await unresolvedNames(config, sources.resolve);
  return {
    plan: { generation, config, proxies, listeners, limits: sources.limits },
    errors: [...others, ...resolved.errors, ...errors],
    warnings: resolved.warnings,
  };
}

function planProxy(
  config: Config,
  proxy: Proxy,
  serverAddresses: readonly (string | undefined)[],
  longest: number,
  sources: PlanSources,
): Omit<ProxyPlan, 'balanceOffset'> {
  const { slots } = sources;
  const hasFrontend = proxy.kind !== 'backend';
  const hasBackend = proxy.kind !== 'frontend';
  return {
    frontendSlot: hasFrontend ? slots.allocate('frontend', proxy.name) : -1,
    backendSlot: hasBackend ? slots.allocate('backend', proxy.name) : -1,
    serverSlots: proxy.servers.map((server) => slots.allocate('server', `${proxy.name}/${server.name}`)),
    serverAddresses,
    logSet: logSetOf(proxy.name, proxy.logs, proxy.logTag, longest, config, sources),
  };
}

type LogSources = Pick<PlanSources, 'logSetNumber' | 'defaultLogTag' | 'hostname'>;

/** The log set of the process itself: the `log` lines of the global section. */
export function globalLogSet(config: Config, sources: LogSources): number {
  return logSetOf('', config.global.logs, undefined, longestMessage(config), config, sources);
}

/** HAProxy makes every message in one buffer, which the largest `len` of the configuration decides. */
function longestMessage({ global: { logs }, proxies }: Config): number {
  return messageLength([...logs, ...proxies.flatMap((proxy) => proxy.logs)]);
}

function logSetOf(
  owner: string,
  targets: readonly LogTarget[],
  ownTag: string | undefined,
  longest: number,
  { global: { logTag, logSendHostname } }: Config,
  { logSetNumber, defaultLogTag, hostname }: LogSources,
): number {
  return logSetNumber({
    targets,
    tag: ownTag ?? logTag ?? defaultLogTag,
    hostname: logSendHostname === undefined ? undefined : (logSendHostname.name ?? hostname),
    messageLength: longest,
    owner,
  });
}

/** Releases the names that `plan` does not have: they are reused once no thread lives on an older generation. */
export function releaseUnused(slots: SegmentOwner, plan: Plan): void {
  const used: Record<ObjectKind, Set<number>> = {
    process: new Set([0]),
    frontend: new Set(plan.proxies.map(({ frontendSlot }) => frontendSlot)),
    backend: new Set(plan.proxies.map(({ backendSlot }) => backendSlot)),
    server: new Set(plan.proxies.flatMap(({ serverSlots }) => serverSlots)),
    listener: new Set(plan.listeners.map(({ slot }) => slot)),
  };
  for (const kind of ['frontend', 'backend', 'server', 'listener'] as const) {
    for (const [name, slot] of slots.names(kind)) if (!used[kind].has(slot)) slots.release(kind, name, plan.generation);
  }
}
