// Limits of servers (manual 5.2 "minconn"), and fullconn where it is not set, as HAProxy 2.6.12 shows them in `show stat`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Proxy } from '@evenkeel/config';
import { fullconns, movingLimit, SessionLimit } from './limit.ts';

test('a moving limit lies between minconn and maxconn, never falls while load grows, and is maxconn from fullconn on', () => {
  fc.assert(
    fc.property(
      fc.nat(100),
      fc.nat(100),
      fc.integer({ min: 1, max: 500 }),
      fc.nat(600),
      (min, more, fullconn, load) => {
        const maxconn = min + more + 1;
        const limit = movingLimit(min, maxconn, fullconn, load);
        assert.ok(limit >= min && limit <= maxconn);
        assert.ok(movingLimit(min, maxconn, fullconn, load + 1) >= limit);
        assert.equal(movingLimit(min, maxconn, fullconn, fullconn + load), maxconn);
      },
    ),
  );
});

test('slow start leaves at least one session', () => {
  const limit = new SessionLimit(0, undefined, { fullconn: 1, sessions: () => 0 });
  limit.maxconn = 50;
  limit.throttlePercent = 1;
  assert.equal(limit.limit, 1);
  limit.throttlePercent = 30;
  assert.equal(limit.limit, 15);
  limit.maxconn = 0;
  assert.equal(limit.limit, 0, 'what has no limit is not given one');
});

test('fullconn is a tenth of the maxconn of the frontends that may lead there, each counted once', () => {
  const proxy = (name: string, kind: Proxy['kind'], more: Partial<Proxy> = {}): Proxy =>
    ({ name, kind, disabled: false, useBackend: [], maxconn: undefined, fullconn: undefined, ...more }) as Proxy;
  const to = (target: string): Proxy['useBackend'][number] =>
    ({ target, condition: undefined }) as unknown as Proxy['useBackend'][number];
  const proxies = [
    proxy('f', 'frontend', { defaultBackend: 'b', useBackend: [to('c'), to('c'), to('b')] }),
    proxy('g', 'frontend', { defaultBackend: 'c', maxconn: 55 }),
    proxy('l', 'listen', { maxconn: 55 }),
    proxy('b', 'backend'),
    proxy('c', 'backend'),
    proxy('d', 'backend'),
    proxy('e', 'backend', { fullconn: 7 }),
  ];
  const found = fullconns({ config: { proxies }, limits: { maxconn: 1000 } } as unknown as Parameters<
    typeof fullconns
  >[0]);
  assert.deepEqual(found.slice(2), [6, 100, 106, 1, 7]);
});
