import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { regularExpressionError, translateRegex } from './regex.ts';

function matches(pattern: string, text: string, ignoreCase = false): boolean {
  const { source, flags } = translateRegex(pattern, ignoreCase);
  return new RegExp(source, flags).test(text);
}

test("PCRE2's notation means the same here", () => {
  const table: [pattern: string, text: string, expected: boolean][] = [
    ['[[:digit:]]+$', 'a12', true],
    ['[[:alpha:][:digit:]_]', '_', true],
    ['[^[:space:]]', ' ', false],
    ['[]a]', ']', true],
    ['[^]a]', ']', false],
    ['[^]a]', 'b', true],
    ['a.b', 'a\nb', false],
    ['a.b', 'a\rb', true],
    ['\\Aab', 'ab', true],
    ['\\Ab', 'ab', false],
    ['b\\z', 'ab', true],
    ['(?i)AB', 'ab', true],
    ['a(?i)B', 'ab', true],
    ['a(?i)B', 'AB', false],
    ['(a(?i)b)C', 'aBC', true],
    ['(a(?i)b)C', 'aBc', false],
    ['(?i)a|b', 'B', true],
    ['x(?i)a|b', 'B', true],
    ['x(?i)a|b', 'xA', true],
    ['(?i:a)b', 'Ab', true],
    ['(?i:a)b', 'AB', false],
    ['(?P<n>a)(?P=n)', 'aa', true],
    ['(?<n>a)\\k<n>', 'aa', true],
    ['\\x41\\x{42}', 'AB', true],
    ['\\Qa.b\\E.', 'a.bc', true],
    ['\\Qa.b\\E.', 'axbc', false],
    ['\\h', '\t', true],
    ['\\s', '\xa0', false],
    ['[\\s]', ' ', true],
    ['\\S', '\xa0', true],
    ['\\R', '\r\n', true],
    ['a(?#comment)b', 'ab', true],
    ['a{,3}', 'a{,3}', true],
    ['^(?:a|b)+?c', 'abc', true],
    ['a(?=b)', 'ab', true],
    ['(?<!x)a', 'xa', false],
    ['\\/a', '/a', true],
    ['[a\\-z]', '-', true],
    ['\\d\\D\\w\\W', '1a_ ', true],
    ['\\.git$', '/.git', true],
  ];
  for (const [pattern, text, expected] of table)
    assert.equal(matches(pattern, text), expected, `${pattern} on ${JSON.stringify(text)}`);
  assert.ok(matches('ABC', 'abc', true));
});

test("errors carry PCRE2's words", () => {
  const table: Record<string, RegExp> = {
    '(a': /missing closing parenthesis/,
    'a)': /unmatched closing parenthesis/,
    'a**': /quantifier does not follow a repeatable item/,
    '[z-a]': /range out of order in character class/,
    '[a': /missing terminating \] for character class, erroffset=2/,
    'a\\': /\\ at end of pattern/,
    'a{2,1}': /numbers out of order in \{\} quantifier/,
    '[[:foo:]]': /unknown POSIX class name/,
    '\\y': /\\y is not supported/,
    '(?>a)': /atomic groups are not supported/,
    'a++': /possessive quantifiers are not supported/,
    '(?|a)': /branch reset/,
    '(?(1)a)': /conditional groups/,
    '(*UTF)a': /pattern verbs/,
    '\\x{100}': /too large/,
    '(?s)a': /option 's'/,
    '(?x)a': /option 'x'/,
  };
  for (const [pattern, message] of Object.entries(table)) {
    const error = regularExpressionError(pattern, false);
    assert.match(error ?? 'none', message, pattern);
    assert.match(error ?? '', /^regex '.*' is invalid \(error=/);
  }
});

test('any text is either refused or compiles', () => {
  const unit = fc.constantFrom(...Array.from('ab.*+?{}[]()|\\^$:=!<>#iPQEdsx0123,-\n'));
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 14 }), fc.boolean(), (pattern, ignoreCase) => {
      if (regularExpressionError(pattern, ignoreCase) !== undefined) return;
      const { source, flags } = translateRegex(pattern, ignoreCase);
      assert.ok(new RegExp(source, flags) instanceof RegExp);
    }),
    { numRuns: 3000 },
  );
});

test('a pattern without special characters matches itself, and quoted it matches anything', () => {
  const text = fc.string({
    unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
    maxLength: 12,
  });
  fc.assert(
    fc.property(text, (value) => {
      if (value.includes('\\E')) return;
      assert.ok(matches(`\\A\\Q${value}\\E\\z`, value), JSON.stringify(value));
    }),
  );
});
