import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeaderList } from './header-list.ts';
import { ListValueCursor, countListValues, fieldValue, listValue } from './list-values.ts';

function fields(...values: string[]): HeaderList {
  const headers = new HeaderList();
  for (const value of values) {
    headers.add('x', value);
    headers.add('other', 'a, b');
  }
  return headers;
}

function walk(headers: HeaderList): string[] {
  const found: string[] = [];
  const cursor = new ListValueCursor(headers, 'x');
  while (cursor.next()) found.push(cursor.value);
  assert.equal(cursor.next(), false, 'the end is final');
  return found;
}

// What HAProxy 2.6.12 returned for req.hdr(x,1), req.hdr(x,2) ... on the same fields.
const observed: [string[], string[]][] = [
  [['a,b'], ['a', 'b']],
  [['a, b ,c'], ['a', 'b', 'c']],
  [['"a,b",c'], ['"a,b"', 'c']],
  [['a"b,c"d,e'], ['a"b,c"d', 'e']],
  [['"a\\",b",c'], ['"a\\",b"', 'c']],
  [['a\\,b'], ['a\\', 'b']],
  [["'a,b'"], ["'a", "b'"]],
  [['"a,b'], ['"a,b']],
  [[',a'], ['', 'a']],
  [['a,,b'], ['a', '', 'b']],
  [['a,'], ['a', '']],
  [[''], ['']],
  [
    ['a', 'b,c'],
    ['a', 'b', 'c'],
  ],
  [
    ['a', '', 'b'],
    ['a', '', 'b'],
  ],
  [['a;q=1 , b'], ['a;q=1', 'b']],
];

test('values split at commas outside quotes, empty ones count (configuration.txt, 7.3.6 req.hdr and req.hdr_cnt)', () => {
  for (const [values, expected] of observed) {
    const headers = fields(...values);
    assert.deepEqual(walk(headers), expected, JSON.stringify(values));
    assert.equal(countListValues(headers, 'x'), expected.length);
  }
});

test('occurrences count from the front, negative ones from the back, 0 is the last (configuration.txt, 7.3.6 req.hdr)', () => {
  for (const [values, expected] of observed) {
    const headers = fields(...values);
    expected.forEach((value, index) => {
      assert.equal(listValue(headers, 'x', index + 1), value);
      assert.equal(listValue(headers, 'x', index - expected.length), value);
    });
    assert.equal(listValue(headers, 'x', 0), expected.at(-1));
    assert.equal(listValue(headers, 'x', expected.length + 1), undefined);
    assert.equal(listValue(headers, 'x', -expected.length - 1), undefined);
  }
  assert.equal(listValue(fields(), 'x', 1), undefined);
  assert.equal(listValue(fields(), 'x', 0), undefined);
});

test('whole fields do not split (configuration.txt, 7.3.6 req.fhdr)', () => {
  const headers = fields('a,b', 'c', 'd');
  assert.deepEqual(
    [1, 2, 3, 4].map((n) => fieldValue(headers, 'x', n)),
    ['a,b', 'c', 'd', undefined],
  );
  assert.deepEqual(
    [0, -1, -2, -3, -4].map((n) => fieldValue(headers, 'x', n)),
    ['d', 'd', 'c', 'a,b', undefined],
  );
});

test('the cursor tells where in the field a value stands', () => {
  const headers = fields('a, bc ');
  const cursor = new ListValueCursor(headers, 'x');
  cursor.next();
  cursor.next();
  assert.deepEqual([cursor.headerIndex, cursor.start, cursor.end], [0, 3, 5]);
});
