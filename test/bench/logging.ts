/**
 * What a log line for every request costs: processor time per request with `option httplog` minus that without, of all
 * threads of each program. The receiver is a program of its own on the load's core, which reads and throws away. Runs with
 * and without alternate.
 */

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { LOAD_CORE, PROXY_CORE, Running, WARM_UP_SECONDS, freePort, load } from './processes.ts';
import type { PeerName } from './processes.ts';
import { configuration } from './scenarios.ts';
import { summarize } from './statistics.ts';

/** The most that a line may cost of what it costs HAProxy. */
const GOAL = 1.3;

interface Target {
  readonly name: string;
  /** As the `log` line writes it. */
  readonly address: string;
  /** socat's side of it. */
  readonly receiver: string;
  isThere(): boolean;
}

export async function measureLogging(
  peers: readonly PeerName[],
  evenkeel: string,
  folder: string,
  backendPort: number,
  repeat: number,
  seconds: number,
): Promise<void> {
  const compared = peers.filter((peer) => peer !== 'nginx');
  for (const target of [await udpTarget(), unixTarget(folder)]) {
    console.log(`\nlogging, ${target.name}: CPU us of a line (a request with it, and without)`);
    const receiver = await receive(target);
    const costs = new Map<PeerName, { readonly without: number[]; readonly with: number[] }>();
    try {
      for (let round = 0; round < repeat; round++) {
        for (const peer of compared) {
          const cost = costs.get(peer) ?? { without: [], with: [] };
          costs.set(peer, cost);
          const program = peer === 'haproxy' ? 'haproxy' : evenkeel;
          cost.without.push(await costOf(program, folder, backendPort, [], seconds));
          cost.with.push(
            await costOf(program, folder, backendPort, [`log ${target.address} local0`, 'option httplog'], seconds),
          );
        }
      }
    } finally {
      receiver.kill('SIGKILL');
    }
    show(costs);
  }
}

function show(costs: ReadonlyMap<PeerName, { readonly without: number[]; readonly with: number[] }>): void {
  let reference = Number.NaN;
  for (const [peer, cost] of costs) {
    const before = summarize(cost.without).median;
    const after = summarize(cost.with).median;
    const line = after - before;
    const pairs = summarize(cost.with.map((value, index) => value - cost.without[index]));
    if (peer === 'haproxy') reference = line;
    const ratio = line / reference;
    const verdict =
      peer !== 'evenkeel' || Number.isNaN(ratio)
        ? ''
        : `  ratio ${ratio.toFixed(2)}, ${ratio <= GOAL ? 'reached' : 'NOT REACHED'}: goal at most ${GOAL.toFixed(2)}`;
    console.log(
      `  ${peer.padEnd(10)}${line.toFixed(1)} (pairs ${pairs.low.toFixed(1)}..${pairs.high.toFixed(1)}; ${after.toFixed(1)} and ${before.toFixed(1)})${verdict}`,
    );
  }
}

/** CPU us per request of one run. */
async function costOf(
  program: string,
  folder: string,
  backendPort: number,
  lines: readonly string[],
  seconds: number,
): Promise<number> {
  const port = await freePort();
  const file = join(folder, 'logging.cfg');
  writeFileSync(file, configuration({ mode: 'http', lines }, 1, port, backendPort));
  const proxy = await Running.start(String(PROXY_CORE), program, ['-db', '-f', file], port);
  try {
    await load(port, '/small', 64, [], WARM_UP_SECONDS);
    const before = proxy.cpuSeconds();
    const { requests } = await load(port, '/small', 64, [], seconds);
    // What was logged last leaves a moment later.
    await pause(100);
    return ((proxy.cpuSeconds() - before) * 1e6) / requests;
  } finally {
    await proxy.stop();
  }
}

async function udpTarget(): Promise<Target> {
  const port = await freePort();
  const hex = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
  return {
    name: 'syslog over UDP',
    address: `127.0.0.1:${port}`,
    receiver: `UDP4-RECV:${port},bind=127.0.0.1`,
    isThere: () => readFileSync('/proc/net/udp', 'latin1').includes(hex),
  };
}

function unixTarget(folder: string): Target {
  const path = join(folder, 'log.sock');
  return {
    name: 'a Unix socket as /dev/log',
    address: path,
    receiver: `UNIX-RECV:${path},mode=666`,
    isThere: () => existsSync(path),
  };
}

async function receive({ isThere, receiver }: Target): Promise<ChildProcess> {
  const child = spawn('taskset', ['-c', String(LOAD_CORE), 'socat', '-u', receiver, 'OPEN:/dev/null'], {
    stdio: 'ignore',
  });
  for (const end = performance.now() + 10_000; !isThere(); await pause(5))
    if (performance.now() > end) throw new Error('socat does not receive');
  return child;
}
