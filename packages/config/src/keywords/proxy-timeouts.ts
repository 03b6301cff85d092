/** Manual section 4.2: `timeout …`. */

import type { Cursor } from '../cursor.ts';
import type { ProxyContext } from '../draft.ts';
import type { Keyword } from '../keyword.ts';
import type { SectionKind, Timeouts } from '../model.ts';
import { ALL_PROXIES, BACKEND_SIDE, FRONTEND_SIDE } from './readers.ts';

const TIMEOUTS: readonly (readonly [string, keyof Timeouts, readonly SectionKind[]])[] = [
  ['client', 'client', FRONTEND_SIDE],
  ['server', 'server', BACKEND_SIDE],
  ['connect', 'connect', BACKEND_SIDE],
  ['check', 'check', BACKEND_SIDE],
  ['queue', 'queue', BACKEND_SIDE],
  ['http-keep-alive', 'httpKeepAlive', ALL_PROXIES],
  ['http-request', 'httpRequest', ALL_PROXIES],
  ['tunnel', 'tunnel', BACKEND_SIDE],
  ['tarpit', 'tarpit', ALL_PROXIES],
  ['client-fin', 'clientFin', FRONTEND_SIDE],
  ['server-fin', 'serverFin', BACKEND_SIDE],
];

export const proxyTimeoutKeywords: readonly Keyword<ProxyContext>[] = TIMEOUTS.map(([name, field, places]) => ({
  name: `timeout ${name}`,
  places,
  state: 'works',
  manual: '4.2',
  parse: (cursor, context) => readTimeout(cursor, context, field),
}));

/** One time in milliseconds; zero is no limit, as if it were not set. */
function readTimeout(cursor: Cursor, { draft }: ProxyContext, field: keyof Timeouts): void {
  const { keyword } = cursor;
  if (cursor.atEnd || cursor.peek() === '') {
    cursor.fail(`'${keyword}' expects an integer value (in milliseconds)`, {
      expected: 'a time, as 500ms, 5s, 2m, 1h or 1d',
    });
  }
  const value = cursor.time('a time');
  const text = cursor.line.words[cursor.index - 1];
  const extra = cursor.peek();
  if (extra !== undefined && extra !== '')
    cursor.fail(`'${keyword}' : unexpected extra argument '${extra}' after value '${text}'.`, {
      expected: 'the end of the line',
    });
  if (draft.notes.seen.has(keyword)) {
    cursor.diagnostics.warning(`overwriting '${keyword}' which was already specified`, cursor.position(0), {
      length: keyword.length,
    });
  }
  draft.notes.seen.set(keyword, cursor.position(0));
  draft.timeouts[field] = value === 0 ? undefined : value;
}
