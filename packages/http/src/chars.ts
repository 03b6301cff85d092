// Character classes of HTTP/1 as byte tables, made once when the module loads. One table look-up per byte is what keeps the
// scanners short and fast. Indexed by latin1 code, 0 to 255.

/** What each byte of a field name becomes: its lower-case code for a token character (RFC 9110, 5.6.2), else 0. */
export const tokenLower = new Uint8Array(256);

/** 1 for bytes that a request target may hold: visible ASCII but `#` (a fragment is no part of a target: RFC 9112, 3.2). */
export const targetByte = new Uint8Array(256);

/** As `targetByte`, with what `option accept-invalid-http-request` adds: `#` and bytes above 127. */
export const laxTargetByte = new Uint8Array(256);

/**
 * 1 for bytes that a host (with port) may hold. Excluded besides blanks and controls: `/ ? # @ \ , " < > ^ ` { | }`. Each of
 * them ends or splits the host in some server's eyes and not in others'. Bytes above 127 stay, as HAProxy lets them through.
 */
export const hostByte = new Uint8Array(256);

for (const c of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") tokenLower[c.charCodeAt(0)] = c.charCodeAt(0);
for (let code = 65; code <= 90; code++) tokenLower[code] = code + 32;
for (let code = 0x21; code <= 0x7e; code++) {
  targetByte[code] = code === 0x23 ? 0 : 1;
  laxTargetByte[code] = 1;
  hostByte[code] = '/?#@\\,"<>^`{|}'.includes(String.fromCharCode(code)) ? 0 : 1;
}
for (let code = 0x80; code <= 0xff; code++) {
  laxTargetByte[code] = 1;
  hostByte[code] = 1;
}

export const tab = 9;
export const lf = 10;
export const cr = 13;
export const space = 32;
export const colon = 58;

/** Whether every byte of `text[start..end)` is in `table`. */
export function allIn(table: Uint8Array, text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (table[text.charCodeAt(i)] === 0) return false;
  return true;
}

/** Whether `code` is SP or HTAB. */
export function isBlank(code: number): boolean {
  return code === space || code === tab;
}
