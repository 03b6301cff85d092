/** How texts stand in log lines and in values made from log formats (manual sections 8.2.6 and 8.6). */

import type { LogFormatFlags } from '@evenkeel/config';

/** `line`: missing is `-` and blanks merge. `value`: missing is empty, and control characters of samples become `%XX`. */
export type FormatStyle = 'line' | 'value';

/** Request lines: what cannot be printed, quotes and the escape character itself as `#XX`. */
export function encodeRequestText(text: string): string {
  return REQUEST_UNSAFE.test(text) ? text.replace(REQUEST_UNSAFE_ALL, encodeSharp) : text;
}

/** Captured headers: also the braces and bars between which they are printed. */
export function encodeHeaderText(text: string): string {
  return HEADER_UNSAFE.test(text) ? text.replace(HEADER_UNSAFE_ALL, encodeSharp) : text;
}

/** Samples in values: control characters as `%XX`; a zero byte ends the text. */
export function encodeValueText(text: string): string {
  if (!CONTROL.test(text)) return text;
  const zero = text.indexOf('\0');
  return (zero < 0 ? text : text.slice(0, zero)).replace(CONTROL_ALL, (char) => `%${hexByte(char)}`);
}

/** Text up to a zero byte, where C strings end. */
export function untilZero(text: string): string {
  const zero = text.indexOf('\0');
  return zero < 0 ? text : text.slice(0, zero);
}

const REQUEST_UNSAFE = /[^ !$-~]/;
const REQUEST_UNSAFE_ALL = /[^ !$-~]/g;
const HEADER_UNSAFE = /[^ !$-z~]/;
const HEADER_UNSAFE_ALL = /[^ !$-z~]/g;
// A tab may stand in a field value, so it stays.
const CONTROL = /[^\t -~\x80-\uffff]/;
const CONTROL_ALL = /[^\t -~\x80-\uffff]/g;

function encodeSharp(char: string): string {
  return `#${hexByte(char)}`;
}

function hexByte(char: string): string {
  return char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0');
}

const ESCAPED = /["\\\]]/;
const ESCAPED_ALL = /["\\\]]/g;

/** What puts a text's flags on it: `+E` escapes, `+Q` quotes, and what is missing is said in the style's way. */
export function textFlagger(flags: LogFormatFlags, style: FormatStyle): (text: string | undefined) => string {
  const missing = flags.quote ? '""' : style === 'line' ? '-' : '';
  if (flags.escape) {
    const edge = flags.quote ? '"' : '';
    return (text) => (text === undefined || text === '' ? missing : edge + escapeText(text) + edge);
  }
  if (flags.quote) return (text) => (text === undefined || text === '' ? missing : `"${text}"`);
  return (text) => (text === undefined || text === '' ? missing : text);
}

export function escapeText(text: string): string {
  return ESCAPED.test(text) ? text.replace(ESCAPED_ALL, '\\$&') : text;
}

/** A number in upper-case hexadecimal with at least `digits` digits. */
export function hexNumber(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}
