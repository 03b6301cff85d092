import { test } from 'node:test';
import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { serverObject, type Override } from './change.ts';
import { HEAD, decode, encodeAll, encodeEffects } from './journal-format.ts';
import { Journal } from './journal.ts';
import { Overrides, type Effect } from './overrides.ts';
import { MemoryDisk } from './test-disk.ts';

/** A journal with the changes of one process, a clock that only the test moves, and what was said. */
class Process {
  readonly disk: MemoryDisk;
  readonly overrides = new Overrides();
  readonly journal: Journal;
  readonly said: string[] = [];
  readonly takenOver: Effect[] = [];
  now = 0;
  readonly #timers = new Set<{ readonly at: number; readonly step: () => void }>();

  constructor(disk: MemoryDisk) {
    this.disk = disk;
    this.journal = new Journal({
      disk,
      snapshot: () => this.overrides,
      takeOver: (effects) => {
        for (const effect of effects) this.#apply(effect);
        this.takenOver.push(...effects);
      },
      report: (level, text) => this.said.push(`${level}: ${text}`),
      now: () => this.now,
      later: (delayMs, step) => {
        const timer = { at: this.now + delayMs, step };
        this.#timers.add(timer);
        return () => this.#timers.delete(timer);
      },
    });
  }

  async open(isEager = false): Promise<void> {
    await this.journal.open(isEager, (overrides) => {
      for (const override of overrides) this.overrides.put(override);
    });
  }

  /** As RuntimeChanges does it: memory first. */
  async make(...effects: readonly Effect[]): Promise<void> {
    for (const effect of effects) this.#apply(effect);
    await this.journal.keep(effects);
  }

  async advance(ms: number): Promise<void> {
    this.now += ms;
    for (const timer of this.#timers) {
      if (timer.at > this.now) continue;
      this.#timers.delete(timer);
      timer.step();
    }
    await settle();
  }

  get values(): string[] {
    return valuesOf(this.overrides);
  }

  #apply({ type, override }: Effect): void {
    if (type === 'set') this.overrides.put(override);
    else this.overrides.drop(override.object, override.field);
  }
}

/** Long enough for every step that waits for nothing but other steps. */
async function settle(): Promise<void> {
  for (let index = 0; index < 30; index++) await turn();
}

function valuesOf(overrides: Iterable<Override>): string[] {
  return [...overrides].map(({ object, value }) => `${object.name}=${value}`);
}

const set = (server: string, value: string): Effect => ({
  type: 'set',
  override: {
    object: serverObject('web', server),
    field: 'weight',
    file: '1',
    value,
    sinceMs: Number(value),
    by: 'socket',
  },
});

const drop = (server: string): Effect => ({ type: 'drop', override: set(server, '0').override });

/** What the next process would find. */
function kept(disk: MemoryDisk): string[] {
  const result = decode(disk.text ?? '');
  return result.type === 'journal' ? valuesOf(result.overrides) : [];
}

test('a change is in the file when it is answered, and the next process has it', async () => {
  const disk = new MemoryDisk();
  const first = new Process(disk);
  await first.open();
  assert.equal(disk.text, undefined);
  await first.make(set('s1', '5'));
  assert.deepEqual(kept(disk), ['web/s1=5']);
  await first.make(set('s2', '6'), set('s3', '7'));
  await first.make(drop('s1'));
  assert.deepEqual(kept(disk), ['web/s2=6', 'web/s3=7']);
  const second = new Process(disk);
  await second.open();
  assert.deepEqual(second.values, ['web/s2=6', 'web/s3=7']);
  assert.deepEqual([...first.said, ...second.said], []);
});

