/**
 * The side-by-side benchmark: HAProxy, nginx where it can do the same, and evenkeel, on the same configuration in the same
 * run, with one proxy thread on one core and the load and the backend on the other. Repetitions alternate between the
 * peers, so that a slow minute of the machine hits all of them. Run by scripts/bench; see docs/performance.md.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PROXY_CORE, Running, WARM_UP_SECONDS, freePort, load, startBackend, writeNginxProxy } from './processes.ts';
import type { LoadResult, PeerName } from './processes.ts';
import { SCENARIOS, configuration } from './scenarios.ts';
import type { Scenario } from './scenarios.ts';
import { summarize } from './statistics.ts';
import type { Summary } from './statistics.ts';
import { measureLogging } from './logging.ts';
import { measureIdleMemory } from './idle-memory.ts';
import { measureRuntimeSocket } from './runtime-socket.ts';
import { measureStartUp } from './start-up.ts';
import { measureSharedMemory } from './shared-memory.ts';
import { measureTwoCores } from './two-cores.ts';

const { values: options } = parseArgs({
  options: {
    repeat: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    only: { type: 'string', default: '' },
    peers: { type: 'string', default: 'haproxy,nginx,evenkeel' },
    profile: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const HELP = `usage: scripts/bench [--repeat N] [--seconds N] [--only TEXT] [--peers haproxy,nginx,evenkeel]
  --repeat   runs of each scenario and peer; the median is shown with the lowest and highest (default 5)
  --seconds  length of one run (default 4)
  --only     scenarios whose name contains TEXT; also: logging, memory, shared, start-up, two cores, runtime socket
  --peers    programs to run; ratios are to haproxy's CPU in the same run`;

const evenkeel = join(import.meta.dirname, '../../scripts/evenkeel');

interface Sample extends LoadResult {
  readonly cpuMicrosecondsPerUnit: number;
}

async function startPeer(
  peer: PeerName,
  scenario: Scenario,
  folder: string,
  backendPort: number,
): Promise<{ process: Running; port: number }> {
  const port = await freePort();
  const cores = String(PROXY_CORE);
  if (peer === 'nginx') {
    return {
      process: await Running.start(
        cores,
        'nginx',
        ['-c', writeNginxProxy(folder, port, backendPort), '-p', folder],
        port,
      ),
      port,
    };
  }
  const file = join(folder, `${peer}.cfg`);
  writeFileSync(file, configuration(scenario, 1, port, backendPort));
  const program = peer === 'haproxy' ? 'haproxy' : evenkeel;
  return { process: await Running.start(cores, program, ['-db', '-f', file], port), port };
}

/** Whether a peer can do what a scenario asks. */
function fits(peer: PeerName, scenario: Scenario): boolean {
  return peer !== 'nginx' || (scenario.mode === 'http' && scenario.lines.length === 0);
}

async function measure(
  peer: PeerName,
  scenario: Scenario,
  folder: string,
  backendPort: number,
  seconds: number,
): Promise<Sample> {
  const { process: proxy, port } = await startPeer(peer, scenario, folder, backendPort);
  try {
    // A proxy that was just started compiles its hot code, fills its pools and opens its server connections.
    await load(port, scenario.load.path, scenario.load.connections, scenario.load.headers, WARM_UP_SECONDS);
    const before = cpuOf(peer, proxy);
    const result = await load(port, scenario.load.path, scenario.load.connections, scenario.load.headers, seconds);
    const cpuSeconds = cpuOf(peer, proxy) - before;
    return { ...result, cpuMicrosecondsPerUnit: (cpuSeconds * 1e6) / result.requests };
  } finally {
    await proxy.stop();
  }
}

/** nginx works in a child of the process that was started. */
function cpuOf(peer: PeerName, proxy: Running): number {
  if (peer !== 'nginx') return proxy.cpuSeconds();
  const children = execFileSync('ps', ['-o', 'cputimes=,pid=', '--ppid', String(proxy.pid)], { encoding: 'latin1' });
  let sum = 0;
  for (const line of children.trim().split('\n')) sum += Running.cpuSecondsOf(Number(line.trim().split(/\s+/)[1]));
  return sum;
}

