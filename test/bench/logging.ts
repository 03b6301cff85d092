/**
 * What a log line for every request costs: processor time per request with `option httplog` minus that without, of all
 * threads of each program, for each kind of target. What arrives is counted too: a line that is dropped is a cheap one.
 * Programs and targets alternate, so that a slow minute of the machine hits all of them.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { LOG_TARGETS } from './log-receivers.ts';
import type { LogTarget } from './log-receivers.ts';
import { PROXY_CORE, Running, WARM_UP_SECONDS, freePort, load } from './processes.ts';
import type { PeerName } from './processes.ts';
import { configuration } from './scenarios.ts';
import { summarize } from './statistics.ts';

/** The most that a line may cost of what it costs HAProxy. */
const GOAL = 1.3;

interface Run {
  /** CPU us per request of the whole process, and of its thread that is named `log`: none in HAProxy. */
  readonly cost: number;
  readonly logThread: number;
  readonly requestsPerSecond: number;
  /** Of the lines of all requests, those that arrived: 0 to 1. */
  readonly arrived: number;
}

export interface LoggingOptions {
  readonly peers: readonly PeerName[];
  /** Path of our own program. */
  readonly evenkeel: string;
  readonly folder: string;
  readonly backendPort: number;
  readonly repeat: number;
  readonly seconds: number;
}

export async function measureLogging(options: LoggingOptions): Promise<void> {
  const peers = options.peers.filter((peer) => peer !== 'nginx');
  const without = new Map<PeerName, Run[]>();
  const runs = new Map<LogTarget, Map<PeerName, Run[]>>();
  for (const target of LOG_TARGETS) runs.set(target, new Map());
  for (let round = 0; round < options.repeat; round++) {
    for (const peer of peers) append(without, peer, await measure(peer, undefined, options));
    for (const [target, byPeer] of runs)
      for (const peer of peers) append(byPeer, peer, await measure(peer, target, options));
  }
  console.log('\nlogging: CPU us of a line, that is of a request with one minus that of a request without');
  for (const [peer, own] of without) {
    const cost = summarize(own.map((run) => run.cost));
    console.log(`  ${peer.padEnd(10)}a request without: ${cost.median.toFixed(1)} (${range(cost)})`);
  }
  for (const [target, byPeer] of runs) show(target, byPeer, without);
}

function append(runs: Map<PeerName, Run[]>, peer: PeerName, run: Run): void {
  const list = runs.get(peer) ?? [];
  list.push(run);
  runs.set(peer, list);
}

function show(
  { name }: LogTarget,
  byPeer: ReadonlyMap<PeerName, readonly Run[]>,
  without: ReadonlyMap<PeerName, readonly Run[]>,
): void {
  console.log(`\nlogging, ${name}`);
  let reference = Number.NaN;
  for (const [peer, runs] of byPeer) {
    const base = summarize((without.get(peer) ?? []).map((run) => run.cost)).median;
    const line = summarize(runs.map((run) => run.cost - base));
    const thread = summarize(runs.map((run) => run.logThread)).median;
    const arrived = summarize(runs.map((run) => run.arrived * 100));
    const rate = summarize(runs.map((run) => run.requestsPerSecond)).median;
    if (peer === 'haproxy') reference = line.median;
    const verdict = peer === 'evenkeel' ? verdictOf(line.median, reference) : '';
    const own = peer === 'evenkeel' ? `, ${thread.toFixed(1)} of it by the log thread` : '';
    console.log(
      `  ${peer.padEnd(10)}${line.median.toFixed(1)} (${range(line)})${own}; ${rate.toFixed(0)} requests/s, ${arrived.median.toFixed(1)} % of the lines arrived (${range(arrived)})${verdict}`,
    );
  }
}

/** A cost below a microsecond is the noise of the two runs that it is a difference of. */
const MEASURABLE = 1;

function verdictOf(line: number, reference: number): string {
  if (Number.isNaN(reference)) return '';
  if (reference < MEASURABLE)
    return `\n  ${line < MEASURABLE ? 'reached' : 'not comparable'}: what HAProxy pays is within the noise`;
  const ratio = Math.max(0, line) / reference;
  return `\n  ratio ${ratio.toFixed(2)}, ${ratio <= GOAL ? 'reached' : 'NOT REACHED'}: goal at most ${GOAL.toFixed(2)}`;
}

function range({ low, high }: { readonly low: number; readonly high: number }): string {
  return `${low.toFixed(1)}..${high.toFixed(1)}`;
}

async function measure(
  peer: PeerName,
  target: LogTarget | undefined,
  { backendPort, evenkeel, folder, seconds }: LoggingOptions,
): Promise<Run> {
  const receiver = await target?.start(folder);
  const port = await freePort();
  const file = join(folder, 'logging.cfg');
  const lines = receiver === undefined ? [] : [`log ${receiver.destination} local0`, 'option httplog'];
  const text = configuration({ mode: 'http', lines }, 1, port, backendPort);
  writeFileSync(file, `${text}${(receiver?.sections ?? []).join('\n')}\n`);
  const program = peer === 'haproxy' ? 'haproxy' : evenkeel;
  const proxy = await Running.start(String(PROXY_CORE), program, ['-db', '-f', file], port, receiver?.output);
  let requests = 0;
  let cost = 0;
  let logThread = 0;
  let requestsPerSecond = 0;
  try {
    requests += (await load(port, '/small', 64, [], WARM_UP_SECONDS)).requests;
    const [before, beforeLog] = [proxy.cpuSeconds(), proxy.cpuSecondsOfThread('log')];
    const result = await load(port, '/small', 64, [], seconds);
    // What was logged last leaves a moment later.
    await pause(100);
    cost = ((proxy.cpuSeconds() - before) * 1e6) / result.requests;
    logThread = ((proxy.cpuSecondsOfThread('log') - beforeLog) * 1e6) / result.requests;
    requests += result.requests;
    requestsPerSecond = result.requests / result.seconds;
  } finally {
    await proxy.stop();
  }
  const arrived = receiver === undefined ? 1 : (await receiver.stop()) / requests;
  return { cost, logThread, requestsPerSecond, arrived };
}
