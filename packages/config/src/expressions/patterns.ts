/**
 * The patterns of an ACL: operators and ranges of integers, addresses, bytes and expressions, checked and brought into the form that
 * the model keeps (manual sections 7.1.2 to 7.1.6). Strings stay as they are.
 */

import type { MatchMethod } from '../expression-model.ts';
import { addressPattern } from './addresses.ts';
import { hexBytes } from './argument-checks.ts';
import { regularExpressionError } from './regex.ts';

export type PatternResult =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly reason: string; readonly expected: string };

export interface PatternOptions {
  readonly ignoreCase: boolean;
}

/** One pattern as the model keeps it: integers as `low:high` with either side open, addresses in full, bytes as latin1. */
export function readPattern(text: string, method: MatchMethod, options: PatternOptions): PatternResult {
  switch (method) {
    case 'found':
    case 'bool':
      return { ok: true, text };
    case 'int':
    case 'len':
      return integerRange(text);
    case 'ip': {
      const address = addressPattern(text);
      const expected = 'an address or a network, as 192.168.0.0/16 or 2001:db8::/32 (host names are not resolved here)';
      return address === undefined
        ? { ok: false, reason: `'${text}' is not a valid IPv4 or IPv6 address`, expected }
        : { ok: true, text: address };
    }
    case 'bin':
      try {
        return { ok: true, text: hexBytes(text) };
      } catch (error) {
        return {
          ok: false,
          reason: error instanceof Error ? error.message : String(error),
          expected: 'hexadecimal digits, two a byte',
        };
      }
    case 'reg': {
      const error = regularExpressionError(text, options.ignoreCase);
      return error === undefined ? { ok: true, text } : { ok: false, reason: error, expected: 'a regular expression' };
    }
    case 'str':
    case 'sub':
    case 'beg':
    case 'end':
    case 'dir':
    case 'dom':
      return { ok: true, text };
  }
}

const RANGE_EXPECTED = 'an integer or a range, as 5, 5:10, 5: or :10';

/** A range is also written with a hyphen, so a leading hyphen is an open lower bound, as in HAProxy. */
function integerRange(text: string): PatternResult {
  const bad = (reason: string): PatternResult => ({ ok: false, reason, expected: RANGE_EXPECTED });
  const separator = /[:-]/.exec(text)?.index ?? -1;
  if (text === '') return bad(`'${text}' is not a valid number range`);
  if (separator < 0) {
    const value = int64(text);
    return value === undefined ? bad(`'${text}' is not a number`) : { ok: true, text: `${value}:${value}` };
  }
  const low = text.slice(0, separator);
  const high = text.slice(separator + 1);
  const from = low === '' && high !== '' ? '' : int64(low);
  const to = high === '' ? '' : int64(high);
  if (from === undefined || to === undefined) return bad(`'${text}' is not a valid number range`);
  if (from !== '' && to !== '' && from > to) return bad(`'${text}' is not a valid number range`);
  return { ok: true, text: `${from}:${to}` };
}

function int64(text: string): bigint | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const value = BigInt(text.replace('+', ''));
  return value >= -(2n ** 63n) && value < 2n ** 63n ? value : undefined;
}

export type IntegerOperator = 'eq' | 'ge' | 'gt' | 'le' | 'lt';

export function isIntegerOperator(word: string): word is IntegerOperator {
  return word === 'eq' || word === 'ge' || word === 'gt' || word === 'le' || word === 'lt';
}

/** `gt 5` as the range `6:`. A range is taken as it stands, whatever the operator, as in HAProxy. */
export function applyOperator(operator: IntegerOperator, text: string): PatternResult {
  if (operator === 'eq' || /[:-]/.test(text)) return { ok: true, text };
  const value = int64(text);
  if (value === undefined) {
    return {
      ok: false,
      reason: `'${text}' is neither a number nor a supported operator`,
      expected: 'an integer or one of eq, ge, gt, le, lt',
    };
  }
  switch (operator) {
    case 'gt':
      return { ok: true, text: `${value + 1n}:` };
    case 'ge':
      return { ok: true, text: `${value}:` };
    case 'lt':
      return { ok: true, text: `:${value - 1n}` };
    case 'le':
      return { ok: true, text: `:${value}` };
  }
}
