/** Converters that keep what passes through them (manual section 7.3.1: `set-var`, `unset-var`). The value goes on unchanged. */

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

export const VARIABLE_CONVERTERS: Readonly<Record<string, ConverterCompiler>> = {
  'set-var': setVariable,
  'unset-var': unsetVariable,
};
