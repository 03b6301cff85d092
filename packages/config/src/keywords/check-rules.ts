/** Manual section 4.2: `tcp-check …` and `http-check …`. */

import {
  addStep,
  CheckWords,
  readConnect,
  readExpect,
  readHttpSend,
  readSend,
  readVariable,
} from '../check-rules/index.ts';
import type { CheckStep } from '../check-model.ts';
import type { Cursor } from '../cursor.ts';
import type { ProxyContext } from '../draft.ts';
import type { Keyword } from '../keyword.ts';
import { BACKEND_SIDE } from './readers.ts';

type Parse = NonNullable<Keyword<ProxyContext>['parse']>;
type Protocol = 'tcp' | 'http';

/** A rule: read, then put in its place among the others. */
function rule(protocol: Protocol, read: (words: CheckWords, word: string) => CheckStep): Parse {
  return (cursor, { draft, scope }) => {
    const at = cursor.index - 1;
    const word = cursor.line.words[at];
    const words = new CheckWords(cursor, scope(`${protocol}-check`), protocol, `${protocol}-check ${word}`);
    const step = read(words, word);
    const complaint = addStep(draft.checkRules, protocol, step);
    if (complaint !== undefined) {
      cursor.failAt(at, `${complaint}${complaint.endsWith('.') ? '' : '.'}`, {
        remedy:
          step.action === 'connect'
            ? `begin the rules with '${protocol}-check connect'`
            : 'write connect, send and expect in this order for each exchange',
      });
    }
  };
}

const connect = (words: CheckWords): CheckStep => readConnect(words);
const expect = (words: CheckWords): CheckStep => readExpect(words);

/** Words behind the comment are passed over, as HAProxy does. */
function comment(words: CheckWords): CheckStep {
  const cursor: Cursor = words.cursor;
  const text = cursor.peek();
  if (text === undefined || text === '') cursor.fail('expects a string as argument.', { expected: 'a string' });
  cursor.rest();
  return { at: cursor.start, action: 'comment', text };
}

function variable(action: 'set-var' | 'set-var-fmt' | 'unset-var'): (words: CheckWords, word: string) => CheckStep {
  return (words, word) => readVariable(words, action, word);
}

function flag(field: 'disableOn404' | 'sendState'): Parse {
  return (cursor: Cursor, { draft }) => {
    const word = cursor.peek();
    if (word !== undefined && word !== '') {
      cursor.fail(`'http-check' cannot handle unexpected argument '${word}'.`, { expected: 'the end of the line' });
    }
    draft.checkRules[field] = cursor.start;
  };
}

function declare(names: Readonly<Record<string, Parse>>): Keyword<ProxyContext>[] {
  return Object.entries(names).map(([name, parse]) => ({
    name,
    places: BACKEND_SIDE,
    state: 'works' as const,
    manual: '4.2',
    parse,
  }));
}

export const checkRuleKeywords: readonly Keyword<ProxyContext>[] = declare({
  'tcp-check comment': rule('tcp', comment),
  'tcp-check connect': rule('tcp', connect),
  'tcp-check expect': rule('tcp', expect),
  'tcp-check send': rule('tcp', (words) => readSend(words, 'send')),
  'tcp-check send-lf': rule('tcp', (words) => readSend(words, 'send-lf')),
  'tcp-check send-binary': rule('tcp', (words) => readSend(words, 'send-binary')),
  'tcp-check send-binary-lf': rule('tcp', (words) => readSend(words, 'send-binary-lf')),
  'tcp-check set-var': rule('tcp', variable('set-var')),
  'tcp-check set-var-fmt': rule('tcp', variable('set-var-fmt')),
  'tcp-check unset-var': rule('tcp', variable('unset-var')),
  'http-check comment': rule('http', comment),
  'http-check connect': rule('http', connect),
  'http-check disable-on-404': flag('disableOn404'),
  'http-check expect': rule('http', expect),
  'http-check send': rule('http', (words) => readHttpSend(words)),
  'http-check send-state': flag('sendState'),
  'http-check set-var': rule('http', variable('set-var')),
  'http-check set-var-fmt': rule('http', variable('set-var-fmt')),
  'http-check unset-var': rule('http', variable('unset-var')),
});
