/**
 * An IPv4 or IPv6 address as four 32-bit words: what address samples carry and what patterns are matched against. Text in,
 * words out; made once per connection, so that a rule never parses an address. Knows nothing of ports or sockets.
 */

/** An IPv4 address keeps its bits in `w3`, as its mapped form `::ffff:a.b.c.d` would. Words are unsigned. */
export class IpAddress {
  readonly family: 4 | 6;
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
  #text: string | undefined;

  constructor(family: 4 | 6, w0: number, w1: number, w2: number, w3: number, text?: string) {
    this.family = family;
    this.w0 = w0;
    this.w1 = w1;
    this.w2 = w2;
    this.w3 = w3;
    this.#text = text;
  }

  /** Canonical text: dotted IPv4, RFC 5952 for IPv6 with a mapped or compatible address in dotted form as inet_ntop prints it. */
  get text(): string {
    this.#text ??= this.family === 4 ? dotted(this.w3) : printIpv6(this.w0, this.w1, this.w2, this.w3);
    return this.#text;
  }

  toString(): string {
    return this.text;
  }
}

/** An IPv4 address from its 32 bits. */
export function ipv4(bits: number): IpAddress {
  return new IpAddress(4, 0, 0, 0xffff, bits >>> 0);
}

/**
 * Parses a literal: four decimal octets, or IPv6 in any form of RFC 4291 2.2. A zone (`%eth0`) is dropped, since a peer's
 * address carries one. Undefined for anything else, host names included.
 */
export function parseIpAddress(text: string): IpAddress | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): IpAddress | undefined {
  const bits = dottedBits(text, 0);
  return bits < 0 ? undefined : ipv4(bits);
}

/** The 32 bits of `a.b.c.d` from `start` to the end of the text, or -1. */
function dottedBits(text: string, start: number): number {
  let bits = 0;
  let octet = -1;
  let dots = 0;
  for (let index = start; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code >= 0x30 && code <= 0x39) {
      // A leading zero would be octal to some readers and decimal to others, so inet_pton refuses it.
      if (octet === 0) return -1;
      octet = (octet < 0 ? 0 : octet * 10) + code - 0x30;
      if (octet > 255) return -1;
    } else if (code === 0x2e && octet >= 0 && dots < 3) {
      bits = bits * 256 + octet;
      octet = -1;
      dots++;
    } else return -1;
  }
  return dots === 3 && octet >= 0 ? bits * 256 + octet : -1;
}

function parseIpv6(text: string): IpAddress | undefined {
  const zone = text.indexOf('%');
  const body = zone < 0 ? text : text.slice(0, zone);
  const gap = body.indexOf('::');
  if (gap >= 0 && body.indexOf('::', gap + 1) >= 0) return undefined;
  const head = groups(gap < 0 ? body : body.slice(0, gap), gap < 0);
  const tail = gap < 0 ? [] : groups(body.slice(gap + 2), true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (gap < 0 ? missing !== 0 : missing < 1) return undefined;
  const all = [...head, ...Array.from({ length: missing }, () => 0), ...tail];
  const word = (index: number): number => ((all[index] << 16) | all[index + 1]) >>> 0;
  return new IpAddress(6, word(0), word(2), word(4), word(6));
}

/** 16-bit groups of a colon-separated part; `dottedLast` allows its last piece to be dotted IPv4. */
function groups(part: string, dottedLast: boolean): number[] | undefined {
  if (part === '') return [];
  const pieces = part.split(':');
  const out: number[] = [];
  for (let index = 0; index < pieces.length; index++) {
    const piece = pieces[index];
    if (dottedLast && index === pieces.length - 1 && piece.includes('.')) {
      const bits = dottedBits(piece, 0);
      if (bits < 0) return undefined;
      out.push(Math.floor(bits / 65536), bits & 0xffff);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(piece)) out.push(Number.parseInt(piece, 16));
    else return undefined;
  }
  return out;
}

function dotted(bits: number): string {
  return `${bits >>> 24}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.${bits & 255}`;
}

function printIpv6(w0: number, w1: number, w2: number, w3: number): string {
  if (w0 === 0 && w1 === 0 && (w2 === 0xffff || (w2 === 0 && w3 > 0xffff)))
    return (w2 === 0 ? '::' : '::ffff:') + dotted(w3);
  const parts = [w0 >>> 16, w0 & 0xffff, w1 >>> 16, w1 & 0xffff, w2 >>> 16, w2 & 0xffff, w3 >>> 16, w3 & 0xffff];
  const [start, length] = longestZeros(parts);
  if (length < 2) return parts.map(hexGroup).join(':');
  return `${parts.slice(0, start).map(hexGroup).join(':')}::${parts
    .slice(start + length)
    .map(hexGroup)
    .join(':')}`;
}

function hexGroup(group: number): string {
  return group.toString(16);
}

/** Start and length of the first longest run of zero groups (RFC 5952 4.2). */
function longestZeros(parts: readonly number[]): readonly [start: number, length: number] {
  let best = 0;
  let bestLength = 0;
  for (let index = 0; index < 8; index++) {
    let end = index;
    while (end < 8 && parts[end] === 0) end++;
    if (end - index > bestLength) {
      best = index;
      bestLength = end - index;
    }
    if (end > index) index = end;
  }
  return [best, bestLength];
}
