/**
 * Cuts one line of configuration text into words: comments, both quotings, escapes, environment variables (manual sections
 * 2.1 to 2.3). Knows no keyword and no section; variables come from a lookup function, so it is pure.
 *
 * Lines without a quote, a backslash or a comment, which is nearly all of a real file, take a path that only slices.
 */

import type { Line } from './cursor.ts';

/** HAProxy's MAX_LINE_ARGS: keyword included. */
export const MAX_LINE_WORDS = 64;

/** Value of an environment or pseudo-variable; undefined where it does not exist. */
export type LookUpVariable = (name: string) => string | undefined;

export interface TokenizeError {
  readonly message: string;
  /** From 1, in the line. */
  readonly column: number;
  readonly remedy: string;
}

export interface Tokens {
  readonly words: string[];
  readonly columns: readonly number[];
  readonly endColumn: number;
  /** Set when the line cannot be used; the words up to it are returned. */
  readonly error: TokenizeError | undefined;
}

const TAB = 0x09;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const SHARP = 0x23;
const DOLLAR = 0x24;
const APOSTROPHE = 0x27;
const STAR = 0x2a;
const MINUS = 0x2d;
const BRACKET_OPEN = 0x5b;
const BACKSLASH = 0x5c;
const BRACKET_CLOSE = 0x5d;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;

