/** How the tables of this folder write down keywords that are known but have no reader of their own. */

import type { Cursor } from '../cursor.ts';
import type { Keyword, KeywordPlace, KeywordState } from '../keyword.ts';

export interface Group {
  readonly state: Exclude<KeywordState, 'works'>;
  /** Why, as the end of a sentence; undefined where `later` needs no word more. */
  readonly reason?: string;
  readonly places: readonly KeywordPlace[];
  readonly manual: string;
  readonly negatable?: boolean;
  readonly misplaced?: 'warning' | 'alert';
  readonly severity?: 'alert' | 'warning' | 'quiet';
  /** Words that follow each name, for options that stand between others; all that are left where it is negative. */
  readonly words?: number;
  /** The statement ends with its name. */
  readonly bare?: boolean;
}

/** One keyword for each name; names are separated by commas. */
export function declare<Context>(group: Group, names: string): Keyword<Context>[] {
  const { bare, words, ...declaration } = group;
  const parse = bare === true ? (cursor: Cursor): void => cursor.end() : words === undefined ? undefined : skip(words);
  return names
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
    .map((name) => ({ ...declaration, name, ...(parse === undefined ? {} : { parse }) }));
}

/** Passes over the words of an option, so that what follows is read as an option again. */
function skip(words: number): (cursor: Cursor) => void {
  return (cursor) => {
    if (words < 0) cursor.rest();
    else for (let count = 0; count < words; count++) cursor.word('an argument');
  };
}

/** A table's own keywords, and of the declared ones those that it does not have. */
export function withDeclared<Context>(
  own: readonly Keyword<Context>[],
  declared: readonly Keyword<Context>[],
): readonly Keyword<Context>[] {
  const names = new Set(own.map((keyword) => keyword.name));
  return [...own, ...declared.filter((keyword) => !names.has(keyword.name))];
}
