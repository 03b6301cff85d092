import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ByteRingReader, createByteRing } from '@evenkeel/shm';
import { RingLogSink } from './ring-log-sink.ts';
import { ageOfMark, isStructured, levelOfTag, markOf, packStructuredTag, packTag, setOfTag } from './record.ts';

test('a tag holds set and level, with structured data or without', () => {
  fc.assert(
    fc.property(fc.nat((1 << 24) - 1), fc.nat(7), (set, level) => {
      for (const [tag, structured] of [
        [packTag(set, level), false],
        [packStructuredTag(set, level), true],
      ] as const) {
        assert.equal(setOfTag(tag | 0), set);
        assert.equal(levelOfTag(tag | 0), level);
        assert.equal(isStructured(tag | 0), structured);
      }
    }),
  );
});

test('the age of a record is exact to the microsecond, across the wrap of the mark', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1e10, noNaN: true }),
      fc.integer({ min: 0, max: 30 * 60_000 }),
      (writtenMs, ageMs) => {
        const age = ageOfMark(markOf(writtenMs), writtenMs + ageMs);
        assert.ok(Math.abs(age - ageMs) <= 0.0011, `${age} is not ${ageMs}`);
      },
    ),
  );
  // A clock that another thread read a moment later makes no message of the future.
  assert.equal(ageOfMark(markOf(1000), 999), 0);
});

test('structured data travels before the message', () => {
  const ring = createByteRing(1, 1 << 20);
  const sink = new RingLogSink(ring, 0);
  const data = `[exampleSDID@1234 x="${'y'.repeat(300)}"]`;
  sink.emit(3, 6, 'message', data);
  sink.emit(3, 6, 'message');
  const seen: string[] = [];
  new ByteRingReader(ring).drain(({ tag, bytes, start, end }) => {
    const from = isStructured(tag) ? start + 2 + bytes.readUInt16LE(start) : start;
    seen.push(
      bytes.toString('latin1', isStructured(tag) ? start + 2 : start, from),
      bytes.toString('latin1', from, end),
    );
  }, 9);
  assert.deepEqual(seen, [data, 'message', '', 'message']);
});
