/** Manual section 3.1: `set-var` and `set-var-fmt` of the global section, which give process-wide variables their first value. */

import type { GlobalContext } from '../draft.ts';
import { parseExpression, parseLogFormat } from '../expressions/index.ts';
import type { Keyword } from '../keyword.ts';

const GLOBAL = ['global'] as const;

type Parse = NonNullable<Keyword<GlobalContext>['parse']>;

function setVariable(kind: 'expression' | 'format'): Parse {
  return (cursor, { draft, scope }) => {
    const { keyword } = cursor;
    const what = kind === 'expression' ? 'a sample expression' : 'a format';
    const usage = `'${keyword}' requires a process-wide variable name ('proc.<name>') and ${what}.`;
    const name = cursor.word("a variable name ('proc.<name>')", usage);
    if (cursor.atEnd) cursor.fail(usage, { expected: what });
    if (!/^proc\.[A-Za-z0-9_.]+$/.test(name)) {
      cursor.failLast(
        `'${keyword}': cannot set variable '${name}', only scope 'proc' is permitted in the global section.`,
        { expected: 'proc.<name>' },
      );
    }
    if (kind === 'expression') {
      draft.setVars.push({ name, expression: parseExpression(cursor, scope('global')) });
      return;
    }
    const text = cursor.word(what, usage);
    const format = parseLogFormat(text, cursor.lastPosition(), scope('global'));
    if (format !== undefined) draft.setVars.push({ name, expression: format });
  };
}

export const globalVariableKeywords: readonly Keyword<GlobalContext>[] = [
  {
    name: 'set-var',
    places: GLOBAL,
    state: 'later',
    manual: '3.1',
    reason: 'variables are not available',
    parse: setVariable('expression'),
  },
  {
    name: 'set-var-fmt',
    places: GLOBAL,
    state: 'later',
    manual: '3.1',
    reason: 'variables are not available',
    parse: setVariable('format'),
  },
];
