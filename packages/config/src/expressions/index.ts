/**
 * Conditions, sample expressions, log formats, ACLs and rules: text to the syntax trees of `expression-model.ts`, checked
 * against the declared fetches, converters and actions. Each reader takes a cursor that stands on its first word and reports
 * what is wrong by the cursor.
 */

import type { Cursor } from '../cursor.ts';
import type { Acl, Condition, Expression, LogFormat } from '../expression-model.ts';
import type { ExpressionScope, RulePhase } from '../expression-scope.ts';
import type { Position, Rule } from '../model.ts';

/** `if …` or `unless …` up to the end of the line; undefined where the line has ended already. */
export type ParseCondition = (cursor: Cursor, scope: ExpressionScope) => Condition | undefined;
/** One word: a fetch and its converters. */
export type ParseExpression = (cursor: Cursor, scope: ExpressionScope) => Expression;
/** A log-format string that stands at `at`; undefined after an error, which went to `scope.diagnostics`. */
export type ParseLogFormat = (text: string, at: Position, scope: ExpressionScope) => LogFormat | undefined;
/** What follows `acl`: name, criterion, flags, patterns. The result is also put in `scope.acls`. */
export type ParseAcl = (cursor: Cursor, scope: ExpressionScope) => Acl;
/** What follows the phase's words: an action and its condition. */
export type ParseRule = (phase: RulePhase, cursor: Cursor, scope: ExpressionScope) => Rule | undefined;
