// Error pages and replies by themselves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseIpAddress } from '@evenkeel/expr';
import { HeaderList, HeadError, parseResponseHead } from '@evenkeel/http';
import { addForwardedHeader, compileForwardedHeader } from '../http/forwarded.ts';
import { compileHeaderRemoval } from '../rules/header-removal.ts';
import type { LogContext } from '@evenkeel/expr';
import { builtinErrorPage, ErrorPageSet, splitResponse } from './pages.ts';
import { pageStatuses } from './builtin.ts';
import { oneLine } from './reply.ts';
import { reasonOf } from './reasons.ts';

test('every built-in page is a whole response of its status', () => {
  for (const status of pageStatuses) {
    const { head, body } = builtinErrorPage(status);
    const parsed = parseResponseHead(
      head,
      { method: 'GET', upgrade: false },
      { acceptInvalid: false, maxHeaders: 101 },
    );
    assert.ok(!(parsed instanceof HeadError));
    assert.deepEqual([parsed.status, parsed.framing, parsed.contentLength], [status, 'length', body.length]);
  }
});

test('a status without a page is answered as 500', () => {
  assert.equal(builtinErrorPage(418), builtinErrorPage(500));
  assert.match(new ErrorPageSet({}).refusal(418), /^HTTP\/1\.1 500 /);
});

test("a refusal closes and is the section's own file where there is one", () => {
  assert.match(new ErrorPageSet({}).refusal(422), /^HTTP\/1\.1 422 [^]*\r\nConnection: close\r\n[^]*<\/html>\n$/);
  const own = 'HTTP/1.0 400 Mine\r\n\r\nmine';
  assert.equal(new ErrorPageSet({ 400: { kind: 'file', path: '/x', content: own } }).refusal(400), own);
  assert.equal(new ErrorPageSet({ 408: { kind: 'file', path: '/dev/null', content: '' } }).refusal(408), '');
});

test('a page of http-error is made for each request, and never sent to a client without one (manual, "http-error")', () => {
  const reply = { status: 400, contentType: undefined, headers: [], body: { kind: 'string', content: '' } } as const;
  let made = 0;
  const pages = new ErrorPageSet({ 400: { kind: 'reply', reply } }, () => () => ({
    head: `HTTP/1.1 400 ${++made}\r\n\r\n`,
    body: '',
  }));
  const context = {} as LogContext;
  assert.deepEqual(
    [pages.page(400, context).head, pages.own(400, context)?.head, pages.own(503, context)],
    ['HTTP/1.1 400 1\r\n\r\n', 'HTTP/1.1 400 2\r\n\r\n', undefined],
  );
  assert.equal(pages.page(503, context), builtinErrorPage(503));
  assert.equal(pages.fixed(400), undefined);
  assert.match(pages.refusal(400), /^HTTP\/1\.1 400 Bad request\r\n/);
});

test('a file is split behind its head, whatever its line ends', () => {
  assert.deepEqual(splitResponse('HTTP/1.0 503 X\nA: b\n\nbody\n\nmore'), {
    head: 'HTTP/1.0 503 X\nA: b\n\n',
    body: 'body\n\nmore',
  });
  assert.deepEqual(splitResponse('HTTP/1.0 503 X\r\nA: b\r\n\r\n'), {
    head: 'HTTP/1.0 503 X\r\nA: b\r\n\r\n',
    body: '',
  });
  assert.deepEqual(splitResponse('HTTP/1.0 503 X\r\nA: b\r\n'), { head: 'HTTP/1.0 503 X\r\nA: b\r\n\r\n', body: '' });
  assert.deepEqual(splitResponse(''), { head: '', body: '' });
});

test("reasons: HAProxy's own words, else the class", () => {
  assert.deepEqual([200, 302, 413, 502, 299, 399, 499, 599].map(reasonOf), [
    'OK',
    'Moved Temporarily',
    'Request Entity Too Large',
    'Bad Gateway or Proxy Error',
    'Success',
    'Redirection',
    'client has closed connection',
    'Server Error',
  ]);
});

test('no text becomes more than one line of a head', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !/[\r\n\0]/.test(oneLine(text))));
  assert.equal(oneLine('plain'), 'plain');
});

test('del-header by every method of matching (manual, "http-request del-header")', () => {
  const names = ['x-a', 'x-ab', 'a-x', 'b', 'x-a'];
  const left = (name: string, match: Parameters<typeof compileHeaderRemoval>[1]): string[] => {
    const headers = new HeaderList();
    for (const each of names) headers.add(each, '1');
    compileHeaderRemoval(name, match)(headers);
    return Array.from({ length: headers.count }, (_, index) => headers.nameAt(index));
  };
  assert.deepEqual(left('X-A', 'str'), ['x-ab', 'a-x', 'b']);
  assert.deepEqual(left('x-', 'beg'), ['a-x', 'b']);
  assert.deepEqual(left('-x', 'end'), ['x-a', 'x-ab', 'b', 'x-a']);
  assert.deepEqual(left('-', 'sub'), ['b']);
  assert.deepEqual(left('^.-A', 'reg'), ['a-x', 'b']);
});

test('except: networks of both families, with prefix, mask or alone (manual, "option forwardfor")', () => {
  const added = (except: string, address: string): boolean => {
    const headers = new HeaderList();
    addForwardedHeader(headers, compileForwardedHeader('X-F', except, false), undefined, parseIpAddress(address));
    return headers.has('x-f');
  };
  assert.deepEqual(
    ['10.1.2.3', '10.1.3.3', '11.1.2.3', '::1'].map((address) => added('10.1.2.0/24', address)),
    [false, true, true, true],
  );
  assert.deepEqual(
    ['10.1.2.3', '10.1.3.3'].map((address) => added('10.1.2.0/255.255.255.0', address)),
    [false, true],
  );
  assert.deepEqual(
    ['10.1.2.3', '10.1.2.4'].map((address) => added('10.1.2.3', address)),
    [false, true],
  );
  assert.deepEqual(
    ['10.1.2.3', '::1'].map((address) => added('0.0.0.0/0', address)),
    [false, true],
  );
  assert.deepEqual(
    ['2001:db8::1', '2001:db9::1', '1.2.3.4'].map((address) => added('2001:db8::/32', address)),
    [false, true, true],
  );
});
