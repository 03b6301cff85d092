/**
 * Variables by scope (manual section 2.8 and the `set-var` converter): typed values that rules keep for later expressions. A
 * scope lives as long as what it is named after; whoever owns that makes the scope and lets it go. The name of a variable is
 * resolved to its scope once, at compile time.
 */

import type { SampleContext } from './context.ts';
import type { Value } from './values.ts';

export const VARIABLE_SCOPES = ['proc', 'sess', 'txn', 'req', 'res', 'check'] as const;
export type VariableScope = (typeof VARIABLE_SCOPES)[number];

/** The variables of one scope, by their names without the scope. One that was unset still exists, without a value. */
export type Variables = Map<string, Value | undefined>;

/** The scopes that exist at some moment; a variable of another one is not found, and setting it does nothing. */
export type VariableScopes = { readonly [Scope in VariableScope]?: Variables };

/** Scopes that begin without variables. */
export function emptyScopes(...scopes: readonly VariableScope[]): VariableScopes {
  return Object.fromEntries(scopes.map((scope) => [scope, new Map<string, Value | undefined>()]));
}

/** Conditions that `set-var` may carry; all must hold for the variable to be set. */
export type VariableCondition =
  | 'ifexists'
  | 'ifnotexists'
  | 'ifempty'
  | 'ifnotempty'
  | 'ifset'
  | 'ifnotset'
  | 'ifgt'
  | 'iflt';

export interface VariableReference {
  readonly exists: (context: SampleContext) => boolean;
  readonly get: (context: SampleContext) => Value | undefined;
  /** Undefined takes the value away. */
  readonly set: (context: SampleContext, value: Value | undefined) => void;
}

/** `name` with its scope: `check.port`. */
export function variableReference(name: string): VariableReference {
  const dot = name.indexOf('.');
  const scope = name.slice(0, dot) as VariableScope;
  const key = name.slice(dot + 1);
  return {
    // Those of the process exist since the configuration was read (manual, set-var converter).
    exists: (context) => scope === 'proc' || context.variables?.[scope]?.has(key) === true,
    get: (context) => context.variables?.[scope]?.get(key),
    set: (context, value) => {
      const variables = context.variables?.[scope];
      if (value !== undefined || variables?.has(key) === true) variables?.set(key, value);
    },
  };
}

/** Gives a variable a value where all conditions hold. `value` is undefined where the sample was not found: nothing is set. */
export function compileSetVariable(
  name: string,
  conditions: readonly VariableCondition[],
): (context: SampleContext, value: Value | undefined) => void {
  const variable = variableReference(name);
  return (context, value) => {
    if (value === undefined || !conditions.every((condition) => holds(condition, variable, context, value))) return;
    variable.set(context, value);
  };
}

function holds(
  condition: VariableCondition,
  variable: VariableReference,
  context: SampleContext,
  value: Value,
): boolean {
  const current = variable.get(context);
  switch (condition) {
    case 'ifexists':
      return variable.exists(context);
    case 'ifnotexists':
      return !variable.exists(context);
    case 'ifset':
      return current !== undefined;
    case 'ifnotset':
      return current === undefined;
    // Numbers and addresses are never empty.
    case 'ifempty':
      return value === '';
    case 'ifnotempty':
      return value !== '';
    // What cannot be compared does not stand in the way.
    case 'ifgt':
      return !isInteger(current) || !isInteger(value) || current > value;
    case 'iflt':
      return !isInteger(current) || !isInteger(value) || current < value;
  }
}

function isInteger(value: Value | undefined): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}