test('whatever is left of the file when the process is killed, the next one has all that was answered', async () => {
  const disk = new MemoryDisk();
  const first = new Process(disk);
  await first.open();
  const texts: string[] = [];
  for (let index = 1; index <= 12; index++) {
    await first.make(index % 4 === 0 ? drop(`s${index - 1}`) : set(`s${index}`, String(index)));
    texts.push(disk.text!);
  }
  const whole = disk.text!;
  for (let length = 0; length <= whole.length; length++) {
    const next = new Process(new MemoryDisk(whole.slice(0, length)));
    await next.open();
    const answered = texts.findLastIndex((text) => text.length <= length);
    const expected = answered < 0 ? [] : kept(new MemoryDisk(texts[answered]));
    assert.deepEqual(next.values, expected, `${length} bytes`);
    // The file is in order again, and goes on from there.
    await next.make(set('new', '99'));
    assert.deepEqual(kept(next.disk), [...expected, 'web/new=99'], `${length} bytes`);
    assert.deepEqual(decode(next.disk.text!), { ...decode(next.disk.text!), damaged: 0, tornBytes: 0 });
    assert.ok(next.said.length <= 1, next.said.join('\n'));
  }
});

test('killed in any write, a process leaves what was answered and perhaps what was asked last', async () => {
  const server = fc.constantFrom('s1', 's2', 's3', 's4');
  const step = fc.oneof(
    fc.tuple(server, fc.integer({ min: 1, max: 999 })).map(([name, value]) => [set(name, String(value))]),
    server.map((name) => [drop(name)]),
    fc
      .tuple(server, server, fc.integer({ min: 1, max: 999 }))
      .map(([one, other, value]) => [set(one, String(value)), drop(other)]),
  );
  // Lines that say nothing any more, some of them so many that the file is written anew with the next change.
  const history = fc.constantFrom(0, 1, 998, 1000, 1003);
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 12 }),
      history,
      fc.nat(12),
      fc.nat(400),
      async (steps, lines, writes, torn) => {
        const disk = new MemoryDisk(HEAD + encodeEffects([set('s1', '1')]).repeat(lines));
        disk.writesLeft = writes;
        disk.tornBytes = torn;
        const first = new Process(disk);
        await first.open();
        const states = [first.values.toSorted()];
        let answered = 0;
        for (const effects of steps) {
          let isAnswered = false;
          void first.make(...effects).then(() => (isAnswered = true));
          states.push(first.values.toSorted());
          await settle();
          if (!isAnswered) break;
          answered = states.length - 1;
        }
        const next = new Process(new MemoryDisk(disk.text));
        await next.open();
        const found = JSON.stringify(next.values.toSorted());
        assert.ok(
          [states[answered], states.at(-1)].some((state) => JSON.stringify(state) === found),
          found,
        );
      },
    ),
    { numRuns: 150 },
  );
});

test('a tail that was cut off is taken away at the start, and said once', async () => {
  const disk = new MemoryDisk(encodeAll([set('s1', '5').override]) + encodeEffects([set('s2', '6')]).slice(0, 30));
  const process = new Process(disk);
  await process.open();
  assert.deepEqual(process.values, ['web/s1=5']);
  assert.equal(process.said.length, 1);
  assert.match(process.said[0], /^notice: the last line of \/state\/journal was cut off .* its 30 bytes do not count/);
  await settle();
  // What is there can be added to.
  assert.match(disk.text!, /\n$/);
});

test('a damaged line is said and kept aside; what stands before and behind it counts', async () => {
  const lines = [HEAD, ...['s1', 's2', 's3'].map((name) => encodeEffects([set(name, '5')]))];
  const text = lines.with(2, lines[2].replace('weight', 'wEight')).join('');
  const disk = new MemoryDisk(text);
  const process = new Process(disk);
  await process.open();
  await process.make(set('s4', '6'));
  assert.deepEqual(kept(disk), ['web/s1=5', 'web/s3=5', 'web/s4=6']);
  assert.equal(disk.aside, text);
  assert.match(process.said.join('\n'), /^warning: 1 of 3 lines of \/state\/journal are damaged/);
});

test('a journal of a newer version is left alone until something is changed, and then kept aside', async () => {
  const text = 'evenkeel-runtime 2\n{"what":"ever"}\n';
  const disk = new MemoryDisk(text);
  const process = new Process(disk);
  await process.open();
  await settle();
  assert.equal(disk.text, text);
  assert.deepEqual(process.values, []);
  assert.match(process.said.join('\n'), /is a journal of version 2, which this program does not read/);
  await process.make(set('s1', '5'));
  assert.equal(disk.aside, text);
  assert.deepEqual(kept(disk), ['web/s1=5']);
});

