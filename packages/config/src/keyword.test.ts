import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeywordIndex } from './keyword.ts';
import { KEYWORDS } from './keywords/index.ts';

const index = new KeywordIndex(
  ['mode', 'timeout', 'timeout client', 'capture request header'].map((name) => ({ name })),
);

test('the longest name that the words spell is found', () => {
  assert.equal(index.find(['mode', 'http'])?.name, 'mode');
  assert.equal(index.find(['timeout', 'client', '5'])?.name, 'timeout client');
  assert.equal(index.find(['timeout', 'other'])?.name, 'timeout');
  assert.equal(index.find(['no', 'capture', 'request', 'header', 'x'], 1)?.name, 'capture request header');
  assert.equal(index.find(['capture', 'request']), undefined);
  assert.equal(index.find([]), undefined);
  assert.deepEqual(index.continuations('timeout'), ['client']);
  assert.deepEqual(index.continuations('mode'), []);
});

test('a name stands once in a table', () => {
  assert.throws(() => new KeywordIndex([{ name: 'a' }, { name: 'a' }]), /'a' is declared twice/);
});

test('every keyword that works has a parser, and every other one says why or what instead', () => {
  for (const [place, table] of Object.entries(KEYWORDS)) {
    for (const keyword of table.values()) {
      const label = `${place} ${keyword.name}`;
      assert.match(keyword.manual, /^\d+(\.\d+)*$/, label);
      assert.ok(keyword.places.length > 0, label);
      if (keyword.state === 'works') assert.ok(keyword.parse !== undefined, label);
      if (keyword.state === 'accepted' || keyword.state === 'refused') assert.ok(keyword.reason, label);
    }
  }
});
