/** Bytes to text and back, addresses, and hashes that balancing uses too (manual section 7.3.1). */

import { decodeBase64, decodeBase64Url, encodeBase64, encodeBase64Url } from '../base64.ts';
import { IpAddress, ipv4, parseIpAddress } from '../ip-address.ts';
import { maskBits } from '../networks.ts';
import { fromBigInt, integerBytes, type Integer } from '../values.ts';
import { ofText, simple, type ConverterCompiler } from './converter.ts';
import { avalanche, crc32, crc32c, djb2, sdbm, wt6 } from './hashes.ts';

function hexDigits(bytes: string): string {
  let out = '';
  for (let index = 0; index < bytes.length; index++) out += bytes.charCodeAt(index).toString(16).padStart(2, '0');
  return out.toUpperCase();
}

/** The low 64 bits of hexadecimal digits. */
function hexInteger(text: string): Integer | undefined {
  if (!/^[0-9a-fA-F]+$/.test(text)) return undefined;
  return fromBigInt(BigInt.asIntN(64, BigInt(`0x${text}`)));
}

/** Chunks of bytes, each printed by `print`, with a separator between them. */
function chunks(print: (bytes: string) => string, defaultSize: (text: string) => number): ConverterCompiler {
  return ([separator = '', size, truncate = 0]) => {
    const between = String(separator);
    const whole = Number(truncate) !== 0;
    return (value) => {
      const text = value as string;
      const step = size === undefined ? Math.max(1, defaultSize(text)) : Number(size);
      const out: string[] = [];
      for (let index = 0; index < text.length; index += step) {
        if (whole && index + step > text.length) break;
        out.push(print(text.slice(index, index + step)));
      }
      return out.join(between);
    };
  };
}

function bigEndian(bytes: string): string {
  let value = 0n;
  for (let index = 0; index < bytes.length; index++) value = (value << 8n) | BigInt(bytes.charCodeAt(index));
  return String(value);
}

/** IPv4 by the first mask; IPv6 by the second, and not at all without one. */
const ipmask: ConverterCompiler = ([mask4, mask6]) => {
  const bits = maskBits(String(mask4));
  const words = mask6 === undefined ? undefined : mask6Words(mask6);
  return (value) => {
    const address = value as IpAddress;
    if (address.family === 4) return ipv4(address.w3 & bits);
    // A mapped address is IPv4 to this converter.
    if (address.w0 === 0 && address.w1 === 0 && address.w2 === 0xffff) return ipv4(address.w3 & bits);
    if (words === undefined) return undefined;
    const [m0, m1, m2, m3] = words;
    return new IpAddress(
      6,
      (address.w0 & m0) >>> 0,
      (address.w1 & m1) >>> 0,
      (address.w2 & m2) >>> 0,
      (address.w3 & m3) >>> 0,
    );
  };
};

function mask6Words(mask: string | number): readonly [number, number, number, number] {
  if (typeof mask === 'string') {
    const address = parseIpAddress(mask)!;
    return [address.w0, address.w1, address.w2, address.w3];
  }
  const word = (start: number): number => maskBits(String(Math.max(0, Math.min(32, mask - start))));
  return [word(0), word(32), word(64), word(96)];
}

function hash(compute: (bytes: string) => number): ConverterCompiler {
  return ([full = 0]) => {
    const mixes = Number(full) === 1;
    return (value) => {
      const result = compute(value as string);
      return mixes ? avalanche(result) : result;
    };
  };
}

export const BYTE_CONVERTERS: Readonly<Record<string, ConverterCompiler>> = {
  hex: ofText(hexDigits),
  hex2i: ofText(hexInteger),
  base64: ofText(encodeBase64),
  b64dec: ofText(decodeBase64),
  ub64enc: ofText(encodeBase64Url),
  ub64dec: ofText(decodeBase64Url),
  htonl: simple((value) => integerBytes(value as Integer, 4)),
  be2hex: chunks(hexDigits, (text) => text.length),
  be2dec: chunks(bigEndian, (text) => text.length),
  ipmask,
  crc32: hash(crc32),
  crc32c: hash(crc32c),
  djb2: hash(djb2),
  sdbm: hash(sdbm),
  wt6: hash(wt6),
};
