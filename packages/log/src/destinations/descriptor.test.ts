import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Destination } from './destination.ts';
import { openDestination } from './open.ts';

/** The two ends of a pipe. */
function pipe(): { readonly reader: number; readonly writer: number } {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-log-'));
  const path = join(folder, 'fifo');
  assert.equal(spawnSync('mkfifo', [path]).status, 0);
  const both = openSync(path, 'r+');
  const ends = { reader: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), writer: openSync(path, 'w') };
  closeSync(both);
  rmSync(folder, { recursive: true });
  return ends;
}

const ROOM = Buffer.alloc(1 << 16);

/** What waits in the pipe. */
function read(reader: number): string {
  try {
    return ROOM.toString('latin1', 0, readSync(reader, ROOM));
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN');
    return '';
  }
}

function send(destination: Destination, line: string): void {
  destination.send(Buffer.from(`${line}\n`, 'latin1'), line.length + 1);
}

test('a pipe that nobody reads holds up nobody and no memory; who reads again gets whole lines in order', async () => {
  const { reader, writer } = pipe();
  const out = openDestination({ kind: 'fd', fd: writer });
  const line = (index: number): string => `${index} `.padEnd(500, 'x');
  let sent = 0;
  const started = performance.now();
  while (out.dropped === 0) {
    send(out, line(sent++));
    out.flush();
  }
  for (let index = 0; index < 1000; index++) send(out, line(sent++));
  // Waiting for a reader is bounded for each time it has stopped, not for each line.
  assert.ok(performance.now() - started < 5000);
  assert.ok(sent - out.dropped < 1000, `${sent - out.dropped} lines are held`);
  assert.equal(out.reason, 'the reader is too slow');

  let isIdle = false;
  out.whenIdle(() => (isIdle = true));
  assert.equal(isIdle, false);
  let text = '';
  const taken = sent - out.dropped;
  for (const end = performance.now() + 10_000; text.split('\n').length - 1 < taken; await pause(5)) {
    assert.ok(performance.now() < end, 'all of it arrives');
    text += read(reader);
  }
  assert.equal(isIdle, true);
  assert.deepEqual(
    text.trimEnd().split('\n'),
    Array.from({ length: taken }, (_, index) => line(index)),
  );
  out.close();
  closeSync(reader);
  closeSync(writer);
});

test('a pipe whose reader is gone drops what it is given, and counts it', () => {
  const { reader, writer } = pipe();
  const out = openDestination({ kind: 'fd', fd: writer });
  closeSync(reader);
  for (let index = 0; index < 10; index++) send(out, 'line');
  out.flush();
  assert.deepEqual([out.dropped, out.reason], [10, 'EPIPE']);
  out.close();
  closeSync(writer);
});
