/** From what the readers of this folder throw to diagnostics: exact places where the word allows them, and the states' sentences. */

import type { Cursor } from '../cursor.ts';
import { StatementError } from '../diagnostic.ts';
import { LEAVE_OUT } from '../dispatch.ts';
import type { Declaration } from '../keyword.ts';
import type { ExpressionScope } from '../expression-scope.ts';
import type { Position } from '../model.ts';
import type { Unavailable } from './expression.ts';
import { ExpressionFailure } from './failure.ts';

/** A word in the source. `exact` when it stands there unquoted, so that places inside it can be shown. */
export interface WordPlace {
  readonly at: Position;
  readonly length: number;
  readonly exact: boolean;
}

/** Place of word `index`. Quotes and escapes show as a width that the word's text does not explain. */
export function wordPlace(cursor: Cursor, index: number): WordPlace {
  const { words, columns, endColumn } = cursor.line;
  const length = words[index]?.length ?? 1;
  const start = columns[index] ?? endColumn;
  const next = columns[index + 1];
  // A following word stands one blank further on; with more blanks the place is taken as inexact, which only costs detail.
  const width = next === undefined ? endColumn - start : next - start - 1;
  return { at: cursor.position(index), length: Math.max(1, length), exact: width === length };
}

/** Place of a part of a word, or the whole word where parts cannot be told. */
export function partPlace(place: WordPlace, offset: number, length: number): { at: Position; length: number } {
  if (!place.exact) return { at: place.at, length: place.length };
  return { at: { ...place.at, column: place.at.column + offset }, length: Math.max(1, length) };
}

/** Reports a failure inside word `index` and gives the statement up; other errors pass through. */
export function failExpression(
  error: unknown,
  cursor: Cursor,
  index: number,
  sentence: (message: string) => string,
): never {
  if (!(error instanceof ExpressionFailure)) throw error;
  const place = wordPlace(cursor, index);
  const inWord = cursor.line.words[index] !== undefined && error.offset <= place.length;
  const part = inWord
    ? partPlace(place, error.offset, Math.min(error.length, Math.max(1, place.length - error.offset)))
    : place;
  const { expected, nearest, remedy } = error;
  throw new StatementError(cursor.subject + sentence(error.message), part.at, {
    length: part.length,
    form: cursor.form,
    expected,
    nearest,
    remedy,
  });
}

/** Says what a declaration's state means: an alert, or for `accepted` a warning, with the reason. */
export function reportState(
  declaration: Declaration,
  what: string,
  scope: ExpressionScope,
  place: { at: Position; length: number },
): void {
  if (declaration.state === 'works' || declaration.severity === 'quiet') return;
  const because = declaration.reason === undefined ? '' : `: ${declaration.reason}`;
  const severity = declaration.severity ?? (declaration.state === 'accepted' ? 'warning' : 'alert');
  scope.diagnostics.add(
    severity,
    `${what} '${declaration.name}' ${STATE_VERBS[declaration.state]}${because}.`,
    place.at,
    { length: place.length, remedy: declaration.state === 'later' ? LEAVE_OUT : undefined },
  );
}

const STATE_VERBS: Readonly<Record<Exclude<Declaration['state'], 'works'>, string>> = {
  accepted: 'has no effect here',
  refused: 'is not supported',
  later: 'is not supported by this version',
};

export function reportUnavailable(
  unavailable: Unavailable | undefined,
  scope: ExpressionScope,
  place: WordPlace,
): void {
  if (unavailable === undefined) return;
  const { declaration, kind, offset } = unavailable;
  if (declaration.inChecks === true && isCheckPlace(scope)) return;
  reportState(declaration, kind, scope, partPlace(place, offset, declaration.name.length));
}

function isCheckPlace({ place }: ExpressionScope): boolean {
  return place === 'http-check' || place === 'tcp-check';
}
