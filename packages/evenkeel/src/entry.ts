/**
 * Where the process begins. Its first act is to catch signals: one that comes while the rest is still loading must neither
 * be lost nor do what Node makes of it: SIGUSR1, HAProxy's soft stop, would open a debugger. The handlers stay for the life
 * of the process.
 */

import { hastenImports } from '@evenkeel/sys/fast-imports';
import { catchSignals, dieOf } from './signals.ts';

const signals = catchSignals();
hastenImports();
const { main } = await import('./main.ts');
const end = await main(process.argv.slice(2), signals);
if (typeof end === 'number') process.exitCode = end;
else dieOf(end);
