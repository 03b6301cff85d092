/** A sample expression as a word of its own, as statements outside of rules and formats take it. */

import type { Cursor } from '../cursor.ts';
import type { Expression } from '../expression-model.ts';
import type { ExpressionScope } from '../expression-scope.ts';
import { placeConflict, readExpression } from './expression.ts';
import { ExpressionFailure } from './failure.ts';
import { placeMask, placeName } from './places.ts';
import { collectReferences } from './references.ts';
import { failExpression, reportUnavailable, wordPlace } from './report.ts';

/** One word: a fetch and its converters, which must exist in the scope's place. */
export function parseExpression(cursor: Cursor, scope: ExpressionScope): Expression {
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
    failExpression(error, cursor, index, (message) => `'${cursor.keyword}' : ${message}`);
  }
}
