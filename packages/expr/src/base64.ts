/** Base64 over latin1 text (RFC 4648, sections 4 and 5), strict as HAProxy's converters are. */

const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const URL_SAFE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

export function encodeBase64(bytes: string): string {
  return encode(bytes, STANDARD, '=');
}

/** Without padding, as JSON web tokens have it. */
export function encodeBase64Url(bytes: string): string {
  return encode(bytes, URL_SAFE, '');
}

/** The bytes, or undefined for anything but whole padded groups of four. */
export function decodeBase64(text: string): string | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return decode(text.slice(0, text.length - padding), STANDARD);
}

/** The bytes, or undefined; padding is optional. */
export function decodeBase64Url(text: string): string | undefined {
  return decode(text.replace(/={1,2}$/, ''), URL_SAFE);
}

function encode(bytes: string, alphabet: string, padding: string): string {
  let out = '';
  for (let index = 0; index < bytes.length; index += 3) {
    const rest = bytes.length - index;
    const bits =
      (bytes.charCodeAt(index) << 16) |
      ((rest > 1 ? bytes.charCodeAt(index + 1) : 0) << 8) |
      (rest > 2 ? bytes.charCodeAt(index + 2) : 0);
    out += alphabet[bits >> 18] + alphabet[(bits >> 12) & 63];
    out += rest > 1 ? alphabet[(bits >> 6) & 63] : padding;
    out += rest > 2 ? alphabet[bits & 63] : padding;
  }
  return out;
}

function decode(text: string, alphabet: string): string | undefined {
  if (text.length % 4 === 1) return undefined;
  let out = '';
  let bits = 0;
  let count = 0;
  for (const char of text) {
    const value = alphabet.indexOf(char);
    if (value < 0) return undefined;
    bits = ((bits << 6) | value) & 0xffffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += String.fromCharCode((bits >> count) & 255);
    }
  }
  return out;
}
