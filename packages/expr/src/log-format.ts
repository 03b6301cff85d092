/**
 * Log-format strings compiled to one function of the context. Lines of logs and values of headers share the variables and differ in what a
 * missing value looks like and in how blanks are treated, as in HAProxy.
 */

import type { LogFormat, LogFormatFlags, LogFormatPart } from '@evenkeel/config';
import type { ExpressionEnvironment, LogContext } from './context.ts';
import type { LogDates } from './dates.ts';
import { compileExpression } from './expression.ts';
import { compileAlias } from './log-aliases.ts';
import { encodeValueText, escapeText, flaggedText, untilZero } from './log-encoding.ts';

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

interface LinePart {
  /** A literal, as it stands after a blank and as it stands after anything else; empty for a variable. */
  readonly literal: string;
  readonly afterBlank: string;
  readonly endsBlank: boolean;
  readonly text: FormatText | undefined;
  readonly silent: boolean;
}

/** A format as a log line. Runs of blanks count as one, and none begins the line. */
export function compileLineFormat(format: LogFormat, environment: ExpressionEnvironment, dates: LogDates): FormatText {
  const parts = format.parts.map((part) => compileLinePart(part, environment, dates));
  return (context) => {
    let out = '';
    let blank = true;
    for (const part of parts) {
      if (part.text === undefined) {
        const literal = blank ? part.afterBlank : part.literal;
        out += literal;
        if (literal !== '') blank = part.endsBlank;
      } else {
        const text = part.text(context);
        out += text;
        if (text !== '' || !part.silent) blank = false;
      }
    }
    return out;
  };
}

function compileLinePart(part: LogFormatPart, environment: ExpressionEnvironment, dates: LogDates): LinePart {
  const text = compilePart(part, 'line', environment, dates);
  if (typeof text !== 'string') {
    return { literal: '', afterBlank: '', endsBlank: false, text, silent: part.kind === 'alias' && SILENT.has(part.name) };
  }
  const merged = text.replace(/ +/g, ' ');
  const afterBlank = merged.startsWith(' ') ? merged.slice(1) : merged;
  return { literal: merged, afterBlank, endsBlank: merged.endsWith(' '), text: undefined, silent: false };
}

function compilePart(part: LogFormatPart, style: 'line' | 'value', environment: ExpressionEnvironment, dates: LogDates): string | FormatText {
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
  return (context) => {
    const text = get(context);
    return flaggedText(text === undefined ? undefined : untilZero(text), flags, 'line');
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
