// Field names that are worth recognising in the spellings that peers really send (`content-type`, `Content-Type`): a fingerprint
// of four bytes finds the place, an exact comparison proves it. So a usual name costs no loop over its bytes, and is the one
// constant string that rules compare with. Built once, read only.

/** Places of the names that the parsers act on; every other known name has a place from `ordinary` on. */
export const contentLength = 0;
export const transferEncoding = 1;
export const connection = 2;
export const host = 3;
export const upgrade = 4;
export const te = 5;
export const expect = 6;
export const ordinary = 7;

/** Lower-case names by place. Besides the seven above: what browsers, command-line clients and common servers send. */
export const knownNames: readonly string[] = [
  'content-length',
  'transfer-encoding',
  'connection',
  'host',
  'upgrade',
  'te',
  'expect',
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'accept-ranges',
  'access-control-allow-credentials',
  'access-control-allow-headers',
  'access-control-allow-methods',
  'access-control-allow-origin',
  'access-control-expose-headers',
  'access-control-max-age',
  'access-control-request-headers',
  'access-control-request-method',
  'age',
  'allow',
  'alt-svc',
  'authorization',
  'cache-control',
  'cf-connecting-ip',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-location',
  'content-range',
  'content-security-policy',
  'content-type',
  'cookie',
  'date',
  'dnt',
  'etag',
  'expires',
  'forwarded',
  'from',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'keep-alive',
  'last-modified',
  'link',
  'location',
  'max-forwards',
  'origin',
  'permissions-policy',
  'pragma',
  'priority',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'range',
  'referer',
  'referrer-policy',
  'retry-after',
  'save-data',
  'sec-ch-ua',
  'sec-ch-ua-mobile',
  'sec-ch-ua-platform',
  'sec-fetch-dest',
  'sec-fetch-mode',
  'sec-fetch-site',
  'sec-fetch-user',
  'sec-gpc',
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-key',
  'sec-websocket-protocol',
  'sec-websocket-version',
  'server',
  'set-cookie',
  'strict-transport-security',
  'trailer',
  'upgrade-insecure-requests',
  'user-agent',
  'vary',
  'via',
  'warning',
  'www-authenticate',
  'x-content-type-options',
  'x-correlation-id',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-frame-options',
  'x-powered-by',
  'x-real-ip',
  'x-request-id',
  'x-requested-with',
  'x-xss-protection',
];

/** One spelling of a known name. */
export class Spelling {
  /** As it stands in the head. */
  readonly written: string;
  /** Lower case. */
  readonly name: string;
  /** Index in `knownNames`. */
  readonly place: number;
  /** Positions of upper-case letters in `written`. */
  readonly upperAt: readonly number[];

  constructor(written: string, name: string, place: number) {
    this.written = written;
    this.name = name;
    this.place = place;
    this.upperAt = Array.from(written, (letter, at) => (letter === name[at] ? -1 : at)).filter((at) => at >= 0);
  }
}

// A power of two so large that the spellings spread with few collisions; open addressing takes care of the rest.
const slotCount = 2048;
const spellings: (Spelling | undefined)[] = Array.from({ length: slotCount }, () => undefined);

function slotOf(length: number, first: number, middle: number, last: number): number {
  return ((length * 31 + first) * 31 + last * 7 + middle * 131) & (slotCount - 1);
}

/** The two spellings of a name: all lower case, and each word with a capital, as most HTTP/1 peers write it. */
function spellingsOf(name: string): string[] {
  const title = name.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());
  const special: Record<string, string> = {
    etag: 'ETag',
    te: 'TE',
    dnt: 'DNT',
    'www-authenticate': 'WWW-Authenticate',
  };
  return [...new Set([name, title, special[name] ?? title])];
}

for (let place = 0; place < knownNames.length; place++) {
  const name = knownNames[place];
  for (const written of spellingsOf(name)) {
    const last = written.length - 1;
    let slot = slotOf(
      written.length,
      written.charCodeAt(0),
      written.charCodeAt(written.length >> 1),
      written.charCodeAt(last),
    );
    while (spellings[slot] !== undefined) slot = (slot + 1) & (slotCount - 1);
    spellings[slot] = new Spelling(written, name, place);
  }
}

/** The known spelling `written`, which stands in `text[start..end)`; `undefined` for any other. */
export function findSpelling(written: string, text: string, start: number, end: number): Spelling | undefined {
  const length = end - start;
  let slot = slotOf(length, text.charCodeAt(start), text.charCodeAt(start + (length >> 1)), text.charCodeAt(end - 1));
  for (;;) {
    const spelling = spellings[slot];
    if (spelling === undefined || spelling.written === written) return spelling;
    slot = (slot + 1) & (slotCount - 1);
  }
}

// The names that the parsers act on have seven different lengths, so one comparison settles which of them a name can be.
const placeByLength = new Int8Array(32).fill(-1);
for (let place = 0; place < ordinary; place++) placeByLength[knownNames[place].length] = place;

/** Place of a lower-case name if it is one that the parsers act on, else -1: for spellings that `findSpelling` does not know. */
export function placeOf(name: string): number {
  const place = name.length < placeByLength.length ? placeByLength[name.length] : -1;
  return place >= 0 && knownNames[place] === name ? place : -1;
}
