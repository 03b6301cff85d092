// The reload drill in short: what clients may lose is asserted; times and memory, which depend on the machine, are the long
// drill's (scripts/reload-drill).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drill, table } from '../support/reload-drill/drill.ts';

const TUNNELS = 200;

for (const { reloads, lines, rate, file } of [
  { reloads: 10, lines: 0, rate: 1000, file: 'a small file' },
  // Read on a thread of its own, and more than data threads make ready.
  { reloads: 3, lines: 20_000, rate: 500, file: 'a file of 20,000 lines' },
])
  test(`${reloads} reloads of ${file} under load lose no request and no tunnel, and keep one healthy process`, async (context) => {
    const result = await drill({ reloads, rate, tunnels: TUNNELS, threads: 2, lines, betweenMs: 200, calmMs: 1000 });
    context.diagnostic(`\n${table({ evenkeel: result })}`);
    assert.deepEqual(result.stormy.lost, []);
    assert.equal(result.stormy.tunnels, TUNNELS);
    assert.equal(result.stormy.unhealthy, 0);
    assert.ok(result.stormy.polls > 0);
    assert.deepEqual(result.processes, [1, 1]);
    assert.ok(result.pidStayed);
    assert.match(result.refusal.said, /unknown keyword 'srever'/);
    assert.equal(result.refusal.lostCount, 0);
  });
