/**
 * The inventory with states: every name of the language, its class, and what this program does with it. States come from the keyword
 * tables, the declarations of expressions and the tables of this folder; a name without any is a fault that a test finds.
 */

import { ACL_KEYWORDS } from '../expressions/acl-keywords.ts';
import { ACTIONS } from '../expressions/actions.ts';
import { CONVERTERS } from '../expressions/converters.ts';
import { FETCHES } from '../expressions/fetches.ts';
import { LOG_ALIASES } from '../expressions/log-aliases.ts';
import type { KeywordState } from '../keyword.ts';
import { KEYWORDS } from '../keywords/index.ts';
import { SECTIONS } from '../sections/kinds.ts';
import {
  CLI_COMMANDS,
  COMMAND_LINE_OPTIONS,
  CRT_LIST_OPTIONS,
  FILTERS,
  SECTION_KEYWORDS,
  SERVICES,
} from './declared-other.ts';
import * as names from './names.ts';

export interface InventoryEntry {
  /** Chapter of the list: "global", "bind option", "sample fetch", … */
  readonly class: string;
  readonly name: string;
  /** Undefined where nothing declares it. */
  readonly state: KeywordState | undefined;
  readonly reason: string | undefined;
}

type Stated = { readonly state: KeywordState; readonly reason?: string } | undefined;

/** Every name, in the order of the manual's chapters. */
export function inventory(): InventoryEntry[] {
  const sections = new Map(SECTIONS.map((section) => [section.name as string, section]));
  return [
    ...entries('section', [...sections.keys()], (name) => sections.get(name)),
    ...entries('global', plainNames(names.GLOBAL_NAMES), (name) => KEYWORDS.global.get(name)),
    ...entries('global', plainNames(names.OWN_GLOBAL_NAMES), (name) => KEYWORDS.global.get(name)),
    ...entries('proxy', plainNames(names.PROXY_NAMES), (name) => KEYWORDS.proxy.get(name)),
    ...entries('proxy', plainNames(names.OWN_PROXY_NAMES), (name) => KEYWORDS.proxy.get(name)),
    ...entries('userlist', plainNames(names.USERLIST_NAMES), (name) => KEYWORDS.userlist.get(name)),
    ...entries('http-errors', plainNames(names.HTTP_ERRORS_NAMES), (name) => KEYWORDS.httpErrors.get(name)),
    ...SECTION_NAMES.flatMap(([section, list]) =>
      entries(section, plainNames(list), (name) =>
        section === 'resolvers'
          ? KEYWORDS.resolvers.get(name)
          : section === 'mailers'
            ? KEYWORDS.mailers.get(name)
            : section === 'ring'
              ? KEYWORDS.ring.get(name)
              : SECTION_KEYWORDS[section]?.get(name),
      ),
    ),
    ...entries('bind option', plainNames(names.BIND_NAMES), (name) => KEYWORDS.bindOptions.get(name)),
    ...entries('server option', plainNames(names.SERVER_NAMES), (name) => KEYWORDS.serverOptions.get(name)),
    ...entries('server option', plainNames(names.OWN_SERVER_NAMES), (name) => KEYWORDS.serverOptions.get(name)),
    ...entries('crt-list option', plainNames(names.CRT_LIST_NAMES), (name) => CRT_LIST_OPTIONS.get(name)),
    ...Object.entries(ACTIONS).flatMap(([phase, actions]) =>
      entries(`${phase} action`, [...actions.keys()], (name) => actions.get(name)),
    ),
    ...entries('sample fetch', [...FETCHES.keys()], (name) => FETCHES.get(name)),
    ...entries('converter', [...CONVERTERS.keys()], (name) => CONVERTERS.get(name)),
    // A criterion works where the fetch behind it does.
    ...entries('acl criterion', [...ACL_KEYWORDS.keys()], (name) => FETCHES.get(ACL_KEYWORDS.get(name)!.fetch)),
    ...entries('log variable', [...LOG_ALIASES.keys()], () => ({ state: 'works' })),
    ...entries('filter', plainNames(names.FILTER_NAMES), (name) => FILTERS.get(name)),
    ...entries('service', plainNames(names.SERVICE_NAMES), (name) => SERVICES.get(name)),
    ...entries('runtime command', plainNames(names.CLI_NAMES), (name) => CLI_COMMANDS.get(name)),
    ...entries('runtime command', plainNames(names.OWN_CLI_NAMES), (name) => CLI_COMMANDS.get(name)),
    ...entries('command-line option', plainNames(names.COMMAND_LINE_NAMES), (name) => COMMAND_LINE_OPTIONS.get(name)),
  ];
}

const SECTION_NAMES: readonly (readonly [section: string, list: string])[] = [
  ['peers', names.PEERS_NAMES],
  ['mailers', names.MAILERS_NAMES],
  ['program', names.PROGRAM_NAMES],
  ['ring', names.RING_NAMES],
  ['log-forward', names.LOG_FORWARD_NAMES],
  ['resolvers', names.RESOLVERS_NAMES],
  ['cache', names.CACHE_NAMES],
  ['fcgi-app', names.FCGI_APP_NAMES],
];

function entries(kind: string, list: readonly string[], find: (name: string) => Stated): InventoryEntry[] {
  return list.map((name) => {
    const found = find(name);
    return { class: kind, name, state: found?.state, reason: found?.reason };
  });
}

/** The entries of a list with what HAProxy's own lists put behind them. */
export function annotatedNames(list: string): { readonly name: string; readonly note: string }[] {
  return list
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry) => {
      const note = / (\+-?\d+|\[.*)$/.exec(entry)?.[1] ?? '';
      return { name: note === '' ? entry : entry.slice(0, -note.length - 1), note };
    });
}

function plainNames(list: string): string[] {
  return annotatedNames(list).map((entry) => entry.name);
}
