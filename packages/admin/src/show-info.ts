/** `show info` (management manual, section 9.3): the figures of the process, in HAProxy's order and with its names. */

import { getHeapStatistics } from 'node:v8';
import { FrequencyCounter, ProcessGauge, ProcessRate, ProcessStat, Sequence, SharedCount } from '@evenkeel/shm';
import type { Command } from './cli/command.ts';
import { infoFigures } from './info-figures.ts';
import type { InfoValues } from './info-figures.ts';
import { processLimit } from './limit-commands.ts';
import type { Runtime } from './runtime.ts';
import { jsonFigure, jsonSchema, typedLine } from './typed-output.ts';

/** The process has one object of its kind in shared memory. */
const PROCESS_SLOT = 0;
const KIB = 1024;
const MIB = 1024 * 1024;

export const showInfo: Command = {
  words: ['show', 'info'],
  parameters: '[desc|json|typed|float]*',
  help: 'report information about the running process',
  level: 'user',
  run({ runtime }, parameters) {
    const isAsked = (word: string): boolean => parameters.includes(word);
    const figures = infoFigures(infoValues(runtime), isAsked('float'));
    const describes = isAsked('desc');
    // The last one named wins, as on HAProxy.
    const form = parameters.findLast((word) => word === 'typed' || word === 'json');
    if (form === 'typed') return figures.map((figure) => typedLine('', figure, describes)).join('');
    if (form === 'json') return `[${figures.map((figure) => jsonFigure('', figure)).join(',')}]\n`;
    return figures
      .map(({ name, value, description }) => `${name}: ${value}${describes ? `:"${description}"` : ''}\n`)
      .join('');
  },
};

export const showSchemaJson: Command = {
  words: ['show', 'schema', 'json'],
  parameters: '',
  help: 'report schema used for stats',
  level: 'user',
  run: () => `${jsonSchema()}\n`,
};

/** Figures of parts that this process does not have (kernel pipes, a queue of runnable tasks) are 0, as tools expect the names. */
export function infoValues(runtime: Runtime): InfoValues {
  const { segment } = runtime;
  const now = runtime.monotonicNow();
  const figures = runtime.statistics.read('process', PROCESS_SLOT);
  const gauge = (index: number): number => new SharedCount(segment, 'process', PROCESS_SLOT, index).sum();
  const rate = (index: number): number => new FrequencyCounter(segment, 'process', PROCESS_SLOT, index).rate(now);
  const highest = (index: number): number => new FrequencyCounter(segment, 'process', PROCESS_SLOT, index).highest();
  const plan = runtime.plan();
  const { global } = plan.config;
  const uptimeSeconds = Math.max(0, (runtime.dateNow() - runtime.startTimeMs) / 1000);
  const heap = getHeapStatistics();
  const heapTotal = gauge(ProcessGauge.heapTotalKib) * KIB + heap.total_heap_size + heap.external_memory;
  const heapUsed = gauge(ProcessGauge.heapUsedKib) * KIB + heap.used_heap_size + heap.external_memory;
  const listeners = plan.listeners.length + global.statsSockets.length;
  return {
    Name: 'HAProxy',
    Version: runtime.version,
    Release_date: runtime.releaseDate,
    Nbthread: runtime.threads(),
    Nbproc: 1,
    Process_num: 1,
    Pid: runtime.pid,
    Uptime: uptimeText(Math.floor(uptimeSeconds)),
    Uptime_sec: uptimeSeconds,
    Memmax_MB: 0,
    PoolAlloc_MB: heapTotal / MIB,
    PoolUsed_MB: heapUsed / MIB,
    PoolFailed: 0,
    'Ulimit-n': runtime.descriptorLimit(),
    Maxsock: runtime.descriptorLimit(),
    Maxconn: processLimit(runtime, 'maxconn'),
    Hard_maxconn: plan.limits.maxconn,
    CurrConns: gauge(ProcessGauge.connections),
    CumConns: figures[ProcessStat.connections],
    CumReq: Sequence.ofRequests(segment, PROCESS_SLOT).taken(),
    MaxSslConns: global.maxsslconn ?? 0,
    CurrSslConns: gauge(ProcessGauge.sslConnections),
    CumSslConns: figures[ProcessStat.sslConnections],
    Maxpipes: 0,
    PipesUsed: 0,
    PipesFree: 0,
    ConnRate: rate(ProcessRate.connections),
    ConnRateLimit: processLimit(runtime, 'connRate'),
    MaxConnRate: highest(ProcessRate.connections),
    SessRate: rate(ProcessRate.sessions),
    SessRateLimit: processLimit(runtime, 'sessRate'),
    MaxSessRate: highest(ProcessRate.sessions),
    SslRate: rate(ProcessRate.sslConnections),
    SslRateLimit: global.maxsslrate ?? 0,
    MaxSslRate: highest(ProcessRate.sslConnections),
    SslFrontendKeyRate: rate(ProcessRate.sslFrontendKeys),
    SslFrontendMaxKeyRate: highest(ProcessRate.sslFrontendKeys),
    SslFrontendSessionReuse_pct: 0,
    SslBackendKeyRate: rate(ProcessRate.sslBackendKeys),
    SslBackendMaxKeyRate: highest(ProcessRate.sslBackendKeys),
    SslCacheLookups: figures[ProcessStat.sslCacheLookups],
    SslCacheMisses: figures[ProcessStat.sslCacheMisses],
    CompressBpsIn: rate(ProcessRate.compressBytesIn),
    CompressBpsOut: rate(ProcessRate.compressBytesOut),
    CompressBpsRateLim: 0,
    Tasks: gauge(ProcessGauge.timers),
    Run_queue: 0,
    Idle_pct: runtime.idlePercent(),
    node: runtime.nodeName(),
    description: global.description,
    Stopping: runtime.stopping() ? 1 : 0,
    Jobs: gauge(ProcessGauge.connections) + listeners,
    'Unstoppable Jobs': 0,
    Listeners: listeners,
    ActivePeers: 0,
    ConnectedPeers: 0,
    DroppedLogs: runtime.droppedLogs(),
    BusyPolling: 0,
    FailedResolutions: figures[ProcessStat.failedResolutions],
    TotalBytesOut: figures[ProcessStat.bytesOut],
    TotalSplicdedBytesOut: 0,
    BytesOutRate: rate(ProcessRate.bytesOut),
    DebugCommandsIssued: 0,
    CumRecvLogs: figures[ProcessStat.receivedLogs],
    'Build info': runtime.version,
    Memmax_bytes: 0,
    PoolAlloc_bytes: heapTotal,
    PoolUsed_bytes: heapUsed,
    Start_time_sec: runtime.startTimeMs / 1000,
    Tainted: '0',
  };
}

/** `0d 0h00m00s` */
function uptimeText(seconds: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${Math.floor(seconds / 86_400)}d ${Math.floor(seconds / 3600) % 24}h${two(Math.floor(seconds / 60) % 60)}m${two(seconds % 60)}s`;
}
