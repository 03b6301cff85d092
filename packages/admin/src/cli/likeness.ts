/**
 * How alike two commands are, for the suggestions that an unknown one is answered with. Words are compared by the
 * letters and the pairs of neighbouring letters that they have, so that `shwo stat` and `show stats` are both near `show
 * stat`: the distance is the sum of the squared differences of how often each of them occurs.
 */

/** Counts of letters and of pairs of neighbours, the edges of each word among them. */
type Pairs = Map<string, number>;

function pairsOf(words: readonly string[]): Pairs {
  const pairs: Pairs = new Map();
  for (const word of words) {
    const framed = ` ${word.toLowerCase()} `;
    for (let index = 1; index < framed.length; index++) {
      const pair = framed.slice(index - 1, index + 1);
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    }
    for (const letter of word.toLowerCase()) pairs.set(letter, (pairs.get(letter) ?? 0) + 1);
  }
  return pairs;
}

/** 0 for the same words; more the less they share. */
export function distance(left: readonly string[], right: readonly string[]): number {
  const [first, second] = [pairsOf(left), pairsOf(right)];
  let sum = 0;
  for (const [pair, count] of first) sum += (count - (second.get(pair) ?? 0)) ** 2;
  for (const [pair, count] of second) if (!first.has(pair)) sum += count ** 2;
  return sum;
}

/** Letters in all words together: the scale for a distance. */
export const letters = (words: readonly string[]): number => words.reduce((sum, word) => sum + word.length, 0);
