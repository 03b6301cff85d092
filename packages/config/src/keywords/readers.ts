/** Readers and declarations that several keyword tables share. */

import { parseAddress, type AddressRules } from '../address.ts';
import type { Cursor } from '../cursor.ts';
import type { ParseState } from '../draft.ts';
import type { Keyword, KeywordPlace } from '../keyword.ts';
import type { Address, SectionKind } from '../model.ts';

export const ALL_PROXIES: readonly SectionKind[] = ['defaults', 'frontend', 'listen', 'backend'];
export const FRONTEND_SIDE: readonly SectionKind[] = ['defaults', 'frontend', 'listen'];
export const BACKEND_SIDE: readonly SectionKind[] = ['defaults', 'listen', 'backend'];

/**
 * The next word with the variables that an address may name outside quotes put in place, also in the statement that is kept
 * for canonical text.
 */
export function readAddressWord(cursor: Cursor, state: ParseState): string {
  const index = cursor.index;
  const word = cursor.word('an address');
  const expanded = expandAddress(word, state);
  if (expanded === word) return word;
  if (expanded === '')
    cursor.failLast(`'${cursor.keyword}' : '${word}' resolves to an empty address (environment variable missing?)`, {
      remedy: 'set the variable, or write the address',
    });
  cursor.line.words[index] = expanded;
  return expanded;
}

/** `${NAME}` and `$NAME`; unknown variables are empty. */
export function expandAddress(text: string, state: ParseState): string {
  if (!text.includes('$')) return text;
  return text.replace(
    /\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}?|([A-Za-z_][A-Za-z0-9_]*))/g,
    (_all, braced: string | undefined, bare: string | undefined) => state.lookUp(braced ?? bare ?? '') ?? '',
  );
}

/** One address at the cursor; `describe` makes the whole sentence from the complaint. */
export function readAddress(
  cursor: Cursor,
  state: ParseState,
  rules: AddressRules,
  describe: (reason: string) => string,
): Address {
  const result = parseAddress(readAddressWord(cursor, state), rules);
  if (!result.ok)
    cursor.failLast(describe(result.reason), { expected: 'an address, as 192.0.2.1:514 or [2001:db8::1]:514' });
  return result.address;
}

/** HAProxy's answer to a value that may be given once: a remark, and the first one stays. */
export function isRepeated(cursor: Cursor, current: unknown): boolean {
  if (current === undefined) return false;
  cursor.diagnostics.warning(`'${cursor.keyword}' already specified. Continuing.`, cursor.position(0), {
    length: cursor.keyword.length,
  });
  return true;
}

/** A user or group name that must exist on this host. */
export function readUserId(
  cursor: Cursor,
  state: ParseState,
  kind: 'user' | 'group',
  message: (name: string) => string,
): { name: string; id: number } {
  const name = cursor.word(`a ${kind} name`, message);
  const id = kind === 'user' ? state.host.userId(name) : state.host.groupId(name);
  if (id === undefined) cursor.failLast(message(name), { expected: `a ${kind} of this host` });
  return { name, id };
}

/** Octal permissions, as 660. */
export function readMode(cursor: Cursor, message: (word: string) => string): number {
  const word = cursor.word('an octal mode', message);
  if (!/^[0-7]{1,5}$/.test(word)) cursor.failLast(message(word), { expected: 'octal permissions, as 660' });
  return parseInt(word, 8);
}

/** Several keywords that differ only in name and reader. */
export function family<Context>(
  places: readonly KeywordPlace[],
  manual: string,
  entries: Readonly<Record<string, Keyword<Context>['parse']>>,
): Keyword<Context>[] {
  return Object.entries(entries).map(([name, parse]) => ({ name, places, manual, state: 'works' as const, parse }));
}
