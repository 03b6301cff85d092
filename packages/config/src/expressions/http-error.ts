/** `http-error` (manual 4.2): the answer that stands for an error of the proxy's own, in place of the page of its status. */

import type { Cursor } from '../cursor.ts';
import type { ExpressionScope } from '../expression-scope.ts';
import type { Position, Reply } from '../model.ts';
import { DEFAULT_STATUSES, parseReply } from './reply.ts';
import { RuleWords } from './rule-words.ts';

export interface HttpError {
  readonly reply: Reply;
  /** Where the name of its `http-errors` section stands, if it has one. */
  readonly sectionAt: Position;
}

/** Reads all that follows the keyword. */
export function parseHttpError(cursor: Cursor, scope: ExpressionScope): HttpError {
  const words = new RuleWords(cursor, scope, (message) => `http-error : ${message}`);
  const judgeStatus = (status: number): void => {
    if (DEFAULT_STATUSES.has(status)) return;
    cursor.failLast(`http-error: status code '${status}' not handled.`, {
      expected: `one of ${[...DEFAULT_STATUSES].join(', ')}`,
    });
  };
  const reply = parseReply(cursor, scope, words, { status: 0, errorPages: false, judgeStatus });
  const rest = cursor.peek();
  if (rest !== undefined) words.fail(`unknown keyword '${rest}'.`, 'nothing more');
  return { reply, sectionAt: cursor.position(cursor.line.words.lastIndexOf('errorfiles') + 1) };
}
