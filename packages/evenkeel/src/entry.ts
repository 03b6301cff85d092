/**
 * Where the process begins. Its first act is to catch signals: one that comes while the rest is still loading must neither
 * kill the daemon nor be lost, and SIGUSR1, HAProxy's soft stop, must not open Node's debugger. The handlers stay for the life of the process.
 */

import { catchSignals } from './signals.ts';

const signals = catchSignals();
const { main } = await import('./main.ts');
const end = await main(process.argv.slice(2), signals);
if (typeof end === 'number') process.exitCode = end;
else {
  // Dies of the signal, as a program without a handler does: service managers and shells tell that from a status.
  process.removeAllListeners(end);
  process.kill(process.pid, end);
}
