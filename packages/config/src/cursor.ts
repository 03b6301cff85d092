/**
 * Reads the words of one statement from left to right, with typed readers whose errors carry the word's exact place. Knows
 * no keyword. A reader that cannot go on throws StatementError; the section reader reports it and takes the next statement.
 */

import { StatementError, type Diagnostics, type DiagnosticDetail, type MessageForm } from './diagnostic.ts';
import type { Position } from './model.ts';
import { nearestWord } from './nearest.ts';
import { parseSize, parseTimeMs, type TimeResult, type TimeUnit } from './units.ts';

/** One tokenized line: words after quoting and expansion, and the column (from 1) where each begins. */
export interface Line {
  readonly file: string;
  readonly number: number;
  /** Grows no more, but a reader may put in place of a word what it stands for (variables in addresses). */
  readonly words: string[];
  readonly columns: readonly number[];
  /** Column after the last word. */
  readonly endColumn: number;
}

/** `no option …` and `default option …`. */
export type Prefix = 'no' | 'default' | undefined;

/** HAProxy's own sentence for a missing or unusable value, where it differs from the readers' general one. */
export type ReaderMessage = string | ((word: string) => string);

export interface IntegerLimits {
  readonly min?: number;
  readonly max?: number;
  readonly message?: ReaderMessage;
}

export interface TimeLimits {
  readonly message?: ReaderMessage;
  /** Unit of a bare number; milliseconds unless given. */
  readonly unit?: TimeUnit;
  readonly minMs?: number;
  readonly maxMs?: number;
}

export class Cursor {
  readonly line: Line;
  readonly diagnostics: Diagnostics;
  /** Place of the first word: one object for all that the statement makes. */
  readonly start: Position;
  prefix: Prefix = undefined;
  /** Index of the next word to read. */
  index: number;
  /** Words of the keyword itself, for messages: "timeout connect". */
  keyword = '';
  /** Put before every message of this statement: "'server b/s' : ". */
  subject = '';
  /** How messages of this statement begin. */
  form: MessageForm = 'parsing';

  constructor(line: Line, diagnostics: Diagnostics, index = 0) {
    this.start = { file: line.file, line: line.number, column: line.columns[0] ?? line.endColumn };
    this.line = line;
    this.diagnostics = diagnostics;
    this.index = index;
  }

  get atEnd(): boolean {
    return this.index >= this.line.words.length;
  }

  /** The word `offset` places ahead, unread; undefined past the end. */
  peek(offset = 0): string | undefined {
    return this.line.words[this.index + offset];
  }

  /** Takes the next word; undefined at the end. */
  next(): string | undefined {
    return this.line.words[this.index++];
  }

  /** Takes the next word if it is `word`. */
  take(word: string): boolean {
    if (this.line.words[this.index] !== word) return false;
    this.index++;
    return true;
  }

  /** Takes and returns everything that is left. */
  rest(): readonly string[] {
    const words = this.line.words.slice(this.index);
    this.index = this.line.words.length;
    return words;
  }

  /** Place of word `index`, or of the line's end; by default of the next word. */
  position(index = this.index): Position {
    if (index === 0) return this.start;
    return { file: this.line.file, line: this.line.number, column: this.line.columns[index] ?? this.line.endColumn };
  }

  /** Place of the word taken last. */
  lastPosition(): Position {
    return this.position(Math.max(0, this.index - 1));
  }

  /** The next word, or an error that says what is missing: `'timeout connect' expects …`. */
  word(what: string, message?: ReaderMessage): string {
    const word = this.line.words[this.index];
    if (word === undefined || word === '')
      this.fail(this.sentence(message, '', `'${this.keyword}' expects ${what}`), { expected: what });
    this.index++;
    return word;
  }

  /** A decimal integer within limits (both included). */
  integer(what: string, limits: IntegerLimits = {}): number {
    const word = this.word(what, limits.message);
    const expected = `an integer${describeRange(limits)}`;
    const value = /^[+-]?\d+$/.test(word) ? Number(word) : NaN;
    if (Number.isNaN(value)) {
      this.failLast(this.sentence(limits.message, word, `'${this.keyword}' expects ${what}, got '${word}'`), {
        expected,
      });
    }
    if (value < (limits.min ?? -0x80000000) || value > (limits.max ?? 0x7fffffff)) {
      this.failLast(this.sentence(limits.message, word, `'${this.keyword}': ${what} '${word}' is out of range`), {
        expected,
      });
    }
    return value;
  }

