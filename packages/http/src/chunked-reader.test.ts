import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ChunkedReader } from './chunked-reader.ts';
import { encodeChunkHeader, encodeLastChunk, lastChunk } from './chunk-encoder.ts';

const limits = { maxTrailerBytes: 1000, maxTrailers: 101 };
const next = 'GET / HTTP/1.1\r\n\r\n';

interface Outcome {
  out: string;
  payload: string;
  consumed: number;
  error: string | undefined;
  done: boolean;
  trailers: [string, string][];
}

/** Feeds `text` cut at `cuts`, each piece in a buffer of its own with bytes around it. */
function feed(text: string, cuts: number[], bounds = limits): Outcome {
  const reader = new ChunkedReader(bounds);
  const edges = [0, ...[...cuts].sort((a, b) => a - b), text.length];
  const result: Outcome = { out: '', payload: '', consumed: 0, error: undefined, done: false, trailers: [] };
  for (let i = 1; i < edges.length && !reader.done && reader.error === undefined; i++) {
    const piece = text.slice(edges[i - 1], edges[i]);
    const buffer = Buffer.from('##' + piece + '##', 'latin1');
    const end = reader.read(buffer, 2, 2 + piece.length);
    if (reader.passThrough) result.out += buffer.toString('latin1', 2, end);
    else for (const part of reader.output) result.out += part.toString('latin1');
    for (let r = 0; r < reader.rangeCount; r++)
      result.payload += buffer.toString('latin1', reader.ranges[r * 2], reader.ranges[r * 2 + 1]);
    result.consumed += end - 2;
  }
  result.error = reader.error;
  result.done = reader.done;
  assert.equal(reader.payloadBytes, result.payload.length);
  const trailers = reader.trailers;
  if (trailers !== undefined)
    for (let i = 0; i < trailers.count; i++) result.trailers.push([trailers.nameAt(i), trailers.valueAt(i)]);
  return result;
}

const everywhere = (text: string): number[] => Array.from({ length: Math.max(0, text.length - 1) }, (_, i) => i + 1);

/** Whole, byte by byte and with trailing bytes; all must agree. */
function decode(text: string): Outcome {
  const whole = feed(text, []);
  assert.deepEqual(feed(text, everywhere(text)), whole, 'byte by byte');
  if (whole.done) assert.deepEqual(feed(text + next, []), whole, 'with the next message behind');
  return whole;
}

test('a canonical body passes through as the very bytes (RFC 9112, 7.1)', () => {
  for (const text of [
    '0\r\n\r\n',
    '3\r\nabc\r\n0\r\n\r\n',
    '3\r\nabc\r\n1f\r\n' + 'x'.repeat(31) + '\r\n0\r\n\r\n',
    '1\r\n\n\r\n0\r\n\r\n',
  ]) {
    const reader = new ChunkedReader(limits);
    const buffer = Buffer.from(text + next);
    assert.equal(reader.read(buffer, 0, buffer.length), text.length);
    assert.deepEqual([reader.done, reader.passThrough, reader.output.length, reader.error], [true, true, 0, undefined]);
    assert.equal(decode(text).out, text);
  }
});

test('a canonical body that comes in pieces between chunks passes through piece by piece', () => {
  const reader = new ChunkedReader(limits);
  for (const piece of ['3\r\na', 'bc\r\n2\r\nd', 'e', '\r\n0\r\n\r\n']) {
    const buffer = Buffer.from(piece);
    assert.equal(reader.read(buffer, 0, buffer.length), piece.length);
    assert.equal(reader.passThrough, true, piece);
  }
  assert.equal(reader.done, true);
});

test('other spellings leave re-encoded, payload untouched (RFC 9112, 2.2, 7.1 and 7.1.1)', () => {
  const rewritten: [string, string][] = [
    ['3\nabc\n0\n\n', '3\r\nabc\r\n0\r\n\r\n'],
    ['003\r\nabc\r\n000\r\n\r\n', '3\r\nabc\r\n0\r\n\r\n'],
    ['3 \t\r\nabc\r\n0\r\n\r\n', '3\r\nabc\r\n0\r\n\r\n'],
    ['3;a="b;c"\r\nabc\r\n0;x\r\n\r\n', '3\r\nabc\r\n0\r\n\r\n'],
    ['3 ; a = b\r\nabc\r\n0\r\n\r\n', '3\r\nabc\r\n0\r\n\r\n'],
    ['2\r\n\r\n\r\n0\r\n\r\n', '2\r\n\r\n\r\n0\r\n\r\n'],
    ['3\r\nabc\r\n4;x\r\ndefg\r\n2\r\nhi\r\n0\r\n\r\n', '3\r\nabc\r\n4\r\ndefg\r\n2\r\nhi\r\n0\r\n\r\n'],
  ];
  for (const [text, out] of rewritten) {
    const decoded = feed(text, []);
    assert.deepEqual(
      [decoded.out, decoded.done, decoded.consumed, decoded.error],
      [out, true, text.length, undefined],
      JSON.stringify(text),
    );
    assert.equal(feed(text, everywhere(text)).out, out);
    assert.equal(decode(text).payload, decode(out).payload);
  }
});

