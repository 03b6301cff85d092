/**
 * Types of samples and which of them convert into which by themselves, as HAProxy 2.6 casts them (observed by pairing every
 * output type with every input type). `addr` stands for either family; a map may output it, and then nothing casts it.
 */

import type { MatchMethod } from '../expression-model.ts';

export type SampleType = 'any' | 'bool' | 'sint' | 'addr' | 'ipv4' | 'ipv6' | 'str' | 'bin' | 'meth';

const CASTS: Readonly<Record<SampleType, ReadonlySet<SampleType>>> = {
  any: new Set(['any', 'bool', 'sint', 'addr', 'ipv4', 'ipv6', 'str', 'bin', 'meth']),
  bool: new Set(['any', 'bool', 'sint', 'str', 'bin']),
  sint: new Set(['any', 'bool', 'sint', 'addr', 'ipv4', 'ipv6', 'str', 'bin']),
  addr: new Set(['any']),
  ipv4: new Set(['any', 'sint', 'addr', 'ipv4', 'ipv6', 'str', 'bin']),
  ipv6: new Set(['any', 'addr', 'ipv4', 'ipv6', 'str', 'bin']),
  str: new Set(['any', 'bool', 'sint', 'addr', 'ipv4', 'ipv6', 'str', 'bin', 'meth']),
  bin: new Set(['any', 'str', 'bin', 'meth']),
  meth: new Set(['any', 'str', 'bin', 'meth']),
};

/** Whether a sample of type `from` can be given to something that takes `to`. */
export function castable(from: SampleType, to: SampleType): boolean {
  return CASTS[from].has(to);
}

/** What each matching method takes; `found` takes anything. */
const MATCH_INPUT: Readonly<Record<MatchMethod, SampleType>> = {
  found: 'any',
  bool: 'bool',
  int: 'sint',
  ip: 'addr',
  bin: 'bin',
  len: 'str',
  str: 'str',
  beg: 'str',
  sub: 'str',
  dir: 'str',
  dom: 'str',
  end: 'str',
  reg: 'str',
};

/** Manual section 7.1, the matrix of sample types and matching methods. */
export function matchable(from: SampleType, method: MatchMethod): boolean {
  // An address of either family is what `ip` takes, though nothing else casts it.
  return from === MATCH_INPUT[method] || castable(from, MATCH_INPUT[method]);
}

export const MATCH_METHODS = Object.keys(MATCH_INPUT) as readonly MatchMethod[];

/** The method that a type implies; undefined where `-m` is mandatory. */
export function defaultMatch(type: SampleType): MatchMethod | undefined {
  switch (type) {
    case 'bool':
      return 'bool';
    case 'sint':
      return 'int';
    case 'addr':
    case 'ipv4':
    case 'ipv6':
      return 'ip';
    case 'str':
      return 'str';
    case 'any':
    case 'bin':
    case 'meth':
      return undefined;
  }
}
