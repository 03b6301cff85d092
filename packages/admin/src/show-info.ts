/** `show info` (management manual, section 9.3): one line for each figure of the process, in HAProxy's order and with its names. */

import { FrequencyCounter, FrontendStat, ProcessGauge, ProcessRate, ProcessStat, SharedCount } from '@evenkeel/shm';
import type { Command, CommandContext } from './cli/command.ts';
import type { Runtime } from './runtime.ts';

/** The process has one object of its kind in shared memory. */
const PROCESS_SLOT = 0;

interface Field {
  readonly name: string;
  readonly value: string | number;
}

export const showInfo: Command = {
  words: ['show', 'info'],
  parameters: '',
  help: 'report information about the running process',
  level: 'user',
  run(context: CommandContext, parameters: readonly string[]): string {
    if (parameters.length > 0) return `'${parameters[0]}': only the plain form of 'show info' exists.\n`;
    return infoFields(context.runtime)
      .map(({ name, value }) => `${name}: ${value}\n`)
      .join('');
  },
};

/** The figures of `show info`. Those of parts that a JavaScript process does not have (memory pools, pipes) are 0, as tools expect the names. */
export function infoFields(runtime: Runtime): readonly Field[] {
  const { segment } = runtime;
  const now = runtime.monotonicNow();
  const figures = runtime.statistics.read('process', PROCESS_SLOT);
  const gauge = (index: number): SharedCount => new SharedCount(segment, 'process', PROCESS_SLOT, index);
  const rate = (index: number): FrequencyCounter => new FrequencyCounter(segment, 'process', PROCESS_SLOT, index);
  const connectionRate = rate(ProcessRate.connections);
  const sessionRate = rate(ProcessRate.sessions);
  const sslRate = rate(ProcessRate.sslConnections);
  const plan = runtime.plan();
  const { description } = plan.config.global;
  const totals = frontendTotals(runtime);
  const uptimeSeconds = Math.max(0, Math.floor((runtime.dateNow() - runtime.startTimeMs) / 1000));
  const field = (name: string, value: string | number): Field => ({ name, value });
  return [
    field('Name', 'HAProxy'),
    field('Version', runtime.version),
    field('Release_date', runtime.releaseDate),
    field('Nbthread', runtime.threads()),
    field('Nbproc', 1),
    field('Process_num', 1),
    field('Pid', runtime.pid),
    field('Uptime', uptimeText(uptimeSeconds)),
    field('Uptime_sec', uptimeSeconds),
    field('Memmax_MB', 0),
    field('PoolAlloc_MB', 0),
    field('PoolUsed_MB', 0),
    field('PoolFailed', 0),
    field('Ulimit-n', runtime.descriptorLimit()),
    field('Maxsock', runtime.descriptorLimit()),
    field('Maxconn', plan.limits.maxconn),
    field('Hard_maxconn', plan.limits.maxconn),
    field('CurrConns', gauge(ProcessGauge.connections).sum()),
    field('CumConns', totals.connections),
    field('CumReq', totals.requests),
    field('MaxSslConns', plan.config.global.maxsslconn ?? 0),
    field('CurrSslConns', gauge(ProcessGauge.sslConnections).sum()),
    field('CumSslConns', figures[ProcessStat.sslConnections]),
    field('Maxpipes', 0),
    field('PipesUsed', 0),
    field('PipesFree', 0),
    field('ConnRate', connectionRate.rate(now)),
    field('ConnRateLimit', plan.limits.maxconnrate),
    field('MaxConnRate', connectionRate.highest()),
    field('SessRate', sessionRate.rate(now)),
    field('SessRateLimit', plan.limits.maxsessrate),
    field('MaxSessRate', sessionRate.highest()),
    field('SslRate', sslRate.rate(now)),
    field('SslRateLimit', plan.config.global.maxsslrate ?? 0),
    field('MaxSslRate', sslRate.highest()),
    field('SslFrontendKeyRate', rate(ProcessRate.sslFrontendKeys).rate(now)),
    field('SslFrontendMaxKeyRate', rate(ProcessRate.sslFrontendKeys).highest()),
    field('SslFrontendSessionReuse_pct', 0),
    field('SslBackendKeyRate', rate(ProcessRate.sslBackendKeys).rate(now)),
    field('SslBackendMaxKeyRate', rate(ProcessRate.sslBackendKeys).highest()),
    field('SslCacheLookups', figures[ProcessStat.sslCacheLookups]),
    field('SslCacheMisses', figures[ProcessStat.sslCacheMisses]),
    field('CompressBpsIn', rate(ProcessRate.compressBytesIn).rate(now)),
    field('CompressBpsOut', rate(ProcessRate.compressBytesOut).rate(now)),
    field('CompressBpsRateLim', 0),
    field('Tasks', figures[ProcessStat.timersPending]),
    field('Run_queue', 0),
    field('Idle_pct', runtime.idlePercent()),
    field('node', runtime.nodeName()),
    ...(description === undefined ? [] : [field('description', description)]),
    field('Stopping', runtime.stopping() ? 1 : 0),
    field('Jobs', gauge(ProcessGauge.connections).sum() + plan.listeners.length),
    field('Unstoppable Jobs', 0),
    field('Listeners', plan.listeners.length),
    field('ActivePeers', 0),
    field('ConnectedPeers', 0),
    field('DroppedLogs', runtime.droppedLogs()),
    field('BusyPolling', 0),
    field('FailedResolutions', figures[ProcessStat.failedResolutions]),
    field('TotalBytesOut', totals.bytesOut),
    field('TotalSplicdedBytesOut', 0),
    field('BytesOutRate', rate(ProcessRate.bytesOut).rate(now)),
    field('DebugCommandsIssued', 0),
    field('CumRecvLogs', figures[ProcessStat.receivedLogs]),
    field('Build info', runtime.version),
    field('Memmax_bytes', 0),
    field('PoolAlloc_bytes', 0),
    field('PoolUsed_bytes', 0),
    field('Start_time_sec', Math.floor(runtime.startTimeMs / 1000)),
    field('Tainted', 0),
  ];
}

/** What all frontends of the generation that serves have seen. */
function frontendTotals(runtime: Runtime): {
  readonly connections: number;
  readonly requests: number;
  readonly bytesOut: number;
} {
  const sum = { connections: 0, requests: 0, bytesOut: 0 };
  for (const { frontendSlot } of runtime.plan().proxies) {
    if (frontendSlot < 0) continue;
    const figures = runtime.statistics.read('frontend', frontendSlot);
    sum.connections += figures[FrontendStat.connections];
    sum.requests += figures[FrontendStat.requests];
    sum.bytesOut += figures[FrontendStat.bytesOut];
  }
  return sum;
}

/** `0d 0h00m00s` */
function uptimeText(seconds: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${Math.floor(seconds / 86_400)}d ${Math.floor(seconds / 3600) % 24}h${two(Math.floor(seconds / 60) % 60)}m${two(seconds % 60)}s`;
}
