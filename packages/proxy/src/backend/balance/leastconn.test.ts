// leastconn against recordings of HAProxy 2.6.12, and the ordered structure against a plain search.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SegmentOwner, tryAcquire } from '@evenkeel/shm';
import fc from 'fast-check';
import { FakeServer } from './fake-server.ts';
import { LeastConn } from './leastconn.ts';
import { ABSENT, LoadOrder } from './load-order.ts';
import { balanceBytes, Word } from './shared-words.ts';

/** Connections that came (`+`, with the server that they were sent to) and went (`-`), in order. */
const RECORDED: readonly (readonly [weights: readonly number[], events: string])[] = [
  [
    [1, 1, 1],
    '+0 -0 +1 -1 +2 -2 +0 -0 +1 +2 -1 +0 -2 +1 -0 +2 +0 +1 -1 -1 -2 -0 +1 +2 +0 +1 +2 -2 +0 -0 +2 +0 +1 +2 +0 +1 +2 +0 -1 +1 +2 -2 -0 +0 +1 -2 -1 -2 -2 +2 +2 -1 +2 +1 -1 -0 +1 +0 +2 +1 +0 +2 -2 +1 +0 +2 -1 +1 -1 -0',
  ],
  [
    [3, 1, 2],
    '+0 -0 +1 -1 +2 -2 +0 +1 +2 +0 -0 +0 +2 -0 -1 +1 +0 +0 +0 +2 +0 +1 -2 -2 -0 -0 -1 +2 -1 +1 +0 -1 -2 +1 +2 +2 +0 +1 +2 -1 -1 +1 +0 +1 +0 -0 -2 +2 -0 +0 +0 -2 -2 -1 -2 +2 +2 -2 -0 -0 -0 +2 -0 +0 +0 -0 +0 -1 -0 -0',
  ],
  [
    [5, 12, 7, 3],
    '+0 +1 -0 -1 +2 -2 +3 +0 -3 +1 -1 +2 +3 -0 -2 +1 -3 +0 -1 +2 +3 -2 +1 -3 +2 -0 +3 -2 +0 -1 +2 +1 -3 -1 -0 -2 +3 -3 +1 +0 +2 +3 -1 -3 +1 +3 -0 -3 +0 +3 +1 +1 +2 -2 +2 +1 -2 +2 +0 +1 +2 +1 +2 -1 -1 +1 +1 +1 -1 +1',
  ],
  [
    [256, 100, 3],
    '+0 +1 +2 +0 -0 +0 +0 -0 +0 -2 -1 +2 -0 +1 -0 +0 +0 -2 +2 +0 -0 -0 +0 -2 +2 -2 +2 +0 +1 -2 -0 +2 -1 +0 +1 +0 +0 +1 -1 +0 +1 -0 +0 +0 -1 +1 +0 -0 -0 -0 -0 -2 +2 +0 -1 -0 +0 -0 -1 +1 +0 -1 +1 -1 +1 -0 +0 -1 +1 +0',
  ],
  [
    [1, 200, 100, 50, 2],
    '+0 +1 +2 +3 +4 +1 +1 -4 +4 +2 -2 -0 +0 +1 +2 +1 -1 +1 +2 -1 +1 -2 -4 +4 +1 -4 +4 +2 +1 +3 +2 +1 -1 +1 -1 +1 -2 +2 +1 -3 +3 -4 +4 -1 +1 -1 +1 -2 -1 -1 +2 -2 +1 -2 +2 -3 -4 -1 +4 +2 -1 +1 -2 +3 +1 +2 +1 -1 -1 -1',
  ],
];

const { segment } = new SegmentOwner({ maxThreads: 2, ticketsPerThread: 1 });
const me = segment.party;
const wordsFor = (servers: number): Int32Array => new Int32Array(new SharedArrayBuffer(balanceBytes(servers)));

for (const [weights, events] of RECORDED) {
  test(`weights ${weights.join(', ')}: connections go where they were recorded to go`, () => {
    const balancer = new LeastConn<FakeServer>(wordsFor(weights.length), weights.length, me);
    const servers = weights.map((weight, index) => new FakeServer(index, weight));
    const picker = balancer.build(servers);
    for (const [step, event] of events.split(' ').entries()) {
      const server = servers[Number(event.slice(1))];
      if (event.startsWith('+')) {
        assert.equal(picker.pick(0, undefined), server, `step ${step}`);
        server.streams++;
      } else server.streams--;
      balancer.loadChanged(server);
    }
  });
}

test('the order gives the lowest key, the longest unchanged among equals, with and without an exception', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.record({ index: fc.nat(19), key: fc.oneof(fc.nat(5), fc.constant(ABSENT)) }), { maxLength: 60 }),
      fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      (servers, changes, firstStamp) => {
        const words = wordsFor(servers);
        // Stamps wrap in time: any starting point must do.
        words[Word.STAMP] = firstStamp;
        const order = new LoadOrder(words, servers, me, () => 0);
        const model = Array.from({ length: servers }, (_, index) => ({ index, key: 0, since: -1 }));
        order.fill();
        for (const { index } of model) order.update(index, 0);
        for (const [step, entry] of model.entries()) entry.since = step - servers;
        for (const [step, { index, key }] of changes.entries()) {
          if (index >= servers) continue;
          order.update(index, key);
          Object.assign(model[index], { key, since: step });
          const ranked = [...model].sort((a, b) => a.key - b.key || a.since - b.since);
          if (ranked[0].key !== ABSENT) assert.equal(order.first(), ranked[0].index);
          else assert.equal(order.key(order.first()), ABSENT);
          for (const avoid of model) {
            const best = ranked.find((each) => each !== avoid);
            if (best !== undefined && best.key !== ABSENT) assert.equal(order.firstBut(avoid.index), best.index);
          }
        }
      },
    ),
  );
});

test('an order whose lock a dead thread held is freed and put right', () => {
  const words = wordsFor(3);
  const order = new LoadOrder(words, 3, me, (index) => 10 + index);
  order.fill();
  const dead = { thread: 1, incarnation: 4 };
  words[Word.LOCK] = (dead.thread + 1) | (dead.incarnation << 8);
  // It died after the key was written and before the matches were played.
  words[Word.ORDER + 4 + 2] = 1;
  assert.equal(tryAcquire(words, Word.LOCK, me, 1), false);
  assert.equal(order.repair({ thread: 1, incarnation: 3 }), false, 'not that one');
  assert.equal(order.repair(dead), true);
  assert.equal(order.first(), 2);
  assert.equal(tryAcquire(words, Word.LOCK, me, 1), true);
});

test('a change that finds the lock taken is made by whoever holds it, or before the next pick', () => {
  const words = wordsFor(70);
  const keys = Array.from({ length: 70 }, (_, index) => 10 + index);
  const [mine, other] = [me, { ...me, word: me.word + 1 }].map(
    (party) => new LoadOrder(words, 70, party, (index) => keys[index]),
  );
  mine.fill();
  words[Word.LOCK] = me.word + 1;
  keys[69] = 1;
  mine.change(69);
  assert.equal(words[Word.LOCK], me.word + 1, 'it did not wait');
  assert.equal(other.first(), 0, 'nor was it made without the lock');
  words[Word.LOCK] = 0;
  keys[3] = 2;
  other.change(3);
  assert.equal(other.first(), 69, 'the next owner of the lock works it off');
  words[Word.LOCK] = me.word + 1;
  keys[68] = 0;
  mine.change(68);
  words[Word.LOCK] = 0;
  assert.equal(mine.first(), 68, 'who made it sees it at once');
});
