import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBodyReader, type BodyReader } from './body-reader.ts';

const limits = { maxTrailerBytes: 1000, maxTrailers: 101 };
const bytes = Buffer.from('0123456789');

function state(reader: BodyReader): object {
  return {
    done: reader.done,
    payloadBytes: reader.payloadBytes,
    remaining: reader.remaining,
    ranges: reader.ranges.slice(0, reader.rangeCount * 2),
  };
}

test('no body is done from the start and takes nothing', () => {
  const reader = createBodyReader('none', 5, limits);
  assert.equal(reader.done, true);
  assert.equal(reader.read(bytes, 0, 10), 0);
  assert.deepEqual(state(reader), { done: true, payloadBytes: 0, remaining: 0, ranges: [] });
});

test('Content-Length ends exactly there and leaves the rest (RFC 9112, 6.2)', () => {
  const reader = createBodyReader('length', 7, limits);
  assert.equal(reader.read(bytes, 2, 6), 6);
  assert.deepEqual(state(reader), { done: false, payloadBytes: 4, remaining: 3, ranges: [2, 6] });
  assert.equal(reader.end(), false, 'cut short');
  assert.equal(reader.read(bytes, 6, 6), 6);
  assert.equal(reader.rangeCount, 0);
  assert.equal(reader.read(bytes, 5, 10), 8);
  assert.deepEqual(state(reader), { done: true, payloadBytes: 7, remaining: 0, ranges: [5, 8] });
  assert.equal(reader.passThrough, true);
  assert.equal(reader.end(), true);
});

test('a length of 0 is done from the start', () => {
  assert.equal(createBodyReader('length', 0, limits).done, true);
});

test('until close ends when the sender closes, and then is whole (RFC 9112, 6.3 point 8)', () => {
  for (const framing of ['close', 'tunnel'] as const) {
    const reader = createBodyReader(framing, 0, limits);
    assert.equal(reader.read(bytes, 0, 10), 10);
    assert.deepEqual(state(reader), { done: false, payloadBytes: 10, remaining: Infinity, ranges: [0, 10] });
    assert.equal(reader.end(), true);
    assert.deepEqual([reader.done, reader.remaining], [true, 0]);
  }
});
