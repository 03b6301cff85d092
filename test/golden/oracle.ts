// Asks the real haproxy for its verdict on every golden case and compares it with the recorded one. Exit status 1 where one is
// wrong. Run it through the script `oracle` beside this file.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { allCases, ENVIRONMENT, GOLDEN } from './case.ts';

const program = process.env['HAPROXY_PROGRAM'] ?? 'haproxy';
let wrong = 0;
for (const { name, expectation } of allCases()) {
  const run = spawnSync(program, ['-c', '-f', join('cases', `${name}.cfg`)], {
    cwd: GOLDEN,
    env: { PATH: process.env['PATH'] ?? '', ...ENVIRONMENT },
    encoding: 'latin1',
    timeout: 20_000,
  });
  if (run.error !== undefined) throw run.error;
  // Status 2 is "no listener": nothing is wrong with the text.
  const verdict = run.status === 1 ? 'refuses' : 'accepts';
  if (process.argv.includes('--show')) process.stdout.write(`== ${name}: ${verdict}\n${run.stderr}`);
  if (verdict === expectation?.haproxy) continue;
  wrong++;
  process.stdout.write(`${name}: haproxy ${verdict}, recorded: ${expectation?.haproxy ?? 'nothing'}\n`);
}
process.stdout.write(`golden oracle: ${wrong} wrong\n`);
process.exitCode = wrong === 0 ? 0 : 1;
