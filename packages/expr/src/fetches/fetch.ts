/** What a fetch compiles to. One file per family of the manual holds the fetches themselves. */

import type { SampleContext, ExpressionEnvironment } from '../context.ts';
import type { ValueTest } from '../matchers.ts';
import type { Value } from '../values.ts';

export type Getter = (context: SampleContext) => Value | undefined;

/** Asks `test` about each value of a fetch that has several, in order; true as soon as one passes. */
export type Iterator = (context: SampleContext, test: ValueTest) => boolean;

export interface CompiledFetch {
  /** The value, or undefined where the sample is not found. */
  readonly get: Getter;
  /** For fetches that an ACL asks value by value. */
  readonly each?: Iterator;
  /** True while more data may change what the fetch finds; without it the fetch is final at once. */
  readonly pending?: (context: SampleContext) => boolean;
}

/** Arguments as the parser checked and converted them. */
export type FetchArguments = readonly (string | number)[];

export type FetchCompiler = (args: FetchArguments, environment: ExpressionEnvironment) => CompiledFetch;

/** A fetch that is one function of the context. */
export function plain(get: Getter): FetchCompiler {
  return () => ({ get });
}
