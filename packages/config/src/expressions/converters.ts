/**
 * The converters and their states. A converter works when its name stands in `WORKS`, and then `@evenkeel/expr` has it (a
 * test there walks this table).
 */

import type { KeywordState } from '../keyword.ts';
import { CONVERTER_ENTRIES } from './converter-names.ts';
import { readSignature, type ConverterDeclaration } from './declarations.ts';

const WORKS = new Set(
  `
  add and bool cpl div even mod mul neg not odd or sub xor
  b64dec base64 be2dec be2hex bytes concat cut_crlf field hex hex2i host_only htonl iif json language length lower ltrim
  port_only regsub rtrim ub64dec ub64enc upper url_dec url_enc word
  capture-req capture-res nbsrv srv_queue ipmask http_date ltime utime crc32 crc32c djb2 sdbm wt6`
    .trim()
    .split(/\s+/),
);

/** The variables that these need exist in the rules of checks only. */
const IN_CHECKS = new Set(['set-var', 'unset-var']);

const REFUSED: Readonly<Record<string, string>> = {
  '51d.single': 'device detection libraries are not linked in; match the User-Agent yourself',
  'da-csv-conv': 'device detection libraries are not linked in; match the User-Agent yourself',
};

const FAMILIES: readonly (readonly [RegExp, string])[] = [
  [/^(table_|in_table)/, 'it needs stick tables'],
  [/^map/, 'it needs maps'],
  [/^(strcmp|secure_memcmp|add_item)$/, 'it needs variables'],
  [/^(aes_gcm|digest|hmac|sha|jwt)/, 'it needs the TLS library'],
  [/^(fix|mqtt|protobuf|ungrpc)/, 'it needs buffered content'],
];

function stateOf(name: string): { state: KeywordState; reason?: string; inChecks?: true } {
  if (IN_CHECKS.has(name)) return { state: 'later', reason: 'it works in the rules of checks only', inChecks: true };
  if (WORKS.has(name)) return { state: 'works' };
  const refusal = REFUSED[name];
  if (refusal !== undefined) return { state: 'refused', reason: refusal };
  const family = FAMILIES.find(([pattern]) => pattern.test(name));
  return family === undefined ? { state: 'later' } : { state: 'later', reason: family[1] };
}

/** All converters by name. */
export const CONVERTERS: ReadonlyMap<string, ConverterDeclaration> = new Map(
  CONVERTER_ENTRIES.trim()
    .split(/\s+/)
    .map((entry) => declare(entry))
    .map((converter) => [converter.name, converter]),
);

function declare(entry: string): ConverterDeclaration {
  const colon = entry.lastIndexOf(':');
  const [input, output] = entry.slice(colon + 1).split('>') as [
    ConverterDeclaration['input'],
    ConverterDeclaration['output'],
  ];
  const signature = readSignature(entry.slice(0, colon));
  return { ...signature, input, output, manual: '7.3.1', ...stateOf(signature.name) };
}
