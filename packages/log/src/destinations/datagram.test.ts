import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Destination } from './destination.ts';
import { openDestination } from './open.ts';

const skip = spawnSync('socat', ['-V']).status !== 0 && 'socat is missing';
const LINES = Array.from({ length: 800 }, (_, index) => `line ${index}`);

function sendAll(destination: Destination): void {
  for (const line of LINES) destination.send(Buffer.from(`${line}\n`), line.length + 1);
  destination.flush();
}

async function eventually(what: string, condition: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`never happened: ${what}`);
    await pause(5);
  }
}

test('a burst that a syslog socket has no room for arrives whole and in order, or is counted', { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-log-'));
  const [socket, file] = [join(folder, 'socket'), join(folder, 'file')];
  const receiver = spawn('socat', ['-u', `UNIX-RECV:${socket}`, `OPEN:${file},creat,append`], { stdio: 'ignore' });
  const destination = openDestination({ kind: 'unix', path: socket });
  try {
    await eventually('somebody receives', () => existsSync(socket));
    receiver.kill('SIGSTOP');
    sendAll(destination);
    let isIdle = false;
    destination.whenIdle(() => (isIdle = true));
    assert.equal(isIdle, false);
    receiver.kill('SIGCONT');
    await eventually('all have left', () => isIdle);
    await eventually('all have arrived', () => readFileSync(file, 'latin1').split('\n').length > LINES.length);
    assert.deepEqual(readFileSync(file, 'latin1').trimEnd().split('\n'), LINES);
    assert.equal(destination.dropped, 0);

    receiver.kill('SIGSTOP');
    sendAll(destination);
    isIdle = false;
    destination.whenIdle(() => (isIdle = true));
    await eventually('patience ends', () => isIdle);
    assert.ok(destination.dropped > 0 && destination.dropped < LINES.length, String(destination.dropped));
    assert.equal(destination.reason, 'EAGAIN');
  } finally {
    destination.close();
    receiver.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
});
