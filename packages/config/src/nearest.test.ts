import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestWord } from './nearest.ts';

const WORDS = ['maxconn', 'maxconnrate', 'mode', 'timeout', 'server', 'http-request'];

test('slips of one or two characters find their word', () => {
  assert.equal(nearestWord('maxcon', WORDS), 'maxconn');
  assert.equal(nearestWord('maxocnn', WORDS), 'maxconn');
  assert.equal(nearestWord('timeuot', WORDS), 'timeout');
  assert.equal(nearestWord('sever', WORDS), 'server');
  assert.equal(nearestWord('htp-requests', WORDS), 'http-request');
  assert.equal(nearestWord('mod', WORDS), 'mode');
});

test('what resembles nothing gets no suggestion', () => {
  assert.equal(nearestWord('foo', WORDS), undefined);
  assert.equal(nearestWord('', WORDS), undefined);
  assert.equal(nearestWord('completely-different', WORDS), undefined);
});

test('of many candidates only so many are looked at', () => {
  function* endless(): Generator<string> {
    for (;;) yield 'unrelated-name';
  }
  assert.equal(nearestWord('x', endless()), undefined);
});
