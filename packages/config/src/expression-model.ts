/**
 * Sample expressions, ACLs, conditions and log formats as plain data: the syntax tree that the parser checked against the
 * declarations (which fetches and converters exist, their arguments, where they may be used). `@evenkeel/expr` compiles
 * them to closures; nothing here is evaluated. Manual: sections 7 (ACLs and samples) and 8.2.4 (custom log format).
 */

import type { Position } from './source-model.ts';

export type Argument = string | number | Expression;

/** A call by name, its arguments checked and converted as declared (times in ms, sizes in bytes). */
export interface Call {
  readonly name: string;
  readonly arguments: readonly Argument[];
}

/** A sample fetch followed by converters: `path,lower,word(1,/)`. */
export interface Expression {
  readonly kind: 'expression';
  readonly fetch: Call;
  readonly converters: readonly Call[];
  /** The text as written, for messages and canonical output. */
  readonly text: string;
}

/** Matching methods of manual section 7.1. */
export type MatchMethod =
  | 'found'
  | 'bool'
  | 'int'
  | 'ip'
  | 'bin'
  | 'len'
  | 'str'
  | 'sub'
  | 'reg'
  | 'beg'
  | 'end'
  | 'dir'
  | 'dom';

/** One test: an expression, a method and patterns. Several `acl` lines of one name are alternatives. */
export interface AclTest {
  readonly expression: Expression;
  readonly method: MatchMethod;
  readonly ignoreCase: boolean;
  /** Patterns in order, those of `-f` files included. Empty for `found` and `bool`. */
  readonly patterns: readonly string[];
  /** Files of `-f`, in order: the runtime socket addresses pattern sets by file. */
  readonly files: readonly string[];
  readonly at: Position;
  /** The criterion is `method` alone, without `-m`: known methods then match as they are written, whatever `-i` says. */
  readonly methodNames?: boolean;
  /** `-u`: number by which the runtime socket addresses the patterns. */
  readonly uniqueId?: number;
}

export interface Acl {
  readonly name: string;
  readonly tests: readonly AclTest[];
}

/** `if`/`unless` in disjunctive form: any of the terms, each a conjunction. `unless` is `negate` of the whole. */
export interface Condition {
  readonly negate: boolean;
  readonly terms: readonly (readonly ConditionLeaf[])[];
  /** As written, after `if` or `unless`. */
  readonly text: string;
}

export type ConditionLeaf =
  /** A named ACL of the same proxy or a predefined one (TRUE, METH_GET …, resolved to its tests). */
  | { readonly kind: 'acl'; readonly negate: boolean; readonly acl: Acl }
  | { readonly kind: 'anonymous'; readonly negate: boolean; readonly test: AclTest };

/** A compiled-from string of literals, `%alias` variables and `%[sample expressions]`. */
export interface LogFormat {
  readonly kind: 'log-format';
  readonly text: string;
  readonly parts: readonly LogFormatPart[];
}

export type LogFormatPart =
  | { readonly kind: 'literal'; readonly text: string }
  | {
      readonly kind: 'alias';
      readonly name: string;
      readonly argument: string | undefined;
      readonly flags: LogFormatFlags;
    }
  | { readonly kind: 'sample'; readonly expression: Expression; readonly flags: LogFormatFlags };

/** Flags of `%{…}`: +Q quote, +X hexadecimal, +E escape. */
export interface LogFormatFlags {
  readonly quote: boolean;
  readonly hex: boolean;
  readonly escape: boolean;
}
