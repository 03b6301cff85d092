/**
 * Rules (manual 4.2: tcp-request, tcp-response, http-request, http-response, http-after-response): an action, its arguments and its
 * condition. One reader per action that works; the others of the manual are known by name and say their state.
 */

import type { Cursor } from '../cursor.ts';
import { describeKind, type ProxyDraft } from '../draft.ts';
import type { Condition } from '../expression-model.ts';
import type { ExpressionScope, RulePhase } from '../expression-scope.ts';
import type { Action, Rule } from '../model.ts';
import { nearestWord } from '../nearest.ts';
import { ACTIONS, findAction } from './actions.ts';
import { readCapture, readLogLevel } from './captures.ts';
import { parseCondition, ruleSentences } from './condition.ts';
import { regularExpressionError } from './regex.ts';
import { parseReply } from './reply.ts';
import { reportState } from './report.ts';
import { RuleWords, ruleSentence } from './rule-words.ts';
import { readExpressionWords } from './statements.ts';

/** What follows the phase's words: an action and its condition. Undefined for an action that does not work here. */
export function parseRule(phase: RulePhase, cursor: Cursor, scope: ExpressionScope): Rule | undefined {
  const at = cursor.position();
  const word = cursor.peek() ?? '';
  const declaration = findAction(phase, word);
  if (declaration === undefined) failUnknown(phase, word, cursor, scope);
  cursor.index++;
  if (declaration.state !== 'works') {
    reportState({ ...declaration, name: `${phase} ${declaration.name}` }, 'action', scope, { at, length: word.length });
    return undefined;
  }
  const name = `${phase} ${declaration.name}`;
  const action = readAction(
    phase,
    declaration.name,
    cursor,
    scope,
    new RuleWords(cursor, scope, ruleSentence(scope, name)),
  );
  const condition = phase.startsWith('tcp-')
    ? tcpCondition(name, cursor, scope)
    : parseCondition(cursor, scope, ruleSentences(name));
  if (phase.startsWith('http-')) warnAboutMode(action, at, scope);
  return { at, action, condition };
}

function failUnknown(phase: RulePhase, word: string, cursor: Cursor, scope: ExpressionScope): never {
  const names = [...ACTIONS[phase].values()].map((action) =>
    action.parenthesized ? `${action.name}(*)` : action.name,
  );
  const list = names.map((name) => `'${name}'`).join(', ');
  const nearest = nearestWord(word, ACTIONS[phase].keys());
  const working = [...ACTIONS[phase].values()]
    .filter((action) => action.state === 'works')
    .map((action) => `'${action.name}'`);
  const expected = working.join(', ');
  if (phase.startsWith('tcp-')) {
    const owner = `${describeKind(scope.proxyKind as ProxyDraft['kind'])} '${scope.proxyName}'`;
    cursor.fail(`'${phase}' expects ${list} in ${owner} (got '${word}').`, { expected, nearest });
  }
  const missing = word === '' ? ' (missing argument)' : '';
  const hint = nearest === undefined ? '' : ` Did you mean '${nearest}' maybe ?`;
  cursor.fail(`'${phase}' expects ${list}, but got '${word}'${missing}.${hint}`, { expected, nearest, form: 'tight' });
}

function tcpCondition(name: string, cursor: Cursor, scope: ExpressionScope): Condition | undefined {
  const owner = `${describeKind(scope.proxyKind as ProxyDraft['kind'])} '${scope.proxyName}'`;
  const branch = cursor.peek();
  return parseCondition(cursor, scope, {
    error: (message) => `'${name}' : error detected in ${owner} while parsing '${branch ?? ''}' condition : ${message}`,
    unexpected: (word) => `'${name}' only accepts 'if' or 'unless', in ${owner} (got '${word}')`,
  });
}

/** HTTP variables in a header's format mean nothing to a TCP proxy: HAProxy warns, beside its warning about the rules. */
function warnAboutMode(action: Action, at: Rule['at'], scope: ExpressionScope): void {
  if (action.type !== 'set-header' && action.type !== 'add-header') return;
  scope.whenComplete(() => {
    if (scope.mode === 'http' || scope.proxyKind === 'defaults') return;
    const owner = `${describeKind(scope.proxyKind as ProxyDraft['kind'])} '${scope.proxyName}'`;
    scope.diagnostics.warning(`HTTP log/header format not usable with ${owner} (needs 'mode http').`, at);
  });
}

/** Default statuses of the manual: a response that is denied becomes a 502. */
const DENY_STATUS: Readonly<Partial<Record<RulePhase, number>>> = { 'http-request': 403, 'http-response': 502 };

function readAction(phase: RulePhase, name: string, cursor: Cursor, scope: ExpressionScope, words: RuleWords): Action {
  switch (name) {
    case 'accept':
    case 'allow':
    case 'reject':
    case 'disable-l7-retry':
      return { type: name };
    case 'set-priority-class':
    case 'set-priority-offset':
      if (cursor.atEnd) words.fail('missing fetch method', 'a sample expression');
      return { type: name, expression: readExpressionWords(cursor, scope, words.sentence) };
    case 'capture':
      return readCapture(phase, cursor, scope, words);
    case 'set-log-level':
      return readLogLevel(phase, cursor, words);
    case 'deny':
      return {
        type: 'deny',
        reply: parseReply(cursor, scope, words, { status: DENY_STATUS[phase] ?? 403, errorPages: true }),
      };
    case 'tarpit':
      return { type: 'tarpit', reply: parseReply(cursor, scope, words, { status: 500, errorPages: true }) };
    case 'return':
      return { type: 'return', reply: parseReply(cursor, scope, words, { status: 200, errorPages: false }) };
    case 'set-header':
    case 'add-header':
      return readHeaderChange(name, cursor, words);
    case 'del-header':
      return readHeaderDeletion(cursor, words);
    default:
      throw new Error(`the action '${phase} ${name}' is declared to work but has no reader`);
  }
}

function readHeaderChange(type: 'set-header' | 'add-header', cursor: Cursor, words: RuleWords): Action {
  const name = cursor.peek();
  const value = cursor.peek(1);
  if (name === undefined || name === '' || value === undefined || value === '') {
    words.fail('expects exactly 2 arguments', 'a name and a format');
  }
  cursor.index += 2;
  return { type, name: name.toLowerCase(), value: words.format(cursor.index - 1) };
}

const HEADER_MATCHES = ['str', 'beg', 'end', 'sub', 'reg'] as const;

function readHeaderDeletion(cursor: Cursor, words: RuleWords): Action {
  const name = cursor.peek();
  if (name === undefined || name === '') words.fail('expects at least 1 argument', 'a name');
  cursor.index++;
  const nameIndex = cursor.index - 1;
  let match: (typeof HEADER_MATCHES)[number] = 'str';
  if (cursor.take('-m')) {
    const word = cursor.peek();
    if (word === undefined || word === '') words.fail('-m flag expects exactly 1 argument', HEADER_MATCHES.join(', '));
    cursor.index++;
    const found = HEADER_MATCHES.find((known) => known === word);
    if (found === undefined)
      words.failLast(
        `-m with unsupported matching method '${word}'`,
        HEADER_MATCHES.join(', '),
        nearestWord(word, HEADER_MATCHES),
      );
    match = found;
  }
  if (match !== 'reg') return { type: 'del-header', name: name.toLowerCase(), match };
  // Expressions see the lower-case names that heads hold, and keep their own case.
  const error = regularExpressionError(name, false);
  if (error !== undefined) cursor.failAt(nameIndex, words.sentence(error), { expected: 'a regular expression' });
  return { type: 'del-header', name, match };
}
