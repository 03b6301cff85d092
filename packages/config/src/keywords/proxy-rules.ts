/** Manual section 4.2: ACLs, rules of every phase, and the choice of backends and servers. */

import type { Cursor } from '../cursor.ts';
import { describeKind, type ProxyContext, type ProxyDraft } from '../draft.ts';
import type { RulePhase } from '../expression-scope.ts';
import { parseAcl, parseMonitorFail, parseRule, parseUseBackend, parseUseServer } from '../expressions/index.ts';
import type { Keyword } from '../keyword.ts';
import type { Action, Rule, SectionKind } from '../model.ts';
import { parseTimeMs } from '../units.ts';
import { ALL_PROXIES, BACKEND_SIDE, FRONTEND_SIDE } from './readers.ts';

type Parse = NonNullable<Keyword<ProxyContext>['parse']>;
type RuleList = {
  [K in keyof ProxyDraft['rules']]: ProxyDraft['rules'][K] extends Rule[] ? K : never;
}[keyof ProxyDraft['rules']];

const FRONTENDS: readonly SectionKind[] = ['frontend', 'listen'];
const BACKENDS: readonly SectionKind[] = ['listen', 'backend'];

/**
 * Order in which a stream passes the rules, whatever the order of lines: HAProxy warns where the lines say otherwise. Each kind
 * has the words used for it as the later line and as the earlier one.
 */
const EVALUATION_ORDER = [
  { kind: 'tcp-request connection', late: 'tcp-request', early: "a 'tcp-request connection'" },
  { kind: 'tcp-request session', late: 'tcp-request', early: "a 'tcp-request session'" },
  { kind: 'tcp-request content', late: 'tcp-request', early: "a 'tcp-request content'" },
  { kind: 'monitor fail', late: 'monitor fail', early: "a 'monitor fail'" },
  { kind: 'http-request', late: 'http-request', early: "an 'http-request'" },
  { kind: 'redirect', late: 'redirect', early: "a 'redirect'" },
  { kind: 'use_backend', late: 'use_backend', early: "a 'use_backend'" },
  { kind: 'use-server', late: 'use-server', early: "a 'use-server'" },
] as const;

/** Remembers the kind of a rule and says so where an earlier line of the proxy is evaluated after it. */
function noteOrder(cursor: Cursor, draft: ProxyDraft, kind: (typeof EVALUATION_ORDER)[number]['kind']): void {
  const rank = EVALUATION_ORDER.findIndex((entry) => entry.kind === kind);
  const { seenRules } = draft.notes;
  for (let later = rank + 1; later < EVALUATION_ORDER.length; later++) {
    if (!seenRules.has(later)) continue;
    cursor.diagnostics.warning(
      `a '${EVALUATION_ORDER[rank].late}' rule placed after ${EVALUATION_ORDER[later].early} rule will still be processed before.`,
      cursor.position(0),
      { length: kind.length },
    );
    break;
  }
  seenRules.add(rank);
}

/** Actions after which nothing more of the phase is evaluated. */
const FINAL_ACTIONS: ReadonlySet<Action['type']> = new Set(['allow', 'deny', 'tarpit', 'return', 'reject', 'accept']);

function rule(phase: RulePhase, list: RuleList): Parse {
  const isHttp = phase.startsWith('http-');
  return (cursor, context) => {
    const { draft } = context;
    if (isHttp && draft.notes.closedPhases.has(phase)) {
      cursor.diagnostics.warning(
        `previous '${phase}' action is final and has no condition attached, further entries are NOOP.`,
        cursor.position(0),
        { form: 'tight', length: phase.length },
      );
    }
    const read = parseRule(phase, cursor, context.scope(phase));
    const ordered = EVALUATION_ORDER.find((entry) => entry.kind === phase);
    if (ordered !== undefined) noteOrder(cursor, draft, ordered.kind);
    if (read === undefined) return;
    if (FINAL_ACTIONS.has(read.action.type) && read.condition === undefined) draft.notes.closedPhases.add(phase);
    draft.rules[list].push(read);
  };
}

