/** Manual sections 4.2 and 8: what a proxy logs, where and how. */

import type { Cursor } from '../cursor.ts';
import { describeKind, type ProxyContext, type ProxyDraft } from '../draft.ts';
import type { EvaluationPlace } from '../expression-scope.ts';
import type { LogFormat } from '../expression-model.ts';
import { parseLogFormat } from '../expressions/index.ts';
import type { Keyword } from '../keyword.ts';
import type { LogFormatChoice, SectionKind } from '../model.ts';
import { readLogTarget } from './log-target.ts';
import { ALL_PROXIES, FRONTEND_SIDE } from './readers.ts';

type Parse = NonNullable<Keyword<ProxyContext>['parse']>;

function readLog(cursor: Cursor, { draft, state }: ProxyContext): void {
  if (cursor.prefix === 'no') {
    if (!cursor.atEnd) cursor.fail("log : 'no log' does not expect arguments", { expected: 'the end of the line' });
    draft.logs = [];
  } else if (cursor.peek() === 'global' && cursor.peek(1) === undefined) {
    cursor.next();
    draft.logs.push('global');
  } else {
    draft.logs.push(
      readLogTarget(cursor, state, 'log : expects <address> and <facility> or global as arguments', draft.name),
    );
  }
}

/** Formats are for frontends: a backend only inherits them from `defaults` without a word. */
function ignoredInBackends(cursor: Cursor, draft: ProxyDraft): boolean {
  if (draft.kind !== 'backend') return false;
  cursor.diagnostics.warning(
    `${describeKind(draft.kind)} '${draft.name}' : '${cursor.keyword}' directive is ignored in backends.`,
    cursor.position(0),
    { length: cursor.keyword.length },
  );
  return true;
}

function choose(cursor: Cursor, draft: ProxyDraft, choice: LogFormatChoice): void {
  draft.logFormat = choice;
  draft.logFormatAt = cursor.position(0);
}

function readPreset(kind: 'tcplog' | 'httplog' | 'httpslog'): Parse {
  return (cursor, { draft }) => {
    let choice: LogFormatChoice = { kind };
    if (kind === 'httplog' && !cursor.atEnd && cursor.peek() !== '') {
      if (!cursor.take('clf'))
        cursor.fail("keyword 'httplog' only supports option 'clf'.", { expected: "'clf' or nothing" });
      choice = { kind: 'clf' };
    }
    cursor.end();
    if (!ignoredInBackends(cursor, draft)) choose(cursor, draft, choice);
  };
}

/** A log-format argument: one word, since spaces must be quoted. Compiled when the proxy's mode is final. */
function readFormat(
  place: EvaluationPlace,
  store: (draft: ProxyDraft, format: LogFormat, cursor: Cursor) => void,
): Parse {
  return (cursor, context) => {
    const { draft } = context;
    const name = cursor.keyword;
    const text = cursor.word('a format', `${name} expects an argument.`);
    const at = cursor.lastPosition();
    if (!cursor.atEnd && cursor.peek() !== '') {
      cursor.fail(`${name} expects only one argument, don't forget to escape spaces!`, {
        expected: 'the end of the line',
      });
    }
    if (name !== 'unique-id-format' && ignoredInBackends(cursor, draft)) return;
    const format = parseLogFormat(text, at, context.scope(place));
    if (format !== undefined) store(draft, format, cursor);
  };
}

const FRONTENDS_AND_DEFAULTS: readonly SectionKind[] = [...FRONTEND_SIDE, 'backend'];

export const proxyLoggingKeywords: readonly Keyword<ProxyContext>[] = [
  { name: 'log', places: ALL_PROXIES, negatable: true, state: 'works', manual: '4.2', parse: readLog },
  {
    name: 'log-tag',
    places: ALL_PROXIES,
    state: 'works',
    manual: '4.2',
    parse: (cursor, { draft }) => {
      draft.logTag = cursor.word('a tag', "'log-tag' expects a tag for use in syslog.");
    },
  },
  {
    name: 'log-format',
    places: FRONTENDS_AND_DEFAULTS,
    state: 'works',
    manual: '4.2',
    parse: readFormat('log-format', (draft, format, cursor) => choose(cursor, draft, { kind: 'custom', format })),
  },
  {
    name: 'log-format-sd',
    places: FRONTENDS_AND_DEFAULTS,
    state: 'works',
    manual: '4.2',
    parse: readFormat('log-format-sd', (draft, format) => {
      draft.logFormatSd = format;
    }),
  },
  {
    name: 'error-log-format',
    places: FRONTENDS_AND_DEFAULTS,
    state: 'works',
    manual: '4.2',
    parse: readFormat('error-log-format', (draft, format) => {
      draft.errorLogFormat = format;
    }),
  },
  { name: 'option tcplog', places: ALL_PROXIES, state: 'works', manual: '4.2', parse: readPreset('tcplog') },
  {
    name: 'option httplog',
    places: FRONTENDS_AND_DEFAULTS,
    state: 'works',
    manual: '4.2',
    parse: readPreset('httplog'),
  },
  {
    name: 'option httpslog',
    places: FRONTENDS_AND_DEFAULTS,
    state: 'works',
    manual: '4.2',
    parse: readPreset('httpslog'),
  },
  {
    name: 'unique-id-format',
    places: FRONTEND_SIDE,
    state: 'works',
    manual: '4.2',
    parse: readFormat('unique-id-format', (draft, format) => {
      draft.uniqueIdFormat = format;
    }),
  },
  {
    name: 'unique-id-header',
    places: FRONTEND_SIDE,
    state: 'works',
    manual: '4.2',
    parse: (cursor, { draft }) => {
      draft.uniqueIdHeader = cursor.word('a header name', 'unique-id-header expects an argument.').toLowerCase();
    },
  },
];
