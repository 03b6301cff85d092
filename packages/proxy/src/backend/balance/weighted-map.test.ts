// The static map against recordings of HAProxy 2.6.12 (`balance static-rr`, one request at a time).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { weightedMap } from './weighted-map.ts';

/** Servers by number, as the real program served requests in a row; the order begins anew after the last. */
const RECORDED: readonly (readonly [weights: readonly number[], map: string])[] = [
  [[1, 1, 1], '012'],
  [[5, 1, 1], '0001002'],
  [[2, 3, 5], '0212021212'],
  [[7, 3, 2, 4], '0103010230130023'],
  [[256, 128, 64], '0010102'],
  [[3, 3, 6, 6], '012323'],
  [[4, 1, 12, 4, 7, 5], '012242530422354202452234025243245'],
  [[10, 10, 8], '01021021012012'],
  [[1, 2, 2, 1, 2], '01241234'],
];

for (const [weights, map] of RECORDED) {
  test(`weights ${weights.join(', ')} fill the map as recorded`, () => {
    assert.equal(weightedMap(weights).join(''), map);
  });
}

/** As the head of the file puts it, with all servers compared at each place. */
function plainMap(weights: readonly number[], places: number): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const accounts = weights.map(() => 0);
  return Array.from({ length: places }, () => {
    for (const [index, weight] of weights.entries()) accounts[index] += weight;
    const sums = accounts.map((account) => Math.floor(account / total));
    const best = sums.indexOf(Math.max(...sums));
    accounts[best] -= total;
    return best;
  });
}

test('each server has as many places as its weight, in the order of the plain rule', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 256 }), { minLength: 1, maxLength: 12 }), (weights) => {
      const map = weightedMap(weights);
      assert.deepEqual(Array.from(map), plainMap(weights, map.length));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      for (const [index, weight] of weights.entries())
        assert.equal(map.filter((each) => each === index).length, (weight * map.length) / total);
    }),
    { numRuns: 60 },
  );
});
