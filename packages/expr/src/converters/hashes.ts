/** The hash functions of `hash-type` as 32-bit unsigned numbers over latin1 text (manual section 4.2, "hash-type"). */

function crcTable(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    return value;
  });
}

const CRC32 = crcTable(0xedb88320);
const CRC32C = crcTable(0x82f63b78);

function crc(table: Uint32Array, bytes: string): number {
  let value = 0xffffffff;
  for (let index = 0; index < bytes.length; index++)
    value = (value >>> 8) ^ table[(value ^ bytes.charCodeAt(index)) & 255];
  return (value ^ 0xffffffff) >>> 0;
}

/** As in Ethernet and gzip. */
export function crc32(bytes: string): number {
  return crc(CRC32, bytes);
}

/** RFC 4960, appendix B. */
export function crc32c(bytes: string): number {
  return crc(CRC32C, bytes);
}

/** Bernstein's second hash, times 33. */
export function djb2(bytes: string): number {
  let value = 5381;
  for (let index = 0; index < bytes.length; index++) value = (Math.imul(value, 33) + bytes.charCodeAt(index)) | 0;
  return value >>> 0;
}

/** The hash of the sdbm database. */
export function sdbm(bytes: string): number {
  let value = 0;
  for (let index = 0; index < bytes.length; index++) value = (Math.imul(value, 65599) + bytes.charCodeAt(index)) | 0;
  return value >>> 0;
}

/** Circular shift to the left; `places` from 0 to 31. */
function rotate(value: number, places: number): number {
  return (value << places) | (value >>> (32 - places));
}

/**
 * HAProxy's own hash (manual, "hash-type", wt6): two words that take in each byte, one by exclusive or and one by addition, and change
 * places, turned by amounts that depend on all that came before.
 */
export function wt6(bytes: string): number {
  let one = 0xa53c965a | 0;
  let other = 0x5ca6953a | 0;
  let turnOther = 6;
  let turnOne = 18;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes.charCodeAt(index);
    const next = rotate(~(other + byte), turnOther);
    other = rotate(~(one ^ byte), turnOne);
    one = next;
    const turns = (one >>> 16) ^ other;
    turnOther = turns & 31;
    turnOne = (turns >>> 11) & 31;
  }
  return (one ^ other) >>> 0;
}

/** A prime near three quarters of the 32-bit space: it spreads results over a tree of servers. */
const SPREAD = 3_221_225_473;

/**
 * Bob Jenkins' full avalanche of a 32-bit integer, in the public domain, then spread: every bit of the input moves every bit of the
 * output (manual, "hash-type", avalanche).
 */
export function avalanche(hash: number): number {
  let value = hash | 0;
  value = (value + 0x7ed55d16 + (value << 12)) | 0;
  value = value ^ 0xc761c23c ^ (value >>> 19);
  value = (value + 0x165667b1 + (value << 5)) | 0;
  value = (value + 0xd3a2646c) ^ (value << 9);
  value = (value + 0xfd7046c5 + (value << 3)) | 0;
  value = value ^ 0xb55a4f09 ^ (value >>> 16);
  return Math.imul(value, SPREAD) >>> 0;
}
