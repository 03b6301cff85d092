import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Expression } from '../expression-model.ts';
import { readExpression, printExpression, placeConflict } from './expression.ts';
import { CONVERTERS } from './converters.ts';
import { ExpressionFailure } from './failure.ts';
import { FETCHES } from './fetches.ts';
import { CHECK_POINTS, placeMask } from './places.ts';

function tree(text: string): Expression {
  const read = readExpression(text);
  assert.equal(read.next, text.length, `all of ${text} is read`);
  return read.expression;
}

test('calls with checked and converted arguments (manual section 7.3)', () => {
  const { fetch, converters, text } = tree('req.hdr(host,-2),lower,field(1,:),ipmask(24,64)');
  assert.deepEqual(fetch, { name: 'req.hdr', arguments: ['host', -2] });
  assert.deepEqual(converters, [
    { name: 'lower', arguments: [] },
    { name: 'field', arguments: [1, ':'] },
    { name: 'ipmask', arguments: ['24', 64] },
  ]);
  assert.equal(text, 'req.hdr(host,-2),lower,field(1,:),ipmask(24,64)');
});

test('the second level of quoting (manual section 2.2)', () => {
  const argument = (text: string): unknown => tree(`str(${text})`).fetch.arguments[0];
  assert.equal(argument('"a,b)"'), 'a,b)');
  assert.equal(argument("'a,b)'"), 'a,b)');
  assert.equal(argument('a"b,c"d'), 'ab,cd');
  assert.equal(argument('a\\nb\\tc\\rd\\\\e\\"f\\ g'), 'a\nb\tc\rd\\e"f g');
  assert.equal(argument('a\\xb\\,'.slice(0, -2)), 'a\\xb', 'other escapes stay');
  assert.equal(argument('"a\\,b"'), 'a\\,b');
  assert.equal(argument("'a\\nb'"), 'a\\nb', 'nothing is special in strong quotes');
  assert.equal(argument(' a '), ' a ');
  assert.equal(argument(''), '');
});

test('64-bit integers, exact beyond the safe ones and clamped beyond 64 bits', () => {
  assert.deepEqual(tree('int(9007199254740993)').fetch.arguments, ['9007199254740993']);
  assert.deepEqual(tree('int(99999999999999999999)').fetch.arguments, ['9223372036854775807']);
  assert.deepEqual(tree('int(-99999999999999999999)').fetch.arguments, ['-9223372036854775808']);
  assert.deepEqual(tree('int(+5)').fetch.arguments, [5]);
});

test('an expression ends where it ends: what follows is the caller’s', () => {
  assert.equal(readExpression('x%[path,lower]tail', 3).next, 13);
  assert.equal(readExpression('src)', 0).next, 3);
});

test('names that do not work are read, and told', () => {
  const { unavailable } = readExpression('sc0_conn_rate,add(1)');
  assert.equal(unavailable?.declaration.name, 'sc0_conn_rate');
  assert.equal(readExpression('path,map(x)').unavailable?.declaration.name, 'map');
  assert.equal(readExpression('path,map(x)').unavailable?.offset, 5);
});

test('HAProxy’s matrix of places, one case for each source', () => {
  const conflict = (
    text: string,
    place: Parameters<typeof placeMask>[0],
    section: Parameters<typeof placeMask>[1],
  ): boolean => placeConflict(readExpression(text), text, placeMask(place, section)!) !== undefined;
  assert.ok(!conflict('src', 'tcp-request connection', 'frontend'));
  assert.ok(conflict('path', 'tcp-request connection', 'frontend'));
  assert.ok(conflict('ssl_fc', 'tcp-request connection', 'frontend'));
  assert.ok(!conflict('ssl_fc', 'tcp-request session', 'frontend'));
  assert.ok(!conflict('path', 'http-request', 'backend'));
  assert.ok(conflict('path', 'http-response', 'frontend'));
  assert.ok(!conflict('method', 'http-response', 'frontend'));
  assert.ok(conflict('res.hdr(a)', 'http-request', 'frontend'));
  assert.ok(!conflict('res.hdr(a)', 'http-after-response', 'backend'));
  assert.ok(conflict('be_name', 'use_backend', 'frontend'));
  assert.ok(!conflict('be_name', 'http-request', 'listen'));
  assert.ok(!conflict('be_name', 'use-server', 'backend'));
  assert.ok(conflict('srv_name', 'use-server', 'backend'));
  assert.ok(!conflict('srv_name', 'log-format', 'frontend'));
  assert.ok(conflict('req.hdr(a)', 'log-format', 'frontend'));
  assert.ok(!conflict('capture.req.hdr(0)', 'log-format', 'frontend'));
  assert.equal(placeMask('acl', 'frontend'), undefined);
  assert.equal(placeMask('monitor fail', 'frontend'), undefined);
  assert.equal(CHECK_POINTS.length, 22);
});

test('any text is read or refused with a place inside it', () => {
  const names = [...FETCHES.keys(), ...CONVERTERS.keys()];
  const piece = fc.oneof(
    fc.constantFrom(...names),
    fc.constantFrom('(', ')', ',', '"', "'", '\\', ' ', 'a', '1', '-5', ']', '%'),
    fc.string({ maxLength: 3 }),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
      (text) => {
        try {
          const { expression, next } = readExpression(text);
          assert.ok(next <= text.length);
          assert.equal(expression.text, text.slice(0, next));
        } catch (error) {
          assert.ok(error instanceof ExpressionFailure, String(error));
          assert.ok(error.offset >= 0 && error.offset <= text.length && error.message !== '');
        }
      },
    ),
    { numRuns: 3000 },
  );
});

test('printed text reads back to the same calls', () => {
  const text = fc.string({ unit: fc.constantFrom(...Array.from('ab ,()"\'\\\n\t#$%é')), maxLength: 8 });
  const converter = fc.oneof(
    fc.constantFrom('lower', 'upper', 'length,add(1)', 'url_dec(1)', 'hex'),
    fc
      .tuple(
        fc.integer({ min: 1, max: 9 }),
        text.filter((value) => value !== ''),
      )
      .map(([index, value]) => `field(${index},${quoteArgument(value)})`),
  );
  const fetch = fc.oneof(
    fc.constantFrom('path', 'req.hdr(host)', 'method'),
    text.map((value) => `str(${quoteArgument(value)})`),
  );
  fc.assert(
    fc.property(fetch, fc.array(converter, { maxLength: 3 }), (first, rest) => {
      const read = readable([first, ...rest].join(','));
      if (read === undefined) return;
      const again = tree(printExpression(read));
      assert.deepEqual([again.fetch, again.converters], [read.fetch, read.converters]);
    }),
  );
});

/** Undefined where a converter does not fit its input. */
function readable(text: string): Expression | undefined {
  try {
    return readExpression(text).expression;
  } catch (error) {
    if (error instanceof ExpressionFailure && error.message.includes('cannot be applied')) return undefined;
    throw error;
  }
}

function quoteArgument(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t')}"`;
}
