/**
 * States of servers and the lines about them, compared with the real haproxy: the same drill runs on both, and what they log,
 * answer and show is the same but for durations.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { transcript } from '../support/log-drill.ts';
import { SERVER_DRILLS } from '../support/server-drills.ts';

const missing = ((): string | undefined => {
  try {
    execFileSync('haproxy', ['-v'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'Debian package haproxy is not installed';
  }
})();

for (const drill of SERVER_DRILLS) {
  test(`as on HAProxy: ${drill.name}`, { skip: missing ?? false, timeout: 60_000 }, async () => {
    const expected = await transcript(drill, 'haproxy', 1);
    assert.deepEqual(await transcript(drill, undefined, 2), expected);
  });
}
