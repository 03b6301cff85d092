/**
 * Matching methods (manual section 7.1): patterns to one test function, built once. Exact strings become a set, prefixes and
 * suffixes a set per length, addresses sorted ranges, expressions compiled ones: no test interprets a pattern.
 */

import { translateRegex } from '@evenkeel/config/declarations';
import type { MatchMethod } from '@evenkeel/config';
import type { IpAddress } from './ip-address.ts';
import { compileNetworks } from './networks.ts';
import type { Integer, Value } from './values.ts';

export type ValueTest = (value: Value) => boolean;

const always: ValueTest = () => true;
const never: ValueTest = () => false;

/** The test of one ACL. The value has been cast to what the method takes. */
export function compileMatcher(method: MatchMethod, patterns: readonly string[], ignoreCase: boolean): ValueTest {
  if (method === 'found') return always;
  if (method === 'bool') return (value) => value === true;
  if (patterns.length === 0) return never;
  switch (method) {
    case 'int':
      return compileIntegers(patterns);
    case 'len': {
      const test = compileIntegers(patterns);
      return (value) => test((value as string).length);
    }
    case 'ip': {
      const test = compileNetworks(patterns);
      return (value) => test(value as IpAddress);
    }
    case 'bin':
      return compileExact(patterns, false);
    case 'str':
      return compileExact(patterns, ignoreCase);
    case 'beg':
      return compileAffix(patterns, ignoreCase, false);
    case 'end':
      return compileAffix(patterns, ignoreCase, true);
    case 'sub':
      return compileSubstrings(patterns, ignoreCase);
    case 'dir':
      return compileWords(patterns, ignoreCase, '/?');
    case 'dom':
      return compileWords(patterns, ignoreCase, '/?.:');
    case 'reg':
      return compileRegexes(patterns, ignoreCase);
  }
}

/** Methods are matched as words of the protocol: a known one only exactly, whatever the case flag, an own one as text. */
export function compileMethodMatcher(patterns: readonly string[], ignoreCase: boolean): ValueTest {
  const exact = new Set(patterns);
  if (!ignoreCase) return (value) => exact.has(value as string);
  const lower = new Set(patterns.map(foldCase));
  return (value) =>
    KNOWN_METHODS.has(value as string) ? exact.has(value as string) : lower.has(foldCase(value as string));
}

