/** Manual section 4.2: what health checks ask. Rules of `http-check` and `tcp-check` are declared elsewhere. */

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
  const method = second === undefined ? 'OPTIONS' : first;
  const uri = second ?? first ?? '/';
  const rest = third ?? 'HTTP/1.0';
  // Header lines were once hidden behind the version; they still work, with a warning.
  const end = rest.search(/[\r\n]/);
  const version = end < 0 ? rest : rest.slice(0, end);
  const extraLines = end < 0 ? undefined : rest.slice(end).replace(/^\r?\n/, '');
  if (extraLines !== undefined) {
    cursor.diagnostics.warning(
      "'option httpchk' : hiding headers or body at the end of the version string is deprecated. Please, consider to use 'http-check send' directive instead.",
      cursor.position(cursor.index + 2),
      { form: 'tight', length: third.length },
    );
  }
  draft.check = { type: 'http', method, uri, version, extra: extraLines };
  cursor.rest();
}

export const proxyCheckKeywords: readonly Keyword<ProxyContext>[] = [
  { name: 'option httpchk', places: BACKEND_SIDE, state: 'works', manual: '4.2', parse: readHttpCheck },
];
