import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareVersions, evaluateCondition, type ConditionFacts } from './conditions.ts';

const FACTS: ConditionFacts = {
  version: '2.6.12',
  opensslVersion: '3.0.17',
  features: new Set(['OPENSSL', 'THREAD']),
  lookUp: (name) => (name === 'HOME' ? '/root' : undefined),
};

/** Conditions and what haproxy 2.6.12 -cc answered for them. */
const ANSWERS: readonly (readonly [string, boolean])[] = [
  ['', false],
  ['0', false],
  ['00', false],
  ['1', true],
  ['-1', true],
  ['+1', true],
  ['0x1', true],
  ['2147483648', true],
  ['!0', true],
  ['!!1', true],
  ['! 1', false],
  ['1&&1', true],
  ['1 || 0', true],
  ['0 || 0 || 1', true],
  ['1||0&&0', true],
  ['(1)', true],
  ['( 1 )', true],
  ['streq(a,a) && (0 || 1)', true],
  ['defined(HOME)', true],
  ['defined(NOPE)', false],
  ['defined()', false],
  ['defined', false],
  ['defined("HO"ME)', true],
  ['feature(OPENSSL)', true],
  ['feature(FOO)', false],
  ['streq(a,a)', true],
  ['streq(a,)', false],
  ['streq(,)', true],
  ['strneq(a,b)', true],
  ['streq(a , a)', false],
  ['streq("a,b","a,b")', true],
  ['streq(a"b"c,abc)', true],
  ["streq('a)','a)')", true],
  ['streq(\\a,\\\\a)', true],
  ['version_atleast(2.4-dev19)', true],
  ['version_atleast(2.7)', false],
  ['version_before(2.6.13)', true],
  ['version_atleast(2.6.12)', true],
  ['version_before(2.6.12)', false],
  ['version_atleast(2.6.12.1)', false],
  ['version_atleast(2.6.13-dev0)', false],
  ['version_before(2.6.12-dev1)', false],
  ['version_atleast(x)', true],
  ['version_before(2.6.12-1)', true],
  ['version_atleast()', true],
  ['openssl_version_atleast(1.0.0)', true],
  ['openssl_version_before(1.1.1x)', false],
  ['openssl_version_atleast(3.0.0-alpha1)', true],
  ['openssl_version_before(3.0.99)', true],
  ['ssllib_name_startswith(Open)', true],
  ['ssllib_name_startswith(Bor)', false],
];

test('conditions evaluate as haproxy 2.6 evaluates them (manual 2.4)', () => {
  for (const [text, value] of ANSWERS) assert.deepEqual(evaluateCondition(text, FACTS), { ok: true, value }, text);
});

/** Bad conditions with haproxy's message and its position, which counts from 1. */
const REFUSALS: readonly (readonly [string, string, number])[] = [
  ['foo', "unparsable conditional expression 'foo'", 1],
  ['12abc', "unexpected character 'a' at the end of conditional expression '12abc'", 3],
  ['1 &&', "unparsable conditional expression '&&'", 3],
  ['&& 1', "unparsable conditional expression '&& 1'", 1],
  ['(1', "expected ')' after conditional expression '(1'", 1],
  ['1)', "unexpected character ')' at the end of conditional expression '1)'", 2],
  ['(1 2)', "expected ')' after conditional expression '(1 2)'", 1],
  ['defined (A)', "unexpected character '(' at the end of conditional expression 'defined (A)'", 9],
  ['defined(A) x', "unexpected character 'x' at the end of conditional expression 'defined(A) x'", 12],
  ['defined(A', "expected ')' in argument 1 of predicate 'defined' used in conditional expression", 10],
  [
    'streq(a)',
    "missing arguments (got 1/2), type 'string' expected in argument 1 of predicate 'streq' used in conditional expression",
    8,
  ],
  [
    'streq()',
    "missing arguments (got 1/2), type 'string' expected in argument 1 of predicate 'streq' used in conditional expression",
    7,
  ],
  ['streq(a,b,c)', "expected ')' before ',c)' in argument 1 of predicate 'streq' used in conditional expression", 10],
  ['enabled(SPLICE)', "unparsable conditional expression 'enabled(SPLICE)'", 1],
  ['()', "unparsable conditional expression ')'", 2],
  ['!', "unparsable conditional expression '!'", 1],
  ['1.5', "unexpected character '.' at the end of conditional expression '1.5'", 2],
  ['0 && foo || 1', "unparsable conditional expression 'foo || 1'", 6],
  ['1 | 1', "unexpected character '|' at the end of conditional expression '1 | 1'", 3],
];

test("bad conditions are refused with haproxy's text and place", () => {
  for (const [text, message, position] of REFUSALS) {
    assert.deepEqual(evaluateCondition(text, FACTS), { ok: false, message, offset: position - 1 }, text);
  }
});

test('an OpenSSL version needs three components', () => {
  assert.equal(evaluateCondition('openssl_version_atleast(1.0)', FACTS).ok, false);
});

test('parentheses nest up to a bound and never overflow the stack', () => {
  const nested = (depth: number) => evaluateCondition('('.repeat(depth) + '1' + ')'.repeat(depth), FACTS);
  assert.deepEqual(nested(500), { ok: true, value: true });
  assert.equal(nested(100_000).ok, false);
});

test('any text gives an answer or a refusal whose place is inside the text', () => {
  const pieces = fc.constantFrom(
    '0',
    '1',
    '!',
    '(',
    ')',
    '&&',
    '||',
    ' ',
    'streq',
    'defined',
    'a',
    ',',
    '"',
    "'",
    '\\',
    'version_before',
    '2.6',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 24 }), (parts) => {
      const text = parts.join('');
      const result = evaluateCondition(text, FACTS);
      if (!result.ok) assert.ok(result.offset >= 0 && result.offset <= text.length, `${text}: ${result.offset}`);
    }),
  );
});

test('versions are ordered like the releases', () => {
  const ordered = ['2.4-dev19', '2.4', '2.4.1', '2.6-dev3', '2.6', '2.6.12-dev1', '2.6.12', '2.6.12-1', '2.6.13', '3'];
  for (let i = 0; i < ordered.length; i++) {
    for (let j = 0; j < ordered.length; j++) {
      assert.equal(
        Math.sign(compareVersions(ordered[i], ordered[j])),
        Math.sign(i - j),
        `${ordered[i]} and ${ordered[j]}`,
      );
    }
  }
});
