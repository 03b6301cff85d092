// Message framing from `Content-Length` and `Transfer-Encoding` (RFC 9112, 6), brought to one canonical field. Works on a
// header list after the scan; the caller decides what an error means on its side.
import { trimBlanks } from './fields.ts';
import type { HeadErrorCode } from './head-error.ts';
import type { HeaderList } from './header-list.ts';

/**
 * Largest length that is accepted, in bytes: above it a double cannot count every byte. (HAProxy goes on to 2^63-1, and
 * takes 2^64 for 0, which is a way to smuggle a request.)
 */
const maxContentLength = Number.MAX_SAFE_INTEGER;

/** Value of one element of a `Content-Length` list, or -1. Only digits; leading zeros are harmless and accepted. */
function parseLength(digits: string): number {
  if (digits.length === 0) return -1;
  let length = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    length = length * 10 + digit;
    if (length > maxContentLength) return -1;
  }
  return length;
}

/**
 * Merges all `content-length` fields into one canonical field and returns its value, or an error code. Identical values may
 * repeat, as fields and as list elements (RFC 9112, 6.3 point 5).
 */
export function mergeContentLength(headers: HeaderList): number | HeadErrorCode {
  const first = headers.indexOf('content-length');
  let length = -1;
  for (let index = first; index >= 0; index = headers.indexOf('content-length', index)) {
    const value = headers.valueAt(index);
    const single = parseLength(value);
    if (single >= 0) {
      if (length >= 0 && single !== length) return 'differing-content-lengths';
      length = single;
    } else {
      if (!value.includes(',')) return 'bad-content-length';
      for (const element of value.split(',')) {
        const each = parseLength(trimBlanks(element));
        if (each < 0) return 'bad-content-length';
        if (length >= 0 && each !== length) return 'differing-content-lengths';
        length = each;
      }
    }
    if (index === first) index++;
    else headers.removeAt(index);
  }
  const canonical = String(length);
  if (headers.valueAt(first) !== canonical) headers.replaceValueAt(first, canonical);
  return length;
}

/**
 * Checks all `transfer-encoding` fields together and merges them into one `transfer-encoding: chunked`. Returns an error code
 * unless the only coding is `chunked`, once. (RFC 9112, 6.1 and 7; codings before `chunked` are legal but not offered here,
 * as in HAProxy, which tells them from the rest: `unsupported-transfer-coding`.)
 */
export function mergeTransferEncoding(headers: HeaderList): HeadErrorCode | undefined {
  const first = headers.indexOf('transfer-encoding');
  let codings = 0;
  let chunked = 0;
  let last = '';
  for (let index = first; index >= 0; index = headers.indexOf('transfer-encoding', index)) {
    const value = headers.valueAt(index);
    if (value === 'chunked') {
      codings++;
      chunked++;
      last = value;
    } else if (value !== '') {
      const elements = value.split(',');
      for (let i = 0; i < elements.length; i++) {
        const coding = trimBlanks(elements[i]).toLowerCase();
        // An empty element behind the last coding says nothing; in front of one it is malformed.
        if (coding === '' && i > 0) continue;
        codings++;
        if (coding === 'chunked') chunked++;
        last = coding;
      }
    }
    if (index === first) index++;
    else headers.removeAt(index);
  }
  if (chunked !== 1 || last !== 'chunked') return 'bad-transfer-encoding';
  if (codings > 1) return 'unsupported-transfer-coding';
  if (headers.valueAt(first) !== 'chunked') headers.replaceValueAt(first, 'chunked');
  return undefined;
}