const SPECIAL = /["'\\#]/;

const LINE_TOO_LONG = `write the rest on a line of its own: a line holds ${MAX_LINE_WORDS} words`;
const VARIABLE_NAME = 'name a variable as $NAME or ${NAME}, or write \\$ for a dollar sign';

/**
 * Words of `line` (without its line feed). As in HAProxy a carriage return ends the line, but among blanks before a word it
 * counts as one of them.
 */
export function tokenizeLine(line: string, lookUp: LookUpVariable): Tokens {
  const special = line.search(SPECIAL);
  if (special < 0) return splitPlain(line);
  if (line.charCodeAt(special) === SHARP) return splitPlain(line.slice(0, special));
  return new Scanner(line, lookUp).scan();
}

/** The words of a line that needs no interpretation. */
function splitPlain(line: string): Tokens {
  const words: string[] = [];
  const columns: number[] = [];
  const length = line.length;
  let index = 0;
  for (;;) {
    while (index < length && isSpace(line.charCodeAt(index))) index++;
    if (index >= length) break;
    const start = index;
    while (index < length && !isSpace(line.charCodeAt(index))) index++;
    words.push(line.slice(start, index));
    columns.push(start + 1);
    if (line.charCodeAt(index) === CARRIAGE_RETURN) break;
  }
  return finish(words, columns, line, undefined);
}

/** C's isspace(): blank, and tab to carriage return. */
function isSpace(code: number): boolean {
  return code === SPACE || (code >= TAB && code <= CARRIAGE_RETURN);
}

function isNameStart(code: number): boolean {
  const letter = code | 0x20;
  return (letter >= 0x61 && letter <= 0x7a) || code === 0x5f;
}

function isNamePart(code: number): boolean {
  return isNameStart(code) || (code >= 0x30 && code <= 0x39);
}

function finish(words: string[], columns: number[], line: string, error: TokenizeError | undefined): Tokens {
  const last = words.length - 1;
  const endColumn = last < 0 ? 1 : Math.max(columns[last] + 1, line.trimEnd().length + 1);
  if (error === undefined && words.length > MAX_LINE_WORDS) {
    const column = columns[MAX_LINE_WORDS];
    const message = `too many words, truncating after word ${MAX_LINE_WORDS}, position ${column}: <${words[MAX_LINE_WORDS]}>.`;
    return {
      words: words.slice(0, MAX_LINE_WORDS),
      columns,
      endColumn,
      error: { message, column, remedy: LINE_TOO_LONG },
    };
  }
  return { words, columns, endColumn, error };
}

/** Interprets one line character by character. */
class Scanner {
  private readonly line: string;
  private readonly lookUp: LookUpVariable;
  private readonly words: string[] = [];
  private readonly columns: number[] = [];
  private index = 0;
  /** The word being built and its column; the word exists once `open` is set, even when empty. */
  private word = '';
  private wordColumn = 0;
  private open = false;
  private quote: 0 | typeof QUOTE | typeof APOSTROPHE = 0;
  private quoteColumn = 0;
  private error: TokenizeError | undefined;

  constructor(line: string, lookUp: LookUpVariable) {
    this.line = line;
    this.lookUp = lookUp;
  }

  scan(): Tokens {
    const { line } = this;
    while (this.index < line.length && this.error === undefined) {
      const code = line.charCodeAt(this.index);
      if (code === CARRIAGE_RETURN && this.open) break;
      if (this.quote === APOSTROPHE) {
        this.readStrong();
      } else if (code === BACKSLASH) {
        this.begin();
        this.readEscape();
      } else if (code === QUOTE || (code === APOSTROPHE && this.quote === 0)) {
        this.begin();
        this.toggleQuote(code);
        this.index++;
      } else if (code === DOLLAR && this.quote === QUOTE) {
        this.readVariable();
      } else if (this.quote === 0 && code === SHARP) {
        break;
      } else if (this.quote === 0 && isSpace(code)) {
        this.endWord();
        this.index++;
      } else {
        this.readOrdinary();
      }
    }
    if (this.error === undefined && this.quote !== 0) {
      this.fail('unmatched quote', this.quoteColumn, 'close the quote, or write a backslash before it');
    }
    this.endWord();
    return finish(this.words, this.columns, line.slice(0, this.index), this.error);
  }

  /** What stands within strong quotes, up to the one that closes or the end. */
  private readStrong(): void {
    const { line } = this;
    const start = this.index;
    while (this.index < line.length) {
      const code = line.charCodeAt(this.index);
      if (code === APOSTROPHE || code === CARRIAGE_RETURN) break;
      this.index++;
    }
    this.word += line.slice(start, this.index);
    if (line.charCodeAt(this.index) !== APOSTROPHE) return;
    this.quote = 0;
    this.index++;
  }

  /** Characters that mean themselves, at least one. */
  private readOrdinary(): void {
    const { line } = this;
    this.begin();
    const start = this.index++;
    while (this.index < line.length) {
      const code = line.charCodeAt(this.index);
      if (
        code === BACKSLASH ||
        code === QUOTE ||
        code === APOSTROPHE ||
        code === SHARP ||
        code === DOLLAR ||
        isSpace(code)
      )
        break;
      this.index++;
    }
    this.word += line.slice(start, this.index);
  }

  private toggleQuote(code: typeof QUOTE | typeof APOSTROPHE): void {
    this.quote = this.quote === code ? 0 : code;
    this.quoteColumn = this.index + 1;
  }

  private begin(): void {
    if (this.open) return;
    this.open = true;
    this.wordColumn = this.index + 1;
  }

  private endWord(): void {
    if (!this.open) return;
    // HAProxy's words are C strings: what `\x00` brings in ends the word.
    const end = this.word.indexOf('\0');
    this.words.push(end < 0 ? this.word : this.word.slice(0, end));
    this.columns.push(this.wordColumn);
    this.word = '';
    this.open = false;
  }

  private fail(message: string, column: number, remedy: string): void {
    this.error = { message, column, remedy };
  }

  /** A backslash outside strong quotes. One that begins no known escape stands for itself. */
  private readEscape(): void {
    const { line } = this;
    const next = line[this.index + 1];
    const plain = next !== undefined ? SIMPLE_ESCAPES[next] : undefined;
    if (plain !== undefined) {
      this.word += plain;
      this.index += 2;
    } else if (next === 'x') {
      const digits = line.slice(this.index + 2, this.index + 4);
      if (!/^[0-9a-fA-F]{2}$/.test(digits)) {
        this.fail(
          'truncated or invalid hexadecimal sequence',
          this.index + 1,
          'write two hexadecimal digits behind \\x, or \\\\ for a backslash',
        );
        return;
      }
      this.word += String.fromCharCode(parseInt(digits, 16));
      this.index += 4;
    } else if (next !== undefined && (this.quote === QUOTE ? next === '$' : next === "'")) {
      this.word += next;
      this.index += 2;
    } else {
      this.word += '\\';
      this.index++;
    }
  }

  /** `$NAME`, `${NAME}`, `${NAME-default}` or `${NAME[*]}` within weak quotes. */
  private readVariable(): void {
    const { line } = this;
    const start = this.index;
    let index = start + 1;
    const brace = line.charCodeAt(index) === BRACE_OPEN;
    if (brace) index++;
    const nameStart = index;
    const pseudo = line[index] === '.';
    if (pseudo) index++;
    if (!isNameStart(line.charCodeAt(index))) {
      this.fail('forbidden first char in environment variable name', nameStart + 1, VARIABLE_NAME);
      return;
    }
    while (isNamePart(line.charCodeAt(index))) index++;
    const name = line.slice(nameStart, index);
    let value = this.lookUp(name);
    if (pseudo && value === undefined) {
      this.fail('forbidden first char in environment variable name', nameStart + 1, VARIABLE_NAME);
      return;
    }
    let expand = false;
    if (brace) {
      if (line.charCodeAt(index) === BRACKET_OPEN) {
        if (line.charCodeAt(index + 1) !== STAR || line.charCodeAt(index + 2) !== BRACKET_CLOSE) {
          this.fail('truncated or invalid word expansion sequence', index + 1, 'write ${NAME[*]}');
          return;
        }
        expand = true;
        index += 3;
      }
      if (line.charCodeAt(index) === MINUS) {
        const end = line.indexOf('}', index);
        const fallback = line.slice(index + 1, end < 0 ? line.length : end);
        value ??= fallback;
        index = end < 0 ? line.length : end;
      }
      if (line.charCodeAt(index) !== BRACE_CLOSE) {
        this.fail('unmatched brace in environment variable name', start + 2, 'close the brace, as in ${NAME}');
        return;
      }
      index++;
    }
    this.index = index;
    if (value !== undefined) this.insert(value, expand, start + 1);
  }

  /** Puts a variable's value in the word; with `[*]`, blanks in it separate words. */
  private insert(value: string, expand: boolean, column: number): void {
    if (!expand) {
      this.word += value;
      return;
    }
    for (let index = 0; index < value.length; index++) {
      if (!isSpace(value.charCodeAt(index))) {
        this.word += value[index];
        continue;
      }
      while (isSpace(value.charCodeAt(index + 1))) index++;
      this.endWord();
      this.open = true;
      this.wordColumn = column;
    }
  }
}

/**
 * What follows a backslash, outside strong quotes. `\'` counts only outside quotes and `\$` only within weak ones. The
 * manual also lists an escaped tab; HAProxy 2.6 keeps that backslash, and so do we.
 */
const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  ' ': ' ',
  '\\': '\\',
  '#': '#',
  '"': '"',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** Binds tokens to their file for a cursor. */
export function toLine(file: string, number: number, tokens: Tokens): Line {
  return { file, number, words: tokens.words, columns: tokens.columns, endColumn: tokens.endColumn };
}
