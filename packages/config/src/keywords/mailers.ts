/** Manual section 3.6: who takes mail alerts. */

import { parseAddress } from '../address.ts';
import type { MailersContext } from '../draft.ts';
import type { Cursor } from '../cursor.ts';
import type { Keyword } from '../keyword.ts';
import { invalidCharacter } from '../names.ts';
import { parseTimeMs } from '../units.ts';
import { readAddressWord } from './readers.ts';

const MAILERS = ['mailers'] as const;

/** `mailer NAME ADDRESS:PORT` */
function readMailer(cursor: Cursor, { draft, state }: MailersContext): void {
  const usage = "'mailer' expects <name> and <addr>[:<port>] as arguments.";
  const name = cursor.word('a name', usage);
  const bad = invalidCharacter(name);
  if (bad !== undefined)
    cursor.failLast(`character '${bad}' is not permitted in server name '${name}'.`, {
      expected: 'letters, digits, -, _, . and :',
    });
  if (cursor.atEnd) cursor.fail(usage, { expected: 'an address and a port, as 192.168.0.1:25' });
  const text = readAddressWord(cursor, state);
  const result = parseAddress(text, { port: 'required' });
  if (!result.ok) return cursor.failLast(`'mailer ${name}' : ${result.reason}`, { expected: 'as 192.168.0.1:25' });
  const { address } = result;
  if (address.kind !== 'inet' || address.port === undefined)
    return cursor.failLast(`'mailer ${name}' : TCP not supported for this address family.`, {
      expected: 'an address and a port, as 192.168.0.1:25',
    });
  draft.mailers.push({ name, host: address.host, port: address.port.first });
  cursor.rest();
}

/** `timeout mail TIME` */
function readTimeoutMail(cursor: Cursor, { draft }: MailersContext): void {
  const word = cursor.word('a time', "'timeout mail' expects <time> as argument.");
  const result = parseTimeMs(word, 'ms');
  if (!result.ok) {
    return cursor.failLast(
      result.fault === 'overflow'
        ? `timer overflow in argument <${word}> to <timeout mail>, maximum value is 2147483647 ms (~24.8 days).`
        : `unexpected character '${result.character}' in argument to <timeout mail>.`,
      { form: 'tight', expected: 'a time, as 10s' },
    );
  }
  if (result.value === 0)
    cursor.failLast("'timeout mail' expects a positive <time> as argument.", { expected: 'a time, as 10s' });
  draft.timeoutMs = result.value;
  cursor.rest();
}

export const mailersKeywords: readonly Keyword<MailersContext>[] = [
  { name: 'mailer', places: MAILERS, state: 'works', manual: '3.6', parse: readMailer },
  { name: 'timeout mail', places: MAILERS, state: 'works', manual: '3.6', parse: readTimeoutMail },
];
