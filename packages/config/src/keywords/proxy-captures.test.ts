import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findings, proxyOf, valid } from '../testing.ts';

test('slots are numbered in each direction in the order of the lines (manual 4.2, "declare capture")', () => {
  const { captures, rules } = proxyOf('frontend f', [
    'bind :80',
    'tcp-request content capture src len 15',
    'http-request capture path len 8',
    'capture request header Host len 20',
    'capture response header Via len 9',
    'declare capture request len 5',
    'declare capture response len 6',
    'http-request capture url id 3',
    'http-response capture status id 1',
  ]);
  assert.deepEqual(captures, [
    { direction: 'request', header: undefined, length: 15 },
    { direction: 'request', header: undefined, length: 8 },
    { direction: 'request', header: 'host', length: 20 },
    { direction: 'response', header: 'via', length: 9 },
    { direction: 'request', header: undefined, length: 5 },
    { direction: 'response', header: undefined, length: 6 },
  ]);
  const slots = [...rules.tcpRequestContent, ...rules.httpRequest, ...rules.httpResponse].map(({ action }) =>
    action.type === 'capture' ? action.slot : undefined,
  );
  assert.deepEqual(slots, [0, 1, 3, 1]);
});

test('slots of a defaults section come first in the frontends that start from it', () => {
  const { proxies } = valid(
    'defaults d\n mode http\n timeout client 1s\n http-request capture path len 8\n' +
      'frontend f from d\n bind :80\n capture request header Host len 20\n' +
      'frontend g from d\n bind :81\n http-request capture src len 5\n',
  );
  assert.deepEqual(
    proxies.map(({ captures }) => captures.map(({ header, length }) => header ?? length)),
    [
      [8, 'host'],
      [8, 5],
    ],
  );
});

test('the last cookie of a section holds; one that is too long is remarked', () => {
  const { cookieCapture } = proxyOf('frontend f', ['bind :80', 'capture cookie a len 5', 'capture cookie b len 9']);
  assert.deepEqual(cookieCapture, { prefix: 'b', length: 9 });
  const text =
    'frontend f\n mode http\n timeout client 1s\n bind :80\n capture cookie a len 50\nglobal\n tune.http.cookielen 40\n';
  assert.deepEqual(findings(text), ["WARNING truncating capture length to 40 bytes for frontend 'f'."]);
});
