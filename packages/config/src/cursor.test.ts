import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor } from './cursor.ts';
import { Diagnostics, StatementError } from './diagnostic.ts';
import { tokenizeLine, toLine } from './tokenize.ts';

function cursorAt(text: string, index = 1): Cursor {
  const cursor = new Cursor(
    toLine(
      't.cfg',
      3,
      tokenizeLine(text, () => undefined),
    ),
    new Diagnostics(),
    index,
  );
  cursor.keyword = cursor.line.words[0]!;
  return cursor;
}

function failure(read: () => unknown): StatementError {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof StatementError);
    return error;
  }
  assert.fail('no error');
}

test('readers take words from left to right', () => {
  const cursor = cursorAt('  key 5 -7 2m 16k a,b c d');
  assert.equal(cursor.integer('a number'), 5);
  assert.equal(cursor.integer('a number'), -7);
  assert.equal(cursor.time('a time'), 120_000);
  assert.equal(cursor.size('a size'), 16384);
  assert.equal(cursor.word('a word'), 'a,b');
  assert.equal(cursor.take('x'), false);
  assert.equal(cursor.take('c'), true);
  assert.deepEqual(cursor.rest(), ['d']);
  assert.ok(cursor.atEnd);
  cursor.end();
});

test('an error stands at the word it is about', () => {
  const error = failure(() => cursorAt('  key   fifty').integer('a number', { min: 1, max: 9 }));
  assert.deepEqual(error.at, { file: 't.cfg', line: 3, column: 9 });
  assert.equal(error.detail.length, 5);
  assert.equal(error.detail.expected, 'an integer from 1 to 9');
  assert.equal(error.message, "'key' expects a number, got 'fifty'");
});

test('a missing word is shown where it should have been', () => {
  assert.deepEqual(failure(() => cursorAt('  key').word('a name')).at, { file: 't.cfg', line: 3, column: 6 });
  assert.deepEqual(failure(() => cursorAt('  key   # comment').word('a name')).at.column, 6);
});

test('integers are whole words within their limits', () => {
  for (const bad of ['1x', '1.0', '0x1', '--1', '99999999999'])
    failure(() => cursorAt(`key ${bad}`).integer('a number'));
  failure(() => cursorAt('key 0').integer('a number', { min: 1 }));
  failure(() => cursorAt('key 10').integer('a number', { max: 9 }));
});

test('one of several: the error lists them and names the nearest', () => {
  assert.equal(cursorAt('key http').oneOf('mode', ['tcp', 'http']), 'http');
  const { detail } = failure(() => cursorAt('key htp').oneOf('mode', ['tcp', 'http']));
  assert.equal(detail.expected, "'tcp', 'http'");
  assert.equal(detail.nearest, 'http');
});

test('what is left over is refused', () => {
  const error = failure(() => cursorAt('key extra').end());
  assert.equal(error.message, "'key' cannot handle unexpected argument 'extra'.");
});

test('subject and form go into every message', () => {
  const cursor = cursorAt('server s x');
  cursor.subject = "'server b/s' : ";
  cursor.form = 'place';
  const error = failure(() => cursor.fail('no.'));
  assert.equal(error.message, "'server b/s' : no.");
  assert.equal(error.detail.form, 'place');
});

test('what follows a time unit is a warning, as in haproxy 2.6', () => {
  const cursor = cursorAt('key 5ss');
  assert.equal(cursor.time('a time'), 5000);
  assert.equal(cursor.diagnostics.warnings, 1);
});
