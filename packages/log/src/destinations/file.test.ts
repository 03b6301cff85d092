import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Destination } from './destination.ts';
import { openDestination } from './open.ts';

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-log-'));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function send(destination: Destination, line: string): void {
  destination.send(Buffer.from(`${line}\n and more`, 'latin1'), line.length + 1);
}

async function settle(destination: Destination): Promise<void> {
  destination.flush();
  await new Promise<void>((resolve) => destination.whenIdle(resolve));
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 10_000; !(await condition());) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await pause(20);
  }
}

test('a file gets every line, behind what it has', async () => {
  await inFolder(async (folder) => {
    const path = join(folder, 'log');
    for (const round of ['first', 'second']) {
      const file = openDestination({ kind: 'file', path });
      for (let index = 0; index < 1000; index++) send(file, `${round} ${index}`);
      await settle(file);
      file.close();
      assert.equal(file.dropped, 0);
    }
    const lines = readFileSync(path, 'latin1').trimEnd().split('\n');
    assert.equal(lines.length, 2000);
    assert.equal(lines[0], 'first 0');
    assert.equal(lines[1999], 'second 999');
  });
});

test('a file that is closed in the middle of a write gets the rest, and gives its descriptor back', async () => {
  await inFolder(async (folder) => {
    const path = join(folder, 'log');
    const file = openDestination({ kind: 'file', path });
    const isOpen = (): boolean => readdirSync('/proc/self/fd').some((fd) => readlinkOr(`/proc/self/fd/${fd}`) === path);
    send(file, 'first');
    file.flush();
    send(file, 'second');
    file.close();
    await until('all is written and it is closed', () => existsSync(path) && !isOpen());
    assert.equal(readFileSync(path, 'latin1'), 'first\nsecond\n');

    const unflushed = openDestination({ kind: 'file', path });
    send(unflushed, 'third');
    unflushed.close();
    await until('what was never flushed is written too', () => readFileSync(path, 'latin1').endsWith('third\n'));
    await until('it is closed', () => !isOpen());
  });
});

function readlinkOr(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

test('a file that is renamed is made anew within a second of the next line, without a signal', async () => {
  await inFolder(async (folder) => {
    const path = join(folder, 'log');
    const file = openDestination({ kind: 'file', path });
    send(file, 'before');
    await settle(file);
    renameSync(path, `${path}.1`);
    let sent = 0;
    await until('the new file is there', async () => {
      send(file, `after ${sent++}`);
      await settle(file);
      try {
        return readFileSync(path, 'latin1') !== '';
      } catch {
        return false;
      }
    });
    file.close();
    const lines = (readFileSync(`${path}.1`, 'latin1') + readFileSync(path, 'latin1')).trimEnd().split('\n');
    assert.deepEqual(lines, ['before', ...Array.from({ length: sent }, (_, index) => `after ${index}`)]);
  });
});

test('a file that cannot be opened costs its lines, which are counted, and is used once it can', async () => {
  await inFolder(async (folder) => {
    const path = join(folder, 'missing', 'log');
    const file = openDestination({ kind: 'file', path });
    for (let index = 0; index < 10; index++) send(file, `lost ${index}`);
    await settle(file);
    assert.equal(file.dropped, 10);
    assert.equal(file.reason, 'ENOENT');
    mkdirSync(join(folder, 'missing'));
    await until('it is opened', async () => {
      const before = file.dropped;
      send(file, 'kept');
      await settle(file);
      return file.dropped === before;
    });
    file.close();
    assert.equal(readFileSync(path, 'latin1'), 'kept\n');
  });
});

test('a full disk costs the lines that do not fit, which are counted; later lines begin anew', async () => {
  await inFolder(async (folder) => {
    const path = join(folder, 'log');
    // The limit on the size of files stands for the full disk: it is a process's own, so this is one of its own.
    const program = `
      import { openDestination } from ${JSON.stringify(new URL('./open.ts', import.meta.url).href)};
      import { truncateSync } from 'node:fs';
      process.on('SIGXFSZ', () => {});
      const file = openDestination({ kind: 'file', path: ${JSON.stringify(path)} });
      const line = Buffer.from('x'.repeat(99) + '\\n');
      const settle = () => new Promise((resolve) => { file.flush(); file.whenIdle(resolve); });
      for (let index = 0; index < 50; index++) file.send(line, line.length);
      await settle();
      const { dropped, reason } = file;
      truncateSync(${JSON.stringify(path)}, 1000);
      file.send(Buffer.from('again\\n'), 6);
      await settle();
      console.log(JSON.stringify({ dropped, reason, after: file.dropped }));`;
    const child = spawn(
      'bash',
      ['-c', 'ulimit -f 2; exec "$@"', 'bash', process.execPath, '--input-type=module', '-e', program],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    assert.deepEqual(await once(child, 'close'), [0, null]);
    // 2 KiB hold 20 lines and half of another.
    assert.deepEqual(JSON.parse(output), { dropped: 30, reason: 'EFBIG', after: 30 });
    assert.equal(readFileSync(path, 'latin1'), `${`${'x'.repeat(99)}\n`.repeat(10)}\nagain\n`);
  });
});

test('a descriptor that leads to a file is written like one, and one that is not open drops and counts', async () => {
  await inFolder(async (folder) => {
    const path = join(folder, 'out');
    const fd = openSync(path, 'a');
    const target = openDestination({ kind: 'fd', fd });
    send(target, 'text');
    await settle(target);
    target.close();
    closeSync(fd);
    assert.equal(readFileSync(path, 'latin1'), 'text\n');
    const nowhere = openDestination({ kind: 'fd', fd: 9999 });
    send(nowhere, 'text');
    await settle(nowhere);
    assert.deepEqual([nowhere.dropped, nowhere.reason], [1, 'EBADF']);
  });
});

test('a pipe in place of the file costs its lines while nobody reads it, or reads slowly, and holds up nothing', async () => {
  await inFolder(async (folder) => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const unread = openDestination({ kind: 'file', path });
    send(unread, 'nobody reads this');
    await settle(unread);
    assert.equal(unread.dropped, 1);
    assert.equal(unread.reason, 'ENXIO');
    unread.close();

    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const slow = openDestination({ kind: 'file', path });
    // More than a pipe holds (64 KiB).
    for (let index = 0; index < 3000; index++) send(slow, `a line of some length ${index}`);
    await settle(slow);
    assert.ok(slow.dropped > 0);
    assert.equal(slow.reason, 'EAGAIN');
    slow.close();
    closeSync(reader);
  });
});
