import { test } from 'node:test';
import assert from 'node:assert/strict';
import { LineComposer } from './line-composer.ts';
import type { LogMessage } from './message.ts';

const composer = new LineComposer(70_000);

/** The message stands somewhere in a larger memory, as in the ring. */
function message(text: string): LogMessage {
  const bytes = Buffer.from(`\n\0before${text}\0\nbehind`, 'latin1');
  return { level: 6, timeMs: 0, structuredData: '', bytes, start: 8, end: 8 + text.length };
}

function compose(header: string, text: string, messageLength = 1023, length = 1024, endsWithLineFeed = true): string {
  const bytes = composer.compose(header, message(text), messageLength, length, endsWithLineFeed);
  return composer.bytes.toString('latin1', 0, bytes);
}

// What haproxy 2.6.12 sent with `len 80`.
test('a line is cut to its length before the line feed, header included', () => {
  assert.equal(
    compose('<134>Nov 23 18:12:08 abc haproxy[12521]: ', '127.0.0.1:46382 [23/Nov/2026:18:12:08.219] f', 1023, 80),
    '<134>Nov 23 18:12:08 abc haproxy[12521]: 127.0.0.1:46382 [23/Nov/2026:18:12:08.2\n',
  );
  assert.equal(compose('', 'a'.repeat(80), 1023, 80), `${'a'.repeat(80)}\n`);
});

test('the message itself has a bound of its own, one byte below the largest len', () => {
  assert.equal(compose('', 'x'.repeat(3000)).length, 1023 + 1);
  assert.equal(compose('<134>', 'x'.repeat(3000)).length, 1024 + 1);
  assert.equal(compose('', 'x'.repeat(3000), 79, 80).length, 79 + 1);
});

test('a header that is longer than the line leaves no room for the message', () => {
  assert.equal(compose('h'.repeat(100), 'message', 1023, 80), `${'h'.repeat(80)}\n`);
});

test('a line feed or NUL inside a message cannot start another line', () => {
  assert.equal(compose('h ', 'a\nb\0c\n\nd'), 'h a b c  d\n');
});

test('line feeds and NULs at the end are left out', () => {
  assert.equal(compose('h ', 'ab\n\0\n'), 'h ab\n');
  assert.equal(compose('', '\n'), '\n');
});

test('what the line before left in the memory does not matter', () => {
  compose('', '\n\0'.repeat(300).concat('x'));
  assert.equal(compose('h ', 'short'), 'h short\n');
});

test('lines of rings have no line feed', () => {
  assert.equal(compose('h ', 'text', 1023, 1024, false), 'h text');
  const bytes = composer.composeText('{"a":1}', Infinity, false);
  assert.equal(composer.bytes.toString('latin1', 0, bytes), '{"a":1}');
});
