/** Manual section 4.2: what is answered in place of a server; and the statements of `http-errors` sections (3.8). */

import type { Cursor } from '../cursor.ts';
import type { HttpErrorsContext, ParseState, PendingPage, ProxyContext } from '../draft.ts';
import { parseHttpError, readErrorFile as readResponseFile } from '../expressions/index.ts';
import type { Keyword } from '../keyword.ts';
import type { ErrorPage } from '../model.ts';
import { ALL_PROXIES } from './readers.ts';

/** Statuses that HAProxy 2.6 generates (manual section 4.2 "errorfile"). */
export const ERROR_STATUSES = [
  200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 421, 422, 425, 429, 500, 501, 502, 503, 504,
] as const;

interface ErrorsContext {
  readonly state: ParseState;
  readonly draft: { readonly errors: Record<number, ErrorPage | PendingPage> };
}

function readStatus(cursor: Cursor, usage: string): number {
  if (cursor.peek(1) === undefined || cursor.peek(1) === '')
    cursor.fail(usage, { expected: 'a status and what to answer' });
  const word = cursor.next()!;
  const status = /^\d+$/.test(word) ? Number(word) : 0;
  if (!(ERROR_STATUSES as readonly number[]).includes(status)) {
    cursor.failLast(`${cursor.keyword} : status code '${status}' not handled.`, {
      expected: ERROR_STATUSES.join(', '),
    });
  }
  return status;
}

/** `errorfile STATUS FILE`: a whole response, read now. */
function readErrorFile(cursor: Cursor, { draft, state }: ErrorsContext): void {
  const status = readStatus(cursor, 'errorfile : expects <status_code> and <file> as arguments.');
  const path = cursor.word('a file');
  const file = readResponseFile(path, state.host);
  if (!file.ok) cursor.failLast(`errorfile : ${file.message}.`, { expected: file.expected });
  draft.errors[status] = { kind: 'file', path, content: file.content };
}

function readErrorLocation(status: 302 | 303): (cursor: Cursor, context: ProxyContext) => void {
  return (cursor, { draft }) => {
    const code = readStatus(cursor, `${cursor.keyword} : expects <status_code> and <url> as arguments.`);
    draft.errors[code] = { kind: 'location', status, url: cursor.word('a URL') };
  };
}

/**
 * `errorfiles NAME [STATUS …]`: the section may follow, so pages are looked up when all is read; a later line for a status
 * takes its place.
 */
function readErrorFiles(cursor: Cursor, { draft }: ProxyContext): void {
  const name = cursor.word('a name', 'errorfiles : expects <name> as argument.');
  const at = cursor.lastPosition();
  const statuses = new Set<number>();
  while (!cursor.atEnd) statuses.add(cursor.integer('a status', { min: 200, max: 599 }));
  for (const status of statuses.size > 0 ? statuses : ERROR_STATUSES) {
    draft.errors[status] = { kind: 'section', name, at, otherwise: draft.errors[status], isNamed: statuses.size > 0 };
  }
}

/** `http-error status CODE …`: an answer made on the spot. `default-errorfiles` takes back what was set or inherited. */
function readHttpError(cursor: Cursor, { draft, scope }: ProxyContext): void {
  const { reply, sectionAt: at } = parseHttpError(cursor, scope('http-error'));
  const { status, body } = reply;
  if (body.kind !== 'errorfiles') draft.errors[status] = { kind: 'reply', reply };
  else if (body.section === undefined) delete draft.errors[status];
  else
    draft.errors[status] = { kind: 'section', name: body.section, at, otherwise: draft.errors[status], isNamed: true };
}

export const proxyErrorKeywords: readonly Keyword<ProxyContext>[] = [
  { name: 'errorfile', places: ALL_PROXIES, state: 'works', manual: '4.2', parse: readErrorFile },
  { name: 'errorfiles', places: ALL_PROXIES, state: 'works', manual: '4.2', parse: readErrorFiles },
  { name: 'errorloc', places: ALL_PROXIES, state: 'works', manual: '4.2', parse: readErrorLocation(302) },
  { name: 'errorloc302', places: ALL_PROXIES, state: 'works', manual: '4.2', parse: readErrorLocation(302) },
  { name: 'errorloc303', places: ALL_PROXIES, state: 'works', manual: '4.2', parse: readErrorLocation(303) },
  { name: 'http-error', places: ALL_PROXIES, state: 'works', manual: '4.2', parse: readHttpError },
];

export const httpErrorsKeywords: readonly Keyword<HttpErrorsContext>[] = [
  { name: 'errorfile', places: ['http-errors'], state: 'works', manual: '3.8', parse: readErrorFile },
];
