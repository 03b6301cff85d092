/**
 * The compiler: syntax trees of the configuration in, closures out. One per thread and generation, so that named ACLs that several
 * rules share are compiled once, and dates are printed once a second.
 */

import type { Condition, Expression, LogFormat, SampleType } from '@evenkeel/config';
import { ConditionCompiler, type Verdict } from './condition.ts';
import type { ExpressionEnvironment, LogContext, SampleContext } from './context.ts';
import { LogDates } from './dates.ts';
import { compileExpression } from './expression.ts';
import type { IpAddress } from './ip-address.ts';
import { compileLineFormat, compileValueFormat } from './log-format.ts';
import type { Integer, Value } from './values.ts';

/** A typed value. `str`, `bin` and `meth` hold bytes as latin1 text. */
export type Sample =
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'sint'; readonly value: Integer }
  | { readonly type: 'addr'; readonly value: IpAddress }
  | { readonly type: 'str' | 'bin' | 'meth'; readonly value: string };

export interface Compiler {
  /** `if`/`unless`; undefined without a condition, so that the caller pays nothing. */
  condition(condition: Condition | undefined): ((context: SampleContext) => boolean) | undefined;
  /** The same for content inspection: undefined while a test lacks data and `inspectionFinal` is false. */
  inspection(condition: Condition | undefined): ((context: SampleContext) => Verdict) | undefined;
  /** Any expression; undefined when the sample was not found. */
  expression(expression: Expression): (context: SampleContext) => Sample | undefined;
  /** Converted as HAProxy casts to strings. */
  string(expression: Expression): (context: SampleContext) => string | undefined;
  /** Converted as HAProxy casts to binary: integers as 8 bytes, addresses as 4 or 16; latin1 text. */
  bytes(expression: Expression): (context: SampleContext) => string | undefined;
  /** Converted as HAProxy casts to integers; beyond the safe integers rounded. */
  integer(expression: Expression): (context: SampleContext) => number | undefined;
  address(expression: Expression): (context: SampleContext) => IpAddress | undefined;
  /** A log-format string as a value (header, body, backend name): what is missing is empty text. */
  logFormat(format: LogFormat): (context: LogContext) => string;
  /** A log-format string as a log line: what is missing is `-`, and blanks merge. */
  logLine(format: LogFormat): (context: LogContext) => string;
}

export function createCompiler(environment: ExpressionEnvironment): Compiler {
  const conditions = new ConditionCompiler(environment);
  const dates = new LogDates(environment.localOffsetMinutes);
  const getter = (expression: Expression, type: SampleType): ((context: SampleContext) => Value | undefined) =>
    compileExpression(expression, environment, type).get;
  return {
    condition: (condition) => conditions.predicate(condition),
    inspection: (condition) => conditions.inspection(condition),
    expression: (expression) => {
      const { type, get } = compileExpression(expression, environment);
      const wrap = sampleMaker(type);
      return (context) => {
        const value = get(context);
        return value === undefined ? undefined : wrap(value);
      };
    },
    string: (expression) => getter(expression, 'str') as (context: SampleContext) => string | undefined,
    bytes: (expression) => getter(expression, 'bin') as (context: SampleContext) => string | undefined,
    integer: (expression) => {
      const get = getter(expression, 'sint') as (context: SampleContext) => Integer | undefined;
      return (context) => {
        const value = get(context);
        return typeof value === 'bigint' ? Number(value) : value;
      };
    },
    address: (expression) => getter(expression, 'addr') as (context: SampleContext) => IpAddress | undefined,
    logFormat: (format) => compileValueFormat(format, environment, dates),
    logLine: (format) => compileLineFormat(format, environment, dates),
  };
}

/** Puts the type beside a value. */
function sampleMaker(type: SampleType): (value: Value) => Sample {
  switch (type) {
    case 'bool':
      return (value) => ({ type: 'bool', value: value as boolean });
    case 'sint':
      return (value) => ({ type: 'sint', value: value as Integer });
    case 'addr':
    case 'ipv4':
    case 'ipv6':
      return (value) => ({ type: 'addr', value: value as IpAddress });
    case 'str':
    case 'bin':
    case 'meth':
      return (value) => ({ type, value: value as string });
    case 'any':
      return (value) => taggedSample(value);
  }
}

/** Where the type is known at run time only. */
function taggedSample(value: Value): Sample {
  if (typeof value === 'boolean') return { type: 'bool', value };
  if (typeof value === 'string') return { type: 'str', value };
  return typeof value === 'object' ? { type: 'addr', value } : { type: 'sint', value };
}
