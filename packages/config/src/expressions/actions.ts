/**
 * The actions of rules by phase, as `haproxy -dKcfg` and the manual (4.2) list them, each with its state. Readers of those that work
 * stand in `rules.ts`. A name that ends in `*` in those lists takes an argument in parentheses (`set-var(txn.x)`).
 */

import type { RulePhase } from '../expression-scope.ts';
import type { Declaration, KeywordState } from '../keyword.ts';

export interface ActionDeclaration extends Declaration {
  readonly phase: RulePhase;
  /** Written with parentheses: `sc-inc-gpc0(0)`. */
  readonly parenthesized: boolean;
}

/** Actions that exist in every content-level phase, by name; a star marks parentheses. */
const STICKY = 'sc-inc-gpc* sc-inc-gpc0* sc-inc-gpc1* sc-set-gpt* sc-set-gpt0*';
const VARIABLES = 'set-var* set-var-fmt* unset-var*';
const HEADERS = 'add-header del-header replace-header replace-value set-header';

const NAMES: Readonly<Record<RulePhase, string>> = {
  'tcp-request connection': `accept reject capture expect-proxy expect-netscaler-cip track-sc* ${STICKY} ${VARIABLES}
    set-dst set-dst-port set-mark set-src set-src-port set-tos silent-drop`,
  'tcp-request session': `accept reject capture track-sc* ${STICKY} ${VARIABLES}
    set-dst set-dst-port set-mark set-src set-src-port set-tos silent-drop`,
  'tcp-request content': `accept reject capture track-sc* ${STICKY} ${VARIABLES} do-resolve* ot-group send-spoe-group
    set-dst set-dst-port set-log-level set-mark set-nice set-priority-class set-priority-offset set-src set-src-port set-tos
    silent-drop switch-mode use-service`,
  'http-request': `add-acl* allow auth cache-use capture del-acl* del-map* deny disable-l7-retry do-resolve* early-hint
    normalize-uri ot-group redirect reject replace-path replace-pathq replace-uri return ${STICKY} ${HEADERS} ${VARIABLES}
    send-spoe-group set-dst set-dst-port set-log-level set-map* set-mark set-method set-nice set-path set-pathq
    set-priority-class set-priority-offset set-query set-src set-src-port set-timeout set-tos set-uri silent-drop
    strict-mode tarpit track-sc* use-service wait-for-body wait-for-handshake`,
  'tcp-response content': `accept close reject ot-group ${STICKY} ${VARIABLES} send-spoe-group set-log-level set-mark set-nice
    set-tos silent-drop`,
  'http-response': `add-acl* allow cache-store capture del-acl* del-map* deny ot-group redirect return ${STICKY} ${HEADERS}
    ${VARIABLES} send-spoe-group set-log-level set-map* set-mark set-nice set-status set-tos silent-drop strict-mode
    track-sc* wait-for-body`,
  'http-after-response': `allow capture ot-group ${HEADERS} ${VARIABLES} set-status strict-mode`,
};

const WORKS: Readonly<Record<RulePhase, ReadonlySet<string>>> = {
  'tcp-request connection': new Set(['accept', 'reject']),
  'tcp-request session': new Set(['accept', 'reject']),
  'tcp-request content': new Set([
    'accept',
    'capture',
    'reject',
    'set-log-level',
    'set-priority-class',
    'set-priority-offset',
  ]),
  'http-request': new Set([
    'allow',
    'deny',
    'reject',
    'return',
    'tarpit',
    'set-header',
    'add-header',
    'del-header',
    'disable-l7-retry',
    'capture',
    'set-log-level',
    'set-priority-class',
    'set-priority-offset',
  ]),
  'tcp-response content': new Set(['accept', 'reject', 'set-log-level']),
  'http-response': new Set([
    'allow',
    'capture',
    'deny',
    'return',
    'set-header',
    'add-header',
    'del-header',
    'set-log-level',
  ]),
  'http-after-response': new Set(['allow', 'capture', 'set-header', 'add-header', 'del-header']),
};

const REFUSED: Readonly<Record<string, string>> = {
  'ot-group': 'the OpenTracing filter is a plug-in of HAProxy; trace by unique-id-format and logs instead',
};

/** HAProxy lists it and refuses it. */
const NO_STREAM = 'no stream exists yet whose log line could show it; use tcp-request content capture';

const ACCEPTED: Readonly<Record<string, string>> = {
  'set-nice': 'streams have no priority of their own here; every event loop serves them in order',
};

const FAMILIES: readonly (readonly [RegExp, string])[] = [
  [/^(track-sc|sc-)/, 'it needs stick tables'],
  [/var/, 'it needs variables'],
  [/-(acl|map)$/, 'it needs maps and ACLs that change at run time'],
  [/^cache-/, 'it needs the cache'],
  [/spoe/, 'it needs SPOE'],
];

function stateOf(phase: RulePhase, name: string): { state: KeywordState; reason?: string } {
  if (WORKS[phase].has(name)) return { state: 'works' };
  const refusal = name === 'capture' ? NO_STREAM : REFUSED[name];
  if (refusal !== undefined) return { state: 'refused', reason: refusal };
  const acceptance = ACCEPTED[name];
  if (acceptance !== undefined) return { state: 'accepted', reason: acceptance };
  const family = FAMILIES.find(([pattern]) => pattern.test(name));
  return family === undefined ? { state: 'later' } : { state: 'later', reason: family[1] };
}

function declare(phase: RulePhase): ReadonlyMap<string, ActionDeclaration> {
  const entries = NAMES[phase].trim().split(/\s+/);
  return new Map(
    entries.map((entry) => {
      const parenthesized = entry.endsWith('*');
      const name = parenthesized ? entry.slice(0, -1) : entry;
      return [name, { name, phase, parenthesized, manual: '4.2', ...stateOf(phase, name) }];
    }),
  );
}

/** Actions of each phase by name, without parentheses. */
export const ACTIONS: Readonly<Record<RulePhase, ReadonlyMap<string, ActionDeclaration>>> = {
  'tcp-request connection': declare('tcp-request connection'),
  'tcp-request session': declare('tcp-request session'),
  'tcp-request content': declare('tcp-request content'),
  'http-request': declare('http-request'),
  'tcp-response content': declare('tcp-response content'),
  'http-response': declare('http-response'),
  'http-after-response': declare('http-after-response'),
};

/** The action that a word names: by its whole text, or up to the parenthesis, or `track-sc0` and its like. */
export function findAction(phase: RulePhase, word: string): ActionDeclaration | undefined {
  const actions = ACTIONS[phase];
  const exact = actions.get(word);
  if (exact !== undefined && !exact.parenthesized) return exact;
  const stem = /^track-sc\d+$/.test(word) ? 'track-sc' : word.split('(')[0];
  const found = actions.get(stem);
  return found?.parenthesized === true ? found : undefined;
}
