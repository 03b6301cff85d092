/** What a converter compiles to. One file per family holds the converters themselves. */

import type { ExpressionEnvironment, SampleContext } from '../context.ts';
import type { Value } from '../values.ts';

/** The input has been cast to the declared type. Undefined where the conversion fails: the sample is then not found. */
export type Convert = (value: Value, context: SampleContext) => Value | undefined;

/** Arguments as the parser checked and converted them. */
export type ConverterArguments = readonly (string | number)[];

export type ConverterCompiler = (args: ConverterArguments, environment: ExpressionEnvironment) => Convert;

/** A converter without arguments. */
export function simple(convert: Convert): ConverterCompiler {
  return () => convert;
}

/** A converter of text without arguments. */
export function ofText(convert: (text: string) => Value | undefined): ConverterCompiler {
  return () => (value) => convert(value as string);
}
