/**
 * Values of samples at run time and the casts between them. A value is a plain JavaScript value whose type the compiler knows
 * beforehand; `str`, `bin` and `meth` hold bytes as latin1 text. Casts are HAProxy 2.6's, observed on the program.
 */

import type { SampleType } from '@evenkeel/config';
import { IpAddress, ipv4, parseIpAddress } from './ip-address.ts';

/** 64-bit integer of HAProxy: a number while it is a safe integer, a bigint beyond. Both compare and print alike. */
export type Integer = number | bigint;

export type Value = string | boolean | Integer | IpAddress;

const INT64_MAX = 9223372036854775807n;
const INT64_MIN = -9223372036854775808n;

/** The exact integer, clamped to 64 bits, as a number where that is exact. */
export function fromBigInt(value: bigint): Integer {
  const clamped = value > INT64_MAX ? INT64_MAX : value < INT64_MIN ? INT64_MIN : value;
  const number = Number(clamped);
  return Number.isSafeInteger(number) ? number : clamped;
}

/** Leading digits with an optional sign, as HAProxy reads integers from text: "12abc" is 12, "abc" 0. Nothing for empty text. */
export function integerFromText(text: string): Integer | undefined {
  if (text === '') return undefined;
  const first = text.charCodeAt(0);
  const start = first === 0x2d || first === 0x2b ? 1 : 0;
  let value = 0;
  let index = start;
  for (; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  if (!Number.isSafeInteger(value)) return fromBigInt(BigInt(text.slice(0, index).replace('+', '')));
  return first === 0x2d && value !== 0 ? -value : value;
}

type Cast = (value: Value) => Value | undefined;

/** How a value of type `from` becomes one of type `to`; undefined where it is taken as it is. */
export function castFunction(from: SampleType, to: SampleType): Cast | undefined {
  if (from === to || to === 'any') return undefined;
  if (from === 'any') return dynamicCast(to);
  switch (to) {
    case 'str':
    case 'meth':
      return TO_TEXT[from];
    case 'bin':
      return TO_BYTES[from];
    case 'sint':
      return TO_INTEGER[from];
    case 'bool':
      return TO_BOOLEAN[from];
    case 'addr':
      return TO_ADDRESS[from];
    case 'ipv4':
      return from === 'ipv6' || from === 'addr' ? (value) => asFamily(value as IpAddress, 4) : TO_ADDRESS[from];
    case 'ipv6':
      return (value) => {
        const address = TO_ADDRESS[from] === undefined ? value : TO_ADDRESS[from](value);
        return address === undefined ? undefined : asFamily(address as IpAddress, 6);
      };
    default:
      return to satisfies never;
  }
}

/** Of a value whose type is known at run time only, as that of a variable. */
function dynamicCast(to: SampleType): Cast {
  return (value) => {
    const cast = castFunction(typeOf(value), to);
    return cast === undefined ? value : cast(value);
  };
}

function typeOf(value: Value): SampleType {
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'str';
  return typeof value === 'object' ? 'addr' : 'sint';
}

function unchanged(): undefined {
  return undefined;
}

const addressText: Cast = (value) => (value as IpAddress).text;

const TO_TEXT: Readonly<Record<SampleType, Cast | undefined>> = {
  any: unchanged(),
  str: unchanged(),
  bin: unchanged(),
  meth: unchanged(),
  bool: (value) => (value === true ? '1' : '0'),
  sint: (value) => String(value),
  addr: addressText,
  ipv4: addressText,
  ipv6: addressText,
};

const TO_BYTES: Readonly<Record<SampleType, Cast | undefined>> = {
  any: unchanged(),
  str: unchanged(),
  bin: unchanged(),
  meth: unchanged(),
  bool: (value) => integerBytes(value === true ? 1 : 0, 8),
  sint: (value) => integerBytes(value as Integer, 8),
  addr: (value) => addressBytes(value as IpAddress),
  ipv4: (value) => addressBytes(value as IpAddress),
  ipv6: (value) => addressBytes(value as IpAddress),
};

const addressInteger: Cast = (value) => ((value as IpAddress).family === 4 ? (value as IpAddress).w3 : undefined);

const TO_INTEGER: Readonly<Record<SampleType, Cast | undefined>> = {
  any: unchanged(),
  sint: unchanged(),
  bool: (value) => (value === true ? 1 : 0),
  str: (value) => integerFromText(value as string),
  bin: (value) => integerFromText(value as string),
  meth: (value) => integerFromText(value as string),
  addr: addressInteger,
  ipv4: addressInteger,
  ipv6: addressInteger,
};

const textBoolean: Cast = (value) => {
  const number = integerFromText(value as string);
  return number === undefined ? undefined : number !== 0;
};

const TO_BOOLEAN: Readonly<Record<SampleType, Cast | undefined>> = {
  any: unchanged(),
  bool: unchanged(),
  sint: (value) => value !== 0,
  str: textBoolean,
  bin: textBoolean,
  meth: textBoolean,
  addr: unchanged(),
  ipv4: unchanged(),
  ipv6: unchanged(),
};

const textAddress: Cast = (value) => parseIpAddress(value as string);

const TO_ADDRESS: Readonly<Record<SampleType, Cast | undefined>> = {
  any: unchanged(),
  addr: unchanged(),
  ipv4: unchanged(),
  ipv6: unchanged(),
  sint: (value) => ipv4(Number(BigInt.asUintN(32, BigInt(value as Integer)))),
  bool: unchanged(),
  str: textAddress,
  bin: textAddress,
  meth: textAddress,
};

/** The address in the wanted family: IPv4 as its mapped form, IPv6 only where it is one. */
function asFamily(address: IpAddress, family: 4 | 6): IpAddress | undefined {
  if (address.family === family) return address;
  if (family === 6) return new IpAddress(6, 0, 0, 0xffff, address.w3);
  return address.w0 === 0 && address.w1 === 0 && address.w2 === 0xffff ? ipv4(address.w3) : undefined;
}

/** Big-endian bytes of the low `count` bytes of an integer, as latin1 text. */
export function integerBytes(value: Integer, count: number): string {
  let bits = BigInt.asUintN(count * 8, BigInt(value));
  let out = '';
  for (let index = 0; index < count; index++) {
    out = String.fromCharCode(Number(bits & 255n)) + out;
    bits >>= 8n;
  }
  return out;
}

/** 4 or 16 bytes in network order. */
export function addressBytes(address: IpAddress): string {
  if (address.family === 4) return integerBytes(address.w3, 4);
  return (
    integerBytes(address.w0, 4) +
    integerBytes(address.w1, 4) +
    integerBytes(address.w2, 4) +
    integerBytes(address.w3, 4)
  );
}
