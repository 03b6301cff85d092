/** Manual section 4.2: `option httpchk` and `option tcp-check`. Their rules stand in `check-rules.ts`. */

import { addRequest, emptyHttpSend } from '../check-rules/index.ts';
import type { Cursor } from '../cursor.ts';
import type { ProxyContext } from '../draft.ts';
import type { Keyword } from '../keyword.ts';
import { BACKEND_SIDE } from './readers.ts';

/** `option httpchk [METHOD] [URI] [VERSION]`: one word is a URI, two are method and URI. */
function readHttpCheck(cursor: Cursor, { draft }: ProxyContext): void {
  const words = cursor.line.words.slice(cursor.index);
  const [first, second, third, extra] = words;
  if (extra !== undefined) {
    cursor.failAt(cursor.index + 3, `'option httpchk' cannot handle unexpected argument '${extra}'.`, {
      expected: 'the end of the line',
    });
  }
  const request = emptyHttpSend(cursor.start);
  request.method = second === undefined ? undefined : first;
  request.uri = second ?? first;
  if (third !== undefined) readVersion(cursor, request, third);
  draft.check = { type: 'rules', ruleset: { protocol: 'http', steps: [], disableOn404: false, sendState: false } };
  addRequest(draft.checkRules, request);
  cursor.rest();
}

/** Header lines and a body were once hidden behind the version; they still work, with a warning. */
function readVersion(cursor: Cursor, request: ReturnType<typeof emptyHttpSend>, text: string): void {
  const end = text.search(/[\r\n]/);
  request.version = end < 0 ? text : text.slice(0, end);
  if (end < 0) return;
  cursor.diagnostics.warning(
    "'option httpchk' : hiding headers or body at the end of the version string is deprecated. Please, consider to use 'http-check send' directive instead.",
    cursor.position(cursor.index + 2),
    { form: 'tight', length: text.length },
  );
  const [head, ...body] = text
    .slice(end)
    .replace(/^\r?\n/, '')
    .split('\r\n\r\n');
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0)
      request.headers.push({ name: line.slice(0, colon).trim().toLowerCase(), value: line.slice(colon + 1).trim() });
  }
  if (body.length > 0) request.body = body.join('\r\n\r\n');
}

function readTcpCheck(cursor: Cursor, { draft }: ProxyContext): void {
  cursor.end();
  draft.check = { type: 'rules', ruleset: { protocol: 'tcp', steps: [], disableOn404: false, sendState: false } };
}

export const proxyCheckKeywords: readonly Keyword<ProxyContext>[] = [
  { name: 'option httpchk', places: BACKEND_SIDE, state: 'works', manual: '4.2', parse: readHttpCheck },
  { name: 'option tcp-check', places: BACKEND_SIDE, state: 'works', manual: '4.2', parse: readTcpCheck },
];
