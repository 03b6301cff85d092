/**
 * `show config diff` and `clear config diff`, our own: what differs from the configuration because it was changed while the
 * process runs, since when and by whom, and the way back.
 */

import { GLOBAL, objectText } from '@evenkeel/control';
import type { ChangedObject, Override } from '@evenkeel/control';
import { fault } from './cli/command.ts';
import type { Command } from './cli/command.ts';

const HEADER = '# kind name field file runtime since by\n';

export const showConfigDiff: Command = {
  words: ['show', 'config', 'diff'],
  parameters: '[json]',
  help: 'list what runtime changes made different from the configuration',
  level: 'operator',
  run({ runtime }, [format]) {
    const overrides = runtime.changes.list();
    if (format === 'json') return `${JSON.stringify(overrides.map(jsonOf))}\n`;
    if (format !== undefined) return fault(`Unknown output format '${format}': 'json' or nothing is expected.\n`);
    return HEADER + overrides.map(lineOf).join('');
  },
};

export const clearConfigDiff: Command = {
  words: ['clear', 'config', 'diff'],
  parameters: '[<object> [<field>]]',
  help: "put the configuration's values back",
  level: 'admin',
  async run({ runtime }, words) {
    const target = readTarget(words);
    if (target === undefined)
      return fault(
        "Expects 'global', '<backend>/<server>', 'frontend <name>' or 'backend <name>', and perhaps a field of it.\n",
      );
    const { object, field } = target;
    const cleared = await runtime.changes.clear(object, field);
    if (cleared.length > 0 || object === undefined) return '';
    const what = field === undefined ? objectText(object) : `'${field}' of ${objectText(object)}`;
    return fault(`Nothing was changed about ${what}.\n`);
  },
};

interface Target {
  readonly object: ChangedObject | undefined;
  readonly field: string | undefined;
}

/** As `show config diff` names objects; a server's kind may be left out. Undefined where it is none. */
function readTarget(words: readonly string[]): Target | undefined {
  const [first, ...rest] = words;
  if (first === undefined) return { object: undefined, field: undefined };
  if (first === 'global') return withField(GLOBAL, rest[0] === '-' ? rest.slice(1) : rest);
  if (first.includes('/')) return withField({ kind: 'server', name: first }, rest);
  if (first !== 'server' && first !== 'frontend' && first !== 'backend') return undefined;
  const [name, ...fields] = rest;
  return name === undefined ? undefined : withField({ kind: first, name }, fields);
}

function withField(object: ChangedObject, [field, ...more]: readonly string[]): Target | undefined {
  return more.length > 0 ? undefined : { object, field };
}

function lineOf({ object, field, file, value, sinceMs, by }: Override): string {
  const words = [object.kind, object.name, field, file, value, new Date(sinceMs).toISOString()].map(wordOf);
  // Who it was comes last, so that it needs no quotes.
  return `${words.join(' ')} ${by}\n`;
}

/** Nothing is `-`; what has blanks stands in quotes. */
function wordOf(text: string): string {
  if (text === '') return '-';
  return /[\s"\\]|^-$/.test(text) ? JSON.stringify(text) : text;
}

function jsonOf({ object, field, file, value, sinceMs, by }: Override): object {
  return {
    kind: object.kind,
    name: object.name,
    field,
    file,
    runtime: value,
    since: new Date(sinceMs).toISOString(),
    by,
  };
}
