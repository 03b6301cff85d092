/**
 * Log-format strings (manual section 8.2.6): literals, `%alias`, `%{flags}alias`, `%[sample expression]`, `%%`. One walk over the
 * text; `%o` is folded into the flags of what follows it.
 */

import type { LogFormat, LogFormatFlags, LogFormatPart } from '../expression-model.ts';
import type { ExpressionScope } from '../expression-scope.ts';
import type { Position } from '../model.ts';
import { nearestWord } from '../nearest.ts';
import { placeConflict, printExpression, readExpression } from './expression.ts';
import { ExpressionFailure } from './failure.ts';
import { LOG_ALIASES } from './log-aliases.ts';
import { placeMask, placeName } from './places.ts';
import { collectReferences } from './references.ts';
import { partPlace, reportUnavailable, type WordPlace } from './report.ts';

/** The words around a log-format error, and how the line that carries it begins. */
export interface FormatSentence {
  readonly form: 'parsing' | 'plain';
  readonly error: (message: string, at: Position) => string;
}

/** HAProxy's sentence for directives whose whole argument is a format: "failed to parse log-format : …". */
function directiveSentence(place: string): FormatSentence {
  const what = place === 'unique-id-format' ? 'unique-id' : place;
  return {
    form: 'plain',
    error: (message, at) => `Parsing [${at.file}:${at.line}]: failed to parse ${what} : ${message}.`,
  };
}

/**
 * A log-format string that stands at `at`; undefined after an error, which went to `scope.diagnostics`. `exact` says that the word
 * stands unquoted at `at`, so that places inside it can be shown.
 */
export function parseLogFormat(
  text: string,
  at: Position,
  scope: ExpressionScope,
  exact = false,
): LogFormat | undefined {
  const place = { at, length: Math.max(1, text.length), exact };
  const sentence = directiveSentence(scope.place);
  try {
    return readLogFormat(text, place, scope, sentence);
  } catch (error) {
    if (!(error instanceof ExpressionFailure)) throw error;
    reportFormatFailure(error, place, scope, sentence);
    return undefined;
  }
}

export function reportFormatFailure(
  error: ExpressionFailure,
  place: WordPlace,
  scope: ExpressionScope,
  sentence: FormatSentence,
): void {
  const part = partPlace(place, error.offset, error.length);
  const { expected, nearest } = error;
  scope.diagnostics.alert(sentence.error(error.message, place.at), part.at, {
    length: part.length,
    form: sentence.form,
    expected,
    nearest,
  });
}

/** As `parseLogFormat`, for callers with sentences of their own. Throws ExpressionFailure. */
export function readLogFormat(
  text: string,
  place: WordPlace,
  scope: ExpressionScope,
  sentence: FormatSentence,
): LogFormat {
  return new FormatReader(text, place, scope, sentence).read();
}

const NO_FLAGS: LogFormatFlags = { quote: false, hex: false, escape: false };

class FormatReader {
  private readonly text: string;
  private readonly place: WordPlace;
  private readonly scope: ExpressionScope;
  private readonly sentence: FormatSentence;
  private readonly parts: LogFormatPart[] = [];
  private literal = '';
  /** What `%o` has set so far. */
  private flags = NO_FLAGS;
  private index = 0;

  constructor(text: string, place: WordPlace, scope: ExpressionScope, sentence: FormatSentence) {
    this.text = text;
    this.place = place;
    this.scope = scope;
    this.sentence = sentence;
  }

  read(): LogFormat {
    while (this.index < this.text.length) {
      const percent = this.text.indexOf('%', this.index);
      const end = percent < 0 ? this.text.length : percent;
      this.literal += this.text.slice(this.index, end);
      this.index = end;
      if (percent >= 0) this.readVariable();
    }
    this.endLiteral();
    return { kind: 'log-format', text: this.text, parts: this.parts };
  }

  private endLiteral(): void {
    if (this.literal !== '') this.parts.push({ kind: 'literal', text: this.literal });
    this.literal = '';
  }

  /** What follows a percent sign. */
  private readVariable(): void {
    const start = this.index;
    const char = this.text[start + 1];
    if (char === undefined) this.fail("truncated line after '%'", start, 1, "'%%', or a variable after '%'");
    if (char === '%') {
      this.literal += '%';
      this.index += 2;
    } else if (char === '{') this.readFlagged();
    else if (char === '[') this.readSample(start + 2, this.flags);
    else if (isLetter(char)) this.readAlias(start + 1, this.flags, undefined);
    else if (/[0-9 \t]/.test(char)) {
      const message = `unexpected variable name near '${char}' at position ${start + 1} line : '${this.text}'. Maybe you want to write a single '%', use the syntax '%%'`;
      this.fail(message, start, 2, "'%%', or a variable after '%'");
    } else {
      // Before anything else the percent sign vanishes, as in HAProxy.
      this.literal += char;
      this.index += 2;
    }
  }

