/** The address lists of `bind` and `stats socket`: one word of addresses separated by commas. */

import { parseAddress, type AddressRules } from '../address.ts';
import type { Cursor } from '../cursor.ts';
import type { ParseState } from '../draft.ts';
import type { Address } from '../model.ts';
import { expandAddress } from './readers.ts';

/** Reads the word and cuts it at its commas; a comma at the end is allowed, as in HAProxy. */
export function readAddresses(cursor: Cursor, state: ParseState, rules: AddressRules): Address[] {
  const index = cursor.index;
  const word = cursor.word('an address');
  const expandedParts: string[] = [];
  const addresses: Address[] = [];
  let column = cursor.position(index).column;
  const parts = word.split(',');
  if (parts.length > 1 && parts.at(-1) === '') parts.pop();
  for (const part of parts) {
    const expanded = expandAddress(part, state);
    const result =
      expanded === ''
        ? { ok: false as const, reason: `'${part}' resolves to an empty address (environment variable missing?)` }
        : parseAddress(expanded, rules);
    if (result.ok) {
      addresses.push(result.address);
    } else {
      const at = { ...cursor.position(index), column };
      state.diagnostics.alert(cursor.subject + result.reason, at, {
        length: Math.max(1, part.length),
        form: cursor.form,
        expected: 'an address and a port, as :80, 192.0.2.1:80, [2001:db8::1]:80, or the path of a socket',
      });
    }
    expandedParts.push(expanded);
    column += part.length + 1;
  }
  cursor.line.words[index] = expandedParts.join(',');
  return addresses;
}
