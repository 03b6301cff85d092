import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findHeadEnd, skipEmptyLines } from './head-end.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

// Heads by how their empty line is written, each with the length of the head.
const ends: [string, number][] = [
  ['GET / HTTP/1.1\r\n\r\n', 18],
  ['GET / HTTP/1.1\r\nX: y\r\n\r\n', 24],
  ['GET / HTTP/1.1\nX: y\n\n', 21],
  ['GET / HTTP/1.1\r\nX: y\n\r\n', 23],
  ['GET / HTTP/1.1\r\nX: y\r\n\n', 23],
];

test('a head ends behind the first empty line, also of bare LF (RFC 9112, 2.2)', () => {
  for (const [head, length] of ends) {
    assert.equal(findHeadEnd(bytes(head), 0, head.length), length);
    assert.equal(
      findHeadEnd(bytes(head + 'GET /2 HTTP/1.1\r\n\r\n'), 0, length + 19),
      length,
      'with the next request behind',
    );
  }
});

test('no proper prefix of a head has an end, and resuming three bytes back finds it', () => {
  for (const [head, length] of ends) {
    const buffer = bytes(head);
    let looked = 0;
    for (let to = 1; to < length; to++) {
      assert.equal(findHeadEnd(buffer, 0, to), -1);
      assert.equal(findHeadEnd(buffer, Math.max(0, looked - 3), to), -1);
      looked = to;
    }
    assert.equal(findHeadEnd(buffer, Math.max(0, looked - 3), length), length);
  }
});

test('bytes behind `to` are not looked at', () => {
  assert.equal(findHeadEnd(bytes('GET / HTTP/1.1\r\n\r\n'), 0, 17), -1);
});

test('CR CR LF and a fold end no head', () => {
  for (const text of ['A\r\n\r\r\n', 'A\r\n \r\n', 'A\r\n\t\r\nB\r\n'])
    assert.equal(findHeadEnd(bytes(text), 0, text.length), -1);
});

test('empty lines in front of a start line are skipped (RFC 9112, 2.2)', () => {
  const skipped: [string, number][] = [
    ['', 0],
    ['\r\n', 2],
    ['\n', 1],
    ['\r\n\r\n\nG', 5],
    ['\r', 0],
    ['\r\n\r', 2],
    ['\r\rG', 0],
    [' \r\n', 0],
    ['G\r\n', 0],
  ];
  for (const [text, offset] of skipped)
    assert.equal(skipEmptyLines(bytes(text), 0, text.length), offset, JSON.stringify(text));
});