  private readFlagged(): void {
    const open = this.index;
    const close = this.text.indexOf('}', open);
    if (close < 0)
      this.fail(
        `truncated line after '${this.text.slice(open + 2)}'`,
        open,
        this.text.length - open,
        "'}' and a variable",
      );
    const argument = this.text.slice(open + 2, close);
    const flags = this.applyFlags(argument, open);
    const char = this.text[close + 1];
    if (char === '[') this.readSample(close + 2, flags);
    else if (char !== undefined && /[A-Za-z0-9]/.test(char)) this.readAlias(close + 1, flags, argument);
    else
      this.fail(
        `parse argument modifier without variable name near '%{${argument}}'`,
        open,
        close + 1 - open,
        'a variable right after the brace',
      );
  }

  /** `+Q,-X`: changes to the flags that `%o` has set. */
  private applyFlags(argument: string, open: number): LogFormatFlags {
    const flags = { ...this.flags };
    for (const word of argument.split(',')) {
      const value = word.startsWith('+');
      const name = FLAG_NAMES[word.slice(1)];
      if (name !== undefined && (value || word.startsWith('-'))) flags[name] = value;
      else if (word !== '') {
        const part = partPlace(this.place, open, argument.length + 3);
        this.scope.diagnostics.warning(`log-format flag '${word}' has no effect.`, part.at, {
          length: part.length,
          expected: '+Q, +X, +E, or the same with a minus sign',
        });
      }
    }
    return flags;
  }

  private readAlias(start: number, flags: LogFormatFlags, argument: string | undefined): void {
    const name = /^[A-Za-z0-9]+/.exec(this.text.slice(start))![0];
    this.index = start + name.length;
    if (name === 'o') {
      this.flags = flags;
      return;
    }
    const alias = LOG_ALIASES.get(name);
    if (alias === undefined) {
      const message = `no such format variable '${name}'. If you wanted to emit the '%' character verbatim, you need to use '%%'`;
      throw new ExpressionFailure(message, start, name.length, {
        expected: 'a variable of log formats',
        nearest: nearestWord(name, LOG_ALIASES.keys()),
      });
    }
    if (alias.httpOnly) this.checkMode(name, start);
    this.endLiteral();
    this.parts.push({ kind: 'alias', name, argument: argument === '' ? undefined : argument, flags });
  }

  /** The mode is known for good only when the section has been read. Rules with HTTP variables say so themselves. */
  private checkMode(name: string, start: number): void {
    const { scope, place, sentence } = this;
    if (!FORMAT_PLACES.has(scope.place)) return;
    scope.whenComplete(() => {
      if (scope.mode === 'http' || scope.proxyKind === 'defaults') return;
      reportFormatFailure(
        new ExpressionFailure(`format variable '${name}' is reserved for HTTP mode`, start, name.length, {
          expected: "'mode http'",
        }),
        place,
        scope,
        sentence,
      );
    });
  }

  private readSample(start: number, flags: LogFormatFlags): void {
    const { text, place, scope } = this;
    let read: ReturnType<typeof readExpression>;
    try {
      read = readExpression(text, start);
    } catch (error) {
      if (!(error instanceof ExpressionFailure)) throw error;
      throw error.within(0, (message) => `failed to parse sample expression <${text.slice(start)}> : ${message}`);
    }
    const written = text.slice(start, read.next);
    const where = placeMask(scope.place, scope.proxyKind);
    if (where !== undefined) {
      const conflict = placeConflict(read, written, where);
      if (conflict !== undefined)
        this.fail(conflict, start, written.length, `a sample that exists in ${articleFor(placeName(where))}`);
    }
    const end = text[read.next];
    if (end === undefined) this.fail(`missing ']' after '${written}'`, start - 1, written.length + 1, "']'");
    if (end !== ']') this.fail(`expected ']' after '${written}', but found '${end}'`, read.next, 1, "']'");
    reportUnavailable(read.unavailable, scope, place);
    collectReferences(read.expression, scope, place, 'sample fetch keyword');
    this.endLiteral();
    this.parts.push({ kind: 'sample', expression: read.expression, flags });
    this.index = read.next + 1;
  }

  private fail(message: string, offset: number, length: number, expected: string): never {
    throw new ExpressionFailure(message, offset, length, { expected });
  }
}

/** Directives whose whole argument is a format. */
const FORMAT_PLACES: ReadonlySet<string> = new Set([
  'log-format',
  'log-format-sd',
  'error-log-format',
  'unique-id-format',
]);

const FLAG_NAMES: Readonly<Record<string, keyof LogFormatFlags>> = { Q: 'quote', X: 'hex', E: 'escape' };

function isLetter(char: string): boolean {
  return /[A-Za-z]/.test(char);
}

function articleFor(place: string): string {
  return place === 'logs' ? 'logs' : `a ${place}`;
}

/** Canonical text of a format: what reads back to the same parts. */
export function printLogFormat(format: LogFormat): string {
  return format.parts.map(printPart).join('');
}

function printPart(part: LogFormatPart): string {
  if (part.kind === 'literal') return part.text.replaceAll('%', '%%');
  const flags = [part.flags.quote ? '+Q' : '', part.flags.hex ? '+X' : '', part.flags.escape ? '+E' : '']
    .filter((flag) => flag !== '')
    .join(',');
  const prefix = flags === '' ? '%' : `%{${flags}}`;
  return part.kind === 'alias' ? `${prefix}${part.name}` : `${prefix}[${printExpression(part.expression)}]`;
}
