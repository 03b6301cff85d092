/**
 * The options of `bind`, `server`, `server-template`, `default-server` and `stats socket` lines: by name up to the end of the
 * line. A fault in one is reported and the next is read, so that one run shows all that is wrong with a line.
 */

import type { Cursor } from '../cursor.ts';
import { StatementError } from '../diagnostic.ts';
import { applyKeyword } from '../dispatch.ts';
import type { ParseState } from '../draft.ts';
import type { Keyword, KeywordIndex } from '../keyword.ts';

export interface UnknownOption {
  /** What stands before the sentence about an unknown word. */
  readonly subject: string;
  /** What stands behind it. */
  readonly hint?: string;
}

export function readOptions<Context extends { readonly state: ParseState }>(
  cursor: Cursor,
  index: KeywordIndex<Keyword<Context>>,
  context: Context,
  unknown: UnknownOption,
): void {
  while (!cursor.atEnd) {
    const start = cursor.index;
    try {
      readOption(cursor, index, context, unknown);
    } catch (error) {
      if (!(error instanceof StatementError)) throw error;
      cursor.diagnostics.alert(error.message, error.at, error.detail);
      resume(cursor, index, start + 1);
    }
  }
}

function readOption<Context extends { readonly state: ParseState }>(
  cursor: Cursor,
  index: KeywordIndex<Keyword<Context>>,
  context: Context,
  unknown: UnknownOption,
): void {
  const word = cursor.peek()!;
  const option = index.get(word);
  if (option === undefined) return failUnknown(cursor, index, unknown);
  cursor.keyword = word;
  applyKeyword(cursor, option, 1, context, context.state.noted);
}

function failUnknown<Context>(
  cursor: Cursor,
  index: KeywordIndex<Keyword<Context>>,
  { hint = '', subject }: UnknownOption,
): never {
  const word = cursor.peek()!;
  const nearest = cursor.diagnostics.nearest(word, index.firstWords());
  const meant = nearest === undefined ? '.' : `; did you mean '${nearest}' maybe ?`;
  const before = cursor.subject;
  cursor.subject = subject;
  try {
    cursor.fail(`unknown keyword '${word}'${meant}${hint}`, {
      nearest,
      remedy: nearest === undefined ? "leave it out; 'evenkeel keywords' lists the options" : undefined,
    });
  } finally {
    cursor.subject = before;
  }
}

/** Words that have a name of their own and mean something only behind another option. */
const CONTINUATIONS: ReadonlySet<string> = new Set(['usesrc']);

/** Shorter words are near to some option by chance. */
const MIN_MISSPELT = 4;

/** Goes to the next word that is an option, or a misspelt one: those between may belong to the one at fault. */
function resume<Context>(cursor: Cursor, index: KeywordIndex<Keyword<Context>>, first: number): void {
  cursor.index = Math.max(cursor.index, first);
  while (!cursor.atEnd) {
    const word = cursor.peek()!;
    if (index.get(word) !== undefined && !CONTINUATIONS.has(word)) return;
    if (word.length >= MIN_MISSPELT && cursor.diagnostics.nearest(word, index.firstWords()) !== undefined) return;
    cursor.index++;
  }
}
