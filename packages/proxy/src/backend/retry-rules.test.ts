// Manual `retries`, `option redispatch`, `retry-on`; the attempts at which HAProxy 2.6.12 was seen to change servers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayRedispatch, pauseMs, retriesFailedConnects, retryConditions } from './retry-rules.ts';

const attempts = (
  redispatch: number | undefined,
  retries: number,
  changes: Partial<Parameters<typeof mayRedispatch>[1]> = {},
): number[] =>
  Array.from({ length: retries }, (_, index) => index + 1).filter((attempt) =>
    mayRedispatch(
      { retries, redispatch },
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
  assert.deepEqual(attempts(-4, 5), [2, 4], 'multiples count');
  assert.deepEqual(attempts(-2, 1), [], 'where HAProxy divides by zero');
  assert.deepEqual(attempts(-3, 1), [1]);
});

test('a free stream changes at every attempt where there are others', () => {
  assert.deepEqual(attempts(-1, 3, { bound: false }), [1, 2, 3]);
  assert.deepEqual(attempts(-1, 3, { bound: false, othersAreThere: false }), [3]);
  assert.deepEqual(attempts(undefined, 3, { bound: false }), []);
});

test('a server that is down is left at once, option persist or not', () => {
  assert.deepEqual(attempts(-1, 3, { serverIsUp: false }), [1, 2, 3]);
  assert.deepEqual(attempts(undefined, 3, { serverIsUp: false }), []);
});

test('failed connects are retried unless retry-on leaves them out', () => {
  assert.equal(retriesFailedConnects([]), true);
  assert.equal(retriesFailedConnects(['conn-failure', '503']), true);
  assert.equal(retriesFailedConnects(['all-retryable-errors']), true);
  assert.equal(retriesFailedConnects(['none']), false);
  assert.equal(retriesFailedConnects(['empty-response']), false);
  assert.equal(retriesFailedConnects(['empty-response'], true), true);
  assert.equal(retriesFailedConnects(['503'], true), false);
});

test('requests are kept for what retry-on names beside failed connects', () => {
  assert.equal(retryConditions([]), undefined);
  assert.equal(retryConditions(['none']), undefined);
  assert.equal(retryConditions(['conn-failure', '0rtt-rejected']), undefined);
  assert.deepEqual(retryConditions(['503', 'empty-response']), {
    emptyResponse: true,
    junkResponse: false,
    responseTimeout: false,
    statuses: new Set([503]),
  });
  assert.deepEqual(retryConditions(['all-retryable-errors', '404']), {
    emptyResponse: true,
    junkResponse: true,
    responseTimeout: true,
    statuses: new Set([404, 500, 502, 503, 504]),
  });
});

test('the pause is a second, or timeout connect where that is shorter', () => {
  assert.deepEqual([0, 400, 1000, 5000].map(pauseMs), [1000, 400, 1000, 1000]);
});
