/** `capture` and `set-log-level` of rules (manual 4.2 "http-request capture", "tcp-request content capture", "http-request set-log-level"). */

import type { Cursor } from '../cursor.ts';
import type { ExpressionScope, RulePhase } from '../expression-scope.ts';
import type { Action } from '../model.ts';
import { nearestWord } from '../nearest.ts';
import type { RuleWords } from './rule-words.ts';
import { readExpressionWords } from './statements.ts';
import { SYSLOG_LEVELS } from '../syslog.ts';

/** What follows `capture`. */
export function readCapture(phase: RulePhase, cursor: Cursor, scope: ExpressionScope, words: RuleWords): Action {
  if (phase.startsWith('tcp-')) return readTcpCapture(phase, cursor, scope);
  const isRequest = phase === 'http-request';
  const usage = isRequest ? "expects <expression> [ 'len' <length> | id <idx> ]" : 'expects <expression> id <idx>';
  const forms = isRequest ? "'id' or 'len'" : "'id'";
  if (cursor.atEnd) words.fail(usage, 'a sample expression');
  const expression = readExpressionWords(cursor, scope, words.sentence, 'written');
  const form = cursor.peek();
  const word = cursor.peek(1);
  if (form === undefined || form === '') words.fail(usage, forms);
  if (form !== 'id' && !(isRequest && form === 'len'))
    words.fail(isRequest ? `expects 'len' or 'id', found '${form}'` : `expects 'id', found '${form}'`, forms);
  cursor.index++;
  if (word === undefined || word === '') words.fail(usage, form === 'id' ? 'the number of a slot' : 'a number above 0');
  cursor.index++;
  if (form === 'len') return { type: 'capture', expression, slot: readOwnSlot(word, scope, words) };
  if (!/^[+-]?\d+$/.test(word)) words.failLast(`cannot parse id '${word}'`, 'the number of a slot');
  const slot = Number(word);
  checkSlot(isRequest ? 'request' : 'response', slot, cursor, scope);
  return { type: 'capture', expression, slot };
}

/** A slot of the rule's own, of that length. */
function readOwnSlot(length: string, scope: ExpressionScope, words: RuleWords): number {
  if (scope.proxyKind === 'backend')
    words.failLast(`proxy '${scope.proxyName}' has no frontend capability`, "'id' and the number of a frontend's slot");
  if (!(Number(length) > 0)) words.failLast('length must be > 0', 'a number above 0');
  return addSlot(scope, Number(length));
}

function addSlot(scope: ExpressionScope, length: number): number {
  const slot = scope.captures.filter(({ direction }) => direction === 'request').length;
  scope.captures.push({ direction: 'request', header: undefined, length });
  return slot;
}

/** Of a frontend all slots are known in the end; those that a backend's rules name depend on where requests come from. */
function checkSlot(direction: 'request' | 'response', slot: number, cursor: Cursor, scope: ExpressionScope): void {
  if (scope.proxyKind !== 'frontend' && scope.proxyKind !== 'listen') return;
  const at = cursor.lastPosition();
  scope.whenComplete(() => {
    const count = scope.captures.filter((one) => one.direction === direction).length;
    if (slot >= 0 && slot < count) return;
    scope.diagnostics.alert(
      `Proxy '${scope.proxyName}': unable to find capture id '${slot}' referenced by http-${direction} capture rule.`,
      at,
      {
        form: 'plain',
        length: String(slot).length,
        remedy: `add a line 'declare capture ${direction} len LENGTH'; slots are numbered from 0`,
      },
    );
  });
}

/** `tcp-request content capture SAMPLE len LENGTH`: always with a slot of its own. */
function readTcpCapture(phase: RulePhase, cursor: Cursor, scope: ExpressionScope): Action {
  const sentence = (message: string): string => `'${phase} capture' : ${message}`;
  if (cursor.atEnd) cursor.fail(sentence('missing fetch method'), { expected: 'a sample expression' });
  if (scope.proxyKind === 'backend')
    cursor.fail(sentence(`proxy '${scope.proxyName}' has no frontend capability`), {
      expected: 'a frontend or listen section',
    });
  const expression = readExpressionWords(cursor, scope, sentence, 'written');
  if (!cursor.take('len'))
    cursor.fail(sentence("a positive 'len' argument is mandatory"), { expected: "'len' and a number above 0" });
  const length = Number(cursor.next() ?? 0);
  if (!(length > 0)) cursor.failLast(sentence('length must be > 0'), { expected: 'a number above 0' });
  return { type: 'capture', expression, slot: addSlot(scope, length) };
}

/** What follows `set-log-level`. */
export function readLogLevel(phase: RulePhase, cursor: Cursor, words: RuleWords): Action {
  const word = cursor.peek() ?? '';
  const level = SYSLOG_LEVELS.findIndex((name) => name === word);
  if (level < 0 && word !== 'silent') {
    const names = [...SYSLOG_LEVELS, 'silent'];
    const message = "expects exactly 1 argument (log level name or 'silent')";
    cursor.fail(phase.startsWith('tcp-') ? message : words.sentence(message), {
      expected: names.join(', '),
      nearest: nearestWord(word, names),
    });
  }
  cursor.index++;
  return { type: 'set-log-level', level: word === 'silent' ? 'silent' : level };
}
