import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SysError } from './errors.ts';
import { lockFile } from './lock-file.ts';

test('one descriptor at a time has the lock, until it is closed', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-lock-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [first, second] = [openSync(join(folder, 'lock'), 'a'), openSync(join(folder, 'lock'), 'a')];
  assert.equal(lockFile(first), true);
  assert.equal(lockFile(first), true);
  assert.equal(lockFile(second), false);
  closeSync(first);
  assert.equal(lockFile(second), true);
  closeSync(second);
});

test('a process that is killed gives its lock back', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-lock-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'lock');
  const holder = spawn('flock', ['-n', path, '-c', 'echo locked; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  await once(holder.stdout, 'data');
  const descriptor = openSync(path, 'a');
  assert.equal(lockFile(descriptor), false);
  process.kill(-holder.pid!, 'SIGKILL');
  await once(holder, 'exit');
  // flock(1) and its child share the descriptor: the lock goes with the last of them.
  const limit = performance.now() + 5000;
  while (!lockFile(descriptor)) assert.ok(performance.now() < limit, 'the lock stays held');
  closeSync(descriptor);
});

test('what cannot be locked is said', () => {
  assert.throws(
    () => lockFile(-1),
    (error) => error instanceof SysError && error.code === 'EBADF',
  );
});
