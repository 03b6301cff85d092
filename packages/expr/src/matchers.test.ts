import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileMatcher, compileMethodMatcher, foldCase } from './matchers.ts';

test('a set per length finds what looking at each prefix and suffix finds', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'A', '/'), maxLength: 5 });
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 12 }), word, fc.boolean(), (patterns, value, ignoreCase) => {
      const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
      const expect = (compare: (text: string, pattern: string) => boolean): boolean =>
        patterns.some((pattern) => compare(fold(value), fold(pattern)));
      assert.equal(
        compileMatcher('beg', patterns, ignoreCase)(value),
        expect((text, pattern) => text.startsWith(pattern)),
      );
      assert.equal(
        compileMatcher('end', patterns, ignoreCase)(value),
        expect((text, pattern) => text.endsWith(pattern)),
      );
      assert.equal(
        compileMatcher('sub', patterns, ignoreCase)(value),
        expect((text, pattern) => text.includes(pattern)),
      );
      assert.equal(
        compileMatcher('str', patterns, ignoreCase)(value),
        expect((text, pattern) => text === pattern),
      );
    }),
  );
});

/** HAProxy's words by the definition of manual section 7.1.3, the slow way. */
function hasWordSlowly(text: string, pattern: string, delimiters: string): boolean {
  const isDelimiter = (char: string | undefined): boolean => char === undefined || delimiters.includes(char);
  for (let at = 0; at <= text.length - pattern.length; at++) {
    if (text.startsWith(pattern, at) && isDelimiter(text[at - 1]) && isDelimiter(text[at + pattern.length]))
      return true;
  }
  return false;
}

test('dir and dom match whole parts between delimiters', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.', '?', ':'), maxLength: 12 });
  const core = fc
    .string({ unit: fc.constantFrom('a', 'b', '/', '.'), minLength: 1, maxLength: 4 })
    .filter((word) => /^[ab]/.test(word) && /[ab]$/.test(word));
  fc.assert(
    fc.property(text, core, (value, pattern) => {
      assert.equal(compileMatcher('dir', [pattern], false)(value), hasWordSlowly(value, pattern, '/?'));
      assert.equal(compileMatcher('dom', [pattern], false)(value), hasWordSlowly(value, pattern, '/?.:'));
      assert.equal(
        compileMatcher('dir', [`/${pattern}/`], false)(value),
        hasWordSlowly(value, pattern, '/?'),
        'delimiters at the ends do not count',
      );
    }),
  );
});

test('integers and ranges, beyond the safe integers too', () => {
  const match = compileMatcher('int', ['5:5', '10:20', '30:'], false);
  assert.deepEqual(
    [4, 5, 9, 10, 20, 21, 29, 30, 9223372036854775807n].map((value) => match(value)),
    [false, true, false, true, true, false, false, true, true],
  );
  const exact = compileMatcher('int', ['9007199254740993:9007199254740993'], false);
  assert.ok(exact(9007199254740993n));
  assert.ok(!exact(9007199254740992));
  assert.ok(compileMatcher('int', [':-1'], false)(-5));
});

test('no pattern matches nothing, and `found` needs none', () => {
  assert.ok(!compileMatcher('str', [], false)(''));
  assert.ok(compileMatcher('found', [], false)(''));
});

test('case is that of ASCII letters', () => {
  assert.equal(foldCase('AbC\xc4Z'), 'abc\xc4z');
  assert.ok(!compileMatcher('str', ['\xe4'], true)('\xc4'));
});

test('known methods match as they are written, own ones as text', () => {
  assert.ok(compileMethodMatcher(['GET', 'HEAD'], false)('GET'));
  assert.ok(!compileMethodMatcher(['get'], true)('GET'));
  assert.ok(compileMethodMatcher(['purge'], true)('PURGE'));
});

test('a regular expression keeps no state between tests', () => {
  const match = compileMatcher('reg', ['a'], false);
  assert.deepEqual([match('a'), match('a'), match('b'), match('a')], [true, true, false, true]);
});
