/**
 * Integers (manual section 7.3.1): arithmetic that saturates at 64 bits, bits, comparisons with zero. Safe integers are calculated as
 * numbers; what leaves their range is calculated again exactly.
 */

import { fromBigInt, type Integer } from '../values.ts';
import { simple, type ConverterCompiler } from './converter.ts';

function operand(value: string | number): Integer {
  return typeof value === 'number' ? value : fromBigInt(BigInt(value));
}

/** A binary operator: `fast` where its result is a safe integer, else `exact`. */
function operator(
  fast: (left: number, right: number) => number,
  exact: (left: bigint, right: bigint) => bigint,
): ConverterCompiler {
  return ([argument = 0]) => {
    const right = operand(argument);
    return (value) => {
      if (typeof value === 'number' && typeof right === 'number') {
        const result = fast(value, right);
        if (Number.isSafeInteger(result)) return result === 0 ? 0 : result;
      }
      return fromBigInt(exact(BigInt(value as Integer), BigInt(right)));
    };
  };
}

/** Bits of two's complement; 32-bit operators of the language would cut, so only small operands take the short way. */
function bitwise(
  fast: (left: number, right: number) => number,
  exact: (left: bigint, right: bigint) => bigint,
): ConverterCompiler {
  return ([argument = 0]) => {
    const right = operand(argument);
    const rightIsSmall = typeof right === 'number' && right === (right | 0);
    return (value) => {
      if (rightIsSmall && typeof value === 'number' && value === (value | 0)) return fast(value, right);
      return fromBigInt(exact(BigInt(value as Integer), BigInt(right)));
    };
  };
}

const LARGEST = 9223372036854775807n;

export const ARITHMETIC_CONVERTERS: Readonly<Record<string, ConverterCompiler>> = {
  add: operator(
    (left, right) => left + right,
    (left, right) => left + right,
  ),
  sub: operator(
    (left, right) => left - right,
    (left, right) => left - right,
  ),
  mul: operator(
    (left, right) => left * right,
    (left, right) => left * right,
  ),
  // Division by zero gives the largest integer (manual, "div").
  div: operator(
    (left, right) => Math.trunc(left / right),
    (left, right) => (right === 0n ? LARGEST : left / right),
  ),
  mod: operator(
    (left, right) => (right === 0 ? 0 : left % right),
    (left, right) => (right === 0n ? 0n : left % right),
  ),
  and: bitwise(
    (left, right) => left & right,
    (left, right) => left & right,
  ),
  or: bitwise(
    (left, right) => left | right,
    (left, right) => left | right,
  ),
  xor: bitwise(
    (left, right) => left ^ right,
    (left, right) => left ^ right,
  ),
  neg: simple((value) =>
    value === 0 ? 0 : typeof value === 'number' ? -value : fromBigInt(-BigInt(value as Integer)),
  ),
  cpl: simple((value) => fromBigInt(~BigInt(value as Integer))),
  bool: simple((value) => value !== 0),
  not: simple((value) => value === 0),
  odd: simple((value) => (typeof value === 'number' ? value % 2 !== 0 : BigInt(value as bigint) % 2n !== 0n)),
  even: simple((value) => (typeof value === 'number' ? value % 2 === 0 : BigInt(value as bigint) % 2n === 0n)),
};
