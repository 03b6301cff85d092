/**
 * Where the process begins. Its first act is to catch signals: one that comes while the rest is still loading must neither
 * be lost nor do what Node makes of it. The handlers stay for the life of the process. SIGUSR1, HAProxy's soft stop, would
 * open a debugger even before this: it is kept back by Node's option --disable-sigusr1, which the launcher gives, until run.ts
 * lets it in.
 */

import { hastenImports } from '@evenkeel/sys/fast-imports';
import { catchSignals, dieOf } from './signals.ts';

const signals = catchSignals();
hastenImports();
const { main } = await import('./main.ts');
const end = await main(process.argv.slice(2), signals);
if (typeof end === 'number') process.exitCode = end;
else dieOf(end);
