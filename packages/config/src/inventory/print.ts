/** The inventory as text: all states with counts, and the names that work in the format of HAProxy's `-dK`. */

import { ACL_KEYWORDS } from '../expressions/acl-keywords.ts';
import { ACTIONS } from '../expressions/actions.ts';
import { CONVERTERS } from '../expressions/converters.ts';
import { printSignature } from '../expressions/declarations.ts';
import { FETCHES } from '../expressions/fetches.ts';
import { CHECK_POINTS } from '../expressions/places.ts';
import type { KeywordState } from '../keyword.ts';
import { KEYWORDS } from '../keywords/index.ts';
import { CLI_COMMANDS, FILTERS, SERVICES } from './declared-other.ts';
import { annotatedNames, inventory, type InventoryEntry } from './inventory.ts';
import * as names from './names.ts';

const STATES: readonly KeywordState[] = ['works', 'accepted', 'refused', 'later'];

/** For `evenkeel keywords`: per class one line for each name with its state and reason, then the counts of all classes. */
export function listKeywords(): string {
  const all = inventory();
  const classes = [...new Set(all.map((entry) => entry.class))];
  const lists = classes.map(
    (kind) =>
      `${kind}\n${all
        .filter((entry) => entry.class === kind)
        .map(entryLine)
        .join('')}`,
  );
  return `${lists.join('\n')}\n${countTable(all, classes)}`;
}

function entryLine(entry: InventoryEntry): string {
  const reason = entry.reason === undefined ? '' : `  ${entry.reason}`;
  return `  ${(entry.state ?? 'undeclared').padEnd(10)}${entry.name}${reason}\n`;
}

function countTable(all: readonly InventoryEntry[], classes: readonly string[]): string {
  const count = (entries: readonly InventoryEntry[], state: KeywordState): string =>
    String(entries.filter((entry) => entry.state === state).length).padStart(10);
  const row = (label: string, entries: readonly InventoryEntry[]): string =>
    `${label.padEnd(32)}${STATES.map((state) => count(entries, state)).join('')}${String(entries.length).padStart(10)}\n`;
  const head = `${''.padEnd(32)}${[...STATES, 'all'].map((state) => state.padStart(10)).join('')}\n`;
  return (
    head +
    classes
      .map((kind) =>
        row(
          kind,
          all.filter((entry) => entry.class === kind),
        ),
      )
      .join('') +
    row('all', all)
  );
}

interface KeywordClass {
  readonly name: string;
  readonly meaning: string;
  print(): string;
}

/** HAProxy's classes in its order. */
const CLASSES: readonly KeywordClass[] = [
  { name: 'acl', meaning: 'ACL keywords', print: printAclKeywords },
  { name: 'cfg', meaning: 'configuration keywords', print: printConfigurationKeywords },
  { name: 'cli', meaning: 'CLI keywords', print: printCliKeywords },
  { name: 'cnv', meaning: 'sample converter keywords', print: printConverters },
  {
    name: 'flt',
    meaning: 'filter names',
    print: () => printAnnotated('# List of registered filter names:\n', names.FILTER_NAMES, FILTERS),
  },
  { name: 'smp', meaning: 'sample fetch functions', print: printFetches },
  {
    name: 'svc',
    meaning: 'service names',
    print: () => printAnnotated('# List of registered service names:\n', names.SERVICE_NAMES, SERVICES),
  },
];

/** For `-dK…`: the lists of the given classes, names that work only, or the list of classes for `help`. */
export function printHaproxyKeywords(classes: readonly string[]): string {
  return classes.map(printClass).join('');
}

function printClass(name: string): string {
  if (name === 'all') return CLASSES.map((known) => known.print()).join('');
  if (name === 'help')
    return `# List of supported keyword classes:\nall: list all keywords\n${CLASSES.map((known) => `${known.name}: ${known.meaning}\n`).join('')}`;
  return CLASSES.find((known) => known.name === name)?.print() ?? '';
}

function printAclKeywords(): string {
  const lines = [...ACL_KEYWORDS.values()]
    .filter((keyword) => FETCHES.get(keyword.fetch)?.state === 'works')
    .map((keyword) => `${keyword.name} = ${keyword.fetch} -m ${keyword.method}\n`);
  return `# List of registered ACL keywords:\n${lines.sort().join('')}`;
}

