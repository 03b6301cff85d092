/** Escaping for JSON strings (manual section 7.3.1, "json"): the input's encoding decides what counts as a character and as an error. */

export type JsonInput = 'ascii' | 'utf8' | 'utf8s' | 'utf8p' | 'utf8ps';

/** ASCII text to put between quotes, or undefined where the input is wrong and errors are not passed over. */
export function escapeJson(bytes: string, input: JsonInput): string | undefined {
  if (input === 'ascii') return Array.from(bytes, (char) => escapeCode(char.charCodeAt(0))).join('');
  const skips = input.endsWith('s');
  const fixes = input === 'utf8p' || input === 'utf8ps';
  let out = '';
  for (let index = 0; index < bytes.length;) {
    const { code, next, overlong } = decodeUtf8(bytes, index);
    index = next;
    const isValid = code >= 0 && code <= 0xffff && !(code >= 0xd800 && code <= 0xdfff) && (!overlong || fixes);
    if (isValid) out += escapeCode(code);
    else if (!skips) return undefined;
  }
  return out;
}

const SHORT_ESCAPES: Readonly<Record<number, string>> = {
  0x22: '\\"',
  0x5c: '\\\\',
  0x2f: '\\/',
  0x08: '\\b',
  0x0c: '\\f',
  0x0a: '\\n',
  0x0d: '\\r',
  0x09: '\\t',
};

function escapeCode(code: number): string {
  const short = SHORT_ESCAPES[code];
  if (short !== undefined) return short;
  return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : `\\u${code.toString(16).padStart(4, '0')}`;
}

interface Decoded {
  /** -1 for a broken sequence. */
  readonly code: number;
  readonly next: number;
  /** Written with more bytes than needed. */
  readonly overlong: boolean;
}

function decodeUtf8(bytes: string, start: number): Decoded {
  const first = bytes.charCodeAt(start);
  if (first < 0x80) return { code: first, next: start + 1, overlong: false };
  const length =
    first >= 0xf0 && first < 0xf8 ? 4 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xc0 && first < 0xe0 ? 2 : 0;
  if (length === 0) return { code: -1, next: start + 1, overlong: false };
  let code = first & (0xff >> (length + 1));
  for (let index = 1; index < length; index++) {
    const byte = bytes.charCodeAt(start + index);
    if (!(byte >= 0x80 && byte < 0xc0)) return { code: -1, next: start + index, overlong: false };
    code = (code << 6) | (byte & 0x3f);
  }
  const shortest = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  return { code, next: start + length, overlong: shortest < length };
}
