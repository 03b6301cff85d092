/** `tcp-check expect` and `http-check expect` (manual 4.2): options in any order around one pattern. */

import type { Cursor } from '../cursor.ts';
import type { CheckExpect, CheckMatch, CheckTextMatch } from '../check-model.ts';
import type { Mutable } from '../draft.ts';
import type { CheckWords } from './words.ts';

const OK_STATUSES = ['L4OK', 'L6OK', 'L7OK', 'L7OKC'] as const;
/** `L7OKC` is not in HAProxy's sentence, but it takes it, as the manual says. */
const ERROR_STATUSES = ['L4CON', 'L6RSP', 'L7RSP', 'L7STS', 'L7OKC'] as const;
const TIMEOUT_STATUSES = ['L4TOUT', 'L6TOUT', 'L7TOUT'] as const;

const WRONG_WORD = {
  tcp: "'only supports min-recv, '[!]binary', '[!]string', '[!]rstring', '[!]string-lf''[!]rbinary', '[!]binary-lf' or comment",
  http: "'only supports min-recv, [!]string', '[!]rstring', '[!]string-lf', '[!]status', '[!]rstatus', [!]hdr, [!]fhdr or comment",
} as const;

const EXPECTED = {
  tcp: 'string, rstring, string-lf, binary, rbinary or binary-lf, perhaps after !',
  http: 'status, rstatus, hdr, fhdr, string, rstring or string-lf, perhaps after !',
} as const;

export function readExpect(words: CheckWords): CheckExpect {
  const cursor: Cursor = words.cursor;
  if (cursor.atEnd || cursor.peek() === '')
    cursor.fail('expects at least a matching pattern as arguments.', { expected: EXPECTED[words.protocol] });
  const expect: Omit<Mutable<CheckExpect>, 'match'> & { match: CheckMatch | undefined } = {
    at: cursor.start,
    action: 'expect',
    comment: undefined,
    match: undefined,
    negate: false,
    minReceive: -1,
    okStatus: undefined,
    errorStatus: undefined,
    timeoutStatus: undefined,
    onSuccess: undefined,
    onError: undefined,
    statusCode: undefined,
  };
  for (let word = cursor.next(); word !== undefined && word !== ''; word = cursor.next()) {
    switch (word) {
      case 'comment':
        expect.comment = words.value(word, "'comment' expects a string as argument.");
        break;
      case 'min-recv':
        expect.minReceive = readMinReceive(words);
        break;
      case 'ok-status':
        expect.okStatus = readStatus(words, word, OK_STATUSES, "'L4OK', 'L6OK', 'L7OK' or 'L7OKC'");
        break;
      case 'error-status':
        expect.errorStatus = readStatus(words, word, ERROR_STATUSES, "'L4CON', 'L6RSP', 'L7RSP' or 'L7STS'");
        break;
      case 'tout-status':
        expect.timeoutStatus = readStatus(words, word, TIMEOUT_STATUSES, "'L4TOUT', 'L6TOUT' or 'L7TOUT'");
        break;
      case 'on-success':
      case 'on-error':
        words.value(word, `'${word}' expects a string as argument.`);
        expect[word === 'on-success' ? 'onSuccess' : 'onError'] = words.format();
        break;
      case 'status-code':
        if (cursor.atEnd)
          cursor.fail("'status-code' expects an expression as argument.", { expected: 'an expression' });
        expect.statusCode = words.expression(
          (message) => `error detected while parsing status-code expression : ${message}.`,
        );
        break;
      default: {
        const negate = word.startsWith('!');
        // Blanks may stand behind the exclamation mark.
        const kind = negate && word === '!' ? (cursor.next() ?? '') : word.slice(negate ? 1 : 0);
        const match = readMatch(words, kind);
        if (expect.match !== undefined)
          cursor.failLast('only on pattern expected.', { remedy: 'write a rule of its own for each pattern' });
        expect.match = match;
        expect.negate = negate;
      }
    }
  }
  const { match } = expect;
  if (match === undefined) cursor.fail('pattern not found.', { expected: EXPECTED[words.protocol] });
  return { ...expect, match };
}

function readMinReceive(words: CheckWords): number {
  const word = words.value('min-recv', "'min-recv' expects a integer as argument.", 'an integer');
  // Digits up to the first other character, as C reads them.
  const value = Number.parseInt(word, 10) || 0;
  if (value < -1 || value > 0x7fffffff)
    words.cursor.failLast("'min-recv' expects -1 or an integer from 0 to INT_MAX.", { expected: 'an integer from -1' });
  return value;
}

