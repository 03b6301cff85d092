/** Address and network texts as patterns and arguments write them (manual section 7.1.6). Decides form only; `@evenkeel/expr` matches. */

/** Four decimal octets. */
export function isIpv4(text: string): boolean {
  const octets = text.split('.');
  return octets.length === 4 && octets.every(isOctet);
}

function isOctet(text: string): boolean {
  return /^(0|[1-9]\d{0,2})$/.test(text) && Number(text) <= 255;
}

/** Any form of RFC 4291 2.2, without zone. */
export function isIpv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const counts = halves.map((half, index) => groupCount(half, index === halves.length - 1));
  if (counts.some((count) => count < 0)) return false;
  const total = counts.reduce((sum, count) => sum + count, 0);
  return halves.length === 2 ? total <= 7 : total === 8;
}

/** Number of 16-bit groups in a part, or -1; only the last part may end in dotted IPv4. */
function groupCount(part: string, last: boolean): number {
  if (part === '') return 0;
  const pieces = part.split(':');
  const tail = pieces.at(-1)!;
  const dotted = last && tail.includes('.');
  const groups = dotted ? pieces.slice(0, -1) : pieces;
  if (dotted && !isIpv4(tail)) return -1;
  return groups.every((piece) => /^[0-9a-fA-F]{1,4}$/.test(piece)) ? groups.length + (dotted ? 2 : 0) : -1;
}

/** The 32 bits of an IPv4 mask: a prefix length, or dotted. */
export function ipv4MaskBits(text: string): number | undefined {
  if (/^\d{1,2}$/.test(text)) {
    const length = Number(text);
    if (length > 32) return undefined;
    return length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
  }
  return isIpv4(text) ? text.split('.').reduce((bits, octet) => bits * 256 + Number(octet), 0) : undefined;
}

/**
 * An IPv4 address of a pattern in its short forms, filled up with zero octets in the middle: 192.168.1 is 192.168.0.1, 10.12 is
 * 10.0.0.12. Returns dotted text of four octets.
 */
export function expandIpv4(text: string): string | undefined {
  const octets = text.split('.');
  if (octets.length > 4 || !octets.every(isOctet)) return undefined;
  const zeros = Array.from({ length: 4 - octets.length }, () => '0');
  return [...octets.slice(0, -1), ...zeros, octets.at(-1)!].join('.');
}

/** An address or network of an `ip` pattern in canonical text (`10.0.0.12/8`), or undefined. Host names are no addresses. */
export function addressPattern(text: string): string | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const mask = slash < 0 ? undefined : text.slice(slash + 1);
  if (address.includes(':')) {
    if (!isIpv6(address)) return undefined;
    if (mask === undefined) return address;
    return /^\d{1,3}$/.test(mask) && Number(mask) <= 128 ? `${address}/${Number(mask)}` : undefined;
  }
  const full = expandIpv4(address);
  if (full === undefined) return undefined;
  if (mask === undefined) return full;
  return ipv4MaskBits(mask) === undefined ? undefined : `${full}/${mask}`;
}
