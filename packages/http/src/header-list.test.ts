import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeaderList } from './header-list.ts';
import { readRequestHead } from './parse-request.ts';
import { defaultHeadOptions } from './limits.ts';
import type { RequestHead } from './request-head.ts';

function listOf(...fields: [string, string][]): HeaderList {
  const headers = new HeaderList();
  for (const [name, value] of fields) headers.add(name, value);
  return headers;
}

function parsed(fields: string): HeaderList {
  const buffer = Buffer.from(`GET / HTTP/1.1\r\n${fields}\r\n`, 'latin1');
  return (readRequestHead(buffer, 0, buffer.length, defaultHeadOptions) as RequestHead).headers;
}
const lines = (headers: HeaderList): string => headers.toWire('', '', undefined);

test('look-up by name: first, last, all, places', () => {
  const headers = listOf(['a', '1'], ['b', '2'], ['a', '3']);
  assert.equal(headers.count, 3);
  assert.equal(headers.first('a'), '1');
  assert.equal(headers.last('a'), '3');
  assert.deepEqual(headers.values('a'), ['1', '3']);
  assert.equal(headers.first('c'), undefined);
  assert.equal(headers.last('c'), undefined);
  assert.deepEqual(headers.values('c'), []);
  assert.equal(headers.indexOf('a', 1), 2);
  assert.equal(headers.has('b'), true);
  assert.equal(headers.has('c'), false);
});

test('add appends, set replaces all and appends, removeAll counts (configuration.txt, http-request add/set/del-header)', () => {
  const headers = listOf(['a', '1'], ['b', '2'], ['a', '3']);
  headers.set('a', '4');
  assert.equal(lines(headers), 'b: 2\r\na: 4\r\n');
  headers.add('b', '5');
  assert.equal(headers.removeAll('b'), 2);
  assert.equal(headers.removeAll('b'), 0);
  assert.equal(lines(headers), 'a: 4\r\n');
});

test('untouched fields of a parsed head are sent as they stand, in lower case', () => {
  assert.equal(lines(parsed('Host: a\r\nX-Foo: B\r\n')), 'host: a\r\nx-foo: B\r\n');
});

test('changes to a parsed head leave every other field where it is', () => {
  const fields = 'Aa: 1\r\nBb: 2\r\nCc: 3\r\nDd: 4\r\n';
  const first = parsed(fields);
  first.removeAt(0);
  assert.equal(lines(first), 'bb: 2\r\ncc: 3\r\ndd: 4\r\n');
  const middle = parsed(fields);
  middle.replaceValueAt(1, 'two');
  assert.equal(lines(middle), 'aa: 1\r\nbb: two\r\ncc: 3\r\ndd: 4\r\n');
  const last = parsed(fields);
  last.removeAt(3);
  last.add('ee', '5');
  assert.equal(lines(last), 'aa: 1\r\nbb: 2\r\ncc: 3\r\nee: 5\r\n');
  const all = parsed(fields);
  for (const name of ['aa', 'bb', 'cc', 'dd']) all.removeAll(name);
  assert.equal(lines(all), '');
});

test('names are spelled as h1-case-adjust wants them', () => {
  const headers = parsed('Host: a\r\nX-Foo: b\r\n');
  assert.equal(
    headers.toWire(
      '',
      '',
      new Map([
        ['x-foo', 'X-FOO'],
        ['x-bar', 'X-Bar'],
      ]),
    ),
    'host: a\r\nX-FOO: b\r\n',
  );
});

test('only changes after parsing count as touching the framing', () => {
  const headers = parsed('Host: a\r\nContent-Length: 3, 3\r\nConnection: close, foo\r\n');
  assert.equal(headers.framingTouched, false);
  headers.add('x', 'y');
  assert.equal(headers.framingTouched, false);
  headers.replaceValueAt(headers.indexOf('content-length'), '4');
  assert.equal(headers.framingTouched, true);
});