test('a full disk: changes stay in memory, that is said once a minute, and they are written when there is room', async () => {
  const disk = new MemoryDisk();
  const process = new Process(disk);
  await process.open();
  await process.make(set('s1', '5'));
  disk.refuses = { code: 'ENOSPC' };
  disk.tornBytes = 10;
  await process.make(set('s2', '6'));
  assert.deepEqual(process.values, ['web/s1=5', 'web/s2=6']);
  assert.match(
    process.said.join('\n'),
    /^warning: runtime changes cannot be written to \/state\/journal \(.*\): they stay in memory/,
  );
  for (let index = 0; index < 13; index++) {
    // Nobody waits for it.
    await process.make(set('s3', String(index + 7)));
    await process.advance(5000);
  }
  assert.equal(process.said.length, 2, 'once a minute');
  disk.refuses = undefined;
  await process.advance(5000);
  assert.deepEqual(kept(disk), ['web/s1=5', 'web/s2=6', 'web/s3=19']);
  assert.equal(process.said.at(-1), 'notice: runtime changes are written to /state/journal again.');
  await process.advance(600_000);
  assert.equal(process.said.length, 3);
});

test('a folder that may not be written is said once', async () => {
  const disk = new MemoryDisk();
  const process = new Process(disk);
  await process.open();
  disk.refuses = { code: 'EROFS' };
  for (let index = 0; index < 20; index++) {
    await process.make(set('s1', String(index)));
    await process.advance(60_000);
  }
  assert.equal(process.said.length, 1, process.said.join('\n'));
});

test('a disk that hangs keeps nobody from an answer for more than a second, and gets everything in the end', async () => {
  const disk = new MemoryDisk();
  const process = new Process(disk);
  await process.open();
  await process.make(set('s1', '5'));
  const { promise, resolve } = Promise.withResolvers<void>();
  disk.hangs = promise;
  let isAnswered = false;
  const asked = process.make(set('s2', '6')).then(() => (isAnswered = true));
  await settle();
  assert.equal(isAnswered, false);
  await process.advance(1000);
  await asked;
  for (let index = 0; index < 3000; index++) void process.make(set('s3', String(index)));
  disk.hangs = undefined;
  resolve();
  await settle();
  await process.advance(1000);
  assert.deepEqual(kept(disk), ['web/s1=5', 'web/s2=6', 'web/s3=2999']);
  assert.deepEqual(process.said, []);
});

test('changes that come together share one write and are all answered', async () => {
  const disk = new MemoryDisk();
  const process = new Process(disk);
  await process.open();
  await process.make(set('first', '1'));
  await Promise.all(Array.from({ length: 100 }, async (_, index) => await process.make(set(`s${index}`, '5'))));
  assert.equal(kept(disk).length, 101);
  assert.ok(disk.appends < 10, `${disk.appends} appends`);
});

test('the file does not grow with what is said again and again', async () => {
  const disk = new MemoryDisk();
  const process = new Process(disk);
  await process.open();
  let longest = 0;
  for (let index = 0; index < 5000; index++) {
    await process.make(set(`s${index % 10}`, String(index)));
    longest = Math.max(longest, disk.text!.length);
  }
  assert.deepEqual(kept(disk), process.values);
  assert.ok(longest < 1100 * 200, `${longest} bytes`);
  assert.ok(disk.replaces <= 6, `${disk.replaces} times written anew`);
});

test('changes that come while the disk is busy are written, and answered, in the order in which they were made', async () => {
  const disk = new MemoryDisk(HEAD);
  const process = new Process(disk);
  await process.open();
  const first = process.make(set('s1', '1'));
  await settle();
  await first;
  const { promise, resolve } = Promise.withResolvers<void>();
  disk.hangs = promise;
  const answered: string[] = [];
  const make = async (name: string, ...effects: readonly Effect[]): Promise<void> => {
    await process.make(...effects);
    answered.push(name);
  };
  const all = [
    make('first', set('s1', '2')),
    make('second', set('s1', '3'), set('s2', '4')),
    make('third', drop('s2')),
    make('fourth', set('s1', '5')),
  ];
  await settle();
  assert.deepEqual(answered, []);
  disk.hangs = undefined;
  resolve();
  await Promise.all(all);
  assert.deepEqual(answered, ['first', 'second', 'third', 'fourth']);
  // What is read, line by line, ends as what is so.
  assert.deepEqual(kept(disk), ['web/s1=5']);
  assert.deepEqual(
    disk.text!.split('\n').flatMap((line) => [...line.matchAll(/"value":"(\d)"/g)].map(([, value]) => value)),
    ['1', '2', '3', '4', '5'],
  );
});

