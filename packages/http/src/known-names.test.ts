import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findSpelling, knownNames, ordinary, placeOf } from './known-names.ts';

test('every known name is found in lower case and with capitals, and leads to its one constant', () => {
  for (const name of knownNames) {
    for (const written of [
      name,
      name.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase()),
    ]) {
      const spelling = findSpelling(written, `##${written}: x`, 2, 2 + written.length);
      assert.equal(spelling?.name, name, written);
      assert.equal(knownNames[spelling.place], name);
      assert.deepEqual(
        spelling.upperAt,
        Array.from(written, (letter, at) => (/[A-Z]/.test(letter) ? at : -1)).filter((at) => at >= 0),
      );
    }
  }
  assert.equal(new Set(knownNames).size, knownNames.length);
});

test('a name that only looks like a known one is not taken for it', () => {
  for (const written of [
    'content-lengtH',
    'Content-LengtX',
    'CONTENT-LENGTH',
    'xost',
    'Hosu',
    'transfer-encodinf',
    'a',
    '',
    ':',
  ]) {
    assert.equal(findSpelling(written, written, 0, written.length), undefined, written);
  }
});

test('the names that the parsers act on are found in any spelling once lowered', () => {
  knownNames.forEach((name, place) => assert.equal(placeOf(name), place < ordinary ? place : -1, name));
  for (const name of ['', 'x', 'hosu', 'content-lengtx', 'x'.repeat(200)]) assert.equal(placeOf(name), -1);
});
