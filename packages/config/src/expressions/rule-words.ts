/** What the readers of one statement share: HAProxy's sentence around their errors, and log formats read from its words. */

import type { Cursor } from '../cursor.ts';
import { describeKind, type ProxyDraft } from '../draft.ts';
import type { LogFormat } from '../expression-model.ts';
import type { ExpressionScope } from '../expression-scope.ts';
import { readLogFormat, reportFormatFailure, type FormatSentence } from './log-format.ts';
import { failExpression, wordPlace } from './report.ts';
import { ExpressionFailure } from './failure.ts';

export class RuleWords {
  private readonly cursor: Cursor;
  private readonly scope: ExpressionScope;
  /** The whole sentence of a complaint. */
  readonly sentence: (message: string) => string;

  constructor(cursor: Cursor, scope: ExpressionScope, sentence: (message: string) => string) {
    this.cursor = cursor;
    this.scope = scope;
    this.sentence = sentence;
  }

  /** An error at the next word. */
  fail(message: string, expected?: string): never {
    this.cursor.fail(this.sentence(message), { expected });
  }

  /** An error at the word taken last. */
  failLast(message: string, expected?: string, nearest?: string): never {
    this.cursor.failLast(this.sentence(message), { expected, nearest });
  }

  /** The log format in word `index`. */
  format(index: number): LogFormat {
    const { cursor, scope } = this;
    const text = cursor.line.words[index];
    try {
      return readLogFormat(text, wordPlace(cursor, index), scope, this.formatSentence());
    } catch (error) {
      failExpression(error, cursor, index, (message) => this.sentence(message));
    }
  }

  /** A log format that came from a file: errors are shown at word `index`, which named it. */
  formatText(text: string, index: number): LogFormat {
    const { cursor, scope } = this;
    const place = { ...wordPlace(cursor, index), exact: false };
    try {
      return readLogFormat(text, place, scope, this.formatSentence());
    } catch (error) {
      if (!(error instanceof ExpressionFailure)) throw error;
      reportFormatFailure(error, place, scope, this.formatSentence());
      return { kind: 'log-format', text, parts: [] };
    }
  }

  private formatSentence(): FormatSentence {
    return { form: 'parsing', error: (message) => this.sentence(message) };
  }
}

/** The sentence around complaints about a rule; `rule` is "http-request deny". */
export function ruleSentence(scope: ExpressionScope, rule: string): (message: string) => string {
  const owner = `${describeKind(scope.proxyKind as ProxyDraft['kind'])} '${scope.proxyName}'`;
  return (message) => `error detected in ${owner} while parsing '${rule}' rule : ${message}.`;
}