test('a second process with the same path changes nothing there, says who has it, and takes over when that ends', async () => {
  const disk = new MemoryDisk(encodeAll([set('s1', '5').override, set('s2', '6').override]));
  disk.holder = '4711';
  const second = new Process(disk);
  await second.open();
  assert.deepEqual(second.values, ['web/s1=5', 'web/s2=6']);
  assert.match(
    second.said.join('\n'),
    /^warning: \/state\/journal is in use by process 4711: runtime changes stay in memory/,
  );
  const text = disk.text;
  await second.make(set('own', '9'));
  assert.equal(disk.text, text);
  // Meanwhile the first one goes on, and ends.
  disk.text = encodeAll([set('s1', '50').override, set('s3', '7').override]);
  disk.holder = undefined;
  await second.advance(500);
  assert.deepEqual(second.values.toSorted(), ['web/own=9', 'web/s1=50', 'web/s3=7']);
  assert.deepEqual(kept(disk).toSorted(), ['web/own=9', 'web/s1=50', 'web/s3=7']);
  assert.match(second.said.at(-1)!, /written to \/state\/journal again/);
});

test('a second process that changes nothing hears all the same what the first one changed until it ended', async () => {
  const disk = new MemoryDisk(encodeAll([set('s1', '5').override]));
  disk.holder = '4711';
  const second = new Process(disk);
  await second.open();
  disk.text = encodeAll([set('s2', '6').override]);
  disk.holder = undefined;
  await second.advance(500);
  assert.deepEqual(second.values, ['web/s2=6']);
  assert.deepEqual(second.takenOver.map(({ type }) => type).toSorted(), ['drop', 'set']);
  assert.equal(second.said.length, 2);
});

test('what both processes changed stays as the one that lives on has it', async () => {
  const disk = new MemoryDisk(encodeAll([set('s1', '5').override]));
  disk.holder = '4711';
  const second = new Process(disk);
  await second.open();
  await second.make(set('s1', '8'));
  disk.text = encodeAll([set('s1', '50').override]);
  disk.holder = undefined;
  await second.advance(500);
  assert.deepEqual(kept(disk), ['web/s1=8']);
});

test('a file that cannot be read is said, and nothing of it is lost', async () => {
  const text = encodeAll([set('s1', '5').override]);
  const disk = new MemoryDisk(text);
  disk.refuses = { code: 'EACCES' };
  const process = new Process(disk);
  await process.open();
  assert.deepEqual(process.values, []);
  assert.match(process.said.join('\n'), /^warning: runtime changes of \/state\/journal cannot be read or kept/);
  disk.refuses = undefined;
  await process.make(set('s2', '6'));
  assert.deepEqual(kept(disk).toSorted(), ['web/s1=5', 'web/s2=6']);
});

test('what is left is written when the process ends, and the file is let go', async () => {
  const disk = new MemoryDisk();
  const process = new Process(disk);
  await process.open();
  disk.refuses = { code: 'ENOSPC' };
  await process.make(set('s1', '5'));
  disk.refuses = undefined;
  await process.journal.close(1000);
  assert.deepEqual(kept(disk), ['web/s1=5']);
  assert.equal(disk.isLocked, false);
  await process.make(set('s2', '6'));
  assert.deepEqual(kept(disk), ['web/s1=5']);
});

test('a journal that is not wanted any more goes, unless another process has it', async () => {
  const disk = new MemoryDisk(encodeAll([set('s1', '5').override]));
  disk.holder = '4711';
  await new Process(disk).journal.discard();
  assert.notEqual(disk.text, undefined);
  disk.holder = undefined;
  await new Process(disk).journal.discard();
  assert.equal(disk.text, undefined);
});
