// Whether received bytes hold what a rule looks for, and the words for it (manual: `tcp-check expect`, `http-check expect`).
// Pure; text is latin1.

import { translateRegex } from '@evenkeel/config';
import type { CheckMatch, LogFormat } from '@evenkeel/config';
import type { LogContext } from '@evenkeel/expr';

type TextFormat = (context: LogContext) => string;
export type CompileFormat = (format: LogFormat) => TextFormat;

/** A pattern that is searched in bytes, made for each evaluation, since a log format may give another one each time. */
export interface Pattern {
  /** Bytes without which it cannot match. */
  readonly length: number;
  found(received: string): boolean;
}

export interface PatternFailure {
  /** What `last_chk` says. */
  readonly failure: string;
}

export type MakePattern = (context: LogContext) => Pattern | PatternFailure;

/** Kinds of patterns that look at bytes; those of HTTP heads are in http-expect.ts. */
export type BytesMatch = Extract<
  CheckMatch,
  { readonly kind: 'string' | 'binary' | 'string-lf' | 'binary-lf' | 'rstring' | 'rbinary' }
>;

export const regularExpression = (pattern: string): RegExp => {
  const { source, flags } = translateRegex(pattern, false);
  return new RegExp(source, flags);
};

/** `bufferBytes`: of what was received for a `rbinary`, half of that is looked at, since each byte takes two digits. */
export function compilePattern(match: BytesMatch, format: CompileFormat, bufferBytes: number): MakePattern {
  switch (match.kind) {
    case 'string':
    case 'binary': {
      const pattern = fixed(match.bytes);
      return () => pattern;
    }
    case 'string-lf': {
      const text = format(match.format);
      return (context) => {
        const bytes = text(context);
        return bytes === '' ? EMPTY_FORMAT : fixed(bytes);
      };
    }
    case 'binary-lf': {
      const text = format(match.format);
      return (context) => {
        const bytes = bytesOfHexadecimal(text(context));
        return bytes === undefined
          ? { failure: 'Failed to parse hexastring resulting of eval of a log-format string' }
          : bytes === ''
            ? EMPTY_FORMAT
            : fixed(bytes);
      };
    }
    case 'rstring': {
      const expression = regularExpression(match.pattern);
      const pattern: Pattern = { length: 0, found: (received) => expression.test(received) };
      return () => pattern;
    }
    case 'rbinary': {
      const expression = regularExpression(match.pattern);
      const pattern: Pattern = {
        length: 0,
        found: (received) => expression.test(hexadecimal(received.slice(0, Math.floor(bufferBytes / 2) - 1))),
      };
      return () => pattern;
    }
  }
}

export const EMPTY_FORMAT: PatternFailure = { failure: 'log-format string evaluated to an empty string' };

function fixed(bytes: string): Pattern {
  return { length: bytes.length, found: (received) => received.includes(bytes) };
}

/** Upper-case digits, two for each byte. */
function hexadecimal(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('hex').toUpperCase();
}

/** Undefined where the text is not made of pairs of hexadecimal digits. */
export function bytesOfHexadecimal(text: string): string | undefined {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text)) return undefined;
  return Buffer.from(text, 'hex').toString('latin1');
}

/** What the words about a mismatch name: `'hello'`, `(regex)` … */
export function matchWords(match: BytesMatch): string {
  switch (match.kind) {
    case 'string':
      return `'${match.bytes}'`;
    case 'binary':
      return '(binary)';
    case 'rstring':
      return '(regex)';
    case 'rbinary':
      return '(binary regex)';
    case 'string-lf':
      return '(log-format string)';
    case 'binary-lf':
      return '(log-format binary)';
  }
}

/** What the words about a time-out or a broken connection name, of a rule of `tcp-check`. */
export function expectWords(match: CheckMatch): string {
  switch (match.kind) {
    case 'string':
      return `expect string '${match.bytes}'`;
    case 'binary':
      return `expect binary '${match.bytes}'`;
    case 'rstring':
      return 'expect regex';
    case 'rbinary':
      return 'expect binary regex';
    case 'string-lf':
      return 'expect log-format string';
    case 'binary-lf':
      return 'expect log-format binary';
    case 'status':
    case 'rstatus':
    case 'hdr':
    case 'fhdr':
      return 'expect HTTP';
  }
}
