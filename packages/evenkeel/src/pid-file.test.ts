import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { PidFile } from './pid-file.ts';

function pathIn(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-pid-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'pid');
}

const own = `${process.pid}\n`;

test('the number is there from when the process serves until it ends', (context) => {
  const path = pathIn(context);
  const file = new PidFile(path);
  assert.equal(readFileSync(path, 'latin1'), '');
  file.write();
  assert.equal(readFileSync(path, 'latin1'), own);
  file.remove();
  assert.equal(existsSync(path), false);
  // Nothing is left to be removed.
  file.remove();
});

test('a longer number that was there before leaves nothing behind it', (context) => {
  const path = pathIn(context);
  writeFileSync(path, '99999999999999\n');
  const file = new PidFile(path);
  file.write();
  assert.equal(readFileSync(path, 'latin1'), own);
});

test('a process that took over meanwhile keeps its number', (context) => {
  const path = pathIn(context);
  const file = new PidFile(path);
  file.write();
  writeFileSync(path, '4711\n');
  file.remove();
  assert.equal(readFileSync(path, 'latin1'), '4711\n');
});

test('a start that fails leaves the number of who serves, and no file of its own', (context) => {
  const [taken, fresh] = [pathIn(context), pathIn(context)];
  writeFileSync(taken, '4711\n');
  new PidFile(taken).remove();
  assert.equal(readFileSync(taken, 'latin1'), '4711\n');
  new PidFile(fresh).remove();
  assert.equal(existsSync(fresh), false);
});

test('a file that cannot be written is said in the words of HAProxy', (context) => {
  const path = join(pathIn(context), 'missing');
  assert.throws(() => new PidFile(path), {
    message: `[haproxy.main()] Cannot create pidfile ${path} (No such file or directory)`,
  });
});
