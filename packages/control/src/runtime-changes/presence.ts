/**
 * Servers that were added or removed at run time, as overrides of a field of their own: the file's value is the server's line
 * as the file has it, the runtime value the words of `add server`; nothing where there is no such server.
 *
 * A configuration that is read anew gets the added ones behind its own and loses the removed ones, unless the file has edited
 * the line since, or it can no longer be so.
 */

import type { Config, DynamicServer, Proxy, Server, Statement } from '@evenkeel/config';
import { isAdded, withServers } from '@evenkeel/config';
import { objectText, type Override } from './change.ts';
import type { EndedOverride, Ending } from './merge.ts';

/** The field. */
export const PRESENCE = 'server';

/** Reads the words of an `add server` as if it were typed now; `dynamic` names those that were added before it. */
export type ReadServer = (
  config: Config,
  proxy: Proxy,
  name: string,
  words: readonly string[],
  dynamic: ReadonlySet<string>,
) => DynamicServer;

export interface PresenceMerge {
  /** With the servers that were added, and without those that were removed. */
  readonly config: Config;
  readonly kept: readonly Override[];
  readonly ended: readonly EndedOverride[];
  /** `backend/server` of those that were added. */
  readonly added: ReadonlySet<string>;
}

export function mergePresence(file: Config, overrides: Iterable<Override>, read: ReadServer): PresenceMerge {
  let config = file;
  const kept: Override[] = [];
  const ended: EndedOverride[] = [];
  const added = new Set<string>();
  let lines: ServerLines | undefined;
  for (const override of overrides) {
    const [backend, name] = splitName(override.object.name);
    const index = config.proxies.findIndex((proxy) => proxy.kind !== 'frontend' && proxy.name === backend);
    const end = (ending: Ending): void => void ended.push({ override, ending });
    if (index < 0) {
      end({ why: 'gone' });
      continue;
    }
    lines ??= new ServerLines(file);
    const proxy = config.proxies[index];
    const own = proxy.servers.find((server) => server.name === name);
    const line = own === undefined ? '' : lines.of(own);
    if (line !== override.file) {
      end({ why: line === override.value ? 'adopted' : 'edited', file: line });
      continue;
    }
    if (override.value === '') {
      const reason = own === undefined ? undefined : referenceTo(config, proxy, own);
      if (reason !== undefined) {
        end({ why: 'refused', reason });
        continue;
      }
    }
    const others = proxy.servers.filter((server) => server !== own);
    if (override.value === '') config = withServers(config, index, others);
    else {
      const without = withServers(config, index, others);
      const result = read(without, without.proxies[index], name, splitWords(override.value), added);
      if (!result.ok) {
        end({ why: 'refused', reason: result.error.replace(/\.$/, '') });
        continue;
      }
      config = withServers(config, index, [...others, result.server]);
      added.add(override.object.name);
    }
    kept.push(override);
  }
  return { config, kept, ended, added };
}

/** The line of a server in the configuration, as values of overrides have it; nothing where it has none. */
export function lineOf(config: Config, name: string): string {
  const [backend, own] = splitName(name);
  const proxy = config.proxies.find((one) => one.kind !== 'frontend' && one.name === backend);
  const server = proxy?.servers.find((one) => one.name === own);
  return server === undefined ? '' : new ServerLines(config).of(server);
}

/** Finds the statement that a server was read from. */
class ServerLines {
  readonly #statements = new Map<string, Statement>();

  constructor({ sources }: Config) {
    for (const { statements } of sources) {
      for (const statement of statements) {
        const [word] = statement.words;
        if (word === 'server' || word === 'server-template') this.#statements.set(placeOf(statement), statement);
      }
    }
  }

  of(server: Server): string {
    const words = isAdded(server) ? undefined : this.#statements.get(placeOf(server))?.words;
    if (words === undefined) return '';
    // Behind the name, or the prefix and the range of a template.
    return joinWords(words.slice(words[0] === 'server' ? 2 : 3));
  }
}

const placeOf = ({ at: { file, line } }: Pick<Statement, 'at'>): string => `${file}\n${line}`;

/** What keeps a server from being left out, as it keeps it from being removed. */
function referenceTo(config: Config, proxy: Proxy, server: Server): string | undefined {
  if (proxy.useServer.some((rule) => rule.server === server.name)) return "a 'use-server' rule names it";
  const full = `${proxy.name}/${server.name}`;
  for (const other of config.proxies) {
    for (const { name, track } of other.servers) {
      if (track === full || (other === proxy && track === server.name))
        return `${objectText({ kind: 'server', name: `${other.name}/${name}` })} tracks it`;
    }
  }
  return undefined;
}

function splitName(name: string): [backend: string, server: string] {
  const slash = name.indexOf('/');
  return [name.slice(0, slash), name.slice(slash + 1)];
}

/** Words as a line has them: blanks and backslashes in words stand behind a backslash. */
export function joinWords(words: readonly string[]): string {
  return words.map((word) => (word === '' ? '""' : word.replace(/[\\\s"]/g, String.raw`\$&`))).join(' ');
}

export function splitWords(text: string): string[] {
  const words: string[] = [];
  for (const [word] of text.matchAll(/(?:\\[^]|[^\\ ])+/g))
    words.push(word === '""' ? '' : word.replace(/\\([^])/g, '$1'));
  return words;
}
