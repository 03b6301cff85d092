// Slow start (manual 5.2 "slowstart"): figures that HAProxy 2.6.12 showed for `slowstart 30s weight 10`, and what must hold
// for all others.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isWarm, sessionsPercent, shownWeight, throttlePercent, WEIGHT_SCALE, weightShare } from './slow-start.ts';

const warming = { slowstartMs: 30_000, sinceMs: 5_000_200 };

test('the weight grows by sixteenths, from the first on', () => {
  const shares = [0, 1, 2, 15, 28, 29, 30, 31].map((second) => weightShare(warming, warming.sinceMs + second * 1000));
  assert.deepEqual(shares, [1, 1, 2, 9, 15, 16, 16, 16]);
});

test('whole seconds of the clock count', () => {
  assert.equal(weightShare(warming, 5_001_999), 1);
  assert.equal(weightShare(warming, 5_002_000), 2);
  assert.equal(isWarm(warming, 5_029_999), false);
  assert.equal(isWarm(warming, 5_030_000), true);
});

test('the limit of sessions grows from nothing to all', () => {
  const shares = [0, 1, 15, 29, 30].map((second) => sessionsPercent(warming, 5_000_000 + second * 1000));
  assert.deepEqual(shares, [0, 3, 50, 96, 100]);
  assert.equal(sessionsPercent(undefined, 0), 100);
});

test('a clock that is set back ends it', () => {
  assert.equal(weightShare(warming, 4_000_000), WEIGHT_SCALE);
});

test('what show stat says: both figures as the real program printed them', () => {
  assert.equal(throttlePercent(10, 10), 6);
  assert.equal(shownWeight(10), 1);
  assert.equal(throttlePercent(100, 100), 6);
  assert.equal(shownWeight(100), 7);
  assert.equal(throttlePercent(0, 0), 100);
});

test('neither share ever falls while it lasts', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100_000 }),
      fc.integer({ min: 0, max: 1_000_000 }),
      fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 40 }),
      (slowstartMs, sinceMs, steps) => {
        let now = sinceMs;
        let before = [0, 0];
        for (const step of steps) {
          now += step;
          const shares = [weightShare({ slowstartMs, sinceMs }, now), sessionsPercent({ slowstartMs, sinceMs }, now)];
          assert.ok(shares[0] >= Math.max(1, before[0]) && shares[0] <= WEIGHT_SCALE);
          assert.ok(shares[1] >= before[1] && shares[1] <= 100);
          before = shares;
        }
      },
    ),
  );
});
