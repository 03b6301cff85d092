/**
 * What the readers of one rule of a check share: HAProxy's sentence around their complaints, comments, log formats and
 * expressions among the words, and hexadecimal text.
 */

import type { Cursor } from '../cursor.ts';
import type { Expression, LogFormat } from '../expression-model.ts';
import type { ExpressionScope } from '../expression-scope.ts';
import { readExpressionWords } from '../expressions/statements.ts';
import { readLogFormat } from '../expressions/log-format.ts';
import { regularExpressionError } from '../expressions/regex.ts';
import { failExpression, wordPlace } from '../expressions/report.ts';

export class CheckWords {
  readonly cursor: Cursor;
  readonly protocol: 'tcp' | 'http';
  private readonly scope: ExpressionScope;

  /** `rule` is what messages call it: "tcp-check connect". */
  constructor(cursor: Cursor, scope: ExpressionScope, protocol: 'tcp' | 'http', rule: string) {
    this.cursor = cursor;
    this.protocol = protocol;
    this.scope = scope;
    cursor.subject = `'${rule}' : `;
  }

  /** The word that follows an option's name. */
  value(option: string, complaint = `'${option}' expects a string as argument.`, expected = 'a string'): string {
    const cursor: Cursor = this.cursor;
    const word = cursor.peek();
    if (word === undefined || word === '') cursor.fail(complaint, { expected });
    cursor.index++;
    return word;
  }

  /** The log format in the word taken last. */
  format(prefix = true): LogFormat {
    const { cursor, scope } = this;
    const index = cursor.index - 1;
    const text = cursor.line.words[index];
    const sentence = (message: string): string =>
      prefix ? `'${text}' invalid log-format string (${message}).` : `${message}.`;
    try {
      return readLogFormat(text, wordPlace(cursor, index), scope, { form: 'parsing', error: sentence });
    } catch (error) {
      failExpression(error, cursor, index, sentence);
    }
  }

  /** An expression that begins at the next word and may go on over several. */
  expression(sentence: (message: string) => string): Expression {
    return readExpressionWords(this.cursor, this.scope, sentence);
  }

  /** Bytes of the word taken last, which are hexadecimal digits; `sentence` makes the complaint. */
  bytes(sentence: (message: string) => string): string {
    const digits = this.cursor.line.words[this.cursor.index - 1];
    const bad = /[^0-9a-fA-F]/.exec(digits);
    const expected = 'two hexadecimal digits for each byte';
    if (bad !== null) this.cursor.failLast(sentence(`an hex digit is expected (found '${bad[0]}')`), { expected });
    if (digits.length % 2 !== 0)
      this.cursor.failLast(sentence('an even number of hex digit is expected'), { expected });
    return digits.replace(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16)));
  }

  /** The word taken last, which is a regular expression. */
  pattern(): string {
    const pattern = this.cursor.line.words[this.cursor.index - 1];
    const error = regularExpressionError(pattern, false);
    if (error !== undefined) this.cursor.failLast(`${error}.`, { expected: 'a regular expression' });
    return pattern;
  }
}
