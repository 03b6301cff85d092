import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MemoryRing } from './memory-ring.ts';

function events(ring: MemoryRing, position = 0): string[] {
  const room = Buffer.alloc(ring.size);
  const found: string[] = [];
  ring.read(position, room, (length) => found.push(room.toString('latin1', 0, length)) > 0);
  return found;
}

function push(ring: MemoryRing, text: string, held?: number): boolean {
  return ring.push(Buffer.from(text, 'latin1'), text.length, held);
}

test('the newest events that fit are kept, whole and in order, whatever their lengths', () => {
  const lengths = fc.array(
    fc.oneof(fc.nat(20), fc.integer({ min: 230, max: 250 }), fc.integer({ min: 2280, max: 2300 })),
    {
      maxLength: 200,
    },
  );
  fc.assert(
    fc.property(fc.integer({ min: 16, max: 9000 }), lengths, (size, all) => {
      const ring = new MemoryRing(size);
      const kept: string[] = [];
      for (const [index, length] of all.entries()) {
        const text = `${index}:`.padEnd(length, 'x').slice(0, length);
        if (push(ring, text)) kept.push(text);
      }
      const found = events(ring);
      assert.deepEqual(found, kept.slice(kept.length - found.length));
      // As many as fit: one more would not, with two bytes or more beside its text.
      const used = found.reduce((sum, text) => sum + text.length + 2, 0);
      if (found.length < kept.length) {
        const next = kept[kept.length - found.length - 1];
        assert.ok(
          used + next.length + 2 + 2 * found.length + 4 > size - 1,
          `${used} of ${size} and ${next.length} more`,
        );
      }
      assert.ok(used < size);
    }),
  );
});

test('as many events fit as in a ring of HAProxy of that size', () => {
  // 1,023 of 1,201 lines `/378aaaaaaaaaa` were left in a ring of 16,384 bytes on HAProxy 2.6.12: not one more.
  const ring = new MemoryRing(16_384);
  for (let index = 0; index < 1201; index++) push(ring, String(index).padEnd(14, 'a'));
  const left = events(ring);
  assert.equal(left.length, 1023);
  assert.equal(left[0], '178'.padEnd(14, 'a'));
});

test('long events keep their length', () => {
  const ring = new MemoryRing(1 << 20);
  const lengths = [0, 239, 240, 2287, 2288, 65_535, 264_431, 264_432, 300_000];
  for (const length of lengths) assert.equal(push(ring, 'x'.repeat(length)), true);
  assert.deepEqual(
    events(ring).map((text) => text.length),
    lengths,
  );
});

test('what a reader has still to read is not replaced: the new event is refused', () => {
  const ring = new MemoryRing(32);
  for (const text of ['aaaaaaaa', 'bbbbbbbb', 'cccccccc']) assert.equal(push(ring, text), true);
  assert.equal(push(ring, 'dddddddd', 0), false);
  assert.deepEqual(events(ring), ['aaaaaaaa', 'bbbbbbbb', 'cccccccc']);
  // It has read the first: that one may go.
  assert.equal(push(ring, 'dddddddd', 10), true);
  assert.deepEqual(events(ring, 10), ['bbbbbbbb', 'cccccccc', 'dddddddd']);
  assert.equal(push(ring, 'eeeeeeee', 10), false);
});

test('an event that is longer than the ring is refused and costs nothing', () => {
  const ring = new MemoryRing(32);
  push(ring, 'kept');
  assert.equal(push(ring, 'x'.repeat(30)), false);
  assert.deepEqual(events(ring), ['kept']);
  assert.equal(push(ring, 'x'.repeat(29)), true);
});

test('a reader stops where it wants to and goes on there; what was replaced meanwhile is passed over', () => {
  const ring = new MemoryRing(64);
  const room = Buffer.alloc(64);
  for (let index = 0; index < 4; index++) push(ring, `event ${index}`);
  const seen: string[] = [];
  let position = ring.read(0, room, (length) => {
    if (seen.length === 2) return false;
    seen.push(room.toString('latin1', 0, length));
    return true;
  });
  assert.deepEqual(seen, ['event 0', 'event 1']);
  assert.deepEqual(events(ring, position), ['event 2', 'event 3']);
  for (let index = 4; index < 20; index++) push(ring, `event ${index}`);
  assert.equal(events(ring, position)[0], events(ring)[0]);
  position = ring.read(position, room, () => true);
  assert.equal(position, ring.next);
  assert.deepEqual(events(ring, position), []);
});

test('positions go on where they are told to, and over what does not fit', () => {
  const ring = new MemoryRing(64, 1000);
  assert.equal(ring.oldest, 1000);
  assert.equal(ring.push(Buffer.from('one'), 3), true);
  assert.equal(ring.next, 1005);
  ring.skip(100);
  assert.deepEqual([ring.oldest, ring.next], [1107, 1107]);
  ring.push(Buffer.from('two'), 3);
  const room = Buffer.alloc(64);
  const found: string[] = [];
  assert.equal(
    ring.read(0, room, (length) => found.push(room.toString('latin1', 0, length)) > 0),
    1112,
  );
  assert.deepEqual(found, ['two']);
});
