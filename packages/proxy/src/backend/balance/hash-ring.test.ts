// The circle of hashes against a recording of HAProxy 2.6.12, and against plain search.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Ring, RingNodes } from './hash-ring.ts';

const HASHES = 2 ** 32;

const ringOf = (members: readonly { readonly id: number; readonly nodes: number }[]): Ring =>
  new Ring(new RingNodes(members), (member) => members[member].nodes);

test('nodes stand in the order in which HAProxy lets servers take turns', () => {
  // Ids 1, 2 and 3 with weights 1, 2 and 1, forty requests without a key in a row.
  const recorded = '2210200120001120221201122011102111211002';
  const ring = ringOf([
    { id: 1, nodes: 16 },
    { id: 2, nodes: 32 },
    { id: 3, nodes: 16 },
  ]);
  assert.equal(ring.size, 64);
  assert.equal(Array.from({ length: 40 }, (_, at) => ring.owner(at)).join(''), recorded);
});

const someMembers = fc.uniqueArray(
  fc.record({ id: fc.integer({ min: 1, max: 2 ** 31 - 1 }), nodes: fc.integer({ min: 1, max: 80 }) }),
  { minLength: 1, maxLength: 8, selector: ({ id }) => id % 2 ** 20 },
);
const someHash = fc.oneof(fc.nat(HASHES - 1), fc.constantFrom(0, 1, HASHES - 1));

test('the nearest node is the one at the least distance around the circle', () => {
  fc.assert(
    fc.property(someMembers, fc.array(someHash, { minLength: 1, maxLength: 30 }), (members, hashes) => {
      const nodes = new RingNodes(members);
      const ring = ringOf(members);
      for (const hash of hashes) {
        const distances = Array.from(nodes.places, (place) => {
          const apart = Math.abs(place - hash);
          return Math.min(apart, HASHES - apart);
        });
        const nearest = ring.nearest(hash);
        assert.equal(distances[nearest], Math.min(...distances));
        assert.equal(ring.owner(nearest), nodes.owners[nearest]);
      }
    }),
  );
});

test('a member that leaves or gets lighter moves only what it had', () => {
  fc.assert(
    fc.property(
      someMembers,
      fc.nat(7),
      fc.nat(80),
      fc.array(someHash, { maxLength: 40 }),
      (members, pick, kept, hashes) => {
        const leaving = pick % members.length;
        const left = Math.min(kept, members[leaving].nodes);
        if (members.length === 1 && left === 0) return;
        const nodes = new RingNodes(members);
        const before = new Ring(nodes, (member) => members[member].nodes);
        const after = new Ring(nodes, (member) => (member === leaving ? left : members[member].nodes));
        for (const hash of hashes) {
          const owner = before.owner(before.nearest(hash));
          if (owner !== leaving) assert.equal(after.owner(after.nearest(hash)), owner);
        }
      },
    ),
  );
});

test('what is in use of many sorted nodes is what would have been sorted for it', () => {
  fc.assert(
    fc.property(someMembers, fc.array(fc.nat(80), { minLength: 8, maxLength: 8 }), (members, counts) => {
      const used = members.map(({ nodes }, member) => Math.min(nodes, counts[member]));
      const part = new Ring(new RingNodes(members), (member) => used[member]);
      const fresh = ringOf(members.map(({ id }, member) => ({ id, nodes: used[member] })));
      assert.equal(part.size, fresh.size);
      for (let at = 0; at < part.size; at++) assert.equal(part.owner(at), fresh.owner(at));
    }),
  );
});
