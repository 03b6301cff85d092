// Field names that are worth recognising without making a string: a hash over the lowered bytes, then an exact comparison
// (names are chosen by the peer, so a hash alone proves nothing). Built once, read only.

/** Places of the names that the parsers act on; every other known name has a place from `ordinary` on. */
export const contentLength = 0
export const transferEncoding = 1
export const connection = 2
export const host = 3
export const upgrade = 4
export const te = 5
export const expect = 6
export const ordinary = 7

/** Lower-case names by place. Besides the seven above: what browsers, command-line clients and common servers send. */
export const knownNames: readonly string[] = [
  'content-length', 'transfer-encoding', 'connection', 'host', 'upgrade', 'te', 'expect',
  'accept', 'accept-charset', 'accept-encoding', 'accept-language', 'accept-ranges', 'access-control-allow-credentials',
  'access-control-allow-headers', 'access-control-allow-methods', 'access-control-allow-origin', 'access-control-expose-headers',
  'access-control-max-age', 'access-control-request-headers', 'access-control-request-method', 'age', 'allow', 'alt-svc',
  'authorization', 'cache-control', 'cf-connecting-ip', 'content-disposition', 'content-encoding', 'content-language',
  'content-location', 'content-range', 'content-security-policy', 'content-type', 'cookie', 'date', 'dnt', 'etag', 'expires',
  'forwarded', 'from', 'if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since', 'keep-alive',
  'last-modified', 'link', 'location', 'max-forwards', 'origin', 'permissions-policy', 'pragma', 'priority',
  'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'range', 'referer', 'referrer-policy', 'retry-after',
  'save-data', 'sec-ch-ua', 'sec-ch-ua-mobile', 'sec-ch-ua-platform', 'sec-fetch-dest', 'sec-fetch-mode', 'sec-fetch-site',
  'sec-fetch-user', 'sec-gpc', 'sec-websocket-accept', 'sec-websocket-extensions', 'sec-websocket-key',
  'sec-websocket-protocol', 'sec-websocket-version', 'server', 'set-cookie', 'strict-transport-security', 'trailer',
  'upgrade-insecure-requests', 'user-agent', 'vary', 'via', 'warning', 'www-authenticate', 'x-content-type-options',
  'x-correlation-id', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-port', 'x-forwarded-proto', 'x-frame-options',
  'x-powered-by', 'x-real-ip', 'x-request-id', 'x-requested-with', 'x-xss-protection',
]

// A power of two large enough that the names above spread with few collisions; open addressing takes care of the rest.
const slotCount = 1024
const slots = new Int16Array(slotCount).fill(-1)

/** One step of the hash; start with 0. Kept in 32 bits. */
export function mix(hash: number, code: number): number {
  return (hash * 31 + code) | 0
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 15)) & (slotCount - 1)
}

for (let place = 0; place < knownNames.length; place++) {
  const name = knownNames[place]!
  let hash = 0
  for (let i = 0; i < name.length; i++) hash = mix(hash, name.charCodeAt(i))
  let slot = slotOf(hash)
  while (slots[slot] !== -1) slot = (slot + 1) & (slotCount - 1)
  slots[slot] = place
}

/**
 * Place of the known name that stands in `text[start..end)` in any case, or -1. `hash` is that of its lowered bytes;
 * `lower` maps a byte to its lowered one.
 */
export function findKnownName(text: string, start: number, end: number, hash: number, lower: Uint8Array): number {
  let slot = slotOf(hash)
  for (let place = slots[slot]!; place !== -1; slot = (slot + 1) & (slotCount - 1), place = slots[slot]!) {
    const name = knownNames[place]!
    if (name.length !== end - start) continue
    let i = 0
    while (i < name.length && name.charCodeAt(i) === lower[text.charCodeAt(start + i)]) i++
    if (i === name.length) return place
  }
  return -1
}
