import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { keyOf, serverObject, type Override } from './change.ts';
import { merge, type FileValue } from './merge.ts';
import { Overrides, differs } from './overrides.ts';

const BY = 'socket /run/test.sock';

function override(server: string, field: string, file: string, value: string): Override {
  return { object: serverObject('web', server), field, file, value, sinceMs: 1, by: BY };
}

/** A file: the value of each field that exists, by `server field`. */
type File = ReadonlyMap<string, string>;

const reader =
  (file: File) =>
  (object: { readonly name: string }, field: string): FileValue => {
    const value = file.get(`${object.name} ${field}`);
    return value === undefined ? { type: 'gone' } : { type: 'value', value };
  };

test('a field that the file has not edited keeps its runtime value', () => {
  const change = override('s1', 'weight', '10', '50');
  assert.deepEqual(
    merge([change], () => ({ type: 'value', value: '10' })),
    { kept: [change], ended: [], unknown: [] },
  );
});

test('a field that the file has edited since takes the value of the file', () => {
  const change = override('s1', 'weight', '10', '50');
  assert.deepEqual(merge([change], () => ({ type: 'value', value: '20' })).ended, [
    { override: change, ending: { why: 'edited', file: '20' } },
  ]);
});

test('what the file says now in the words of the operator is no override any more', () => {
  const change = override('s1', 'weight', '10', '50');
  assert.deepEqual(merge([change], () => ({ type: 'value', value: '50' })).ended, [
    { override: change, ending: { why: 'adopted', file: '50' } },
  ]);
});

test('overrides go with their object', () => {
  const change = override('s1', 'weight', '10', '50');
  assert.deepEqual(merge([change], () => ({ type: 'gone' })).ended, [{ override: change, ending: { why: 'gone' } }]);
});

test('a field that this version does not know is kept for the version that wrote it', () => {
  const change = override('s1', 'colour', 'red', 'blue');
  assert.deepEqual(
    merge([change], () => ({ type: 'unknown' })),
    { kept: [change], ended: [], unknown: [change] },
  );
});

// Few names and values, so that they meet.
const server = fc.constantFrom('s1', 's2', 's3');
const field = fc.constantFrom('weight', 'state', 'maxconn');
const value = fc.constantFrom('', '1', '2', '3');
const changes = fc.array(fc.record({ server, field, value }), { maxLength: 20 });
const file = fc
  .array(fc.tuple(server, field, value))
  .map((rows): File => new Map(rows.map(([s, f, v]) => [`web/${s} ${f}`, v])));

type Made = { readonly server: string; readonly field: string; readonly value: string };

/** Makes those changes whose object is there. */
function made(all: readonly Made[], says: File): Overrides {
  const overrides = new Overrides();
  for (const [index, one] of all.entries()) {
    const before = says.get(`web/${one.server} ${one.field}`);
    if (before === undefined) continue;
    overrides.record(
      { object: serverObject('web', one.server), field: one.field, value: one.value, by: BY },
      before,
      index,
    );
  }
  return overrides;
}

/** What counts after a merge: the override's value, or else the file's. */
function counts(kept: Iterable<Override>, says: File): Map<string, string> {
  const result = new Map(says);
  for (const { object, field: name, value: runtime } of kept) result.set(`${object.name} ${name}`, runtime);
  return result;
}

test('merging again changes nothing', () => {
  fc.assert(
    fc.property(changes, file, file, (all, last, next) => {
      const once = merge(made(all, last), reader(next));
      const twice = merge(once.kept, reader(next));
      assert.deepEqual(twice.kept, once.kept);
      assert.deepEqual(twice.ended, []);
    }),
  );
});

test('for each field: an edit of the file wins, else what was changed last stays, else what the file says', () => {
  fc.assert(
    fc.property(changes, file, file, (all, last, next) => {
      const { kept } = merge(made(all, last), reader(next));
      const result = counts(kept, next);
      for (const [name, edited] of next) {
        const before = last.get(name);
        const changed = all.findLast((one) => `web/${one.server} ${one.field}` === name);
        const expected = before === edited && changed !== undefined ? changed.value : edited;
        assert.equal(result.get(name), expected, name);
      }
      // Nothing is kept of what is not in the file.
      assert.deepEqual([...result.keys()].sort(), [...next.keys()].sort());
    }),
  );
});

test('every override is either kept or ended, once', () => {
  fc.assert(
    fc.property(changes, file, file, (all, last, next) => {
      const overrides = made(all, last);
      const { kept, ended } = merge(overrides, reader(next));
      const seen = [...kept, ...ended.map(({ override: one }) => one)].map(keyOf).sort();
      assert.deepEqual(seen, [...overrides].map(keyOf).sort());
    }),
  );
});

test('the order of changes to different fields does not matter', () => {
  fc.assert(
    fc.property(changes, fc.infiniteStream(fc.nat()), file, file, (all, keys, last, next) => {
      // One change for each field, then in another order.
      const single = [...new Map(all.map((one) => [`${one.server} ${one.field}`, one])).values()];
      const shuffled = single.map((one) => [keys.next().value, one] as const).sort(([a], [b]) => a - b);
      const result = (some: readonly Made[]): [string, string][] =>
        [...counts(merge(made(some, last), reader(next)).kept, next)].sort(([a], [b]) => (a < b ? -1 : 1));
      assert.deepEqual(result(shuffled.map(([, one]) => one)), result(single));
    }),
  );
});

test('a file that goes away and comes back unedited between two merges of a failed reload changes nothing', () => {
  fc.assert(
    fc.property(changes, file, file, (all, last, refused) => {
      const overrides = made(all, last);
      // A merge only says what would be: a file that is refused leaves no trace.
      merge(overrides, reader(refused));
      assert.deepEqual(merge(overrides, reader(last)).kept, [...overrides]);
    }),
  );
});

test('a field that was changed back to what the file says is no override', () => {
  fc.assert(
    fc.property(changes, file, (all, last) => {
      const overrides = made(all, last);
      for (const one of overrides) assert.ok(differs(one));
    }),
  );
});

test('where a state file could bring an old value back, a return is remembered and not shown', () => {
  const overrides = new Overrides();
  const change = { object: serverObject('web', 's1'), field: 'state', by: BY };
  assert.equal(overrides.record({ ...change, value: 'maint' }, 'ready', 1, true)?.type, 'set');
  assert.equal(overrides.record({ ...change, value: 'ready' }, 'ready', 2, true)?.type, 'set');
  assert.deepEqual(
    [...overrides].map(({ value: v, sinceMs }) => [v, sinceMs]),
    [['ready', 2]],
  );
  assert.deepEqual([...overrides].filter(differs), []);
});

test('saying again what is so is no change', () => {
  const overrides = new Overrides();
  const change = { object: serverObject('web', 's1'), field: 'weight', value: '50', by: BY };
  assert.equal(overrides.record(change, '10', 1)?.type, 'set');
  assert.equal(overrides.record({ ...change, by: 'another' }, '10', 2), undefined);
  assert.equal([...overrides][0].sinceMs, 1);
});