/** `tcp-request inspect-delay` and its like: the first one of a section stays. */
function inspectDelay(field: 'tcpRequestInspectDelayMs' | 'tcpResponseInspectDelayMs'): Parse {
  return (cursor, { draft }) => {
    const { keyword } = cursor;
    const owner = `${describeKind(draft.kind)} '${draft.name}'`;
    const message = `'${keyword}' expects a positive delay in milliseconds, in ${owner}`;
    const result = parseTimeMs(cursor.word('a delay', message), 'ms');
    if (!result.ok) {
      const why = result.fault === 'overflow' ? 'timer overflow' : `unexpected character '${result.character}'`;
      return cursor.failLast(`${message} (${why})`, { expected: 'a time' });
    }
    if (draft.notes.seen.has(keyword)) {
      cursor.diagnostics.warning(`ignoring ${keyword} (was already defined) in ${owner}`, cursor.position(0), {
        length: keyword.length,
      });
      return;
    }
    draft.notes.seen.set(keyword, cursor.position(0));
    draft.rules[field] = result.value;
  };
}

function readDefaultBackend(cursor: Cursor, { draft }: ProxyContext): void {
  const name = cursor.word('a backend name', "'default_backend' expects a backend name.");
  const at = cursor.lastPosition();
  cursor.end();
  draft.defaultBackend = name;
  draft.notes.defaultBackendAt = at;
}

export const proxyRuleKeywords: readonly Keyword<ProxyContext>[] = [
  {
    name: 'acl',
    places: ALL_PROXIES,
    namedDefaultsOnly: true,
    state: 'works',
    manual: '4.2',
    parse: (cursor, context) => {
      parseAcl(cursor, context.scope('acl'));
    },
  },
  { name: 'default_backend', places: FRONTEND_SIDE, state: 'works', manual: '4.2', parse: readDefaultBackend },
  {
    name: 'http-request',
    places: ALL_PROXIES,
    namedDefaultsOnly: true,
    state: 'works',
    manual: '4.2',
    parse: rule('http-request', 'httpRequest'),
  },
  {
    name: 'http-response',
    places: ALL_PROXIES,
    namedDefaultsOnly: true,
    state: 'works',
    manual: '4.2',
    parse: rule('http-response', 'httpResponse'),
  },
  {
    name: 'http-after-response',
    places: ALL_PROXIES,
    namedDefaultsOnly: true,
    state: 'works',
    manual: '4.2',
    parse: rule('http-after-response', 'httpAfterResponse'),
  },
  {
    name: 'monitor fail',
    places: FRONTENDS,
    state: 'works',
    manual: '4.2',
    parse: (cursor, context) => {
      context.draft.monitorFail.push(parseMonitorFail(cursor, context.scope('monitor fail')));
      noteOrder(cursor, context.draft, 'monitor fail');
    },
  },
  {
    name: 'tcp-request connection',
    places: FRONTEND_SIDE,
    namedDefaultsOnly: true,
    misplaced: 'alert',
    state: 'works',
    manual: '4.2',
    parse: rule('tcp-request connection', 'tcpRequestConnection'),
  },
  {
    name: 'tcp-request session',
    places: FRONTEND_SIDE,
    namedDefaultsOnly: true,
    misplaced: 'alert',
    state: 'works',
    manual: '4.2',
    parse: rule('tcp-request session', 'tcpRequestSession'),
  },
  {
    name: 'tcp-request content',
    places: ALL_PROXIES,
    namedDefaultsOnly: true,
    state: 'works',
    manual: '4.2',
    parse: rule('tcp-request content', 'tcpRequestContent'),
  },
  {
    name: 'tcp-request inspect-delay',
    places: ALL_PROXIES,
    namedDefaultsOnly: true,
    state: 'works',
    manual: '4.2',
    parse: inspectDelay('tcpRequestInspectDelayMs'),
  },
  {
    name: 'tcp-response content',
    places: BACKEND_SIDE,
    namedDefaultsOnly: true,
    misplaced: 'alert',
    state: 'works',
    manual: '4.2',
    parse: rule('tcp-response content', 'tcpResponseContent'),
  },
  {
    name: 'tcp-response inspect-delay',
    places: BACKEND_SIDE,
    namedDefaultsOnly: true,
    misplaced: 'alert',
    state: 'works',
    manual: '4.2',
    parse: inspectDelay('tcpResponseInspectDelayMs'),
  },
  {
    name: 'use_backend',
    places: FRONTENDS,
    state: 'works',
    manual: '4.2',
    parse: (cursor, context) => {
      context.draft.useBackend.push(parseUseBackend(cursor, context.scope('use_backend')));
      noteOrder(cursor, context.draft, 'use_backend');
    },
  },
  {
    name: 'use-server',
    places: BACKENDS,
    state: 'works',
    manual: '4.2',
    parse: (cursor, context) => {
      context.draft.useServer.push(parseUseServer(cursor, context.scope('use-server')));
      noteOrder(cursor, context.draft, 'use-server');
    },
  },
];
