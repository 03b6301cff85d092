/**
 * The hitless-reload drill: a program under test serves requests at a fixed rate and holds idle tunnels while its
 * configuration is reloaded again and again, each time with other servers, listeners and rules. Runs on evenkeel and on
 * haproxy (`-W`), and says what clients saw and what it cost.
 */

import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Daemon, freePorts, until } from '../daemon.ts';
import type { LoadOptions, LoadReport } from './load.ts';

export interface DrillOptions {
  /** Undefined for evenkeel. */
  readonly program?: string | undefined;
  readonly reloads: number;
  readonly rate: number;
  readonly tunnels: number;
  readonly threads: number;
  /** Lines of the file: backends that nobody uses fill it. */
  readonly lines: number;
  /** From the end of a reload to the begin of the next, ms. */
  readonly betweenMs: number;
  /** What is measured without any reload before, ms. */
  readonly calmMs: number;
  /** Called after each reload. */
  onReload?(done: number): void;
}

export interface DrillResult {
  readonly calm: LoadReport;
  readonly stormy: LoadReport;
  /** Reloads that were said to be done. */
  readonly reloads: number;
  /** ms from the signal to the word that it is done. */
  readonly reloadMs: { readonly median: number; readonly worst: number };
  /** Processes before and after, the one that was started and its descendants. */
  readonly processes: readonly [before: number, after: number];
  /** Resident memory of all of them, bytes: before the first reload, after the tenth (or half of them), after the last. */
  readonly residentBytes: readonly [before: number, early: number, after: number];
  readonly refusal: { readonly said: string; readonly lostCount: number };
  readonly pidStayed: boolean;
}

const SERVERS = 4;

/** Runs one drill; everything that it started is gone when it resolves or rejects. */
export async function drill(options: DrillOptions): Promise<DrillResult> {
  await using resources = new AsyncDisposableStack();
  const start = async (file: string, workerData: unknown): Promise<{ worker: Worker; first: unknown }> => {
    const worker = new Worker(new URL(file, import.meta.url), { workerData });
    resources.defer(async () => void (await worker.terminate()));
    const first = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    return { worker, first };
  };
  const { first: ports } = await start('server.ts', { count: SERVERS });
  const [port, second] = await freePorts(2);
  const filler = fillerOf(options.lines, ports as number[]);
  const shape = (turn: number): string =>
    configuration(turn, { port, second, servers: ports as number[], threads: options.threads, filler });
  const isHaproxy = options.program !== undefined;
  const daemon = await Daemon.start(shape(0), {
    port,
    flags: isHaproxy ? ['-W', '-db'] : ['-W'],
    ...(isHaproxy ? { program: options.program } : undefined),
  });
  resources.use(daemon);
  // What a reload of haproxy leaves behind ends with its master, but not at once.
  const family = (): number[] => descendants(daemon.pid);
  resources.defer(() => {
    for (const pid of isHaproxy ? family() : []) tryKill(pid);
  });
  const { pid } = daemon;

  const load: LoadOptions = { port, rate: options.rate, connections: 40, newEvery: 10, tunnels: options.tunnels };
  const { worker } = await start('load.ts', load);
  const report = async (): Promise<LoadReport> =>
    await new Promise((resolve, reject) => {
      worker.once('message', resolve).once('error', reject);
      worker.postMessage('report');
    });
  await pause(1000);
  await report();
  await pause(options.calmMs);
  const calm = await report();
  const before = { processes: family().length, bytes: residentBytes(family()) };

  const times: number[] = [];
  let early = before.bytes;
  for (let done = 0; done < options.reloads; done++) {
    const begin = performance.now();
    await reload(daemon, shape(done + 1), isHaproxy);
    times.push(performance.now() - begin);
    options.onReload?.(done + 1);
    await pause(options.betweenMs);
    if (done + 1 === Math.min(10, Math.ceil(options.reloads / 2))) early = residentBytes(family());
  }
  const stormy = await report();
  const after = { processes: family().length, bytes: residentBytes(family()) };
  const said = await reloadWrong(daemon, `${shape(1)}    srever x 127.0.0.1:1\n`, isHaproxy);
  await pause(300);
  const refused = await report();
  times.sort((left, right) => left - right);
  return {
    calm,
    stormy,
    reloads: times.length,
    reloadMs: { median: times[times.length >> 1] ?? 0, worst: times.at(-1) ?? 0 },
    processes: [before.processes, after.processes],
    residentBytes: [before.bytes, early, after.bytes],
    refusal: { said, lostCount: refused.lostCount + refused.unhealthy },
    pidStayed: daemon.running && daemon.pid === pid,
  };
}

interface Shape {
  readonly port: number;
  readonly second: number;
  readonly servers: readonly number[];
  readonly threads: number;
  readonly filler: string;
}

/** Each turn has other servers, another rule, and now and then another listener. */
function configuration(turn: number, { filler, port, second, servers, threads }: Shape): string {
  const [echo, ...others] = servers;
  const used = others.filter((_, index) => index !== turn % others.length);
  return `global
    nbthread ${threads}
    maxconn 5000
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    timeout tunnel 1h
frontend web
    bind 127.0.0.1:${port}
${turn % 3 === 1 ? `    bind 127.0.0.1:${second}\n` : ''}    monitor-uri /alive
    http-request set-header x-turn ${turn}
    use_backend echo if { path_beg /tunnel }
    default_backend app
backend app
    balance leastconn
${used.map((each) => `    server s${servers.indexOf(each)} 127.0.0.1:${each}\n`).join('')}backend echo
    server e1 127.0.0.1:${echo}
${filler}`;
}

/** Lines of one backend of the filler. */
const BLOCK_LINES = 20;

