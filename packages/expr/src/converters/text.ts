/** Text (manual section 7.3.1): case, cutting, fields and words, escaping, replacement. Bytes above 127 have no case. */

import { translateRegex } from '@evenkeel/config/declarations';
import { foldCase } from '../matchers.ts';
import { ofText, type ConverterCompiler } from './converter.ts';
import { pickLanguage } from './language.ts';
import { escapeJson, type JsonInput } from './json.ts';

function upperCase(text: string): string {
  return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}

/** Text between delimiters, counted from one or, backwards, from minus one; empty fields count. */
const field: ConverterCompiler = ([index, delimiters, count = 1]) => {
  const set = String(delimiters);
  const wanted = Number(index);
  const howMany = Number(count);
  // The common case, one field between single characters, needs no list of all fields.
  if (wanted > 0 && howMany === 1 && set.length === 1) return (value) => pickOneField(value as string, set, wanted);
  return (value) => pickField(value as string, set, wanted, howMany);
};

function pickOneField(text: string, delimiter: string, index: number): string | undefined {
  let start = 0;
  for (let skip = 1; skip < index; skip++) {
    start = text.indexOf(delimiter, start) + 1;
    if (start === 0) return undefined;
  }
  const end = text.indexOf(delimiter, start);
  return end < 0 ? text.slice(start) : text.slice(start, end);
}

function pickField(text: string, delimiters: string, index: number, count: number): string | undefined {
  // Ranges of the fields: starts, and ends before the delimiter.
  const starts = [0];
  const ends: number[] = [];
  for (let at = 0; at < text.length; at++) {
    if (!delimiters.includes(text[at])) continue;
    ends.push(at);
    starts.push(at + 1);
  }
  ends.push(text.length);
  return pickRange(text, starts, ends, index, count);
}

/**
 * As `field`, but delimiters that stand together count once, and those at the ends not at all. A word that does not exist is
 * empty, and "all that is left" reaches to the end of the text, as in HAProxy.
 */
const word: ConverterCompiler = ([index, delimiters, count = 1]) => {
  const set = String(delimiters);
  const wanted = Number(index);
  const howMany = Number(count);
  return (value) => {
    const text = value as string;
    const { starts, ends } = wordRanges(text, set);
    if (howMany !== 0) return pickRange(text, starts, ends, wanted, howMany) ?? '';
    if (wanted > 0) return wanted > starts.length ? '' : text.slice(starts[wanted - 1]);
    return -wanted > ends.length ? '' : text.slice(0, ends[ends.length + wanted]);
  };
};

function wordRanges(text: string, delimiters: string): { starts: number[]; ends: number[] } {
  const starts: number[] = [];
  const ends: number[] = [];
  let start = -1;
  for (let at = 0; at <= text.length; at++) {
    const isDelimiter = at === text.length || delimiters.includes(text[at]);
    if (!isDelimiter && start < 0) start = at;
    else if (isDelimiter && start >= 0) {
      starts.push(start);
      ends.push(at);
      start = -1;
    }
  }
  return { starts, ends };
}

/** From piece `index` on, `count` pieces (0: all) with what stands between them; backwards for a negative index. */
function pickRange(
  text: string,
  starts: readonly number[],
  ends: readonly number[],
  index: number,
  count: number,
): string | undefined {
  const pieces = starts.length;
  const last = index > 0 ? (count === 0 ? pieces : Math.min(pieces, index + count - 1)) : pieces + index + 1;
  const first = index > 0 ? index : count === 0 ? 1 : Math.max(1, last - count + 1);
  if (first < 1 || last < 1 || first > pieces || last > pieces) return undefined;
  return text.slice(starts[first - 1], ends[last - 1]);
}

const bytes: ConverterCompiler = ([offset, length]) => {
  const start = Number(offset);
  const limit = length === undefined || Number(length) < 0 ? Infinity : Number(length);
  return (value) => {
    const text = value as string;
    if (start < 0 || start > text.length) return undefined;
    return text.slice(start, limit === Infinity ? undefined : start + limit);
  };
};

const regsub: ConverterCompiler = ([pattern, replacement = '', flags = '']) => {
  const translated = translateRegex(String(pattern), String(flags).includes('i'));
  const expression = new RegExp(translated.source, translated.flags + (String(flags).includes('g') ? 'g' : ''));
  const pieces = replacementPieces(String(replacement));
  return (value) =>
    (value as string).replace(expression, (...match: unknown[]) =>
      pieces.map((piece) => (typeof piece === 'string' ? piece : groupText(match, piece))).join(''),
    );
};

