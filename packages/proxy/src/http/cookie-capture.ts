// `capture cookie`: the first cookie whose `name=value` begins as asked, of the request as it leaves for the server and of the
// response as rules have left it (manual, "capture cookie", section 8.7).
import type { CookieCapture } from '@evenkeel/config';
import type { HeaderList } from '@evenkeel/http';

/** Of `Cookie`; undefined where there is none. */
export function captureRequestCookie({ prefix, length }: CookieCapture, headers: HeaderList): string | undefined {
  for (let index = 0; index < headers.count; index++) {
    if (headers.nameAt(index) !== 'cookie') continue;
    for (const piece of headers.valueAt(index).split(';')) {
      const pair = pairOf(piece);
      // Attributes as $Version belong to the cookie before them (RFC 2109).
      if (pair !== undefined && !pair.startsWith('$') && pair.startsWith(prefix)) return pair.slice(0, length);
    }
  }
  return undefined;
}

/** Of `Set-Cookie`, each of which sets one cookie: what follows the first semicolon are its attributes. */
export function captureResponseCookie({ prefix, length }: CookieCapture, headers: HeaderList): string | undefined {
  for (let index = 0; index < headers.count; index++) {
    if (headers.nameAt(index) !== 'set-cookie') continue;
    const pair = pairOf(headers.valueAt(index).split(';', 1)[0]);
    if (pair !== undefined && pair.startsWith(prefix)) return pair.slice(0, length);
  }
  return undefined;
}

/** `name=value` without blanks around it; a word without a value is no cookie. */
function pairOf(text: string): string | undefined {
  const pair = text.trim();
  return pair.includes('=') ? pair : undefined;
}
