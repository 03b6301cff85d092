/** Rules that choose: `use_backend`, `use-server` and `monitor fail` (manual 4.2). */

import type { Cursor } from '../cursor.ts';
import { describeKind, type ProxyDraft } from '../draft.ts';
import type { Condition, LogFormat } from '../expression-model.ts';
import type { ExpressionScope } from '../expression-scope.ts';
import type { UseBackend, UseServer } from '../model.ts';
import { parseCondition } from './condition.ts';
import { ExpressionFailure } from './failure.ts';
import { readLogFormat, reportFormatFailure, type FormatSentence } from './log-format.ts';
import { wordPlace } from './report.ts';

/** What follows `use_backend`: a name or a format, and a condition. A name that holds no `%` is looked up by the caller. */
export function parseUseBackend(cursor: Cursor, scope: ExpressionScope): UseBackend {
  const at = cursor.position();
  const target = readTarget(cursor, scope, "'use_backend' expects a backend name.", 'use_backend');
  const condition = parseCondition(cursor, scope, {
    error: (message) => `error detected while parsing switching rule : ${message}.`,
    unexpected: (word) => `unexpected keyword '${word}' after switching rule, only 'if' and 'unless' are allowed.`,
  });
  return { at, target, condition };
}

/** What follows `use-server`: a name or a format, and a condition, which must be there. */
export function parseUseServer(cursor: Cursor, scope: ExpressionScope): UseServer {
  const at = cursor.position();
  const server = readTarget(cursor, scope, "'use-server' expects a server name.", 'use-server');
  const word = cursor.peek();
  if (word !== 'if' && word !== 'unless') {
    cursor.fail("'use-server' requires either 'if' or 'unless' followed by a condition.", {
      expected: "'if' or 'unless' and a condition",
    });
  }
  const condition = parseCondition(cursor, scope, {
    error: (message) => `error detected while parsing switching rule : ${message}.`,
    unexpected: (other) => `unexpected keyword '${other}' after switching rule, only 'if' and 'unless' are allowed.`,
  })!;
  return { at, server, condition };
}

/** What follows `monitor fail`: a condition, which must be there. */
export function parseMonitorFail(cursor: Cursor, scope: ExpressionScope): Condition {
  const word = cursor.peek();
  if (word !== 'if' && word !== 'unless') {
    cursor.fail("'monitor fail' requires either 'if' or 'unless' followed by a condition.", {
      expected: "'if' or 'unless' and a condition",
    });
  }
  return parseCondition(cursor, scope, {
    error: (message) => `error detected while parsing a 'monitor fail' condition : ${message}.`,
    unexpected: () => "'monitor fail' requires either 'if' or 'unless' followed by a condition.",
  })!;
}

function readTarget(cursor: Cursor, scope: ExpressionScope, missing: string, keyword: string): string | LogFormat {
  const word = cursor.peek();
  if (word === undefined || word === '') cursor.fail(missing, { expected: 'a name' });
  cursor.index++;
  if (!word.includes('%')) return word;
  const place = wordPlace(cursor, cursor.index - 1);
  const sentence: FormatSentence = {
    form: 'plain',
    error: (message, at) => `Parsing [${at.file}:${at.line}]: failed to parse ${keyword} rule '${word}' : ${message}.`,
  };
  try {
    const format = readLogFormat(word, place, scope, sentence);
    // Percent signs that turn out to be text make a plain name.
    return format.parts.every((part) => part.kind === 'literal')
      ? format.parts.map((part) => (part.kind === 'literal' ? part.text : '')).join('')
      : format;
  } catch (error) {
    if (!(error instanceof ExpressionFailure)) throw error;
    reportFormatFailure(error, place, scope, sentence);
    // A format without parts is looked up nowhere, so that one fault is told once.
    return { kind: 'log-format', text: word, parts: [] };
  }
}

/** HAProxy's words for the proxy of a scope: "frontend 'f'". */
export function ownerOf(scope: ExpressionScope): string {
  return `${describeKind(scope.proxyKind as ProxyDraft['kind'])} '${scope.proxyName}'`;
}
