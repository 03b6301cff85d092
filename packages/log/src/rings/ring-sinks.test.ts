import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogTarget, Ring } from '@evenkeel/config';
import type { LogSet } from '../log-set.ts';
import { LogRouter } from '../log-router.ts';
import type { LogMessage } from '../message.ts';
import type { NamedRing } from './named-ring.ts';
import { RingReader } from './ring-reader.ts';

function ring(name: string, changes: Partial<Ring> = {}): Ring {
  return {
    name,
    at: { file: 't.cfg', line: 1, column: 1 },
    description: name,
    format: 'raw',
    size: 16_384,
    maxlen: 16_384,
    backingFile: undefined,
    timeoutConnectMs: undefined,
    timeoutServerMs: undefined,
    servers: [],
    ...changes,
  };
}

function set(name: string, changes: Partial<LogTarget> = {}): LogSet {
  const target: LogTarget = {
    at: { file: 't.cfg', line: 1, column: 1 },
    destination: { kind: 'ring', name },
    length: 1024,
    format: 'rfc5424',
    sample: undefined,
    facility: 16,
    level: 7,
    minLevel: 0,
    ...changes,
  };
  return { targets: [target], tag: 'tag', hostname: undefined, messageLength: 1023, owner: '' };
}

function message(text: string, level = 6): LogMessage {
  const bytes = Buffer.from(text, 'latin1');
  return { level, timeMs: 0, structuredData: '', bytes, start: 0, end: bytes.length };
}

function router(): LogRouter {
  return new LogRouter(42, () => assert.fail('nothing leaves the process'));
}

/** A configuration that uses all of the sets. */
function configure(logs: LogRouter, sets: readonly (LogSet | undefined)[], rings: readonly Ring[]): void {
  logs.configure({ sets, serving: [...sets.keys()], rings });
}

function events(from: NamedRing): string[] {
  const found: string[] = [];
  from.read(0, (event, length) => found.push(event.toString('latin1', 0, length)) > 0);
  return found;
}

// Lengths as haproxy 2.6.12 cut them: `len` bounds the message, `maxlen` message and header.
test('an event has the format of its ring, and is cut to len and maxlen', () => {
  const logs = router();
  configure(
    logs,
    [undefined, set('a', { length: 80 }), set('b')],
    [ring('a'), ring('b', { format: 'short', maxlen: 100 })],
  );
  logs.route(1, message('x'.repeat(3000)));
  logs.route(2, message('x'.repeat(3000)));
  assert.deepEqual(events(logs.rings.get('a')!), ['x'.repeat(80)]);
  assert.deepEqual(events(logs.rings.get('b')!), [`<6>${'x'.repeat(97)}`]);
});

test('sinks are listed in the order of HAProxy; buf0 takes lines with level and time', () => {
  const logs = router();
  configure(logs, [undefined, set('buf0')], [ring('b'), ring('a', { description: 'My local buffer' })]);
  assert.deepEqual(
    logs.rings.describe().map(({ description, name, type }) => `${name} ${type} ${description}`),
    [
      'stdout fd standard output (fd#1)',
      'stderr fd standard output (fd#2)',
      'buf0 buffer in-memory ring buffer',
      'b buffer b',
      'a buffer My local buffer',
    ],
  );
  logs.route(1, message('text'));
  assert.match(events(logs.rings.get('buf0')!)[0], /^<6>1970-01-01T\d\d:00:00\.000000[+-]\d\d:\d\d text$/);
});

test('a ring that a reload keeps has its events, in its new format; one that is gone takes nothing', () => {
  const logs = router();
  configure(logs, [undefined, set('a'), set('b')], [ring('a'), ring('b')]);
  logs.route(1, message('one'));
  configure(logs, [undefined, set('a'), set('b')], [ring('a', { format: 'short' })]);
  logs.route(1, message('two'));
  logs.route(2, message('nowhere'));
  assert.deepEqual(events(logs.rings.get('a')!), ['one', '<6>two']);
  assert.equal(logs.rings.get('b'), undefined);
});

