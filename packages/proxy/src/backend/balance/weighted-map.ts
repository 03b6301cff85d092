// Which server stands at which place of a static map of all weights (manual: `hash-type map-based`, `balance static-rr`): as
// many places as the weights sum up to, each server on as many as its weight, spread as evenly as they go. Knows nothing of
// servers: weights in, indexes out.
//
// At each place every server gains its weight, and who takes the place pays the sum of all weights. It goes to the one whose
// account holds that sum most often, in whole numbers; of several, to the first in the list. That is the order of HAProxy
// 2.6 for any weights, of which `weighted-map.test.ts` holds recordings. Servers of one weight take their turns in the order
// of the list, so only the next of each weight is compared: a map of 1,000 servers of any weights takes milliseconds.

/** `weights` are integers above 0, at least one. The order repeats after sum / gcd places, and so long is the map. */
export function weightedMap(weights: readonly number[]): Uint32Array {
  let total = 0;
  let divisor = 0;
  for (const weight of weights) {
    total += weight;
    divisor = greatestCommonDivisor(weight, divisor);
  }
  const byWeight = indexesByWeight(weights);
  const members = [...byWeight.values()];
  const gains = Int32Array.from(byWeight.keys());
  // Of the next member of each weight: the account beyond whole sums, the whole sums in it, its index and its place among the members.
  const rests = new Int32Array(gains.length);
  const sums = new Int32Array(gains.length);
  const nexts = Int32Array.from(members, ([first]) => first);
  const turns = new Int32Array(gains.length);
  const map = new Uint32Array(total / divisor);
  for (let place = 0; place < map.length; place++) {
    let chosen = 0;
    for (let each = 0; each < gains.length; each++) {
      const rest = rests[each] + gains[each];
      if (rest < total) rests[each] = rest;
      else {
        rests[each] = rest - total;
        sums[each]++;
      }
      const lead = sums[each] - sums[chosen];
      if (lead > 0 || (lead === 0 && nexts[each] < nexts[chosen])) chosen = each;
    }
    map[place] = nexts[chosen];
    // When each member has had its turn, the first of them has paid once more than now seems.
    if (++turns[chosen] === members[chosen].length) {
      turns[chosen] = 0;
      sums[chosen]--;
    }
    nexts[chosen] = members[chosen][turns[chosen]];
  }
  return map;
}

function indexesByWeight(weights: readonly number[]): ReadonlyMap<number, readonly number[]> {
  const indexes = new Map<number, number[]>();
  for (const [index, weight] of weights.entries()) {
    const same = indexes.get(weight);
    if (same === undefined) indexes.set(weight, [index]);
    else same.push(index);
  }
  return indexes;
}

export function greatestCommonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}
