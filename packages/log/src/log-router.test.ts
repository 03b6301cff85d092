import { test } from 'node:test';
import assert from 'node:assert/strict';
import type { LogTarget } from '@evenkeel/config';
import type { Destination } from './destinations/destination.ts';
import { describeDestination } from './destinations/open.ts';
import { LogRouter } from './log-router.ts';
import type { LogSet } from './log-set.ts';

function set(path: string): LogSet {
  const target: LogTarget = {
    at: { file: 't.cfg', line: 1, column: 1 },
    destination: { kind: 'file', path },
    length: 1024,
    format: 'raw',
    sample: undefined,
    facility: 16,
    level: 7,
    minLevel: 0,
  };
  return { targets: [target], tag: 'tag', hostname: undefined, messageLength: 1023, owner: '' };
}

/** A destination that keeps what it gets. */
class Fake implements Destination {
  readonly countsLineFeed = true;
  readonly lines: string[] = [];
  dropped = 0;
  reason = 'EFAKE';
  isClosed = false;
  /** Called when it may be closed. */
  becomesIdle: (() => void) | undefined;
  isBusy = false;

  send(line: Buffer, length: number): void {
    assert.equal(this.isClosed, false, 'nothing is sent to what is closed');
    this.lines.push(line.toString('latin1', 0, length - 1));
  }

  flush(): void {}

  whenIdle(callback: () => void): void {
    if (this.isBusy) this.becomesIdle = callback;
    else callback();
  }

  close(): void {
    this.isClosed = true;
  }
}

/** A router whose destinations are fakes, by name, oldest first. */
class Bench {
  readonly opened = new Map<string, Fake[]>();
  readonly router = new LogRouter(42, (where) => {
    const fake = new Fake();
    const name = describeDestination(where);
    this.opened.set(name, [...(this.opened.get(name) ?? []), fake]);
    return fake;
  });
  readonly #sets: (LogSet | undefined)[] = [undefined];

  /** A configuration with one set is published; gives the set's number. */
  serve(path: string): number {
    const number = this.#sets.push(set(path)) - 1;
    this.router.configure({ sets: this.#sets, serving: [0, number], rings: [] });
    return number;
  }

  log(number: number, text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    this.router.route(number, { level: 6, timeMs: 0, structuredData: '', bytes, start: 0, end: bytes.length });
  }

  get open(): string[] {
    return [...this.opened].flatMap(([name, fakes]) => fakes.filter(({ isClosed }) => !isClosed).map(() => name));
  }

  drops(): Record<string, number> {
    return Object.fromEntries(Array.from(this.router.drops(), ({ dropped, name }) => [name, dropped]));
  }
}

test('of any number of configurations only the destinations of the last stay open', () => {
  const bench = new Bench();
  for (let reload = 0; reload < 100; reload++) {
    bench.log(bench.serve(`/log/${reload}`), `line ${reload}`);
    assert.ok(bench.open.length <= 2, bench.open.join());
  }
  bench.router.closeUnused();
  assert.deepEqual(bench.open, ['file@/log/99']);
  for (const [name, fakes] of bench.opened) {
    assert.deepEqual(
      fakes.flatMap(({ lines }) => lines),
      [`line ${name.slice('file@/log/'.length)}`],
    );
  }
});

test('a stream of an older configuration goes on logging where that said: what was closed is opened again', () => {
  const bench = new Bench();
  const old = bench.serve('/log/old');
  bench.log(old, 'one');
  bench.serve('/log/new');
  for (let look = 0; look < 3; look++) bench.router.closeUnused();
  assert.deepEqual(bench.open, ['file@/log/new']);
  bench.log(old, 'two');
  // It is kept while it is needed.
  for (let look = 0; look < 5; look++) {
    bench.router.closeUnused();
    bench.log(old, `look ${look}`);
  }
  assert.deepEqual(bench.open, ['file@/log/old', 'file@/log/new']);
  const [first, second, ...others] = bench.opened.get('file@/log/old')!;
  assert.deepEqual(others, []);
  assert.deepEqual(first.lines, ['one']);
  assert.deepEqual(second.lines, ['two', 'look 0', 'look 1', 'look 2', 'look 3', 'look 4']);
  for (let look = 0; look < 3; look++) bench.router.closeUnused();
  assert.deepEqual(bench.open, ['file@/log/new']);
});

test('a destination that still holds lines is closed when they have left', () => {
  const bench = new Bench();
  bench.log(bench.serve('/log/old'), 'one');
  const [old] = bench.opened.get('file@/log/old')!;
  old.isBusy = true;
  bench.serve('/log/new');
  bench.router.closeUnused();
  assert.deepEqual(bench.open, ['file@/log/old', 'file@/log/new']);
  old.becomesIdle?.();
  assert.deepEqual(bench.open, ['file@/log/new']);
});

test('what a destination dropped is not forgotten when it is closed, nor counted twice when it is opened again', () => {
  const bench = new Bench();
  const old = bench.serve('/log/old');
  bench.log(old, 'one');
  const [first] = bench.opened.get('file@/log/old')!;
  first.dropped = 3;
  first.isBusy = true;
  bench.serve('/log/new');
  bench.router.closeUnused();
  assert.deepEqual(bench.drops(), { 'file@/log/old': 3, 'file@/log/new': 0 });
  first.dropped = 5;
  first.becomesIdle?.();
  assert.deepEqual(bench.drops(), { 'file@/log/old': 5, 'file@/log/new': 0 });
  bench.log(old, 'two');
  bench.opened.get('file@/log/old')![1].dropped = 1;
  assert.deepEqual(bench.drops(), { 'file@/log/old': 6, 'file@/log/new': 0 });
});

test('a set that serves again under another configuration keeps its destination', () => {
  const bench = new Bench();
  const first = bench.serve('/log/a');
  bench.log(first, 'one');
  bench.log(bench.serve('/log/a'), 'two');
  bench.router.closeUnused();
  bench.router.closeUnused();
  assert.deepEqual(
    bench.opened.get('file@/log/a')!.map(({ lines }) => lines),
    [['one', 'two']],
  );
});
