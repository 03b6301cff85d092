/** Manual section 5.3.2: name servers, and how long what they said last is believed. */

import { parseAddress } from '../address.ts';
import type { Cursor } from '../cursor.ts';
import type { ResolversContext } from '../draft.ts';
import type { Keyword } from '../keyword.ts';
import { parseTimeMs } from '../units.ts';
import { readAddressWord } from './readers.ts';

const RESOLVERS = ['resolvers'] as const;
/** Manual: "the maximum allowed value is 65535"; below 12 bytes no head of an answer fits. */
const PAYLOAD_BYTES = { min: 12, max: 65_535 } as const;

function readTime(cursor: Cursor, argument: string, complaint: string): number {
  const word = cursor.word('a time', complaint);
  const result = parseTimeMs(word, 'ms');
  if (result.ok) return result.value;
  return cursor.failLast(
    result.fault === 'overflow'
      ? `timer overflow in argument <${word}> to <${argument}>, maximum value is 2147483647 ms (~24.8 days).`
      : `unexpected character '${result.character}' in argument to <${argument}>.`,
    { form: 'tight', expected: 'a time, as 500ms, 5s, 2m, 1h or 1d' },
  );
}

/** `nameserver NAME ADDRESS:PORT` */
function readNameserver(cursor: Cursor, { draft, state }: ResolversContext): void {
  const usage = "'nameserver' expects <name> and <addr>[:<port>] as arguments.";
  const at = cursor.position(0);
  const name = cursor.word('a name', usage);
  if (cursor.atEnd) cursor.fail(usage, { expected: 'an address and a port, as 10.0.0.1:53' });
  const other = draft.nameservers.find((server) => server.name === name);
  if (other !== undefined) {
    cursor.failLast(
      `nameserver '${name}' has same name as another nameserver (declared at ${other.at.file}:${other.at.line}).`,
      { form: 'tight', remedy: 'rename one of the two' },
    );
  }
  const text = readAddressWord(cursor, state);
  const stream = /^(?:tcp|tcp4|tcp6)@/.exec(text)?.[0];
  const literal = stream === undefined ? text.replace(/^udp[46]?@/, '') : text.slice(stream.length);
  const result = parseAddress(literal, { port: 'required' });
  if (!result.ok) return cursor.failLast(`'nameserver ${name}' : ${result.reason}`, { expected: 'as 10.0.0.1:53' });
  const { address } = result;
  if (address.kind !== 'inet' || address.port === undefined)
    return cursor.failLast(`'nameserver ${name}' : only an IPv4 or IPv6 address with a port can be asked.`, {
      expected: 'as 10.0.0.1:53',
    });
  if (!/^[\d.]+$|:/.test(address.host)) {
    return cursor.failLast(`'nameserver ${name}' : invalid address: '${address.host}' in '${literal}'`, {
      expected: 'a numeric address: names cannot be resolved before their name server is known',
    });
  }
  if (stream !== undefined) {
    cursor.warn(
      `'nameserver ${name}' : a name server is asked over UDP first, and over TCP only for what does not fit; '${stream}' does not change this.`,
      { remedy: `let the name server answer over UDP too, and write '${literal}'` },
    );
  }
  draft.nameservers.push({ at, name, host: address.host, port: address.port.first });
  // HAProxy reads no further here, whatever follows.
  cursor.rest();
}

function readHold(cursor: Cursor, { draft }: ResolversContext): void {
  const usage = "'hold' expects an <event> and a <time> as arguments.";
  const event = cursor.word('an event', usage);
  if (!isHoldEvent(event)) {
    return cursor.failLast(
      `'hold' unknown <event>: '${event}', expects either 'nx', 'timeout', 'valid', 'obsolete' or 'other'.`,
      { expected: HOLD_EVENTS.join(', ') },
    );
  }
  draft.hold[event] = readTime(cursor, 'hold', usage);
  cursor.end();
}

const HOLD_EVENTS = ['nx', 'refused', 'timeout', 'other', 'valid', 'obsolete'] as const;
type HoldEvent = (typeof HOLD_EVENTS)[number];
const isHoldEvent = (word: string): word is HoldEvent => (HOLD_EVENTS as readonly string[]).includes(word);

function readTimeout(cursor: Cursor, { draft }: ResolversContext): void {
  const usage = "'timeout' expects 'retry' or 'resolve' and <time> as arguments";
  const event = cursor.word('retry or resolve', `${usage}.`);
  if (event !== 'retry' && event !== 'resolve')
    return cursor.failLast(`${usage} got '${event}'.`, { expected: "'retry' or 'resolve'" });
  const value = readTime(cursor, `timeout ${event}`, `'timeout ${event}' expects <time> as argument.`);
  if (event === 'retry') draft.timeoutRetryMs = value;
  else draft.timeoutResolveMs = value;
  cursor.end();
}

function readRetries(cursor: Cursor, { draft }: ResolversContext): void {
  draft.resolveRetries = cursor.integer('a number', {
    min: 0,
    message: (word) =>
      word === ''
        ? "'resolve_retries' expects <nb> as argument."
        : `'resolve_retries' expects a number of queries, got '${word}'.`,
  });
  cursor.end();
}

function readPayloadSize(cursor: Cursor, { draft }: ResolversContext): void {
  draft.acceptedPayloadSize = cursor.integer('a number', {
    ...PAYLOAD_BYTES,
    message: (word) =>
      word === ''
        ? "'accepted_payload_size' expects <nb> as argument."
        : `'accepted_payload_size' must be between ${PAYLOAD_BYTES.min} and ${PAYLOAD_BYTES.max} inclusive (was ${word}).`,
  });
  cursor.end();
}

function readParseResolvConf(cursor: Cursor, { draft }: ResolversContext): void {
  draft.parseResolvConf = true;
  cursor.rest();
}

export const resolversKeywords: readonly Keyword<ResolversContext>[] = [
  {
    name: 'accepted_payload_size',
    places: RESOLVERS,
    state: 'accepted',
    severity: 'quiet',
    manual: '5.3.2',
    reason: "the runtime's resolver announces its own size, and asks again over TCP for what does not fit",
    parse: readPayloadSize,
  },
  { name: 'hold', places: RESOLVERS, state: 'works', manual: '5.3.2', parse: readHold },
  { name: 'nameserver', places: RESOLVERS, state: 'works', manual: '5.3.2', parse: readNameserver },
  { name: 'parse-resolv-conf', places: RESOLVERS, state: 'works', manual: '5.3.2', parse: readParseResolvConf },
  { name: 'resolve_retries', places: RESOLVERS, state: 'works', manual: '5.3.2', parse: readRetries },
  { name: 'timeout', places: RESOLVERS, state: 'works', manual: '5.3.2', parse: readTimeout },
];
