/**
 * Servers die, freeze and are cut off under load: no request is lost that the real haproxy saves with the same configuration.
 */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { EVENKEEL } from '../support/daemon.ts';
import { findProgram, missing, run } from '../support/programs.ts';
import type { DrillResult } from './failing-servers-drill.ts';

const DRILL = join(import.meta.dirname, 'failing-servers-drill.ts');
const skip =
  process.getuid?.() === 0 ? missing('nginx', 'iptables', 'unshare', 'ip') : 'needs root, for a network namespace';

async function drill(program: string): Promise<readonly DrillResult[]> {
  const command = `ip link set lo up && exec "$0" "$1" "$2"`;
  const args = ['-n', 'sh', '-c', command, process.execPath, DRILL, program];
  const { status, stdout, stderr } = await run('unshare', args, '', 120_000);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout.toString()) as DrillResult[];
}

test('no request is lost when a server is killed, stopped, frozen or cut off', { skip }, async () => {
  const results = await drill(EVENKEEL);
  assert.deepEqual(
    results.map(({ failure }) => failure),
    ['killed', 'stopped', 'frozen', 'cut off by DROP', 'cut off by REJECT'],
  );
  for (const { failure, failed, sent } of results) {
    assert.ok(sent > 400, `${failure}: ${sent} requests`);
    assert.deepEqual(failed, [], failure);
  }
});

test('the real haproxy saves the same requests', { skip: skip === false ? missing('haproxy') : skip }, async () => {
  for (const { failure, failed } of await drill(findProgram('haproxy')!)) assert.deepEqual(failed, [], failure);
});
