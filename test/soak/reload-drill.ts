/**
 * The long reload drill, on evenkeel and on haproxy beside it: `scripts/reload-drill [--reloads N] [--rate N] [--tunnels N]
 * [--lines N] [--threads N] [--between MS] [--calm MS] [--only evenkeel|haproxy]`. Prints what clients saw, side by side. Exit
 * status 1 where evenkeel breaks its promise.
 */

import { parseArgs } from 'node:util';
import { broken, drill, table } from '../support/reload-drill/drill.ts';
import type { DrillResult } from '../support/reload-drill/drill.ts';

const { values } = parseArgs({
  options: {
    reloads: { type: 'string', default: '100' },
    rate: { type: 'string', default: '2000' },
    tunnels: { type: 'string', default: '1000' },
    lines: { type: 'string', default: '0' },
    threads: { type: 'string', default: '2' },
    between: { type: 'string', default: '500' },
    calm: { type: 'string', default: '10000' },
    only: { type: 'string' },
  },
});

const results: Record<string, DrillResult> = {};
for (const [name, program] of [
  ['evenkeel', undefined],
  ['haproxy', 'haproxy'],
] as const) {
  if (values.only !== undefined && values.only !== name) continue;
  process.stdout.write(`${name}: ${values.reloads} reloads of a file with ${values.lines} lines beside its own\n`);
  results[name] = await drill({
    program,
    reloads: Number(values.reloads),
    rate: Number(values.rate),
    tunnels: Number(values.tunnels),
    threads: Number(values.threads),
    lines: Number(values.lines),
    betweenMs: Number(values.between),
    calmMs: Number(values.calm),
    onReload: (done) => process.stdout.write(done % 10 === 0 ? `  ${done}\n` : ''),
  });
}
process.stdout.write(table(results));
const ours = results['evenkeel'];
const faults = ours === undefined ? [] : broken(ours, Number(values.tunnels));
for (const fault of faults) process.stdout.write(`evenkeel: ${fault}\n`);
process.exitCode = faults.length === 0 ? 0 : 1;
