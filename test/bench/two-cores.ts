/**
 * New HTTP connections a second with nbthread 2. On a machine of two cores the load and the backend take their part of them, so
 * beside the rate that was seen stands the one that the processor time of the proxy alone would allow. Twice: with a server
 * connection for each client connection, which `http-reuse safe` means for clients that close, and with pooled ones.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Running, WARM_UP_SECONDS, freePort, load } from './processes.ts';
import type { PeerName } from './processes.ts';
import { configuration } from './scenarios.ts';
import { summarize } from './statistics.ts';

const GOAL_PER_SECOND = 10_000;
const SECONDS = 5;
const CORES = 2;
const VARIANTS = [[], ['http-reuse always']] as const;

export async function measureTwoCores(
  peers: readonly PeerName[],
  evenkeel: string,
  folder: string,
  backendPort: number,
  repeat: number,
): Promise<void> {
  for (const lines of VARIANTS) {
    const name = lines.length === 0 ? '' : `, ${lines.join(', ')}`;
    console.log(`\nnew HTTP connections a second, nbthread 2, load and backend on the same two cores${name}`);
    for (const peer of peers)
      if (peer !== 'nginx') await measurePeer(peer, evenkeel, folder, backendPort, repeat, lines);
  }
}

async function measurePeer(
  peer: PeerName,
  evenkeel: string,
  folder: string,
  backendPort: number,
  repeat: number,
  lines: readonly string[],
): Promise<void> {
  const rates: number[] = [];
  const costs: number[] = [];
  let errors = 0;
  for (let round = 0; round < repeat; round++) {
    const port = await freePort();
    const file = join(folder, `${peer}-two.cfg`);
    writeFileSync(file, configuration({ mode: 'http', lines }, 2, port, backendPort));
    const proxy = await Running.start('0,1', peer === 'haproxy' ? 'haproxy' : evenkeel, ['-db', '-f', file], port);
    try {
      await load(port, '/small', 64, ['Connection: close'], WARM_UP_SECONDS);
      const before = proxy.cpuSeconds();
      const result = await load(port, '/small', 64, ['Connection: close'], SECONDS);
      costs.push(((proxy.cpuSeconds() - before) * 1e6) / result.requests);
      rates.push(result.requests / result.seconds);
      errors += result.errors;
    } finally {
      await proxy.stop();
    }
  }
  const { median, low, high } = summarize(rates);
  const verdict =
    peer === 'evenkeel'
      ? `  ${median >= GOAL_PER_SECOND ? 'reached' : 'NOT REACHED'}: goal at least ${GOAL_PER_SECOND}`
      : '';
  const cost = summarize(costs).median;
  const alone = (CORES * 1e6) / cost;
  console.log(
    `  ${peer.padEnd(10)}${median.toFixed(0)} (${low.toFixed(0)}..${high.toFixed(0)}), ${errors} errors${verdict}; ` +
      `CPU ${cost.toFixed(1)} us a connection: ${alone.toFixed(0)} a second for ${CORES} cores that only proxy`,
  );
}