function printConverters(): string {
  const lines = [...CONVERTERS.values()]
    .filter((converter) => converter.state === 'works')
    .map((converter) => `${converter.name}${printSignature(converter)}: ${converter.output} => ${converter.input}\n`);
  return `# List of registered sample converter functions:\n${lines.sort().join('')}`;
}

/** The header draws a line from each column to the name of its check point. */
function printFetches(): string {
  const count = CHECK_POINTS.length;
  const header = CHECK_POINTS.map((point, index) => {
    const indent = ' '.repeat(count + 1 - index);
    const bars = '/ '.repeat(index);
    return `#${indent}${bars}_.${'-'.repeat(count - index)} ${point}\n`;
  });
  const end = `# ${'/ '.repeat(count)} \n# ${'| '.repeat(count)}\n`;
  const lines = [...FETCHES.values()]
    .filter((fetch) => fetch.state === 'works')
    .map((fetch) => {
      const columns = CHECK_POINTS.map((_, index) => ((fetch.places & (1 << index)) === 0 ? '. ' : 'Y ')).join('');
      return { name: fetch.name, line: `[ ${columns}] ${fetch.name}${printSignature(fetch)}: ${fetch.output}\n` };
    })
    .sort((left, right) => (left.name < right.name ? -1 : 1));
  return `# List of registered sample fetch functions:\n${header.join('')}${end}${lines.map(({ line }) => line).join('')}`;
}

function printConfigurationKeywords(): string {
  const global = firstWords(working(KEYWORDS.global)).map((name) => `\t${name}\n`);
  const proxy = working(KEYWORDS.proxy);
  const keywords = firstWords(proxy.filter((name) => !name.startsWith('option '))).map((name) => `\t${name}\n`);
  const binds = annotatedNames(names.BIND_NAMES)
    .filter(({ name }) => KEYWORDS.bindOptions.get(name)?.state === 'works')
    .map(({ name, note }) => `\tbind <addr> ${spaced(name, note)}\n`);
  const servers = annotatedNames(names.SERVER_NAMES)
    .filter(({ name }) => KEYWORDS.serverOptions.get(name)?.state === 'works')
    .map(({ name, note }) => `\tserver <name> <addr> ${spaced(name, note)}\n`);
  const flags = new Map(annotatedNames(names.OPTION_FLAGS).map(({ name, note }) => [`option ${name}`, note]));
  const options = proxy
    .filter((name) => name.startsWith('option '))
    .map((name) => `\t${spaced(name, flags.get(name) ?? '')}\n`);
  const actions = Object.entries(ACTIONS).flatMap(([phase, table]) =>
    [...table.values()]
      .filter((action) => action.state === 'works')
      .map((action) => `\t${phase} ${action.name}${action.parenthesized ? '*' : ''}\n`)
      .sort(),
  );
  const users = working(KEYWORDS.userlist).map((name) => `\t${name}\n`);
  const listen = [...keywords, ...binds, ...servers, ...options, ...actions].join('');
  return `# List of registered configuration keywords:\nglobal\n${global.join('')}listen\n${listen}userlist\n${users.join('')}`;
}

function working(index: { values(): Iterable<{ readonly name: string; readonly state: KeywordState }> }): string[] {
  return [...index.values()]
    .filter((keyword) => keyword.state === 'works')
    .map((keyword) => keyword.name)
    .sort();
}

/** HAProxy registers keywords of several words by their first one. */
function firstWords(list: readonly string[]): string[] {
  return [...new Set(list.map((name) => name.split(' ')[0]))];
}

function spaced(name: string, note: string): string {
  return note === '' ? name : `${name} ${note}`;
}

function printCliKeywords(): string {
  const lines = annotatedNames(names.CLI_NAMES)
    .filter(({ name }) => CLI_COMMANDS.get(name)?.state === 'works')
    .map(({ name, note }) => `${spaced(name, note)} \n`);
  return `# List of registered CLI keywords:\n${lines.join('')}`;
}

function printAnnotated(
  head: string,
  list: string,
  states: ReadonlyMap<string, { readonly state: KeywordState }>,
): string {
  const lines = annotatedNames(list)
    .filter(({ name }) => states.get(name)?.state === 'works')
    .map(({ name, note }) => `${spaced(name, note)}\n`);
  return head + lines.join('');
}
