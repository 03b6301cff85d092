/** A sample expression as a word of its own, as statements outside of rules and formats take it. */

import type { Cursor } from '../cursor.ts';
import type { Expression } from '../expression-model.ts';
import type { ExpressionScope } from '../expression-scope.ts';
import { placeConflict, readExpression } from './expression.ts';
import { ExpressionFailure } from './failure.ts';
import { placeMask, placeName, sourceName } from './places.ts';
import { collectReferences } from './references.ts';
import { failExpression, reportUnavailable, wordPlace } from './report.ts';

/** One word: a fetch and its converters, which must exist in the scope's place. `sentence` makes the complaint. */
export function parseExpression(
  cursor: Cursor,
  scope: ExpressionScope,
  sentence = (message: string): string => `'${cursor.keyword}' : ${message}`,
): Expression {
  const index = cursor.index;
  const text = cursor.word('a sample expression');
  try {
    const read = readExpression(text);
    const rest = text.slice(read.next);
    if (rest !== '')
      throw new ExpressionFailure(`missing comma after fetch keyword '${read.fetch.name}'`, read.next, rest.length);
    const where = placeMask(scope.place, scope.proxyKind);
    const conflict = where === undefined ? undefined : placeConflict(read, text, where);
    if (conflict !== undefined)
      throw new ExpressionFailure(conflict, 0, text.length, {
        expected: `a sample that exists in a ${placeName(where!)}`,
      });
    reportUnavailable(read.unavailable, scope, wordPlace(cursor, index));
    collectReferences(read.expression, scope, wordPlace(cursor, index), 'sample fetch keyword');
    return read.expression;
  } catch (error) {
    failExpression(error, cursor, index, sentence);
  }
}

/**
 * An expression at the cursor whose converters may stand in words of their own (`int(1) ,add(2)`), as rules with a sample as
 * argument have it. `sentence` makes the complaint, which calls the sample by its fetch, or as it is written.
 */
export function readExpressionWords(
  cursor: Cursor,
  scope: ExpressionScope,
  sentence: (message: string) => string,
  named: 'fetch' | 'written' = 'fetch',
): Expression {
  const start = cursor.index;
  let text = cursor.next() ?? '';
  while (cursor.peek()?.startsWith(',') === true) text += cursor.next();
  try {
    const read = readExpression(text);
    const rest = text.slice(read.next);
    if (rest !== '')
      throw new ExpressionFailure(`missing comma after fetch keyword '${read.fetch.name}'`, read.next, rest.length);
    const where = placeMask(scope.place, scope.proxyKind);
    if (where !== undefined && placeConflict(read, text, where) !== undefined) {
      const sources = read.fetch.sources.map(sourceName).join(',');
      throw new ExpressionFailure(
        `${named === 'fetch' ? ` fetch method '${read.fetch.name}'` : `fetch method '${text}'`} extracts information from '${sources}', none of which is available here`,
        0,
        text.length,
        { expected: `a sample that exists in a ${placeName(where)}` },
      );
    }
    reportUnavailable(read.unavailable, scope, wordPlace(cursor, start));
    collectReferences(read.expression, scope, wordPlace(cursor, start), 'sample fetch keyword');
    return read.expression;
  } catch (error) {
    failExpression(error, cursor, start, sentence);
  }
}
