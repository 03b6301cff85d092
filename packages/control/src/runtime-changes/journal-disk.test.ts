import { test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JournalFile } from './journal-disk.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'evenkeel-journal-'));
  t.after(() => {
    chmodSync(path, 0o700);
    rmSync(path, { recursive: true, force: true });
  });
  return path;
}

function open(t: TestContext, path: string, hasFolder = false): JournalFile {
  const file = new JournalFile(path, hasFolder);
  t.after(async () => await file.close());
  return file;
}

const text = (path: string): string => readFileSync(path, 'latin1');

test('what is appended or put in its place is there, for its owner alone', async (t) => {
  const path = join(folder(t), 'journal');
  const file = open(t, path);
  assert.equal(await file.exists(), false);
  assert.equal(await file.read(), undefined);
  await file.append('one\n');
  await file.append('two\n');
  await file.sync();
  assert.equal(await file.read(), 'one\ntwo\n');
  await file.replace('three\n');
  await file.append('four\n');
  assert.equal(text(path), 'three\nfour\n');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(existsSync(`${path}.new`), false);
  await file.remove();
  assert.equal(await file.exists(), false);
});

test('a process that was killed while it wrote the file anew leaves the old one, and its rest is no hindrance', async (t) => {
  const path = join(folder(t), 'journal');
  writeFileSync(path, 'old\n');
  writeFileSync(`${path}.new`, 'half of a much longer fi');
  const file = open(t, path);
  assert.equal(await file.read(), 'old\n');
  await file.replace('new\n');
  assert.equal(text(path), 'new\n');
});

test('the lock belongs to one at a time, names its holder and goes when it is closed', async (t) => {
  const path = join(folder(t), 'journal');
  const first = open(t, path);
  const second = open(t, path);
  assert.equal(await first.lock(), 'own');
  assert.equal(await first.lock(), 'own');
  assert.deepEqual(await second.lock(), { holder: String(process.pid) });
  // The journal itself may be replaced meanwhile.
  await first.replace('x\n');
  assert.deepEqual(await second.lock(), { holder: String(process.pid) });
  await first.close();
  assert.equal(await second.lock(), 'own');
});

test('a file that somebody takes away while it is open is noticed', async (t) => {
  const path = join(folder(t), 'journal');
  const file = open(t, path);
  await file.append('one\n');
  unlinkSync(path);
  await assert.rejects(file.append('two\n'), /taken away/);
  await file.replace('all\n');
  assert.equal(text(path), 'all\n');
  renameSync(path, `${path}.moved`);
  writeFileSync(path, 'of somebody else\n');
  await assert.rejects(file.append('three\n'), /taken away/);
});

test('our own folder is made, for its owner alone, where others may have theirs; one that is not ours must be there', async (t) => {
  const base = folder(t);
  const own = open(t, join(base, 'own/deep/journal'), true);
  assert.equal(await own.lock(), 'own');
  await own.replace('x\n');
  assert.equal(statSync(join(base, 'own')).mode & 0o777, 0o755);
  assert.equal(statSync(join(base, 'own/deep')).mode & 0o777, 0o700);
  const other = open(t, join(base, 'other/journal'));
  await assert.rejects(other.lock(), { code: 'ENOENT' });
  await assert.rejects(other.replace('x\n'), { code: 'ENOENT' });
});

test('what stands aside is a copy that the next write does not touch', async (t) => {
  const path = join(folder(t), 'journal');
  writeFileSync(path, 'strange\n');
  const file = open(t, path);
  assert.equal(await file.keepAside('unread'), `${path}.unread`);
  await file.replace('new\n');
  assert.equal(text(`${path}.unread`), 'strange\n');
  await file.keepAside('unread');
  assert.equal(text(`${path}.unread`), 'new\n');
});

test('a symbolic link in place of a file is not followed', async (t) => {
  const base = folder(t);
  const victim = join(base, 'victim');
  writeFileSync(victim, 'precious\n');
  const path = join(base, 'journal');
  symlinkSync(victim, `${path}.new`);
  symlinkSync(victim, `${path}.lock`);
  const file = open(t, path);
  await assert.rejects(file.lock(), { code: 'ELOOP' });
  await assert.rejects(file.replace('x\n'), { code: 'ELOOP' });
  assert.equal(text(victim), 'precious\n');
});

test('a folder in place of the journal is said, not followed', async (t) => {
  const file = open(t, folder(t));
  await assert.rejects(file.read(), { code: 'EISDIR' });
  await assert.rejects(file.append('x\n'), { code: 'EISDIR' });
});

test('a device or a pipe in place of the journal is neither read, waited for, given away nor replaced', async (t) => {
  const path = folder(t);
  const pipe = join(path, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const device = join(path, 'device');
  symlinkSync('/dev/full', device);
  for (const place of [pipe, device]) {
    const file = open(t, place);
    const refused = { message: 'it is a device, a pipe or a socket, and no file' };
    await assert.rejects(file.read(), refused);
    await assert.rejects(file.lock(), refused);
    await assert.rejects(file.append('x\n'), refused);
    await assert.rejects(file.replace('x\n'), refused);
    await assert.rejects(file.giveTo(process.getuid!(), process.getgid!()), refused);
    assert.equal(existsSync(`${place}.lock`), false);
  }
  assert.ok(statSync(pipe).isFIFO() && statSync(device).isCharacterDevice());
});