test('trailers are collected in lower case; those about framing, routing and connection are dropped (RFC 9110, 6.5.1)', () => {
  const decoded = decode('1\r\na\r\n0\r\nX-Sum:  abc \r\nContent-Length: 3\r\nHost: b\r\nx: y\r\n z\r\n\r\n');
  assert.deepEqual(decoded.trailers, [
    ['x-sum', 'abc'],
    ['x', 'y   z'],
  ]);
  assert.equal(decoded.out, '1\r\na\r\n0\r\nx-sum: abc\r\nx: y   z\r\n\r\n');
  assert.equal(decode('0\r\nHost: b\r\n\r\n').out, '0\r\n\r\n');
});

test('trailer names are spelled as h1-case-adjust wants them (configuration.txt, 3.1)', () => {
  const adjusted = { ...limits, caseMap: new Map([['x-sum', 'X-SUM']]) };
  assert.equal(
    feed('1\r\na\r\n0\r\nx-sum: abc\r\ny: z\r\n\r\n', [], adjusted).out,
    '1\r\na\r\n0\r\nX-SUM: abc\r\ny: z\r\n\r\n',
  );
});

test('what is wrong is refused where it stands, and nothing of that line leaves', () => {
  const wrong: [string, string, string][] = [
    ['x\r\n', 'bad-chunk-size', ''],
    ['\r\n', 'bad-chunk-size', ''],
    [';a\r\n', 'bad-chunk-size', ''],
    ['0x3\r\n', 'bad-chunk-size', ''],
    ['+3\r\n', 'bad-chunk-size', ''],
    ['3 3\r\n', 'bad-chunk-size', ''],
    ['3\rabc', 'bad-chunk-size', ''],
    ['3;a\rb\r\n', 'bad-chunk-size', ''],
    ['3;\0\r\n', 'bad-chunk-extension', ''],
    ['10000000000000\r\n', 'chunk-too-large', ''],
    ['ffffffffffffffffffff\r\n', 'chunk-too-large', ''],
    ['3\r\nabcd\r\n', 'bad-chunk-end', '3\r\nabc'],
    ['3\r\nabc\rX', 'bad-chunk-end', '3\r\nabc'],
    ['3\r\nabc\r\nz\r\n', 'bad-chunk-size', '3\r\nabc\r\n'],
    ['1\r\na\r\n0\r\nX : y\r\n\r\n', 'bad-trailer', '1\r\na\r\n'],
    ['1\r\na\r\n0\r\n X: y\r\n\r\n', 'bad-trailer', '1\r\na\r\n'],
    ['1\r\na\r\n0\r\n\rX\r\n\r\n', 'bad-trailer', '1\r\na\r\n'],
  ];
  for (const [text, code, out] of wrong) {
    for (const cuts of [[], everywhere(text)]) {
      const decoded = feed(text, cuts);
      assert.deepEqual([decoded.error, decoded.done, decoded.out], [code, false, out], JSON.stringify(text));
    }
  }
});

test('a chunk leaves with its line end, before the next one is known: a receiver may wait for it', () => {
  assert.equal(feed('3\r\nabc\r\n', []).out, '3\r\nabc\r\n');
  assert.equal(feed('3\nabc\n', []).out, '3\r\nabc\r\n');
});

test('the largest size is 13 hex digits, leading zeros apart, as in HAProxy', () => {
  for (const size of ['fffffffffffff', '000fffffffffffff']) {
    const reader = new ChunkedReader(limits);
    const buffer = Buffer.from(size + '\r\nabc');
    reader.read(buffer, 0, buffer.length);
    assert.deepEqual([reader.error, reader.payloadBytes], [undefined, 3]);
  }
});

