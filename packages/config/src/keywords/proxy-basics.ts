/** Manual section 4.2: what a proxy is: mode, name, limits, monitoring. */

import type { Cursor } from '../cursor.ts';
import type { ProxyContext, ProxyDraft } from '../draft.ts';
import { describeKind } from '../draft.ts';
import type { Keyword } from '../keyword.ts';
import type { SectionKind } from '../model.ts';
import { ALL_PROXIES, BACKEND_SIDE, FRONTEND_SIDE } from './readers.ts';

type Parse = NonNullable<Keyword<ProxyContext>['parse']>;
type LimitField = { [K in keyof ProxyDraft]: ProxyDraft[K] extends number | undefined ? K : never }[keyof ProxyDraft];

const OWN: readonly SectionKind[] = ['frontend', 'listen', 'backend'];

function limit(field: LimitField, message: string): Parse {
  return (cursor, { draft }) => {
    draft[field] = cursor.integer('an integer', { min: 0, message });
    cursor.end();
  };
}

function readMode(cursor: Cursor, { draft }: ProxyContext): void {
  const word = cursor.next() ?? '';
  if (word === 'health') {
    cursor.failLast("'mode health' doesn't exist anymore. Please use 'http-request return status 200' instead.");
  }
  if (word !== 'tcp' && word !== 'http')
    cursor.failLast(`unknown proxy mode '${word}'.`, { expected: "'tcp' or 'http'" });
  cursor.end();
  draft.mode = word;
}

/** Ids are positive and unique among proxies. */
function readId(cursor: Cursor, { draft, state }: ProxyContext): void {
  cursor.form = 'tight';
  const id = cursor.integer('an integer', {
    min: 1,
    message: (word) => (word === '' ? "'id' expects an integer argument." : 'custom id has to be > 0.'),
  });
  const at = cursor.lastPosition();
  cursor.form = 'parsing';
  cursor.end();
  const other = state.proxyIds.get(id);
  state.proxyIds.set(id, other ?? draft);
  if (other !== undefined && other !== draft) {
    state.diagnostics.alert(
      `${describeKind(draft.kind)} ${draft.name} reuses same custom id as ${describeKind(other.kind)} ${other.name} ` +
        `(declared at ${other.at.file}:${other.at.line}).`,
      at,
      { form: 'tight', length: String(id).length, remedy: "choose another number, or leave 'id' out" },
    );
  }
  draft.id = id;
  draft.idExplicit = true;
}

function readDescription(cursor: Cursor, { draft }: ProxyContext): void {
  if (cursor.atEnd || cursor.peek() === '')
    cursor.fail("'description' expects a string argument.", { form: 'tight', expected: 'a text' });
  draft.description = cursor.rest().join(' ');
}

function readRateLimit(cursor: Cursor, { draft }: ProxyContext): void {
  draft.rateLimitSessions = cursor.integer('a rate', {
    min: 0,
    message: (word) =>
      word === ''
        ? "'rate-limit sessions' expects expects an integer value (in sessions/second)"
        : `'rate-limit sessions' : unexpected character '${/[^0-9]/.exec(word)?.[0] ?? word}' in integer value '${word}'`,
  });
  cursor.end();
}

/** Lower-case letters, digits and signs that a header name may hold (RFC 9110 section 5.6.2). */
export function isHeaderName(name: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name);
}

export const proxyBasicKeywords: readonly Keyword<ProxyContext>[] = [
  {
    name: 'backlog',
    places: FRONTEND_SIDE,
    state: 'works',
    manual: '4.2',
    parse: limit('backlog', "'backlog' expects an integer argument."),
  },
  {
    name: 'description',
    places: OWN,
    state: 'later',
    severity: 'quiet',
    manual: '4.2',
    reason: 'only the statistics page shows it',
    parse: readDescription,
  },
  {
    name: 'disabled',
    places: ALL_PROXIES,
    state: 'works',
    manual: '4.2',
    parse: (cursor, { draft }) => {
      cursor.end();
      draft.disabled = true;
    },
  },
  {
    name: 'enabled',
    places: ALL_PROXIES,
    state: 'works',
    manual: '4.2',
    parse: (cursor, { draft }) => {
      cursor.end();
      draft.disabled = false;
    },
  },
  {
    name: 'fullconn',
    places: BACKEND_SIDE,
    state: 'works',
    manual: '4.2',
    misplacedHint: 'maxconn',
    parse: limit('fullconn', "'fullconn' expects an integer argument."),
  },
  { name: 'id', places: OWN, state: 'works', manual: '4.2', parse: readId },
  {
    name: 'maxconn',
    places: FRONTEND_SIDE,
    state: 'works',
    manual: '4.2',
    misplacedHint: 'fullconn',
    parse: limit('maxconn', "'maxconn' expects an integer argument."),
  },
  { name: 'mode', places: ALL_PROXIES, state: 'works', manual: '4.2', parse: readMode },
  {
    name: 'monitor-uri',
    places: FRONTEND_SIDE,
    state: 'works',
    manual: '4.2',
    parse: (cursor, { draft }) => {
      draft.monitorUri = cursor.word('an URI', "'monitor-uri' expects an URI.");
      cursor.end();
    },
  },
  { name: 'rate-limit sessions', places: FRONTEND_SIDE, state: 'works', manual: '4.2', parse: readRateLimit },
];
