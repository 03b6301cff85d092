// The reload drill in short: what clients may lose is asserted; times and memory, which depend on the machine, are the long
// drill's (scripts/reload-drill).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drill, table } from '../support/reload-drill/drill.ts';

test('ten reloads under load lose no request and no tunnel, and keep one healthy process', async (context) => {
  const tunnels = 200;
  const result = await drill({
    reloads: 10,
    rate: 1000,
    tunnels,
    threads: 2,
    lines: 0,
    betweenMs: 200,
    calmMs: 1000,
  });
  context.diagnostic(`\n${table({ evenkeel: result })}`);
  assert.deepEqual(result.stormy.lost, []);
  assert.equal(result.stormy.tunnels, tunnels);
  assert.equal(result.stormy.unhealthy, 0);
  assert.ok(result.stormy.polls > 0);
  assert.deepEqual(result.processes, [1, 1]);
  assert.ok(result.pidStayed);
  assert.match(result.refusal.said, /unknown keyword 'srever'/);
  assert.equal(result.refusal.lostCount, 0);
});