/** A group's text out of what a replacer receives: groups come before the offset, which is the first number. */
function groupText(match: readonly unknown[], group: number): string {
  const groups = match.findIndex((entry) => typeof entry === 'number');
  const text = group < groups ? match[group] : undefined;
  return typeof text === 'string' ? text : '';
}

/** Literal text and group numbers of a replacement: `\1` and `\x41` are understood, any other escaped character is itself. */
function replacementPieces(text: string): (string | number)[] {
  const pieces: (string | number)[] = [];
  for (const match of text.matchAll(/\\x([0-9a-fA-F]{2})|\\(\d)|\\([^])|([^\\]+|\\$)/g)) {
    if (match[1] !== undefined) pieces.push(String.fromCharCode(Number.parseInt(match[1], 16)));
    else if (match[2] !== undefined) pieces.push(Number(match[2]));
    else pieces.push(match[3] ?? match[4]);
  }
  return pieces;
}

/** `%XX` and, in a query string or everywhere when `inForm`, `+`. Nothing for a broken escape. */
function decodeUrl(text: string, inForm: boolean): string | undefined {
  if (!text.includes('%') && !text.includes('+')) return text;
  let out = '';
  let form = inForm;
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (char === '%') {
      const hex = text.slice(index + 1, index + 3);
      if (!/^[0-9a-fA-F]{2}$/.test(hex)) return undefined;
      out += String.fromCharCode(Number.parseInt(hex, 16));
      index += 2;
    } else if (char === '+' && form) out += ' ';
    else {
      if (char === '?') form = true;
      out += char;
    }
  }
  return out;
}

/** Everything but the unreserved characters of RFC 3986 as `%XX`. */
function encodeUrl(text: string): string {
  return text.replace(
    /[^A-Za-z0-9._~-]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** Host of a Host field in lower case, brackets included. */
function hostOnly(text: string): string {
  const close = text.startsWith('[') ? text.indexOf(']') : -1;
  const end = close >= 0 ? close + 1 : text.lastIndexOf(':');
  return foldCase(end < 0 ? text : text.slice(0, end));
}

/** Port of a Host field, 0 without one. */
function portOnly(text: string): number {
  const close = text.startsWith('[') ? text.indexOf(']') : -1;
  const port = /^:(\d+)$/.exec(close >= 0 ? text.slice(close + 1) : text.slice(Math.max(0, text.lastIndexOf(':'))));
  return port === null ? 0 : Number(port[1]);
}

export const TEXT_CONVERTERS: Readonly<Record<string, ConverterCompiler>> = {
  lower: ofText(foldCase),
  upper: ofText(upperCase),
  length: ofText((text) => text.length),
  field,
  word,
  bytes,
  regsub,
  concat: ([before = '', , after = '']) => {
    const tail = String(before) + String(after);
    return (value) => (value as string) + tail;
  },
  cut_crlf: ofText((text) => /^[^\r\n]*/.exec(text)![0]),
  ltrim: ([characters = '']) => {
    const set = String(characters);
    return (value) => {
      const text = value as string;
      let start = 0;
      while (start < text.length && set.includes(text[start])) start++;
      return text.slice(start);
    };
  },
  rtrim: ([characters = '']) => {
    const set = String(characters);
    return (value) => {
      const text = value as string;
      let end = text.length;
      while (end > 0 && set.includes(text[end - 1])) end--;
      return text.slice(0, end);
    };
  },
  iif:
    ([yes = '', no = '']) =>
    (value) =>
      String(value === true ? yes : no),
  url_dec:
    ([inForm = 0]) =>
    (value) =>
      decodeUrl(value as string, Number(inForm) !== 0),
  url_enc: ofText(encodeUrl),
  json: ([input = 'ascii']) => {
    const code = (input === '' ? 'ascii' : String(input)) as JsonInput;
    return (value) => escapeJson(value as string, code);
  },
  language: ([list, fallback]) => {
    const wanted = String(list).split(';');
    const otherwise = fallback === undefined ? undefined : String(fallback);
    return (value) => pickLanguage(value as string, wanted) ?? otherwise;
  },
  host_only: ofText(hostOnly),
  port_only: ofText(portOnly),
};
