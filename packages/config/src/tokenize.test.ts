import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_LINE_WORDS, tokenizeLine } from './tokenize.ts';

const ENVIRONMENT: Readonly<Record<string, string>> = { A: 'va', E: '', S: ' one two  three ', '.LINE': '7' };
const lookUp = (name: string): string | undefined => ENVIRONMENT[name];

function words(line: string): readonly string[] {
  const tokens = tokenizeLine(line, lookUp);
  assert.equal(tokens.error, undefined, line);
  return tokens.words;
}

test('manual 2.2: the five spellings of one log-format are equal', () => {
  const expected = ['log-format', '%{+Q}o %t %s %{-Q}r'];
  assert.deepEqual(words('log-format %{+Q}o\\ %t\\ %s\\ %{-Q}r'), expected);
  assert.deepEqual(words('log-format "%{+Q}o %t %s %{-Q}r"'), expected);
  assert.deepEqual(words("log-format '%{+Q}o %t %s %{-Q}r'"), expected);
  assert.deepEqual(words(`log-format "%{+Q}o %t"' %s %{-Q}r'`), expected);
  assert.deepEqual(words(`log-format "%{+Q}o %t"' %s'\\ %{-Q}r`), expected);
});

test('manual 2.2: the matrix of special characters', () => {
  assert.deepEqual(words('a \\x09 "\t" "\\x09" \'\t\''), ['a', '\t', '\t', '\t', '\t']);
  assert.deepEqual(words('a \\n \\x0a "\\n" "\\x0a" \\r "\\r"'), ['a', '\n', '\n', '\n', '\n', '\r', '\r']);
  assert.deepEqual(words('a \\  \\x20 " " "\\ " \' \''), ['a', ' ', ' ', ' ', ' ', ' ']);
  assert.deepEqual(words('a \\" \\x22 "\\"" \'"\''), ['a', '"', '"', '"', '"']);
  assert.deepEqual(words('a \\# \\x23 "#" "\\#" \'#\''), ['a', '#', '#', '#', '#', '#']);
  assert.deepEqual(words('a $ \\x24 "\\$" "\\x24" \'$\''), ['a', '$', '$', '$', '$', '$']);
  assert.deepEqual(words('a \\\' \\x27 "\'"'), ['a', "'", "'", "'"]);
  assert.deepEqual(words('a \\\\ \\x5c "\\\\" \'\\\''), ['a', '\\', '\\', '\\', '\\']);
});

test('where the manual and haproxy 2.6.12 differ, the program is followed', () => {
  // Observed: the backslash of an unquoted `\$`, of `"\'"` and of an escaped tab stays.
  assert.deepEqual(words('a \\$'), ['a', '\\$']);
  assert.deepEqual(words('a "\\\'"'), ['a', "\\'"]);
  assert.deepEqual(words('a\\\tb'), ['a\\', 'b']);
  assert.deepEqual(words('a b\\'), ['a', 'b\\']);
});

test('comments end a line outside quotes, also within a word', () => {
  assert.deepEqual(words('# nothing'), []);
  assert.deepEqual(words('a b#c d'), ['a', 'b']);
  assert.deepEqual(words(''), []);
});

test('a carriage return ends the line, or counts as a blank among blanks', () => {
  assert.deepEqual(words('a b\r'), ['a', 'b']);
  assert.deepEqual(words('a b\rc'), ['a', 'b']);
  assert.deepEqual(words('a \rb'), ['a', 'b']);
});

test('manual 2.3: variables within weak quotes only', () => {
  assert.deepEqual(words('x $A ${A} \'$A\' "$A" "<${A}>" "\\$A"'), ['x', '$A', '${A}', '$A', 'va', '<va>', '$A']);
  assert.deepEqual(words('x "${U-de fault}" "${E-no}" "${U}" "${.LINE}"'), ['x', 'de fault', '', '', '7']);
});

test('manual 2.3: [*] expands a list to words', () => {
  assert.deepEqual(words('x "${S[*]}"'), ['x', '', 'one', 'two', 'three', '']);
  assert.deepEqual(words('x "<${S[*]}>"'), ['x', '<', 'one', 'two', 'three', '>']);
  assert.deepEqual(words('x "${U[*]-d e}"'), ['x', 'd', 'e']);
});

/** Bad lines with haproxy's message and its position. */
const REFUSALS: readonly (readonly [string, string, number])[] = [
  ['  node "abc', 'unmatched quote', 8],
  ["  node 'abc", 'unmatched quote', 8],
  ['  node "a\\xZZ"', 'truncated or invalid hexadecimal sequence', 10],
  ['  node "${A"', 'unmatched brace in environment variable name', 9 + 1],
  ['  node "${}"', 'forbidden first char in environment variable name', 11],
  ['  node "$"', 'forbidden first char in environment variable name', 10],
  ['  node "$1A"', 'forbidden first char in environment variable name', 10],
  ['  node "${.FOO}"', 'forbidden first char in environment variable name', 11],
  ['  node "${A.B}"', 'unmatched brace in environment variable name', 10],
  ['  node "${FOO[*"', 'truncated or invalid word expansion sequence', 14],
  ['  node "${FOO[x]}"', 'truncated or invalid word expansion sequence', 14],
];

test("bad lines are refused with haproxy's text and place", () => {
  for (const [line, message, column] of REFUSALS) {
    const { error } = tokenizeLine(line, lookUp);
    assert.deepEqual({ message: error?.message, column: error?.column }, { message, column }, line);
    assert.ok(error !== undefined && error.remedy !== '', line);
  }
});

test('a line holds 64 words, keyword included', () => {
  const line = (count: number) => 'k' + ' a'.repeat(count - 1);
  assert.equal(tokenizeLine(line(MAX_LINE_WORDS), lookUp).error, undefined);
  assert.match(
    tokenizeLine(line(MAX_LINE_WORDS + 1), lookUp).error!.message,
    /^too many words, truncating after word 64, /,
  );
});

test('every word has the column at which it begins', () => {
  const tokens = tokenizeLine('  bind\t"*:80"  name \\#x # y', lookUp);
  assert.deepEqual(tokens.words, ['bind', '*:80', 'name', '#x']);
  assert.deepEqual(tokens.columns, [3, 8, 16, 21]);
});

const ANY_LINE = fc
  .array(
    fc.constantFrom(
      'a',
      'b1',
      ' ',
      '\t',
      '"',
      "'",
      '\\',
      '#',
      '$',
      '${',
      '}',
      'A',
      'S',
      '[*]',
      '-',
      '\\x41',
      '\\x4',
      '\r',
      '\u00e9',
      '.LINE',
      '\0',
    ),
    { maxLength: 20 },
  )
  .map((parts) => parts.join(''));

test('the tokenizer never throws, and its places are inside the line', () => {
  fc.assert(
    fc.property(ANY_LINE, (line) => {
      const tokens = tokenizeLine(line, lookUp);
      assert.ok(tokens.columns.length >= tokens.words.length);
      for (const column of tokens.columns) assert.ok(column >= 1 && column <= line.length);
      if (tokens.error !== undefined)
        assert.ok(tokens.error.column >= 1 && tokens.error.column <= line.length + 1, line);
    }),
  );
});