async function runScenario(
  scenario: Scenario,
  peers: readonly PeerName[],
  folder: string,
  backendPort: number,
): Promise<void> {
  const samples = new Map<PeerName, Sample[]>();
  for (let round = 0; round < Number(options.repeat); round++) {
    for (const peer of peers) {
      if (!fits(peer, scenario)) continue;
      const list = samples.get(peer) ?? [];
      list.push(await measure(peer, scenario, folder, backendPort, Number(options.seconds)));
      samples.set(peer, list);
    }
  }
  const reference = samples.get('haproxy');
  const referenceCpu =
    reference === undefined ? Number.NaN : summarize(reference.map((sample) => sample.cpuMicrosecondsPerUnit)).median;
  console.log(`\n${scenario.name} (per ${scenario.unit}, ${scenario.load.connections} connections)`);
  console.log(
    `  ${pad('', 10)}${pad(`${scenario.unit}s/s`, 26)}${pad('CPU us', 26)}${pad('ratio', 8)}${pad('p50 ms', 9)}${pad('p99 ms', 9)}errors`,
  );
  for (const [peer, list] of samples) {
    const rate = summarize(list.map((sample) => sample.requests / sample.seconds));
    const cpu = summarize(list.map((sample) => sample.cpuMicrosecondsPerUnit));
    const p50 = summarize(list.map((sample) => sample.p50Ms));
    const p99 = summarize(list.map((sample) => sample.p99Ms));
    const errors = list.reduce((sum, sample) => sum + sample.errors, 0);
    console.log(
      `  ${pad(peer, 10)}${pad(spread(rate, 0), 26)}${pad(spread(cpu, 1), 26)}${pad((cpu.median / referenceCpu).toFixed(2), 8)}${pad(p50.median.toFixed(2), 9)}${pad(p99.median.toFixed(2), 9)}${errors}`,
    );
    if (peer === 'evenkeel' && scenario.goal !== undefined && !Number.isNaN(referenceCpu)) {
      const ratio = cpu.median / referenceCpu;
      console.log(
        `  ${ratio <= scenario.goal ? 'reached' : 'NOT REACHED'}: ratio ${ratio.toFixed(2)}, goal at most ${scenario.goal.toFixed(2)}`,
      );
    }
  }
}

function spread(summary: Summary, digits: number): string {
  return `${summary.median.toFixed(digits)} (${summary.low.toFixed(digits)}..${summary.high.toFixed(digits)})`;
}

function pad(text: string, width: number): string {
  return text.padEnd(width);
}

function found(program: string): boolean {
  try {
    execFileSync('which', [program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function main(): Promise<void> {
  if (options.help) {
    console.log(HELP);
    return;
  }
  const wanted = options.peers.split(',');
  const peers = (['haproxy', 'nginx', 'evenkeel'] as const).filter(
    (peer) => wanted.includes(peer) && (peer === 'evenkeel' || found(peer)),
  );
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-bench-'));
  const chosen = (name: string): boolean => name.includes(options.only);
  const backend = await startBackend(folder);
  try {
    console.log(
      `median (lowest..highest) of ${options.repeat} runs of ${options.seconds} s; proxy on core ${PROXY_CORE}, load and backend on the other`,
    );
    for (const scenario of SCENARIOS)
      if (chosen(scenario.name)) await runScenario(scenario, peers, folder, backend.port);
    if (chosen('two cores')) await measureTwoCores(peers, evenkeel, folder, backend.port, Number(options.repeat));
    if (chosen('logging'))
      await measureLogging({
        peers,
        evenkeel,
        folder,
        backendPort: backend.port,
        repeat: Number(options.repeat),
        seconds: Number(options.seconds),
      });
    if (chosen('memory')) await measureIdleMemory(peers, evenkeel, folder, backend.port);
    if (chosen('shared')) measureSharedMemory();
    if (chosen('runtime socket')) await measureRuntimeSocket(peers, evenkeel, folder, backend.port);
    if (chosen('start-up')) await measureStartUp(peers, evenkeel, folder, backend.port, Number(options.repeat));
  } finally {
    await backend.process.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
