// Which server stands at which place of a static map of all weights (manual: `hash-type map-based`, `balance static-rr`): as
// many places as the weights sum up to, each server on as many as its weight, spread as evenly as they go. Knows nothing of
// servers: weights in, indexes out.
//
// At each place every server gains its weight, and who takes the place pays the sum of all weights. It goes to the one whose
// account holds that sum most often, in whole numbers; of several, to the first in the list. That is the order of HAProxy
// 2.6 for any weights, of which `weighted-map.test.ts` holds recordings. Servers of one weight take their turns in the order
// of the list, so only the next of each weight is compared: a map of 1,000 servers of any weights takes milliseconds.

interface WeightClass {
  readonly weight: number;
  /** In the order of the list. */
  readonly members: readonly number[];
  /** Places that its members have taken. */
  taken: number;
}

/** `weights` are integers above 0, at least one. The order repeats after sum / gcd places, and so long is the map. */
export function weightedMap(weights: readonly number[]): Uint32Array {
  let total = 0;
  let divisor = 0;
  for (const weight of weights) {
    total += weight;
    divisor = greatestCommonDivisor(weight, divisor);
  }
  const classes = classesOf(weights);
  const map = new Uint32Array(total / divisor);
  for (let place = 0; place < map.length; place++) {
    let [chosen] = classes;
    let best = -1;
    let most = 0;
    for (const each of classes) {
      const { members, taken, weight } = each;
      const member = members[taken % members.length];
      const sums = Math.floor(((place + 1) * weight) / total) - Math.floor(taken / members.length);
      if (best >= 0 && (sums < most || (sums === most && member > best))) continue;
      chosen = each;
      best = member;
      most = sums;
    }
    chosen.taken++;
    map[place] = best;
  }
  return map;
}

function classesOf(weights: readonly number[]): readonly WeightClass[] {
  const members = new Map<number, number[]>();
  for (const [index, weight] of weights.entries()) {
    const same = members.get(weight);
    if (same === undefined) members.set(weight, [index]);
    else same.push(index);
  }
  return Array.from(members, ([weight, indexes]) => ({ weight, members: indexes, taken: 0 }));
}

export function greatestCommonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}
