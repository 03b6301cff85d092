import { test } from 'node:test';
import assert from 'node:assert/strict';
import type { Config } from '@evenkeel/config';
import { journalPlace } from './journal-path.ts';

function place(
  files: readonly string[],
  {
    path,
    base,
    managed,
    isFolder = false,
  }: { path?: string; base?: string; managed?: string; isFolder?: boolean } = {},
): ReturnType<typeof journalPlace> {
  const config = { global: { persistRuntime: { enabled: true, path }, serverStateBase: base } };
  return journalPlace(config as unknown as Config, files, managed, () => isFolder);
}

test('where nothing is said, the journal lies in the folder of the program, under the name of the configuration', () => {
  const { path, hasFolder, isNamed } = place(['/etc/haproxy/haproxy.cfg']);
  assert.match(path, /^\/var\/lib\/evenkeel\/haproxy\.cfg-[0-9a-f]{12}\/runtime\.journal$/);
  assert.deepEqual([hasFolder, isNamed], [true, false]);
});

test('two configurations do not share one, a configuration always finds its own', () => {
  assert.notEqual(place(['/etc/a/haproxy.cfg']).path, place(['/etc/b/haproxy.cfg']).path);
  assert.equal(place(['/etc/a/haproxy.cfg']).path, place(['/etc/a/haproxy.cfg']).path);
});

test('files that are read together in another company are another configuration', () => {
  assert.notEqual(place(['/etc/common.cfg', '/etc/a.cfg']).path, place(['/etc/common.cfg', '/etc/b.cfg']).path);
});

test("the service manager's folder, then that of state files, then what the configuration names come first", () => {
  assert.match(place(['/c'], { managed: '/var/lib/private/x:/var/lib/y' }).path, /^\/var\/lib\/private\/x\/c-/);
  assert.match(place(['/c'], { managed: '/m', base: '/base' }).path, /^\/base\/c-/);
  assert.deepEqual(place(['/c'], { base: '/base', path: 'changes' }), {
    path: '/base/changes',
    hasFolder: false,
    isNamed: true,
  });
  assert.equal(place(['/c'], { base: '/base', path: '/else/changes' }).path, '/else/changes');
});

test('in a folder that is named it has one of its own', () => {
  assert.match(place(['/c'], { path: '/var/lib/mine/' }).path, /^\/var\/lib\/mine\/c-/);
  assert.match(place(['/c'], { path: '/var/lib/mine', isFolder: true }).path, /^\/var\/lib\/mine\/c-/);
});
