/**
 * Sample expressions compiled: a fetch and its converters to one function of the context, with the casts between them chosen
 * beforehand. Types are those of the declarations, so a value needs no tag while it travels.
 */

import { CONVERTERS, FETCHES } from '@evenkeel/config/declarations';
import type { Argument, Call, Expression, SampleType } from '@evenkeel/config';
import type { ExpressionEnvironment, SampleContext } from './context.ts';
import { CONVERTER_COMPILERS, type Convert } from './converters/index.ts';
import { FETCH_COMPILERS, type CompiledFetch, type Getter } from './fetches/index.ts';
import type { ValueTest } from './matchers.ts';
import { castFunction } from './values.ts';

export interface CompiledExpression {
  readonly type: SampleType;
  readonly get: Getter;
  /** Asks a test about the value, or about each value in turn where the fetch has several. */
  readonly some: (context: SampleContext, test: ValueTest) => boolean;
  readonly pending: ((context: SampleContext) => boolean) | undefined;
}

/** Compiles an expression to values of its own type, or of `wanted`. */
export function compileExpression(
  expression: Expression,
  environment: ExpressionEnvironment,
  wanted?: SampleType,
): CompiledExpression {
  const fetch = compileFetch(expression.fetch, environment);
  const steps: Convert[] = [];
  let type = FETCHES.get(expression.fetch.name)!.output;
  const cast = (to: SampleType): void => {
    const step = castFunction(type, to);
    if (step !== undefined) steps.push(step);
  };
  for (const call of expression.converters) {
    const declaration = CONVERTERS.get(call.name)!;
    cast(declaration.input);
    steps.push(compileConverter(call, environment));
    if (declaration.output !== 'any' || declaration.input !== 'any') type = declaration.output;
  }
  if (wanted !== undefined && wanted !== type) {
    cast(wanted);
    type = wanted;
  }
  const convert = chain(steps);
  return { type, get: chainedGetter(fetch, convert), some: chainedTest(fetch, convert), pending: fetch.pending };
}

function compileFetch(call: Call, environment: ExpressionEnvironment): CompiledFetch {
  const compile = FETCH_COMPILERS.get(call.name);
  if (compile === undefined)
    throw new Error(`the sample fetch '${call.name}' is declared to work but cannot be compiled`);
  return compile(scalars(call.arguments), environment);
}

function compileConverter(call: Call, environment: ExpressionEnvironment): Convert {
  const compile = CONVERTER_COMPILERS.get(call.name);
  if (compile === undefined) throw new Error(`the converter '${call.name}' is declared to work but cannot be compiled`);
  return compile(scalars(call.arguments), environment);
}

function scalars(values: readonly Argument[]): readonly (string | number)[] {
  return values.filter((value) => typeof value !== 'object');
}

/** One function for all steps; undefined without any. A step that fails ends the chain. */
function chain(steps: readonly Convert[]): Convert | undefined {
  const [first, second, ...rest] = steps;
  if (first === undefined) return undefined;
  if (second === undefined) return first;
  if (rest.length > 0) return steps.slice(1).reduce((before, after) => chain([before, after])!, first);
  return (value, context) => {
    const between = first(value, context);
    return between === undefined ? undefined : second(between, context);
  };
}

function chainedGetter(fetch: CompiledFetch, convert: Convert | undefined): Getter {
  if (convert === undefined) return fetch.get;
  const { get } = fetch;
  return (context) => {
    const value = get(context);
    return value === undefined ? undefined : convert(value, context);
  };
}

function chainedTest(fetch: CompiledFetch, convert: Convert | undefined): CompiledExpression['some'] {
  const { get, each } = fetch;
  if (each !== undefined) {
    if (convert === undefined) return each;
    return (context, test) =>
      each(context, (value) => {
        const converted = convert(value, context);
        return converted !== undefined && test(converted);
      });
  }
  const getter = chainedGetter({ get }, convert);
  return (context, test) => {
    const value = getter(context);
    return value !== undefined && test(value);
  };
}
