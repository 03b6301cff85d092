/** Manual section 4.2: states of servers that outlive the process, and mails about those that change. */

import type { Cursor } from '../cursor.ts';
import type { ProxyContext } from '../draft.ts';
import type { Keyword } from '../keyword.ts';
import { ALL_PROXIES, BACKEND_SIDE } from './readers.ts';
import { SYSLOG_LEVELS } from '../syslog.ts';

type Parse = NonNullable<Keyword<ProxyContext>['parse']>;

/** Words after the first are read over, and an empty one leaves it unset, as in HAProxy. */
function mailText(field: 'from' | 'to' | 'mailers' | 'myhostname'): Parse {
  return (cursor, { draft }) => {
    const text = cursor.next() ?? '';
    draft.emailAlert = { ...draft.emailAlert, [field]: text === '' ? undefined : text };
    if (field === 'mailers') draft.notes.mailersAt = cursor.lastPosition();
    cursor.rest();
  };
}

function readLevel(cursor: Cursor, { draft }: ProxyContext): void {
  const word = cursor.next() ?? '';
  const level = SYSLOG_LEVELS.indexOf(word as (typeof SYSLOG_LEVELS)[number]);
  if (level < 0) {
    cursor.failAt(Math.min(cursor.index, 2), `unknown log level 'level' after '${word}'`, {
      expected: `one of ${SYSLOG_LEVELS.join(', ')}`,
      nearest: cursor.diagnostics.nearest(word, SYSLOG_LEVELS),
    });
  }
  draft.emailAlert = { ...draft.emailAlert, level };
  cursor.rest();
}

function readLoadState(cursor: Cursor, { draft }: ProxyContext): void {
  draft.loadServerState = cursor.oneOf(
    'where states are read from',
    ['global', 'local', 'none'],
    (word) => `'load-server-state-from-file' expects 'global', 'local' or 'none'. Got '${word}'`,
  );
  cursor.rest();
}

function readStateFileName(cursor: Cursor, { draft }: ProxyContext): void {
  const word = cursor.next();
  cursor.end();
  draft.serverStateFileName = word === 'use-backend-name' || word === '' ? undefined : word;
}

export const proxyStateKeywords: readonly Keyword<ProxyContext>[] = [
  { name: 'email-alert from', places: ALL_PROXIES, state: 'works', manual: '4.2', parse: mailText('from') },
  { name: 'email-alert level', places: ALL_PROXIES, state: 'works', manual: '4.2', parse: readLevel },
  { name: 'email-alert mailers', places: ALL_PROXIES, state: 'works', manual: '4.2', parse: mailText('mailers') },
  { name: 'email-alert myhostname', places: ALL_PROXIES, state: 'works', manual: '4.2', parse: mailText('myhostname') },
  { name: 'email-alert to', places: ALL_PROXIES, state: 'works', manual: '4.2', parse: mailText('to') },
  {
    name: 'load-server-state-from-file',
    places: BACKEND_SIDE,
    state: 'works',
    manual: '4.2',
    parse: readLoadState,
  },
  {
    name: 'server-state-file-name',
    places: ['listen', 'backend'],
    state: 'works',
    manual: '4.2',
    parse: readStateFileName,
  },
];
