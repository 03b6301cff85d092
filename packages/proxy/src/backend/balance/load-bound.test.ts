// `hash-balance-factor` against recordings of HAProxy 2.6.12: one client after the other with one key, and all stay.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { avalanche, sdbm } from '@evenkeel/expr';
import { Consistent } from './consistent.ts';
import { FakeServer } from './fake-server.ts';
import { balanceBytes } from './shared-words.ts';

/** Factor, weights, and the servers that `balance hash int(5)` with `hash-type consistent` named. */
const RECORDED: readonly (readonly [factor: number, weights: readonly number[], servers: string])[] = [
  [125, [1, 1, 1, 1], '0233203102320320320320310232032032032031'],
  [150, [1, 2, 1, 3, 1, 1, 2, 1], '1630163332161633301616333016163330161633'],
];

/** The integer 5 as the eight bytes that a sample is hashed by. */
const KEY = avalanche(sdbm('\0\0\0\0\0\0\0\x05'));

for (const [factor, weights, recorded] of RECORDED) {
  test(`factor ${factor}, weights ${weights.join(', ')}: streams go where they were recorded to go`, () => {
    const servers = weights.map((weight, index) => new FakeServer(index, weight));
    const words = new Int32Array(new SharedArrayBuffer(balanceBytes(servers.length)));
    const served = (): number => servers.reduce((sum, { streams }) => sum + streams, 0);
    const picker = new Consistent<FakeServer>(words, servers, factor, served).build(servers);
    const named = Array.from(recorded, () => {
      const server = picker.pick(KEY, undefined)!;
      server.streams++;
      return server.index;
    });
    assert.equal(named.join(''), recorded);
  });
}

test('no server has more than its part of what all have, and a stream always finds one', () => {
  const servers = [3, 1, 4].map((weight, index) => new FakeServer(index, weight));
  const words = new Int32Array(new SharedArrayBuffer(balanceBytes(servers.length)));
  let total = 0;
  const picker = new Consistent<FakeServer>(words, servers, 110, () => total).build(servers);
  for (; total < 500; total++) {
    const server = picker.pick(KEY, undefined)!;
    server.streams++;
    assert.ok(server.streams <= Math.ceil((Math.ceil((total + 1) * 1.1) * server.configuredWeight) / 8));
  }
});
