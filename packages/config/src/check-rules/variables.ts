/** `set-var`, `set-var-fmt` and `unset-var` in the rules of checks (manual 4.2). */

import type { Cursor } from '../cursor.ts';
import type { CheckSetVariable, CheckUnsetVariable } from '../check-model.ts';
import type { CheckWords } from './words.ts';

const CONDITIONS = ['ifexists', 'ifnotexists', 'ifempty', 'ifnotempty', 'ifset', 'ifnotset', 'ifgt', 'iflt'] as const;
const SCOPES = ['proc', 'sess', 'txn', 'req', 'res', 'check'] as const;
type Action = 'set-var' | 'set-var-fmt' | 'unset-var';

/** `word` is the whole word: `set-var(check.port,ifnotset)`. */
export function readVariable(words: CheckWords, action: Action, word: string): CheckSetVariable | CheckUnsetVariable {
  const cursor: Cursor = words.cursor;
  const usage = "Expects 'set-var(<var-name>)', 'set-var-fmt(<var-name>)' or 'unset-var(<var-name>)'";
  const expected = `${action}(check.name)`;
  if (!word.includes('('))
    cursor.failLast(`'${action}' : invalid or incomplete action '${word}'. ${usage}.`, { expected });
  if (!word.endsWith(')'))
    cursor.failLast(`'${action}' : incomplete argument after action '${word}'. ${usage}.`, { expected });
  const [name, ...conditions] = word.slice(action.length + 1, -1).split(',');
  checkName(words, action, name);
  if (action === 'unset-var') {
    if (conditions.length > 0)
      cursor.failLast(
        `'${action}' : unset-var does not expect parameters after the variable name. Only "set-var" and "set-var-fmt" manage conditions.`,
        { remedy: 'leave the conditions out' },
      );
    return { at: cursor.start, action, name };
  }
  for (const condition of conditions) {
    if (!(CONDITIONS as readonly string[]).includes(condition))
      cursor.failLast(`'${action}' : unknown condition "${condition}".`, { expected: CONDITIONS.join(', ') });
  }
  return { at: cursor.start, action: 'set-var', name, conditions, value: readValue(words, action) };
}

function readValue(words: CheckWords, action: 'set-var' | 'set-var-fmt'): CheckSetVariable['value'] {
  const cursor: Cursor = words.cursor;
  const sentence = (message: string): string => `'${action}' : ${message.trimStart()}.`;
  if (cursor.atEnd) cursor.fail(sentence('missing fetch method'), { expected: 'a value' });
  if (action === 'set-var') return words.expression(sentence);
  cursor.index++;
  return words.format(false);
}

function checkName(words: CheckWords, action: Action, name: string): void {
  const cursor: Cursor = words.cursor;
  const detail = { expected: 'a name such as check.name' };
  if (name === '') cursor.failLast(`'${action}' : Empty variable name cannot be accepted.`, detail);
  const scope = SCOPES.find((known) => name.startsWith(`${known}.`));
  if (scope === undefined) {
    cursor.failLast(
      `'${action}' : invalid variable name '${name}'. A variable name must be start by its scope. The scope can be 'proc', 'sess', 'txn', 'req', 'res' or 'check'.`,
      detail,
    );
  }
  const bad = /[^A-Za-z0-9_.]/.exec(name);
  if (bad !== null) cursor.failLast(`'${action}' : invalid syntax at char '${name.slice(bad.index)})'.`, detail);
}
