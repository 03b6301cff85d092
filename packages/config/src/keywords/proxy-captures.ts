/** Manual sections 4.2 and 8.7, 8.8: what a frontend keeps of requests and responses for its log lines. */

import type { Cursor } from '../cursor.ts';
import { describeKind, hasFrontendSide, type ProxyContext } from '../draft.ts';
import type { Keyword } from '../keyword.ts';
import type { SectionKind } from '../model.ts';
import { FRONTEND_SIDE } from './readers.ts';

type Parse = NonNullable<Keyword<ProxyContext>['parse']>;

const FRONTENDS: readonly SectionKind[] = ['frontend', 'listen'];

function readHeaderCapture(direction: 'request' | 'response'): Parse {
  return (cursor, { draft }) => {
    const usage = `'capture ${direction}' expects 'header' <header_name> 'len' <len>.`;
    const header = cursor.word('a header name', usage).toLowerCase();
    if (!cursor.take('len')) cursor.fail(usage, { expected: "'len' and a number" });
    const length = cursor.integer('a length', { min: 0, message: usage });
    cursor.keyword = `capture ${direction}`;
    cursor.end();
    draft.captures.push({ direction, header, length });
  };
}

/** The last one of a section holds. Whether it is too long is known with `tune.http.cookielen`, which may stand further down. */
function readCookieCapture(cursor: Cursor, { draft, state }: ProxyContext): void {
  const usage = "'capture' expects 'cookie' <cookie_name> 'len' <len>.";
  const prefix = cursor.word('the beginning of a cookie', usage);
  if (!cursor.take('len')) cursor.fail(usage, { expected: "'len' and a number" });
  const length = cursor.integer('a length', { min: 0, message: usage });
  const at = cursor.lastPosition();
  cursor.end();
  draft.cookieCapture = { prefix, length };
  state.whenComplete(() => {
    const most = state.global.tune.httpCookielen;
    if (draft.cookieCapture?.prefix !== prefix || length <= most) return;
    state.diagnostics.warning(
      `truncating capture length to ${most} bytes for ${describeKind(draft.kind)} '${draft.name}'.`,
      at,
      { form: 'plain', length: String(length).length, remedy: "raise 'tune.http.cookielen' in the global section" },
    );
  });
}

function readDeclaration(cursor: Cursor, { draft }: ProxyContext): void {
  if (!hasFrontendSide(draft)) {
    const message =
      draft.kind === 'defaults'
        ? "'declare' not available in default section"
        : "'declare' only available in frontend or listen section";
    cursor.failAt(0, message, { expected: 'a frontend or listen section' });
  }
  const direction = cursor.peek();
  if (direction !== 'request' && direction !== 'response')
    cursor.fail("'declare capture' requires a direction ('request' or 'response')", {
      expected: "'request' or 'response'",
    });
  cursor.index++;
  if (!cursor.take('len'))
    cursor.fail("'declare capture' requires a capture length ('len')", { expected: "'len' and a number" });
  const word = cursor.word(
    'a length',
    "'declare capture': 'len' requires a numeric value that represents the capture length",
  );
  if (!/^[+-]?\d+$/.test(word))
    cursor.failLast(`'declare capture': cannot parse the length '${word}'.`, { expected: 'a number' });
  const length = Number(word);
  if (length <= 0) cursor.failLast('length must be > 0', { expected: 'a number above 0' });
  cursor.end();
  draft.captures.push({ direction, header: undefined, length });
}

export const proxyCaptureKeywords: readonly Keyword<ProxyContext>[] = [
  { name: 'capture cookie', places: FRONTENDS, state: 'works', manual: '4.2', parse: readCookieCapture },
  {
    name: 'capture request header',
    places: FRONTENDS,
    state: 'works',
    manual: '4.2',
    parse: readHeaderCapture('request'),
  },
  {
    name: 'capture response header',
    places: FRONTENDS,
    state: 'works',
    manual: '4.2',
    parse: readHeaderCapture('response'),
  },
  {
    name: 'declare capture',
    places: [...FRONTEND_SIDE, 'backend'],
    state: 'works',
    manual: '4.2',
    parse: readDeclaration,
  },
];
