/**
 * Sets of addresses and networks (manual section 7.1.6). Built once from patterns into sorted ranges that do not overlap, so that a test
 * is one binary search however many prefixes there are. IPv4 and IPv6 meet as the manual says: an IPv4 address is matched
 * against IPv6 patterns in its mapped form; an IPv6 address against IPv4 patterns if it embeds one.
 */

import { parseIpAddress, type IpAddress } from './ip-address.ts';

/** A test for membership. Patterns are `address` or `address/mask`, checked by the parser. */
export function compileNetworks(patterns: readonly string[]): (address: IpAddress) => boolean {
  const v4: [number, number][] = [];
  const scattered: { bits: number; mask: number }[] = [];
  const v6: [bigint, bigint][] = [];
  for (const pattern of patterns) addPattern(pattern, v4, scattered, v6);
  const ranges4 = new Ranges4(v4);
  const ranges6 = new Ranges6(v6);
  const has4 = (bits: number): boolean =>
    ranges4.has(bits) || scattered.some((net) => (bits & net.mask) >>> 0 === net.bits);
  const any4 = v4.length > 0 || scattered.length > 0;
  const any6 = v6.length > 0;
  return (address) => {
    if (address.family === 4) return (any4 && has4(address.w3)) || (any6 && ranges6.has(0, 0, 0xffff, address.w3));
    if (any6 && ranges6.has(address.w0, address.w1, address.w2, address.w3)) return true;
    if (!any4) return false;
    const embedded = embeddedIpv4(address);
    return embedded >= 0 && has4(embedded);
  };
}

/** The IPv4 address inside 2002:V4::, ::V4 or ::ffff:V4, or -1. */
function embeddedIpv4(address: IpAddress): number {
  if (address.w0 >>> 16 === 0x2002) return (((address.w0 & 0xffff) << 16) | (address.w1 >>> 16)) >>> 0;
  if (address.w0 === 0 && address.w1 === 0 && (address.w2 === 0 || address.w2 === 0xffff)) return address.w3;
  return -1;
}

function addPattern(
  pattern: string,
  v4: [number, number][],
  scattered: { bits: number; mask: number }[],
  v6: [bigint, bigint][],
): void {
  const slash = pattern.indexOf('/');
  const address = parseIpAddress(slash < 0 ? pattern : pattern.slice(0, slash));
  if (address === undefined) throw new Error(`'${pattern}' is not an address pattern`);
  const maskText = slash < 0 ? undefined : pattern.slice(slash + 1);
  if (address.family === 6) {
    const length = maskText === undefined ? 128 : Number(maskText);
    const bits = bits128(address);
    const size = 1n << BigInt(128 - length);
    const first = bits - (bits % size);
    v6.push([first, first + size - 1n]);
    return;
  }
  const mask = maskText === undefined ? 0xffffffff : maskBits(maskText);
  const inverse = ~mask >>> 0;
  // A mask whose zeros are not all at the end describes no range.
  if ((inverse & (inverse + 1)) >>> 0 !== 0) {
    scattered.push({ bits: (address.w3 & mask) >>> 0, mask });
    return;
  }
  const first = (address.w3 & mask) >>> 0;
  v4.push([first, first + inverse]);
}

/** The 32 bits of a mask: a prefix length, or dotted. */
export function maskBits(text: string): number {
  if (text.includes('.')) return parseIpAddress(text)!.w3;
  const length = Number(text);
  return length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
}

function bits128(address: IpAddress): bigint {
  return (BigInt(address.w0) << 96n) | (BigInt(address.w1) << 64n) | (BigInt(address.w2) << 32n) | BigInt(address.w3);
}

/** Sorted, and joined where they touch or overlap. */
function merge<T extends number | bigint>(ranges: readonly (readonly [T, T])[], one: T): [T, T][] {
  const sorted = [...ranges].sort((left, right) => (left[0] < right[0] ? -1 : left[0] > right[0] ? 1 : 0));
  const out: [T, T][] = [];
  for (const [first, last] of sorted) {
    const previous = out.at(-1);
    if (previous !== undefined && first <= (((previous[1] as never) + (one as never)) as T)) {
      if (last > previous[1]) previous[1] = last;
    } else out.push([first, last]);
  }
  return out;
}

class Ranges4 {
  private readonly first: Uint32Array;
  private readonly last: Uint32Array;

  constructor(ranges: readonly (readonly [number, number])[]) {
    const merged = merge(ranges, 1);
    this.first = Uint32Array.from(merged, (range) => range[0]);
    this.last = Uint32Array.from(merged, (range) => range[1]);
  }

  has(bits: number): boolean {
    const { first } = this;
    let low = 0;
    let high = first.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (first[middle] <= bits) low = middle + 1;
      else high = middle;
    }
    return low > 0 && bits <= this.last[low - 1];
  }
}

/** Four words a bound, most significant first. */
class Ranges6 {
  private readonly first: Uint32Array;
  private readonly last: Uint32Array;
  private readonly count: number;

  constructor(ranges: readonly (readonly [bigint, bigint])[]) {
    const merged = merge(ranges, 1n);
    this.count = merged.length;
    this.first = Uint32Array.from(merged.flatMap((range) => words(range[0])));
    this.last = Uint32Array.from(merged.flatMap((range) => words(range[1])));
  }

  has(w0: number, w1: number, w2: number, w3: number): boolean {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compare(this.first, middle * 4, w0, w1, w2, w3) <= 0) low = middle + 1;
      else high = middle;
    }
    return low > 0 && compare(this.last, (low - 1) * 4, w0, w1, w2, w3) >= 0;
  }
}

function words(bits: bigint): number[] {
  return [96n, 64n, 32n, 0n].map((shift) => Number((bits >> shift) & 0xffffffffn));
}

/** Below zero where the bound at `at` is smaller than the address. */
function compare(bounds: Uint32Array, at: number, w0: number, w1: number, w2: number, w3: number): number {
  return bounds[at] - w0 || bounds[at + 1] - w1 || bounds[at + 2] - w2 || bounds[at + 3] - w3;
}
