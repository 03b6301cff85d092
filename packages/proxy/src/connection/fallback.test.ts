// Without libuv's stream handles (another runtime) the data plane runs on net.Socket and behaves the same: the scenarios of how
// TCP streams end, in a process that has no such handles.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const WITHOUT_HANDLES = "data:text/javascript,process.binding = () => { throw new Error('there is no such thing') }";

test('TCP streams end the same on net.Socket', { timeout: 60_000 }, async (context) => {
  const scenarios = fileURLToPath(new URL('../tcp/termination.test.ts', import.meta.url));
  const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
  const child = spawn(process.execPath, ['--import', WITHOUT_HANDLES, scenarios], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  context.after(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [status] = (await once(child, 'close')) as [number | null];
  assert.equal(status, 0, output);
  assert.match(output, /pass \d\d/);
});
