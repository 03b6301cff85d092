// Manual `retries`, `option redispatch`, `retry-on`; the attempts at which HAProxy 2.6.12 was seen to change servers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayRedispatch, pauseMs, retriesFailedConnects } from './retry-rules.ts';

const attempts = (
  redispatch: number | undefined,
  retries: number,
  changes: Partial<Parameters<typeof mayRedispatch>[1]> = {},
  persist = false,
): number[] =>
  Array.from({ length: retries }, (_, index) => index + 1).filter((attempt) =>
    mayRedispatch(
      { retries, redispatch, options: { persist } },
      { attempt, bound: true, serverIsUp: true, othersAreThere: true, ...changes },
    ),
  );

test('a bound stream changes servers as the interval says', () => {
  assert.deepEqual(attempts(undefined, 3), []);
  assert.deepEqual(attempts(0, 3), []);
  assert.deepEqual(attempts(-1, 3), [3]);
  assert.deepEqual(attempts(-1, 1), [1]);
  assert.deepEqual(attempts(-2, 5), [4]);
  assert.deepEqual(attempts(1, 3), [1, 2, 3]);
  assert.deepEqual(attempts(2, 5), [2, 4]);
  assert.deepEqual(attempts(3, 5), [3]);
});

test('a free stream changes at every attempt where there are others', () => {
  assert.deepEqual(attempts(-1, 3, { bound: false }), [1, 2, 3]);
  assert.deepEqual(attempts(-1, 3, { bound: false, othersAreThere: false }), [3]);
  assert.deepEqual(attempts(undefined, 3, { bound: false }), []);
});

test('a server that is down is left at once, but for option persist', () => {
  assert.deepEqual(attempts(-1, 3, { serverIsUp: false }), [1, 2, 3]);
  assert.deepEqual(attempts(-1, 3, { serverIsUp: false }, true), []);
  assert.deepEqual(attempts(undefined, 3, { serverIsUp: false }), []);
});

test('failed connects are retried unless retry-on leaves them out', () => {
  assert.equal(retriesFailedConnects([]), true);
  assert.equal(retriesFailedConnects(['conn-failure', '503']), true);
  assert.equal(retriesFailedConnects(['all-retryable-errors']), true);
  assert.equal(retriesFailedConnects(['none']), false);
  assert.equal(retriesFailedConnects(['empty-response']), false);
});

test('the pause is a second, or timeout connect where that is shorter', () => {
  assert.deepEqual([0, 400, 1000, 5000].map(pauseMs), [1000, 400, 1000, 1000]);
});
