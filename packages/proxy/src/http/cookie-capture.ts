// `capture cookie`: the first cookie whose `name=value` begins as asked, of the request as it leaves for the server and of the
// response as rules have left it (manual, "capture cookie", section 8.7).
import type { CookieCapture } from '@evenkeel/config';
import type { HeaderList } from '@evenkeel/http';

/** Of `Cookie`; undefined where there is none. */
export function captureRequestCookie({ prefix, length }: CookieCapture, headers: HeaderList): string | undefined {
  for (let index = 0; index < headers.count; index++) {
    if (headers.nameAt(index) !== 'cookie') continue;
    for (const pair of cookies(headers.valueAt(index))) {
      // Attributes as $Version belong to the cookie before them (RFC 2109).
      if (!pair.startsWith('$') && pair.startsWith(prefix)) return pair.slice(0, length);
    }
  }
  return undefined;
}

/** Of `Set-Cookie`, each of which sets one cookie: what follows it are its attributes. */
export function captureResponseCookie({ prefix, length }: CookieCapture, headers: HeaderList): string | undefined {
  for (let index = 0; index < headers.count; index++) {
    if (headers.nameAt(index) !== 'set-cookie') continue;
    for (const pair of cookies(headers.valueAt(index))) {
      if (pair.startsWith(prefix)) return pair.slice(0, length);
      break;
    }
  }
  return undefined;
}

/**
 * A name, and perhaps a value, up to a comma or semicolon that does not stand between quotes. It matches whatever stands there,
 * to the last backslash of quotes that nothing closes: where it could fail it would try every split of a run of blanks before
 * it did, and a client could keep the thread busy with one header.
 */
const COOKIE = /[ \t]*([^=,;]*)(=[ \t]*((?:[^,;"]|"(?:[^"\\]|\\[^])*(?:"|\\?$))*))?(?:[,;]|$)/y;

/** Each `name=value` of a header, without blanks around name and value; words without a value are no cookies. */
function* cookies(text: string): Generator<string> {
  COOKIE.lastIndex = 0;
  while (COOKIE.lastIndex < text.length) {
    const match = COOKIE.exec(text);
    if (match === null) return;
    const [, name, assigned, value] = match;
    const next = COOKIE.lastIndex;
    if (assigned !== undefined) yield `${name.trimEnd()}=${value.trimEnd()}`;
    COOKIE.lastIndex = next;
  }
}
