// Expectations about the head of an HTTP response: status and fields (manual: `http-check expect`). Pure.

import type { CheckMatch, CheckTextMatch } from '@evenkeel/config';
import { ListValueCursor, type ResponseHead } from '@evenkeel/http';
import type { CheckContext } from './context.ts';
import { EMPTY_FORMAT, regularExpression, type CompileFormat, type PatternFailure } from './matching.ts';

export type HeadMatch = Extract<CheckMatch, { readonly kind: 'status' | 'rstatus' | 'hdr' | 'fhdr' }>;
type Test = (text: string) => boolean;

/** Whether the head is as the rule says, without its `!`. */
export type HeadTest = (context: CheckContext, head: ResponseHead) => boolean | PatternFailure;

export function compileHeadTest(match: HeadMatch, format: CompileFormat): HeadTest {
  switch (match.kind) {
    case 'status':
      return (_context, { status }) => match.ranges.some(([first, last]) => status >= first && status <= last);
    case 'rstatus': {
      const expression = regularExpression(match.pattern);
      return (_context, { status }) => expression.test(String(status));
    }
    case 'hdr':
    case 'fhdr': {
      const name = compileTextTest(match.name, format, true);
      const value = match.value === undefined ? undefined : compileTextTest(match.value, format, false);
      const isFull = match.kind === 'fhdr';
      return (context, head) => {
        const nameTest = name(context);
        if (typeof nameTest !== 'function') return nameTest;
        const valueTest = value?.(context);
        if (valueTest !== undefined && typeof valueTest !== 'function') return valueTest;
        return someField(head, nameTest, valueTest, isFull);
      };
    }
  }
}

/** A field whose name passes and, where a value is asked for, whose whole value or one of its list passes. */
function someField({ headers }: ResponseHead, name: Test, value: Test | undefined, isFull: boolean): boolean {
  const seen = new Set<string>();
  for (let index = 0; index < headers.count; index++) {
    const field = headers.nameAt(index);
    if (!name(field)) continue;
    if (value === undefined) return true;
    if (isFull) {
      if (value(headers.valueAt(index))) return true;
    } else if (!seen.has(field)) {
      seen.add(field);
      const cursor = new ListValueCursor(headers, field);
      while (cursor.next()) if (value(cursor.value)) return true;
    }
  }
  return false;
}

/** Names are compared in lower case; expressions that look at names take any case. */
function compileTextTest(
  { method, text }: CheckTextMatch,
  format: CompileFormat,
  isName: boolean,
): (context: CheckContext) => Test | PatternFailure {
  if (typeof text !== 'string') {
    const make = format(text);
    return (context) => {
      const made = make(context);
      return made === '' ? EMPTY_FORMAT : textTest(method, isName ? made.toLowerCase() : made);
    };
  }
  const test = method === 'reg' ? expressionTest(text, isName) : textTest(method, isName ? text.toLowerCase() : text);
  return () => test;
}

function expressionTest(pattern: string, isName: boolean): Test {
  const { source } = regularExpression(pattern);
  const expression = new RegExp(source, isName ? 'i' : '');
  return (text) => expression.test(text);
}

function textTest(method: CheckTextMatch['method'], pattern: string): Test {
  switch (method) {
    case 'beg':
      return (text) => text.startsWith(pattern);
    case 'end':
      return (text) => text.endsWith(pattern);
    case 'sub':
      return (text) => text.includes(pattern);
    case 'str':
    case 'reg':
      return (text) => text === pattern;
  }
}
