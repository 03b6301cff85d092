/** The environment keywords of manual section 3.1. They act at once, on what follows them. */

import type { GlobalContext } from '../draft.ts';
import type { Keyword } from '../keyword.ts';

const GLOBAL = ['global'] as const;

type Parse = NonNullable<Keyword<GlobalContext>['parse']>;

function set(overwrite: boolean): Parse {
  return (cursor, { state }) => {
    cursor.form = 'tight';
    const message = `'${cursor.keyword}' expects a name and a value.`;
    const name = cursor.word('a name', message);
    const value = cursor.word('a value', message);
    const extra = cursor.next();
    // HAProxy ignores one word that follows, and refuses more.
    if (extra !== undefined)
      cursor.warn(`'${cursor.keyword}' ignores unexpected argument '${extra}'; quote the value if it contains spaces.`);
    cursor.form = 'parsing';
    cursor.end();
    if (overwrite || !state.env.has(name)) state.env.set(name, value);
  };
}

export const globalEnvironmentKeywords: readonly Keyword<GlobalContext>[] = [
  { name: 'setenv', places: GLOBAL, state: 'works', manual: '3.1', parse: set(true) },
  { name: 'presetenv', places: GLOBAL, state: 'works', manual: '3.1', parse: set(false) },
  {
    name: 'unsetenv',
    places: GLOBAL,
    state: 'works',
    manual: '3.1',
    parse: (cursor, { state }) => {
      if (cursor.atEnd)
        cursor.fail("'unsetenv' expects at least one variable name.", { form: 'tight', expected: 'a name' });
      for (const name of cursor.rest()) state.env.delete(name);
    },
  },
  {
    name: 'resetenv',
    places: GLOBAL,
    state: 'works',
    manual: '3.1',
    parse: (cursor, { state }) => {
      const kept = new Set(cursor.rest());
      for (const name of state.env.keys()) {
        if (!kept.has(name)) state.env.delete(name);
      }
    },
  },
];