const KNOWN_METHODS = new Set(['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'CONNECT']);

/** Lower case of the ASCII letters alone: bytes above 127 have no case in HAProxy's comparisons. */
export function foldCase(text: string): string {
  return ASCII_ONLY.test(text) ? text.toLowerCase() : text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

const ASCII_ONLY = /^[^\x80-\uffff]*$/;

/** `low:high` with either side open. */
function compileIntegers(patterns: readonly string[]): ValueTest {
  const ranges = patterns.map((pattern) => {
    const colon = pattern.indexOf(':');
    return { low: bound(pattern.slice(0, colon), -Infinity), high: bound(pattern.slice(colon + 1), Infinity) };
  });
  const [first] = ranges as [{ low: Integer; high: Integer }];
  const { low, high } = first;
  if (ranges.length === 1) return (value) => (value as Integer) >= low && (value as Integer) <= high;
  return (value) => ranges.some((range) => (value as Integer) >= range.low && (value as Integer) <= range.high);
}

function bound(text: string, open: number): Integer {
  if (text === '') return open;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

/** Up to so many patterns are compared one by one; more go into a set, whose look-up has to hash the text. */
const FEW = 4;

function compileExact(patterns: readonly string[], ignoreCase: boolean): ValueTest {
  const wanted = new Set(ignoreCase ? patterns.map(foldCase) : patterns);
  if (wanted.size > FEW)
    return ignoreCase ? (value) => wanted.has(foldCase(value as string)) : (value) => wanted.has(value as string);
  const list = [...wanted];
  const [single] = list;
  if (!ignoreCase) return list.length === 1 ? (value) => value === single : (value) => list.includes(value as string);
  return (value) => {
    const text = value as string;
    for (const pattern of list) if (text.length === pattern.length && isFoldedAt(text, pattern, 0)) return true;
    return false;
  };
}

/** Whether `pattern`, which is lower case, stands in `text` at `start`, ASCII letters of either case being equal. */
function isFoldedAt(text: string, pattern: string, start: number): boolean {
  for (let index = 0; index < pattern.length; index++) {
    const code = text.charCodeAt(start + index);
    const folded = code >= 0x41 && code <= 0x5a ? code | 0x20 : code;
    if (folded !== pattern.charCodeAt(index)) return false;
  }
  return true;
}

/** Prefixes or suffixes. */
function compileAffix(patterns: readonly string[], ignoreCase: boolean, atEnd: boolean): ValueTest {
  const list = [...new Set(ignoreCase ? patterns.map(foldCase) : patterns)];
  if (list.length > FEW) return compileManyAffixes(list, ignoreCase, atEnd);
  if (!ignoreCase)
    return atEnd
      ? (value) => list.some((pattern) => (value as string).endsWith(pattern))
      : (value) => list.some((pattern) => (value as string).startsWith(pattern));
  return (value) => {
    const text = value as string;
    for (const pattern of list) {
      if (pattern.length <= text.length && isFoldedAt(text, pattern, atEnd ? text.length - pattern.length : 0))
        return true;
    }
    return false;
  };
}

/** A set for each length that occurs, so that the number of patterns does not count. */
function compileManyAffixes(list: readonly string[], ignoreCase: boolean, atEnd: boolean): ValueTest {
  const byLength = new Map<number, Set<string>>();
  for (const pattern of list) {
    const set = byLength.get(pattern.length) ?? new Set();
    byLength.set(pattern.length, set.add(pattern));
  }
  const groups = [...byLength].map(([length, set]) => ({ length, set }));
  return (value) => {
    const text = ignoreCase ? foldCase(value as string) : (value as string);
    for (const { length, set } of groups) {
      if (length <= text.length && set.has(atEnd ? text.slice(text.length - length) : text.slice(0, length)))
        return true;
    }
    return false;
  };
}

function compileSubstrings(patterns: readonly string[], ignoreCase: boolean): ValueTest {
  const wanted = ignoreCase ? patterns.map(foldCase) : [...patterns];
  return (value) => {
    const text = ignoreCase ? foldCase(value as string) : (value as string);
    for (const pattern of wanted) if (text.includes(pattern)) return true;
    return false;
  };
}

/** A pattern stands between delimiters or ends of the text; delimiters at its own ends do not count. */
function compileWords(patterns: readonly string[], ignoreCase: boolean, delimiters: string): ValueTest {
  const wanted = patterns.map((pattern) => trimDelimiters(ignoreCase ? foldCase(pattern) : pattern, delimiters));
  return (value) => {
    const text = ignoreCase ? foldCase(value as string) : (value as string);
    for (const word of wanted) if (hasWord(text, word, delimiters)) return true;
    return false;
  };
}

function trimDelimiters(text: string, delimiters: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && delimiters.includes(text[start])) start++;
  while (end > start && delimiters.includes(text[end - 1])) end--;
  return text.slice(start, end);
}

function hasWord(text: string, word: string, delimiters: string): boolean {
  // A pattern of delimiters alone matches where nothing follows one.
  if (word === '') return text === '' || delimiters.includes(text[text.length - 1]);
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const before = at === 0 || delimiters.includes(text[at - 1]);
    const end = at + word.length;
    if (before && (end === text.length || delimiters.includes(text[end]))) return true;
  }
  return false;
}

function compileRegexes(patterns: readonly string[], ignoreCase: boolean): ValueTest {
  const expressions = patterns.map((pattern) => {
    const { source, flags } = translateRegex(pattern, ignoreCase);
    return new RegExp(source, flags);
  });
  const [single] = expressions as [RegExp];
  if (expressions.length === 1) return (value) => single.test(value as string);
  return (value) => expressions.some((expression) => expression.test(value as string));
}