  /** A time with an optional unit (us, ms, s, m, h, d), in milliseconds. Manual section 2.5. */
  time(what: string, limits: TimeLimits = {}): number {
    const word = this.word(what, limits.message);
    const result = parseTimeMs(word, limits.unit ?? 'ms');
    if (!result.ok) {
      const text = timeFault(result, word, this.keyword);
      this.failLast(result.fault === 'overflow' ? text : this.sentence(limits.message, word, text), {
        expected: 'a time, as 500ms, 5s, 2m, 1h or 1d',
      });
    }
    if (result.trailing !== '') {
      this.warn(
        `unexpected character '${result.trailing[0]}' after the timer value '${word}', only ` +
          '(us=microseconds,ms=milliseconds,s=seconds,m=minutes,h=hours,d=days) are supported. ' +
          'This will be reported as an error in next versions.',
        { form: 'plain' },
      );
    }
    if (result.value < (limits.minMs ?? 0) || result.value > (limits.maxMs ?? Infinity)) {
      this.failLast(this.sentence(limits.message, word, `'${this.keyword}': ${what} '${word}' is out of range`));
    }
    return result.value;
  }

  /** A size with an optional suffix k, m or g (powers of 1024), in bytes. */
  size(what: string, message?: ReaderMessage): number {
    const word = this.word(what, message);
    const result = parseSize(word);
    if (!result.ok) {
      this.failLast(this.sentence(message, word, `'${this.keyword}': '${word}' is an invalid size`), {
        expected: 'a size, as 16384, 16k, 1m or 1g',
      });
    }
    return result.value;
  }

  /** One of the given words; the error names them and the nearest. */
  oneOf<const T extends string>(what: string, values: readonly T[], message?: ReaderMessage): T {
    const list = values.map((value) => `'${value}'`).join(', ');
    const word = this.word(`${what} (${list})`, message);
    const found = values.find((value) => value === word);
    if (found === undefined) {
      const text = this.sentence(message, word, `'${this.keyword}': unknown ${what} '${word}'`);
      this.failLast(text, { expected: list, nearest: nearestWord(word, values) });
    }
    return found;
  }

  /** Refuses words that are left over. */
  end(): void {
    const word = this.peek();
    if (word !== undefined && word !== '') {
      this.fail(`'${this.keyword}' cannot handle unexpected argument '${word}'.`, { expected: 'the end of the line' });
    }
  }

  /** Reports an error at the next word and gives the statement up. */
  fail(message: string, detail: DiagnosticDetail = {}): never {
    throw this.errorAt(this.index, message, detail);
  }

  /** Reports an error at the word taken last and gives the statement up. */
  failLast(message: string, detail: DiagnosticDetail = {}): never {
    throw this.errorAt(this.index - 1, message, detail);
  }

  /** Reports an error at word `index` and gives the statement up. */
  failAt(index: number, message: string, detail: DiagnosticDetail = {}): never {
    throw this.errorAt(index, message, detail);
  }

  /** Reports a warning at the word taken last and goes on. */
  warn(message: string, detail: DiagnosticDetail = {}): void {
    const index = Math.max(0, this.index - 1);
    const length = this.line.words[index]?.length ?? 1;
    this.diagnostics.warning(this.subject + message, this.position(index), { length, form: this.form, ...detail });
  }

  private errorAt(index: number, message: string, detail: DiagnosticDetail): StatementError {
    const length = this.line.words[index]?.length ?? 1;
    return new StatementError(this.subject + message, this.position(index), { length, form: this.form, ...detail });
  }

  private sentence(message: ReaderMessage | undefined, word: string, general: string): string {
    if (message === undefined) return general;
    return typeof message === 'string' ? message : message(word);
  }
}

/** HAProxy's sentence for a time that cannot be used. */
export function timeFault(result: Extract<TimeResult, { ok: false }>, word: string, keyword: string): string {
  if (result.fault === 'overflow') {
    return `timer overflow in argument '${word}' to '${keyword}' (maximum value is 2147483647 ms or ~24.8 days)`;
  }
  return `unexpected character '${result.character}' in '${keyword}'`;
}

function describeRange(limits: IntegerLimits): string {
  if (limits.min !== undefined && limits.max !== undefined) return ` from ${limits.min} to ${limits.max}`;
  if (limits.min !== undefined) return ` of at least ${limits.min}`;
  if (limits.max !== undefined) return ` of at most ${limits.max}`;
  return '';
}
