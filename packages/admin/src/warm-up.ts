/**
 * Makes the first `show stat` as quick as those after it. Code that runs for the first time is interpreted, at three times the cost:
 * with a thousand servers a scraper's first question would take longer than its patience, in just the minute after a start. So
 * some rows are built beforehand and thrown away, a few at a time, by when the code that builds them is compiled.
 */

import type { Runtime } from './runtime.ts';
import { csvRows } from './show-stat.ts';

/** Below this an answer is quick whatever it costs. */
const FEWEST_SERVERS = 100;
/** By then everything on the way is compiled; measured. */
const ROWS = 500;
/** Half a millisecond of interpreted code, and then a pause: nobody waits for this. */
const ROWS_AT_ONCE = 5;
const PAUSE_MS = 5;

/** Does its work by and by, and keeps no process alive. */
export function warmUp(runtime: Runtime): void {
  const servers = runtime.plan().config.proxies.reduce((sum, proxy) => sum + proxy.servers.length, 0);
  if (servers < FEWEST_SERVERS) return;
  const rows = csvRows(runtime);
  let made = 0;
  const timer = setInterval(() => {
    for (let count = 0; count < ROWS_AT_ONCE; count++) if (rows.next().done === true) made = ROWS;
    made += ROWS_AT_ONCE;
    if (made < ROWS) return;
    clearInterval(timer);
    rows.return(undefined);
  }, PAUSE_MS);
  timer.unref();
}
