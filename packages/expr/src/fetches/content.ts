/**
 * Bytes that the server sent, where they are kept for rules: answers to health checks (manual sections 7.3.5 and 7.3.6). Text
 * is latin1, one character a byte.
 */

import { plain, type FetchCompiler } from './fetch.ts';

/** `(offset,length)`: without a length all that is there from the offset on. */
const payload: FetchCompiler = ([offset, length]) => {
  const from = Number(offset);
  const size = Number(length);
  return {
    get: ({ responseBuffer }) => {
      if (responseBuffer === undefined) return undefined;
      if (size === 0) return from <= responseBuffer.length ? responseBuffer.slice(from) : undefined;
      return from + size <= responseBuffer.length ? responseBuffer.slice(from, from + size) : undefined;
    },
  };
};

/**
 * `(offset1,length[,offset2])`: a big-endian length of so many bytes at offset1, and that many bytes behind it, or at offset2,
 * which counts from behind the length where it has a sign.
 */
const payloadWithLength: FetchCompiler = ([offset, size, second]) => {
  const at = Number(offset);
  const bytes = Number(size);
  const written = String(second ?? '');
  const isRelative = /^[+-]/.test(written);
  const from = written === '' ? at + bytes : isRelative ? at + bytes + Number(written) : Number(written);
  return {
    get: ({ responseBuffer }) => {
      if (responseBuffer === undefined || at + bytes > responseBuffer.length) return undefined;
      let length = 0;
      for (let index = 0; index < bytes; index++) length = length * 256 + responseBuffer.charCodeAt(at + index);
      return from + length <= responseBuffer.length ? responseBuffer.slice(from, from + length) : undefined;
    },
  };
};

const bodyLength = plain(({ responseBody }) => responseBody?.length);

const length = plain(({ responseBuffer }) => responseBuffer?.length);

export const CONTENT_FETCHES: Readonly<Record<string, FetchCompiler>> = {
  payload,
  payload_lv: payloadWithLength,
  'res.payload': payload,
  'res.payload_lv': payloadWithLength,
  'res.len': length,
  'res.body': plain(({ responseBody }) => responseBody),
  'res.body_len': bodyLength,
  'res.body_size': bodyLength,
};
