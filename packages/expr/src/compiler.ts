/**
 * The compiler's face: syntax trees of the configuration in, closures out. One compiler per thread and generation, so that
 * named ACLs and pattern sets that several rules share are compiled once.
 */

import type { Condition, Expression, LogFormat } from '@evenkeel/config';
import type { IpAddress } from './ip-address.ts';
import type { LogContext, SampleContext } from './context.ts';

/** 64-bit integer of HAProxy: a number while it is a safe integer, a bigint beyond. Both compare and print alike. */
export type Integer = number | bigint;

/** A typed value. `str` and `bin` hold bytes as latin1 text. */
export type Sample =
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'sint'; readonly value: Integer }
  | { readonly type: 'addr'; readonly value: IpAddress }
  | { readonly type: 'str' | 'bin' | 'meth'; readonly value: string };

/** Outcome of a test while more data may come: undecided means "ask again later". */
export type Verdict = boolean | undefined;

export interface Compiler {
  /** `if`/`unless`; no condition and a condition without terms are `undefined`, so that the caller pays nothing. */
  condition(condition: Condition | undefined): ((context: SampleContext) => boolean) | undefined;
  /** The same for content inspection: undefined while a test lacks data and `inspectionFinal` is false. */
  inspection(condition: Condition | undefined): ((context: SampleContext) => Verdict) | undefined;
  /** Any expression; undefined when the sample was not found. */
  expression(expression: Expression): (context: SampleContext) => Sample | undefined;
  /** Converted as HAProxy casts to strings. */
  string(expression: Expression): (context: SampleContext) => string | undefined;
  /** Converted as HAProxy casts to integers; beyond the safe integers rounded. */
  integer(expression: Expression): (context: SampleContext) => number | undefined;
  address(expression: Expression): (context: SampleContext) => IpAddress | undefined;
  /** A log-format string as a value (header, body, backend name): what is missing is empty text. */
  logFormat(format: LogFormat): (context: LogContext) => string;
  /** A log-format string as a log line: what is missing is `-`, quoted text is escaped as in logs. */
  logLine(format: LogFormat): (context: LogContext) => string;
}
