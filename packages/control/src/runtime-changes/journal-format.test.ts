import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { serverObject, type Override } from './change.ts';
import { HEAD, decode, encodeAll, encodeEffects } from './journal-format.ts';
import { Overrides, type Effect } from './overrides.ts';

const override = (server: string, value: string, field = 'weight'): Override => ({
  object: serverObject('web', server),
  field,
  file: '10',
  value,
  sinceMs: 1_763_942_400_000,
  by: 'socket /run/haproxy.sock (admin)',
});

const set = (server: string, value: string): Effect => ({ type: 'set', override: override(server, value) });
const drop = (server: string): Effect => ({ type: 'drop', override: override(server, '') });

const JOURNAL: readonly Effect[] = [set('s1', '1'), set('s2', '2'), drop('s1'), set('s3', '3'), set('s2', '4')];
const TEXT = HEAD + JOURNAL.map((effect) => encodeEffects([effect])).join('');

/** What is so after the first `count` of these effects. */
function after(effects: readonly Effect[]): Override[] {
  const overrides = new Overrides();
  for (const effect of effects) {
    if (effect.type === 'set') overrides.put(effect.override);
    else overrides.drop(effect.override.object, effect.override.field);
  }
  return [...overrides];
}

function decoded(text: string): Extract<ReturnType<typeof decode>, { type: 'journal' }> {
  const result = decode(text);
  assert.equal(result.type, 'journal');
  return result;
}

test('what was written is read again', () => {
  const result = decoded(TEXT);
  assert.deepEqual([...result.overrides], after(JOURNAL));
  assert.deepEqual([result.lines, result.tornBytes, result.damaged], [5, 0, 0]);
  assert.deepEqual([...decoded(encodeAll(result.overrides)).overrides], after(JOURNAL));
});

test('cut at any byte, the changes whose lines are whole are there and no other', () => {
  for (let length = 0; length <= TEXT.length; length++) {
    const cut = TEXT.slice(0, length);
    const result = decode(cut);
    if (length < HEAD.length) {
      assert.equal(result.type, 'empty', `${length} bytes`);
      continue;
    }
    assert.equal(result.type, 'journal');
    const whole = cut.split('\n').length - 2;
    const { overrides, tornBytes, damaged } = decoded(cut);
    assert.deepEqual([...overrides], after(JOURNAL.slice(0, whole)), `${length} bytes`);
    assert.equal(tornBytes, length - (cut.lastIndexOf('\n') + 1));
    assert.equal(damaged, 0);
  }
});

test('a byte that is not what was written, wherever it stands, costs only its own line', () => {
  const starts = [...TEXT.matchAll(/\n/g)].map(({ index }) => index);
  for (let at = HEAD.length; at < TEXT.length; at++) {
    for (const byte of ['\0', 'x', '\xff', '\n']) {
      if (TEXT[at] === byte) continue;
      const text = TEXT.slice(0, at) + byte + TEXT.slice(at + 1);
      const { overrides, damaged, tornBytes } = decoded(text);
      const hit = starts.findIndex((end) => at <= end) - 1;
      // A line feed that is gone joins two lines, and costs both; at the end of all it leaves a torn line.
      const lost = new Set(TEXT[at] === '\n' ? [hit, hit + 1] : [hit]);
      assert.deepEqual([...overrides], after(JOURNAL.filter((_, index) => !lost.has(index))), `byte ${at}`);
      assert.ok(damaged > 0 || tornBytes > 0, `byte ${at}`);
    }
  }
});

test('a first line that is damaged does not cost the changes behind it', () => {
  for (let at = 0; at < HEAD.length - 1; at++) {
    const result = decode(`${TEXT.slice(0, at)}\0${TEXT.slice(at + 1)}`);
    assert.equal(result.type, 'journal', `byte ${at}`);
    assert.deepEqual([...decoded(`${TEXT.slice(0, at)}\0${TEXT.slice(at + 1)}`).overrides], after(JOURNAL));
  }
});

test('a journal of another version, and what is none, are told apart', () => {
  assert.deepEqual(decode('evenkeel-runtime 2\nwhatever\n'), { type: 'other-version', version: '2' });
  assert.deepEqual(decode('#!/bin/sh\necho hello\n'), { type: 'foreign' });
  assert.deepEqual(decode('\x7fELF\0\0\0'), { type: 'foreign' });
  assert.deepEqual(decode(''), { type: 'empty' });
});

test('what one command changed is there whole or not at all', () => {
  const line = encodeEffects([set('s1', '1'), set('s2', '2')]);
  for (let length = 0; length < line.length; length++)
    assert.equal(decoded(HEAD + line.slice(0, length)).overrides.size, 0, `${length} bytes`);
  assert.equal(decoded(HEAD + line).overrides.size, 2);
});

test('fields that this version does not know are carried along', () => {
  const unknown = { ...override('s1', 'blue'), field: 'colour' };
  assert.deepEqual([...decoded(encodeAll([unknown])).overrides], [unknown]);
});

test('a line with a sound checksum and another shape is damaged', () => {
  for (const value of [
    'null',
    '{}',
    '[{}]',
    '[{"set":1}]',
    '[{"set":{"object":{"kind":"server","name":"a/b"}}}]',
    '5',
    '"x"',
  ]) {
    const { damaged, overrides } = decoded(HEAD + withChecksum(value));
    assert.equal(damaged, 1, value);
    assert.equal(overrides.size, 0);
  }
});

function withChecksum(body: string): string {
  const sample = encodeEffects([set('s1', '1')]);
  assert.match(sample, /^[0-9a-f]{8} /);
  // From the definition of CRC-32 (ISO 3309), bit by bit.
  let crc = 0xffffffff;
  for (const byte of Buffer.from(body)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return `${((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0')} ${body}\n`;
}

test('whatever is in the values, a line is one line of ASCII and is read again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (value, by) => {
      const one = { ...override('s1', value), by };
      const text = encodeEffects([{ type: 'set', override: one }]);
      assert.match(text, /^[ -~]+\n$/);
      assert.deepEqual([...decoded(HEAD + text).overrides], [one]);
    }),
  );
});

test('no garbage makes it throw, and none is believed', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(HEAD, '\n', TEXT.slice(19, 60)))),
      (parts) => {
        const result = decode(parts.join(''));
        if (result.type === 'journal') assert.deepEqual([...result.overrides], []);
      },
    ),
  );
});
