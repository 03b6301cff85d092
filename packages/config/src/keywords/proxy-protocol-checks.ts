/** Manual section 4.2: checks that speak the protocol of one kind of server, or run a program. */

import type { Cursor } from '../cursor.ts';
import type { ProxyContext } from '../draft.ts';
import type { Keyword } from '../keyword.ts';
import type { Check } from '../model.ts';
import { BACKEND_SIDE } from './readers.ts';

type Parse = NonNullable<Keyword<ProxyContext>['parse']>;

/** `option NAME` without arguments. */
function plain(check: Check): Parse {
  return (cursor, { draft }) => {
    cursor.end();
    draft.check = check;
  };
}

/** `option mysql-check [user NAME [post-41|pre-41]]` */
function readMysqlCheck(cursor: Cursor, { draft }: ProxyContext): void {
  let user: string | undefined;
  let version: 'post-41' | 'pre-41' = 'post-41';
  if (!cursor.atEnd) {
    cursor.oneOf(
      'value',
      ['user'],
      (word) => `'option mysql-check' only supports optional values: 'user' (got '${word}').`,
    );
    user = cursor.word('a user', "'option mysql-check user' expects <username> as argument.");
    if (!cursor.atEnd) {
      version = cursor.oneOf(
        'version',
        ['post-41', 'pre-41'],
        (word) => `keyword 'user' only supports 'post-41' and 'pre-41' (got '${word}').`,
      );
    }
  }
  cursor.end();
  draft.check = { type: 'mysql', user, version };
}

/** `option pgsql-check user NAME` */
function readPgsqlCheck(cursor: Cursor, { draft }: ProxyContext): void {
  const usage = "'option pgsql-check' expects 'user <username>' as argument.";
  cursor.oneOf('value', ['user'], usage);
  const user = cursor.word('a user', usage);
  cursor.end();
  draft.check = { type: 'pgsql', user };
}

/** `option smtpchk [HELO|EHLO DOMAIN]`: any other word means the default, as in HAProxy. */
function readSmtpCheck(cursor: Cursor, { draft }: ProxyContext): void {
  const hello = cursor.next();
  const domain = cursor.next();
  cursor.end();
  const isGreeting = (hello === 'HELO' || hello === 'EHLO') && domain !== undefined && domain !== '';
  draft.check = { type: 'smtp', hello: isGreeting ? `${hello} ${domain}` : 'HELO localhost' };
}

function readExternalCommand(cursor: Cursor, { draft }: ProxyContext): void {
  draft.externalCheckCommand = cursor.word('a program', "missing argument after 'command'.");
  cursor.keyword = 'external-check';
  cursor.end();
}

function readExternalPath(cursor: Cursor, { draft }: ProxyContext): void {
  draft.externalCheckPath = cursor.word('a path', "missing argument after 'path'.");
  cursor.keyword = 'external-check';
  cursor.end();
}

function keyword(name: string, parse: Parse): Keyword<ProxyContext> {
  return { name, places: BACKEND_SIDE, state: 'works', manual: '4.2', parse };
}

export const proxyProtocolCheckKeywords: readonly Keyword<ProxyContext>[] = [
  keyword('option mysql-check', readMysqlCheck),
  keyword('option pgsql-check', readPgsqlCheck),
  keyword('option redis-check', plain({ type: 'redis' })),
  keyword('option smtpchk', readSmtpCheck),
  keyword('option ldap-check', plain({ type: 'ldap' })),
  keyword('option ssl-hello-chk', plain({ type: 'ssl-hello' })),
  keyword('option spop-check', plain({ type: 'spop' })),
  // Our own: HAProxy has no check that asks without a port.
  keyword('option ping-check', plain({ type: 'ping' })),
  keyword('option external-check', plain({ type: 'external' })),
  keyword('external-check command', readExternalCommand),
  keyword('external-check path', readExternalPath),
];
