/**
 * Converters that keep what passes through them (manual section 7.3.1: `set-var`, `unset-var`, `capture-req`, `capture-res`). The
 * value goes on unchanged.
 */

import { compileSetVariable, variableReference, type VariableCondition } from '../variables.ts';
import type { ConverterCompiler } from './converter.ts';

const setVariable: ConverterCompiler = ([name, ...conditions]) => {
  const set = compileSetVariable(
    String(name),
    conditions.filter((condition) => condition !== '').map((condition) => String(condition) as VariableCondition),
  );
  return (value, context) => {
    set(context, value);
    return value;
  };
};

const unsetVariable: ConverterCompiler = ([name]) => {
  const variable = variableReference(String(name));
  return (value, context) => {
    variable.set(context, undefined);
    return value;
  };
};

/** Where the frontend has no such slot, the sample is not found. */
function capture(direction: 'request' | 'response'): ConverterCompiler {
  return ([slot]) =>
    (value, context) =>
      context.keepCapture?.(direction, Number(slot), value as string) === true ? value : undefined;
}

export const VARIABLE_CONVERTERS: Readonly<Record<string, ConverterCompiler>> = {
  'set-var': setVariable,
  'unset-var': unsetVariable,
  'capture-req': capture('request'),
  'capture-res': capture('response'),
};
