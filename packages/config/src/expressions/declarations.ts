/**
 * What a fetch or converter is declared with, and the reading of the compact lists of names. The tables that say which of
 * them work are `fetches.ts` and `converters.ts`.
 */

import type { Declaration } from '../keyword.ts';
import type { PlaceMask, SampleSource } from './places.ts';
import type { SampleType } from './sample-types.ts';

/** Types of arguments; their names in messages are HAProxy's. */
export type ArgumentType =
  | 'int'
  | 'str'
  | 'table'
  | 'backend'
  | 'frontend'
  | 'server'
  | 'userlist'
  | 'ipv4'
  | 'ipv6'
  | 'mask4'
  | 'mask6'
  | 'regex'
  | 'pbuf';

export const ARGUMENT_NAMES: Readonly<Record<ArgumentType, string>> = {
  int: 'integer',
  str: 'string',
  table: 'table',
  backend: 'backend',
  frontend: 'frontend',
  server: 'server',
  userlist: 'user list',
  ipv4: 'IPv4 address',
  ipv6: 'IPv6 address',
  mask4: 'IPv4 mask',
  mask6: 'IPv6 mask',
  regex: 'regex',
  pbuf: 'Protocol buffers field number',
};

export interface Signature {
  readonly arguments: readonly ArgumentType[];
  /** The first so many are mandatory. */
  readonly required: number;
}

export interface SampleDeclaration extends Declaration, Signature {
  readonly output: SampleType;
  /** Works in rules of checks, whatever the state says of other places. */
  readonly inChecks?: true;
}

export interface FetchDeclaration extends SampleDeclaration {
  readonly sources: readonly SampleSource[];
  readonly places: PlaceMask;
}

export interface ConverterDeclaration extends SampleDeclaration {
  readonly input: SampleType;
}

/** Reads `name(int[,str])`: mandatory arguments stand before the first bracket. */
export function readSignature(text: string): Signature & { readonly name: string } {
  const open = text.indexOf('(');
  if (open < 0) return { name: text, arguments: [], required: 0 };
  const list = text.slice(open + 1, -1);
  const mandatory = list.split('[')[0];
  const types = (part: string): ArgumentType[] => part.split(/[[\],]+/).filter((word) => word !== '') as ArgumentType[];
  return { name: text.slice(0, open), arguments: types(list), required: types(mandatory).length };
}

/** `(string[,integer])` as HAProxy's keyword lists print a signature; empty without arguments. */
export function printSignature(signature: Signature): string {
  if (signature.arguments.length === 0) return '';
  const names = signature.arguments.map((type) => ARGUMENT_NAMES[type]);
  const mandatory = names.slice(0, signature.required).join(',');
  const optional = names.slice(signature.required).join(',');
  if (optional === '') return `(${mandatory})`;
  return mandatory === '' ? `([${optional}])` : `(${mandatory}[,${optional}])`;
}
