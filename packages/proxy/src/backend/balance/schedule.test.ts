// The order of turns against recordings of HAProxy 2.6.12 (`balance roundrobin`, one connection at a time).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Schedule } from './schedule.ts';

/** Servers by number, as the real program served 120 connections in a row. */
const RECORDED: readonly (readonly [weights: readonly number[], turns: string])[] = [
  [[1, 1, 1], '0120120120120120120120120120120120120120'],
  [[5, 1, 1], '0001002000100200010020001002000100200010'],
  [
    [2, 3, 5],
    '212021212021202121202120212120212021212021202121202120212120212021212021202121202120212120212021212021202121202120212120',
  ],
  [
    [7, 3, 2, 4],
    '030103021030301203010302103030120301030210303012030103021030301203010302103030120301030210303012030103021030301203010302',
  ],
  [
    [256, 128, 64],
    '001020100102010010201001020100102010010201001020100102010010201001020100102010010201001020100102010010201001020100102010',
  ],
  [
    [5, 12, 6, 12, 12, 11],
    '134513425134051342513405134215341530421354135420134513425103451342513405134251340513421534153042135413542013451342510345',
  ],
  [
    [1, 8, 4, 11, 1, 3],
    '313213531032134135231313253131321353103213413523131325313132135310321341352313132531313213531032134135231313253131321353',
  ],
  [
    [4, 1, 12, 4, 7, 5],
    '242502432542021432524025342204523242502432542021432524025342204523242502432542021432524025342204523242502432542021432524',
  ],
  [
    [10, 10, 8],
    '010120120120102101201201201021012012012010210120120120102101201201201021012012012010210120120120102101201201201021012012',
  ],
  [
    [5, 1, 6, 7, 3],
    '320324302301234023320432032430230123402332043203243023012340233204320324302301234023320432032430230123402332043203243023',
  ],
  [
    [2, 174, 34, 159],
    '131313131231311313013213131313123131311313213131313132131313131132131313131231313131312311313131231313131312313113131321',
  ],
  [
    [242, 91, 30, 132, 12],
    '030103020310030130013040230103010300310302013003100301030203103010430013003201030103030103020130031003010304320103010300',
  ],
  [
    [5, 232, 24, 93, 101],
    '114131413124113141314101341132141134114311413114231141314131141314123141131413141134121341114311431143112413114131041314',
  ],
];

const play = (schedule: Schedule, turns: number): number[] => Array.from({ length: turns }, () => schedule.next());

for (const [weights, turns] of RECORDED) {
  test(`weights ${weights.join(', ')} take turns as recorded`, () => {
    assert.equal(play(new Schedule(weights), turns.length).join(''), turns);
  });
}

const someWeights = fc.array(fc.integer({ min: 1, max: 256 }), { minLength: 1, maxLength: 12 });

test('after the first period each period gives every server its weight exactly', () => {
  fc.assert(
    fc.property(someWeights, (weights) => {
      const schedule = new Schedule(weights);
      play(schedule, schedule.period);
      const turns = weights.map(() => 0);
      for (const index of play(schedule, schedule.period)) turns[index]++;
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      assert.deepEqual(
        turns,
        weights.map((weight) => (weight * schedule.period) / total),
      );
    }),
    { numRuns: 60 },
  );
});

test('skipping turns ends where playing them ends', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 }),
      fc.nat(2000),
      (weights, turns) => {
        const played = new Schedule(weights);
        play(played, turns);
        const skipped = new Schedule(weights);
        skipped.skip(turns);
        const period = played.period;
        assert.deepEqual(play(skipped, 2 * period), play(played, 2 * period));
      },
    ),
    { numRuns: 100 },
  );
});