function readStatus<const S extends string>(
  words: CheckWords,
  option: string,
  statuses: readonly S[],
  list: string,
): S {
  const word = words.value(option, `'${option}' expects a string as argument.`);
  const found = statuses.find((status) => status === word);
  if (found === undefined)
    words.cursor.failLast(`'${option}' only supports ${list} status (got '${word}').`, {
      expected: statuses.join(', '),
    });
  return found;
}

/** The pattern whose keyword has just been taken. */
function readMatch(words: CheckWords, kind: string): CheckMatch {
  const { protocol } = words;
  const cursor: Cursor = words.cursor;
  const pattern = (): string => words.value(kind, `'${kind}' expects a <pattern> as argument.`, 'a pattern');
  const allowed =
    protocol === 'tcp'
      ? ['string', 'rstring', 'string-lf', 'binary', 'rbinary', 'binary-lf']
      : ['string', 'rstring', 'string-lf', 'status', 'rstatus', 'hdr', 'fhdr'];
  if (!allowed.includes(kind)) {
    if (kind === '') cursor.fail(`${WRONG_WORD[protocol]} but got '' as argument.`, { expected: EXPECTED[protocol] });
    cursor.failLast(`${WRONG_WORD[protocol]} but got '${kind}' as argument.`, { expected: EXPECTED[protocol] });
  }
  switch (kind) {
    case 'string':
      return { kind, bytes: pattern() };
    case 'binary':
      pattern();
      return { kind, bytes: words.bytes((message) => `invalid binary string (${message}).`) };
    case 'string-lf':
    case 'binary-lf':
      pattern();
      return { kind, format: words.format() };
    case 'status':
      return { kind, ranges: readStatuses(words, pattern()) };
    case 'hdr':
    case 'fhdr':
      return readHeaderMatch(words, kind);
    case 'rstatus':
      pattern();
      return { kind, pattern: words.pattern() };
    default:
      pattern();
      return { kind: kind as 'rstring' | 'rbinary', pattern: words.pattern() };
  }
}

/** `200-299,404`; what stands between two commas may be empty. */
function readStatuses(words: CheckWords, text: string): readonly (readonly [number, number])[] {
  const cursor: Cursor = words.cursor;
  const expected = 'statuses as 200-299,404';
  return text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const bad = /[^0-9-]/.exec(part);
      if (bad !== null) cursor.failLast(`invalid character '${bad[0]}' in the list of status codes.`, { expected });
      const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
      if (first === undefined || Number(last ?? first) < Number(first))
        cursor.failLast(`invalid range of status codes '${part}'.`, { expected });
      return [Number(first), Number(last ?? first)] as const;
    });
}

function readHeaderMatch(words: CheckWords, kind: 'hdr' | 'fhdr'): CheckMatch {
  const cursor: Cursor = words.cursor;
  const usage = `'${kind}' expects at the name keyword as first argument followed by a pattern.`;
  const nameWord = cursor.peek();
  const pattern = cursor.peek(1);
  if ((nameWord !== 'name' && nameWord !== 'name-lf') || pattern === undefined || pattern === '')
    cursor.fail(usage, { expected: "'name' or 'name-lf', and a pattern" });
  cursor.index++;
  const name = readTextMatch(words, kind, nameWord === 'name-lf', usage);
  const valueWord = cursor.peek();
  if (valueWord !== 'value' && valueWord !== 'value-lf') return { kind, name, value: undefined };
  cursor.index++;
  const value = readTextMatch(
    words,
    kind,
    valueWord === 'value-lf',
    `'${kind}' expect a pattern with the value keyword.`,
  );
  return { kind, name, value };
}

const METHODS = ['str', 'beg', 'end', 'sub', 'reg'] as const;

/** `[-m METHOD] PATTERN` */
function readTextMatch(words: CheckWords, kind: string, isFormat: boolean, usage: string): CheckTextMatch {
  const cursor: Cursor = words.cursor;
  let method: CheckTextMatch['method'] = 'str';
  if (cursor.take('-m')) {
    const expected = METHODS.join(', ');
    const list = "'str', 'beg', 'end', 'sub' or 'reg'";
    const word = words.value('-m', `'${kind}' : '-m' expects at a matching pattern (${list}).`, expected);
    const found = METHODS.find((known) => known === word);
    if (found === undefined) cursor.failLast(`'${kind}' : '-m' only supports ${list} (got '${word}').`, { expected });
    if (found === 'reg' && isFormat)
      cursor.failLast(`'${kind}': log-format string is not supported with a regex matching method.`, {
        remedy: 'take another method, or a pattern without a log format',
      });
    method = found;
  }
  const text = words.value(kind, usage, 'a pattern');
  if (isFormat) return { method, text: words.format() };
  return { method, text: method === 'reg' ? words.pattern() : text };
}
