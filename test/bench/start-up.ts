/** Time from the start of the process to the first accepted connection, with everything cached by an earlier start. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Running, freePort } from './processes.ts';
import type { PeerName } from './processes.ts';
import { configuration } from './scenarios.ts';
import { summarize } from './statistics.ts';

const GOAL_MS = 500;

export async function measureStartUp(
  peers: readonly PeerName[],
  evenkeel: string,
  folder: string,
  backendPort: number,
  repeat: number,
): Promise<void> {
  console.log('\nstart to first accepted connection, ms');
  for (const peer of peers) {
    if (peer === 'nginx') continue;
    const times: number[] = [];
    for (let round = 0; round <= repeat; round++) {
      const port = await freePort();
      const file = join(folder, `${peer}-start.cfg`);
      writeFileSync(file, configuration({ mode: 'http', lines: [] }, 2, port, backendPort));
      const proxy = await Running.start('0,1', peer === 'haproxy' ? 'haproxy' : evenkeel, ['-db', '-f', file], port);
      await proxy.stop();
      if (round > 0) times.push(proxy.startMs);
    }
    const { median, low, high } = summarize(times);
    const verdict =
      peer === 'evenkeel' ? `  ${median <= GOAL_MS ? 'reached' : 'NOT REACHED'}: goal at most ${GOAL_MS}` : '';
    console.log(`  ${peer.padEnd(10)}${median.toFixed(0)} (${low.toFixed(0)}..${high.toFixed(0)})${verdict}`);
  }
}
