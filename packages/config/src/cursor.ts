/**
 * Reads the words of one statement from left to right, with typed readers whose errors carry the word's exact place. Knows
 * no keyword. A reader that cannot go on throws StatementError; the section reader reports it and takes the next statement.
 */

import { StatementError, type Diagnostics, type DiagnosticDetail } from './diagnostic.ts';
import type { Position } from './model.ts';
import { nearestWord } from './nearest.ts';
import { parseSize, parseTimeMs, type TimeUnit } from './units.ts';

/** One tokenized line: words after quoting and expansion, and the column (from 1) where each begins. */
export interface Line {
  readonly file: string;
  readonly number: number;
  readonly words: readonly string[];
  readonly columns: readonly number[];
  /** Column after the last word. */
  readonly endColumn: number;
}

/** `no option …` and `default option …`. */
export type Prefix = 'no' | 'default' | undefined;

export interface IntegerLimits {
  readonly min?: number;
  readonly max?: number;
}

export interface TimeLimits {
  /** Unit of a bare number; milliseconds unless given. */
  readonly unit?: TimeUnit;
  readonly minMs?: number;
  readonly maxMs?: number;
}

export class Cursor {
  readonly line: Line;
  readonly diagnostics: Diagnostics;
  prefix: Prefix = undefined;
  /** Index of the next word to read. */
  index: number;
  /** Words of the keyword itself, for messages: "timeout connect". */
  keyword = '';

  constructor(line: Line, diagnostics: Diagnostics, index = 0) {
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
    return { file: this.line.file, line: this.line.number, column: this.line.columns[index] ?? this.line.endColumn };
  }

  /** Place of the word taken last. */
  lastPosition(): Position {
    return this.position(Math.max(0, this.index - 1));
  }

  /** The next word, or an error that says what is missing: `'timeout connect' expects …`. */
  word(what: string): string {
    const word = this.line.words[this.index];
    if (word === undefined || word === '') this.fail(`'${this.keyword}' expects ${what}`, { expected: what });
    this.index++;
    return word;
  }

  /** A decimal integer within limits (both included). */
  integer(what: string, limits: IntegerLimits = {}): number {
    const word = this.word(what);
    const range = describeRange(limits);
    const value = /^[+-]?\d+$/.test(word) ? Number(word) : NaN;
    if (Number.isNaN(value)) this.failLast(`'${this.keyword}' expects ${what}, got '${word}'`, { expected: `an integer${range}` });
    if (value < (limits.min ?? -Infinity) || value > (limits.max ?? Infinity)) {
      this.failLast(`'${this.keyword}': ${what} '${word}' is out of range`, { expected: `an integer${range}` });
    }
    return value;
  }

  /** A time with an optional unit (us, ms, s, m, h, d), in milliseconds. Manual section 2.5. */
  time(what: string, limits: TimeLimits = {}): number {
    const word = this.word(what);
    const result = parseTimeMs(word, limits.unit ?? 'ms');
    if (!result.ok) this.failLast(`'${this.keyword}': ${result.reason}`, { expected: 'a time, as 500ms, 5s, 2m, 1h or 1d' });
    if (result.value < (limits.minMs ?? 0) || result.value > (limits.maxMs ?? Infinity)) {
      this.failLast(`'${this.keyword}': ${what} '${word}' is out of range`);
    }
    return result.value;
  }

  /** A size with an optional suffix k, m or g (powers of 1024), in bytes. */
  size(what: string): number {
    const word = this.word(what);
    const result = parseSize(word);
    if (!result.ok) this.failLast(`'${this.keyword}': ${result.reason}`, { expected: 'a size, as 16384, 16k, 1m or 1g' });
    return result.value;
  }

  /** One of the given words; the error names them and the nearest. */
  oneOf<T extends string>(what: string, values: readonly T[]): T {
    const word = this.word(`${what} (${values.join(', ')})`);
    const found = values.find((value) => value === word);
    if (found === undefined) {
      this.failLast(`'${this.keyword}': unknown ${what} '${word}'`, {
        expected: values.map((value) => `'${value}'`).join(', '),
        nearest: nearestWord(word, values),
      });
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
    this.diagnostics.warning(message, this.position(index), { length: this.line.words[index]?.length ?? 1, ...detail });
  }

  private errorAt(index: number, message: string, detail: DiagnosticDetail): StatementError {
    return new StatementError(message, this.position(index), { length: this.line.words[index]?.length ?? 1, ...detail });
  }
}

function describeRange(limits: IntegerLimits): string {
  if (limits.min !== undefined && limits.max !== undefined) return ` from ${limits.min} to ${limits.max}`;
  if (limits.min !== undefined) return ` of at least ${limits.min}`;
  if (limits.max !== undefined) return ` of at most ${limits.max}`;
  return '';
}
