/**
 * Servers that were added or removed at run time, as overrides of a field of their own: the file's value is the server's line
 * as the file has it, the runtime value the words of `add server`; nothing where there is no such server.
 *
 * A configuration that is read anew gets the added ones behind its own and loses the removed ones, unless the file has edited
 * the line since, or it can no longer be so.
 */

import type { Config, DynamicServer, EditedBackend, Proxy, Server, Statement } from '@evenkeel/config';
import { EditedServers, isAdded } from '@evenkeel/config';
import { objectText, type Override } from './change.ts';
import type { EndedOverride, Ending } from './merge.ts';

/** The field. */
export const PRESENCE = 'server';

/** Reads the words of an `add server` as if it were typed now; `dynamic` names those that were added before it. */
export type ReadServer = (
  servers: EditedServers,
  backend: EditedBackend,
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
  const servers = new EditedServers(file);
  const kept: Override[] = [];
  const ended: EndedOverride[] = [];
  const added = new Set<string>();
  const rules = new UseServerRules();
  let lines: ServerLines | undefined;
  for (const override of overrides) {
    const [backendName, name] = splitName(override.object.name);
    const backend = servers.backend(backendName);
    const end = (ending: Ending): void => void ended.push({ override, ending });
    if (backend === undefined) {
      end({ why: 'gone' });
      continue;
    }
    lines ??= new ServerLines(file);
    const own = backend.server(name);
    const line = own === undefined ? '' : lines.of(own);
    if (line !== override.file) {
      end({ why: line === override.value ? 'adopted' : 'edited', file: line });
      continue;
    }
    if (override.value === '') {
      const reason = own === undefined ? undefined : referenceTo(servers, backend, own, rules);
      if (reason !== undefined) {
        end({ why: 'refused', reason });
        continue;
      }
      if (own !== undefined) servers.remove(backend, own);
    } else {
      if (own !== undefined) servers.remove(backend, own);
      const result = read(servers, backend, name, splitWords(override.value), added);
      if (!result.ok) {
        if (own !== undefined) servers.add(backend, own);
        end({ why: 'refused', reason: result.error.replace(/\.$/, '') });
        continue;
      }
      servers.add(backend, result.server);
      added.add(override.object.name);
    }
    kept.push(override);
  }
  return { config: servers.result(), kept, ended, added };
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
function referenceTo(
  servers: EditedServers,
  backend: EditedBackend,
  server: Server,
  rules: UseServerRules,
): string | undefined {
  if (rules.name(backend.proxy, server.name)) return "a 'use-server' rule names it";
  const tracker = servers.trackerOf(backend, server);
  return tracker === undefined ? undefined : `${objectText({ kind: 'server', name: tracker })} tracks it`;
}

/** Servers that `use-server` rules name, of proxies that were asked about. */
class UseServerRules {
  readonly #named = new Map<Proxy, ReadonlySet<unknown>>();

  name(proxy: Proxy, server: string): boolean {
    let named = this.#named.get(proxy);
    if (named === undefined) this.#named.set(proxy, (named = new Set(proxy.useServer.map((rule) => rule.server))));
    return named.has(server);
  }
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
