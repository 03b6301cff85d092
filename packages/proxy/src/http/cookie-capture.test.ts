// Cookies as `capture cookie` finds them; the expectations are what HAProxy 2.6.12 logs (manual, "capture cookie", section 8.7).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HeaderList } from '@evenkeel/http';
import { captureRequestCookie, captureResponseCookie } from './cookie-capture.ts';

function list(name: string, values: readonly string[]): HeaderList {
  const headers = new HeaderList();
  for (const value of values) headers.add(name, value);
  return headers;
}

const ofRequest = (prefix: string, ...values: string[]): string | undefined =>
  captureRequestCookie({ prefix, length: 63 }, list('cookie', values));
const ofResponse = (prefix: string, ...values: string[]): string | undefined =>
  captureResponseCookie({ prefix, length: 63 }, list('set-cookie', values));

test('the first cookie whose name and value begin as asked', () => {
  assert.equal(ofRequest('sess', 'a=1; session=2; sess=3'), 'session=2');
  assert.equal(ofRequest('sess=', 'a=1; session=2; sess=3'), 'sess=3');
  assert.equal(ofRequest('sess=', 'a=1', 'b=2; sess=4'), 'sess=4');
  assert.equal(ofRequest('sess=', 'a=1'), undefined);
  assert.equal(ofRequest('sess='), undefined);
});

test('it is cut to the length', () => {
  assert.equal(captureRequestCookie({ prefix: 'a', length: 4 }, list('cookie', ['abc=def'])), 'abc=');
});

test('blanks around name and value, commas, quotes', () => {
  assert.equal(ofRequest('sess=', 'a = 1 ;  sess = spaced  ; b'), 'sess=spaced');
  assert.equal(ofRequest('sess=', 'a=1, sess=comma'), 'sess=comma');
  assert.equal(ofRequest('sess=', 'a="x;sess=no"; sess="q\\";u" ; c'), 'sess="q\\";u"');
  assert.equal(ofRequest('sess=', 'sess=1"2;3"4;5'), 'sess=1"2;3"4');
  assert.equal(ofRequest('sess=', 'sess="open; a=b'), 'sess="open; a=b');
});

test('quotes that nothing closes reach to the end, however many blanks stand before them', () => {
  assert.equal(ofRequest('sess=', 'sess="open\\'), 'sess="open\\');
  const blanks = ' '.repeat(5000);
  assert.equal(ofRequest('sess=', `a=b;${blanks}sess=${blanks}"\\`), 'sess="\\');
});

test('words without a value and attributes are no cookies', () => {
  assert.equal(ofRequest('sess', 'sess'), undefined);
  assert.equal(ofRequest('', '$Version=1; sess='), 'sess=');
});

test('each Set-Cookie sets one cookie', () => {
  assert.equal(ofResponse('sess=', 'a=1, sess=2', 'sess = sp , x ; path=/', 'sess=later'), 'sess=sp');
  assert.equal(ofResponse('path', 'a=1; path=/'), undefined);
});

test('no header makes it fail, nor finds what does not begin as asked', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '=', ';', ',', '"', '\\', ' ', '$', '\t'), maxLength: 60 });
  fc.assert(
    fc.property(text, (value) => {
      const found = ofRequest('a', value);
      assert.ok(found === undefined || (found.startsWith('a') && found.includes('=')), `${value} gave ${found}`);
    }),
  );
});