/** Backends that fill the file to so many lines. */
function fillerOf(lines: number, [server]: readonly number[]): string {
  let text = '';
  for (let block = 0; block < Math.floor(lines / BLOCK_LINES); block++) {
    text += `backend filler${block}\n    balance roundrobin\n    http-request set-header x-filler ${block}\n    acl a path_beg /x${block}\n`;
    for (let each = 4; each < BLOCK_LINES; each++) text += `    server f${each} 127.0.0.1:${server} weight ${each}\n`;
  }
  return text;
}

async function reload(daemon: Daemon, text: string, isHaproxy: boolean): Promise<void> {
  if (isHaproxy) await reloadHaproxy(daemon, text, /Loading success/);
  else {
    const said = await daemon.reload(text);
    if (!/Loading success \(generation/.test(said)) throw new Error(`the reload failed: ${said}`);
  }
}

/** A file with an error; returns what was said about it. */
async function reloadWrong(daemon: Daemon, text: string, isHaproxy: boolean): Promise<string> {
  return isHaproxy ? await reloadHaproxy(daemon, text, /Reloading HAProxy|wait mode/) : await daemon.reload(text);
}

async function reloadHaproxy(daemon: Daemon, text: string, done: RegExp): Promise<string> {
  writeFileSync(daemon.configurationFile, text);
  const before = daemon.printed;
  daemon.signal('SIGUSR2');
  const said = (): string => daemon.outputSince(before);
  await until('haproxy has reloaded', () => done.test(said()), 60_000);
  return said();
}

/** A process and all that came of it. */
function descendants(pid: number): number[] {
  const found = [pid];
  for (let at = 0; at < found.length; at++) {
    try {
      for (const task of readdirSync(`/proc/${found[at]}/task`)) {
        const children = readFileSync(`/proc/${found[at]}/task/${task}/children`, 'latin1').trim();
        if (children !== '') found.push(...children.split(' ').map(Number));
      }
    } catch {
      // It has ended.
    }
  }
  return found;
}

function residentBytes(pids: readonly number[]): number {
  const page = Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'latin1' }));
  let sum = 0;
  for (const pid of pids) {
    try {
      sum += Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]) * page;
    } catch {
      // It has ended.
    }
  }
  return sum;
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** Bounds of the promise (README, "hitless reload"). */
const MOST_P99_RISE_MS = 20;
const MOST_GROWTH = 0.05;

/** Which parts of the promise a result breaks. */
export function broken(
  { calm, pidStayed, processes, refusal, residentBytes: bytes, stormy }: DrillResult,
  tunnels: number,
): string[] {
  const faults: string[] = [];
  const [before, , after] = bytes;
  if (stormy.lostCount > 0) faults.push(`${stormy.lostCount} requests were lost: ${stormy.lost.join('; ')}`);
  if (stormy.tunnels !== tunnels) faults.push(`${stormy.tunnels} of ${tunnels} tunnels are left`);
  if (stormy.unhealthy > 0) faults.push(`${stormy.unhealthy} of ${stormy.polls} polls of the health page failed`);
  if (!pidStayed || processes[1] !== 1) faults.push(`${processes[1]} processes`);
  const rise = stormy.p99 - calm.p99;
  if (rise >= MOST_P99_RISE_MS) faults.push(`p99 rose by ${rise.toFixed(1)} ms`);
  const growth = (after - before) / before;
  if (growth >= MOST_GROWTH) faults.push(`resident memory grew by ${(growth * 100).toFixed(1)} %`);
  if (refusal.lostCount > 0) faults.push(`${refusal.lostCount} requests were lost when a wrong file was refused`);
  if (!/unknown keyword 'srever'/.test(refusal.said)) faults.push(`a wrong file was not named: ${refusal.said}`);
  return faults;
}

/** Results side by side, a line for each figure. */
export function table(results: Readonly<Record<string, DrillResult>>): string {
  const all = Object.values(results);
  const ms = (value: number): string => value.toFixed(1);
  const mib = (value: number): string => (value / 1_048_576).toFixed(1);
  const rows: (readonly [string, (result: DrillResult) => string])[] = [
    ['reloads', ({ reloads }) => String(reloads)],
    ['a reload takes, median / worst, ms', ({ reloadMs }) => `${ms(reloadMs.median)} / ${ms(reloadMs.worst)}`],
    ['requests while reloading', ({ stormy }) => String(stormy.requests)],
    ['lost', ({ stormy }) => String(stormy.lostCount)],
    ['tunnels left', ({ stormy }) => String(stormy.tunnels)],
    ['health polls / failed', ({ stormy }) => `${stormy.polls} / ${stormy.unhealthy}`],
    ['p50 calm / reloading, ms', ({ calm, stormy }) => `${ms(calm.p50)} / ${ms(stormy.p50)}`],
    ['p99 calm / reloading, ms', ({ calm, stormy }) => `${ms(calm.p99)} / ${ms(stormy.p99)}`],
    ['worst calm / reloading, ms', ({ calm, stormy }) => `${ms(calm.worst)} / ${ms(stormy.worst)}`],
    ['clients late themselves, ms', ({ calm, stormy }) => `${ms(calm.ownLag)} / ${ms(stormy.ownLag)}`],
    ['processes before / after', ({ processes }) => processes.join(' / ')],
    ['resident MiB before / early / after', ({ residentBytes: bytes }) => bytes.map(mib).join(' / ')],
  ];
  const head = ['', ...Object.keys(results)];
  const lines = [head, ...rows.map(([name, cell]) => [name, ...all.map(cell)])];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return `${lines.map((line) => line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('  ')).join('\n')}\n`;
}
