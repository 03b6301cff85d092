/** New HTTP connections a second with nbthread 2, where the proxy, the load and the backend share both cores. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Running, freePort, load } from './processes.ts';
import type { PeerName } from './processes.ts';
import { configuration } from './scenarios.ts';
import { summarize } from './statistics.ts';

const GOAL_PER_SECOND = 10_000;
const SECONDS = 5;

export async function measureTwoCores(
  peers: readonly PeerName[],
  evenkeel: string,
  folder: string,
  backendPort: number,
  repeat: number,
): Promise<void> {
  console.log('\nnew HTTP connections a second, nbthread 2, load and backend on the same two cores');
  for (const peer of peers) {
    if (peer === 'nginx') continue;
    const rates: number[] = [];
    let errors = 0;
    for (let round = 0; round < repeat; round++) {
      const port = await freePort();
      const file = join(folder, `${peer}-two.cfg`);
      writeFileSync(file, configuration({ mode: 'http', lines: [] }, 2, port, backendPort));
      const proxy = await Running.start('0,1', peer === 'haproxy' ? 'haproxy' : evenkeel, ['-db', '-f', file], port);
      try {
        await load(port, '/small', 64, ['Connection: close'], 2);
        const result = await load(port, '/small', 64, ['Connection: close'], SECONDS);
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
    console.log(
      `  ${peer.padEnd(10)}${median.toFixed(0)} (${low.toFixed(0)}..${high.toFixed(0)}), ${errors} errors${verdict}`,
    );
  }
}
