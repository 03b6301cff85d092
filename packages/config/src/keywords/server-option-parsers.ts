/** What most options of a server line take: a flag, a number, a delay or a word, each into a field of the draft. */

import type { ServerContext, ServerDraft } from '../draft.ts';
import type { Keyword } from '../keyword.ts';
import { parseTimeMs } from '../units.ts';

export const SERVER = ['server-option'] as const;

type Parse = NonNullable<Keyword<ServerContext>['parse']>;
type FlagField = { [K in keyof ServerDraft]: ServerDraft[K] extends boolean ? K : never }[keyof ServerDraft];
type NumberField =
  | 'weight'
  | 'maxconn'
  | 'minconn'
  | 'maxqueue'
  | 'rise'
  | 'fall'
  | 'errorLimit'
  | 'poolMaxConn'
  | 'poolLowConn'
  | 'maxReuse';
type TimeField =
  | 'interMs'
  | 'agentInterMs'
  | 'fastInterMs'
  | 'downInterMs'
  | 'slowstartMs'
  | 'poolPurgeDelayMs'
  | 'tcpUserTimeoutMs';

export function flag(field: FlagField, value: boolean): Parse {
  return (_cursor, { draft }) => {
    draft[field] = value;
  };
}

export function number(field: NumberField, min: number, max: number, complaint?: string): Parse {
  return (cursor, { draft }) => {
    const message = complaint === undefined ? undefined : (word: string): string => complaint.replace('%s', word);
    draft[field] = cursor.integer('a number', { min, max, ...(message === undefined ? {} : { message }) });
  };
}

/** A delay; `least` is the smallest allowed value in ms. */
export function delay(field: TimeField, least: number): Parse {
  return (cursor, { draft }) => {
    const { keyword } = cursor;
    const server = draft.name === '' ? 'default-server' : draft.name;
    const word = cursor.word('a delay', `'${keyword}' expects a delay as argument.`);
    const result = parseTimeMs(word, 'ms');
    if (!result.ok) {
      return cursor.failLast(
        result.fault === 'overflow'
          ? `timer overflow in argument <${word}> to <${keyword}> of server ${server}, maximum value is 2147483647 ms (~24.8 days).`
          : `unexpected character '${result.character}' in '${keyword}' argument of server ${server}.`,
        { expected: 'a time, as 500ms, 5s or 2m' },
      );
    }
    if (result.value < least)
      cursor.failLast(`invalid value ${result.value} for argument '${keyword}' of server ${server}.`, {
        expected: 'a time of at least 1ms',
      });
    draft[field] = result.value;
  };
}

export function word(field: 'cookie' | 'redir' | 'track' | 'namespace', what: string): Parse {
  return (cursor, { draft }) => {
    draft[field] = cursor.word(what, `'${cursor.keyword}' expects ${what} as argument.`);
  };
}
