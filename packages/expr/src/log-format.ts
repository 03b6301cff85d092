/**
 * Log-format strings compiled to one function of the context. Lines of logs and values of headers share the variables and differ in what a
 * missing value looks like and in how blanks are treated, as in HAProxy.
 */

import type { LogFormat, LogFormatFlags, LogFormatPart } from '@evenkeel/config';
import type { ExpressionEnvironment, LogContext } from './context.ts';
import type { LogDates } from './dates.ts';
import { compileExpression } from './expression.ts';
import { compileAlias } from './log-aliases.ts';
import { encodeValueText, escapeText, textFlagger, untilZero } from './log-encoding.ts';

export type FormatText = (context: LogContext) => string;

/** Variables that print nothing where nothing is captured; the blanks around them then merge. */
const SILENT = new Set(['hr', 'hs', 'hrl', 'hsl']);

/** A format as a value: header, body, name. Blanks stay as they are written. */
export function compileValueFormat(format: LogFormat, environment: ExpressionEnvironment, dates: LogDates): FormatText {
  const texts = format.parts.map((part) => compilePart(part, 'value', environment, dates));
  const [first, second] = texts;
  if (first === undefined) return () => '';
  if (second === undefined) return typeof first === 'string' ? () => first : first;
  return (context) => {
    let out = '';
    for (const text of texts) out += typeof text === 'string' ? text : text(context);
    return out;
  };
}

/** A format as a log line. Runs of blanks count as one, and none begins the line. */
export function compileLineFormat(format: LogFormat, environment: ExpressionEnvironment, dates: LogDates): FormatText {
  const pieces: LinePiece[] = [];
  let literal = '';
  // Whether a blank, or nothing yet, stands in front: unknown behind what may print nothing.
  let blank: boolean | undefined = true;
  for (const part of format.parts) {
    const text = compilePart(part, 'line', environment, dates);
    if (typeof text === 'string') {
      const merged = text.replace(/ +/g, ' ');
      literal += blank === true && merged.startsWith(' ') ? merged.slice(1) : merged;
      if (literal !== '') blank = literal.endsWith(' ');
    } else {
      const silent = part.kind === 'alias' && SILENT.has(part.name);
      pieces.push({ literal, text, silent });
      literal = '';
      blank = silent ? undefined : false;
    }
  }
  return pieces.some((piece) => piece.silent) ? joinWithSilent(pieces, literal) : join(pieces, literal);
}

/** A variable and the text in front of it. */
interface LinePiece {
  readonly literal: string;
  readonly text: FormatText;
  /** Prints nothing at times. */
  readonly silent: boolean;
}

function join(pieces: readonly LinePiece[], tail: string): FormatText {
  return (context) => {
    let out = '';
    for (const { literal, text } of pieces) out += literal + text(context);
    return out + tail;
  };
}

/** As `join`, where a blank in front of something silent may meet the one behind it. */
function joinWithSilent(pieces: readonly LinePiece[], tail: string): FormatText {
  return (context) => {
    let out = '';
    let blank = true;
    for (const piece of pieces) {
      const literal: string = blank && piece.literal.startsWith(' ') ? piece.literal.slice(1) : piece.literal;
      const text = piece.text(context);
      out += literal + text;
      if (!piece.silent || text !== '') blank = false;
      else if (literal !== '') blank = literal.endsWith(' ');
    }
    return out + (blank && tail.startsWith(' ') ? tail.slice(1) : tail);
  };
}

function compilePart(
  part: LogFormatPart,
  style: 'line' | 'value',
  environment: ExpressionEnvironment,
  dates: LogDates,
): string | FormatText {
  switch (part.kind) {
    case 'literal':
      return part.text;
    case 'alias':
      return compileAlias(part.name, { flags: part.flags, style, environment, dates });
    case 'sample': {
      const { get } = compileExpression(part.expression, environment, 'str');
      return style === 'line' ? lineSample(get as SampleText, part.flags) : valueSample(get as SampleText, part.flags);
    }
  }
}

type SampleText = (context: LogContext) => string | undefined;

function lineSample(get: SampleText, flags: LogFormatFlags): FormatText {
  const flagged = textFlagger(flags, 'line');
  return (context) => {
    const text = get(context);
    return flagged(text === undefined ? undefined : untilZero(text));
  };
}

/** In values samples are never quoted: HAProxy encodes them instead. */
function valueSample(get: SampleText, flags: LogFormatFlags): FormatText {
  return (context) => {
    const text = get(context);
    if (text === undefined) return '';
    const safe = encodeValueText(text);
    return flags.escape ? escapeText(safe) : safe;
  };
}