test('an event that fits after drops is preceded by their number, at level notice', () => {
  const logs = router();
  configure(logs, [undefined, set('a')], [ring('a', { format: 'short' })]);
  const target = logs.rings.get('a')!;
  target.drop();
  logs.route(1, message('one'));
  target.drop();
  target.drop();
  logs.route(1, message('two'));
  assert.deepEqual(events(target), ['<5>1 event dropped', '<6>one', '<5>2 events dropped', '<6>two']);
  assert.equal(target.pendingDrops, 0);
});

test('a reader gets pieces when it asks for them, and passes over what was replaced meanwhile', () => {
  const logs = router();
  configure(logs, [undefined, set('a')], [ring('a')]);
  const target = logs.rings.get('a')!;
  const pieces: { text: string; isLast: boolean }[] = [];
  const send = (text: string, isLast: boolean): void => void pieces.push({ text, isLast });
  logs.route(1, message('before'));
  const follower = new RingReader(target, { fromEnd: false, follows: true }, send);
  assert.equal(pieces.length, 0);
  follower.more();
  assert.deepEqual(pieces.splice(0), [{ text: 'before\n', isLast: false }]);
  for (let index = 0; index < 1000; index++) logs.route(1, message(`line ${index} `.padEnd(100, 'x')));
  logs.flush();
  assert.equal(pieces.length, 0, 'the last piece was not taken yet');
  follower.more();
  assert.equal(pieces.length, 1);
  assert.match(pieces[0].text, /^line 8\d\d /);
  assert.match(pieces[0].text, /line 999 x+\n$/);
  follower.more();
  follower.close();
  logs.route(1, message('after'));
  logs.flush();
  assert.equal(pieces.splice(0).length, 1);

  new RingReader(target, { fromEnd: true, follows: false }, send).more();
  assert.deepEqual(pieces, [{ text: '', isLast: true }]);
});

test('a backing file holds the events, and the one before is kept beside it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-log-'));
  const path = join(folder, 'ring');
  try {
    for (const round of ['first', 'second']) {
      const logs = router();
      configure(logs, [undefined, set('a')], [ring('a', { backingFile: path })]);
      for (let index = 0; index < 500; index++) logs.route(1, message(`${round} ${index} `.padEnd(100, 'x')));
      logs.flush();
      await new Promise<void>((resolve) => logs.whenIdle(resolve));
      logs.route(1, message('the last one'));
      logs.close();
    }
    for (const [name, round] of [
      [path, 'second'],
      [`${path}.bak`, 'first'],
    ]) {
      const text = readFileSync(name, 'latin1');
      assert.equal(statSync(name).mode & 0o777, 0o600);
      assert.ok(text.length <= 16_384);
      assert.match(text, /the last one\n/);
      assert.match(text, new RegExp(`${round} 499 `));
    }
    assert.equal(existsSync(`${path}.bak.bak`), false);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test(
  'a pipe in place of the backing file is not waited for: the ring works without it',
  { timeout: 10_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'evenkeel-log-'));
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const logs = router();
    try {
      configure(logs, [undefined, set('a')], [ring('a', { backingFile: path })]);
      logs.route(1, message('one'));
      logs.flush();
      await new Promise<void>((resolve) => logs.whenIdle(resolve));
      assert.deepEqual(events(logs.rings.get('a')!), ['one']);
    } finally {
      logs.close();
      // A helper thread that waits in open() would keep this process: somebody reads at last.
      closeSync(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
      rmSync(folder, { recursive: true });
    }
  },
);

test('a backing file that is closed while it is being opened has its events, and no descriptor stays', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-log-'));
  const path = join(folder, 'ring');
  const isOpen = (): boolean =>
    readdirSync('/proc/self/fd').some((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === path;
      } catch {
        return false;
      }
    });
  try {
    const logs = router();
    configure(logs, [undefined, set('a')], [ring('a', { backingFile: path })]);
    logs.route(1, message('the only one'));
    logs.close();
    for (const end = performance.now() + 10_000; !existsSync(path) || isOpen();) {
      assert.ok(performance.now() < end, 'its descriptor stays');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.match(readFileSync(path, 'latin1'), /the only one\n/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