test('what stands between two payloads is bounded', () => {
  const bounds = { maxTrailerBytes: 20, maxTrailers: 3 };
  const long: [string, string][] = [
    ['1;' + 'x'.repeat(30) + '\r\n', 'chunk-line-too-long'],
    ['0'.repeat(30) + '1\r\n', 'chunk-line-too-long'],
    ['0\r\nX: ' + 'y'.repeat(30) + '\r\n\r\n', 'trailers-too-large'],
    ['0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n', 'bad-trailer'],
  ];
  for (const [text, code] of long)
    for (const cuts of [[], everywhere(text)]) assert.equal(feed(text, cuts, bounds).error, code, text);
  assert.equal(feed('0\r\nA: 1\r\nB: 2\r\n\r\n', [], bounds).done, true);
});

test('a body that is cut short is not done', () => {
  const text = '3\r\nabc\r\n0\r\nX: y\r\n\r\n';
  for (let length = 0; length < text.length; length++) assert.equal(feed(text.slice(0, length), []).done, false);
});

test('encoding: sizes, the last chunk, and no chunk that would end the body by accident', () => {
  assert.deepEqual(
    [encodeChunkHeader(1), encodeChunkHeader(255), encodeChunkHeader(16384)],
    ['1\r\n', 'ff\r\n', '4000\r\n'],
  );
  for (const length of [0, -1, NaN]) assert.throws(() => encodeChunkHeader(length), RangeError);
  assert.equal(encodeLastChunk(undefined), lastChunk);
});

// Random bodies: chunks with random spellings around them.
const spelling = fc.constantFrom<[string, string]>(
  ['', '\r\n'],
  ['', '\n'],
  ['00', '\r\n'],
  ['', ';a=b\r\n'],
  ['', ' \n'],
  ['0', ' ;x\r\n'],
);
const chunkText = fc.record({
  data: fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 }),
  spelling,
  end: fc.constantFrom('\r\n', '\n'),
  upper: fc.boolean(),
});
const bodyText = fc
  .record({
    chunks: fc.array(chunkText, { maxLength: 6 }),
    last: spelling,
    trailers: fc.constantFrom('', 'X: y\r\n', 'A: 1\nB:2\r\n'),
    end: fc.constantFrom('\r\n', '\n'),
  })
  .map(({ chunks, last, trailers, end }) => ({
    payload: chunks.map((c) => c.data).join(''),
    text:
      chunks
        .map((c) => {
          const size = c.data.length.toString(16);
          return c.spelling[0] + (c.upper ? size.toUpperCase() : size) + c.spelling[1] + c.data + c.end;
        })
        .join('') +
      last[0] +
      '0' +
      last[1] +
      trailers +
      end,
  }));

test('split invariance: however a body is cut, the same comes out (property)', () => {
  fc.assert(
    fc.property(bodyText, fc.array(fc.nat({ max: 400 }), { maxLength: 12 }), ({ text, payload }, at) => {
      const whole = feed(text + next, []);
      const cut = feed(
        text + next,
        at.map((a) => a % (text.length + next.length)),
      );
      assert.deepEqual(
        [cut.payload, cut.consumed, cut.done, cut.error, cut.trailers],
        [whole.payload, whole.consumed, whole.done, whole.error, whole.trailers],
      );
      assert.deepEqual([whole.payload, whole.consumed, whole.done], [payload, text.length, true]);
      // Sizes may leave in either case of letters, depending on whether they were rewritten; nothing else may differ.
      const again = feed(cut.out, []);
      assert.deepEqual(
        [again.payload, again.trailers, again.done, again.consumed],
        [payload, whole.trailers, true, cut.out.length],
      );
      const reader = new ChunkedReader(limits);
      const buffer = Buffer.from(cut.out, 'latin1');
      reader.read(buffer, 0, buffer.length);
      if (whole.trailers.length === 0) assert.equal(reader.passThrough, true, 'what comes out is canonical');
    }),
  );
});

test('any bytes, cut anywhere: no throw, and the same verdict (property)', () => {
  const soup = fc
    .array(
      fc.constantFrom(
        '0',
        '3',
        'a',
        'F',
        '\r',
        '\n',
        '\r\n',
        ';',
        ' ',
        'abc',
        'X: y',
        '\0',
        ':',
        '\x80',
        '10',
        '0\r\n\r\n',
      ),
      { maxLength: 30 },
    )
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(soup, fc.array(fc.nat({ max: 100 }), { maxLength: 8 }), (text, at) => {
      const whole = feed(text, []);
      const cut = feed(
        text,
        at.map((a) => a % (text.length + 1)),
      );
      assert.deepEqual([cut.payload, cut.done, cut.trailers], [whole.payload, whole.done, whole.trailers]);
      // A line that is cut may be found bad one byte earlier, never judged differently.
      assert.equal(cut.error === undefined, whole.error === undefined);
    }),
    { numRuns: 2000 },
  );
});
