/**
 * A server that is added while the configuration serves (management manual, section 9.3 "add server"): the words of a `server`
 * line, read by the same parsers as the file's and on top of the same `default-server` settings, and what can only be judged
 * with the rest of the configuration at hand. Sentences are those that HAProxy answers with.
 */

import { deepFreeze, settleLimits } from './build.ts';
import { hasCheckPort } from './checks.ts';
import { Cursor } from './cursor.ts';
import { DefaultPath } from './default-path.ts';
import { Diagnostics } from './diagnostic.ts';
import { guard } from './dispatch.ts';
import type { ParseState, ProxyDraft, ServerDraft } from './draft.ts';
import { EditedServers, type EditedBackend } from './edited-servers.ts';
import type { ConfigHost } from './host.ts';
import { initialProxy, initialState } from './initial.ts';
import { KEYWORDS } from './keywords/index.ts';
import type { Config, Proxy, Server } from './model.ts';
import { scopeOf } from './scope.ts';

export type DynamicServer =
  | { readonly ok: true; readonly server: Server; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly error: string };

/** What takes the place of a file and a line in what is said. */
const FILE = 'CLI';
/** Lines of files count from 1. */
const NO_LINE = 0;

/** Whether a server was added, and is not one of the file's. */
export function isAdded({ at }: Pick<Server, 'at'>): boolean {
  return at.line === NO_LINE;
}

/**
 * `words` are those after the name. The server waits in maintenance (`disabled`) unless `enabled` is among them. `dynamic`
 * names servers of this configuration that were added themselves, as `backend/server`. It is not put among `servers`.
 */
export function readEditedServer(
  servers: EditedServers,
  backend: EditedBackend,
  name: string,
  words: readonly string[],
  host: ConfigHost,
  dynamic: ReadonlySet<string>,
): DynamicServer {
  const diagnostics = new Diagnostics();
  const all = ['server', name, ...words];
  const line = { file: FILE, number: NO_LINE, words: all, columns: all.map(() => 1), endColumn: 1 };
  const state = stateOf(diagnostics, host);
  const draft = draftOf(backend);
  const cursor = new Cursor(line, diagnostics, 1);
  const keyword = KEYWORDS.proxy.get('server');
  guard(diagnostics, () => keyword?.parse?.(cursor, { state, draft, scope: (place) => scopeOf(state, draft, place) }));
  const [alert] = diagnostics.list.filter(({ severity }) => severity === 'alert');
  if (alert !== undefined) return { ok: false, error: sentence(alert.message) };
  const server = settleLimits(draft.servers[0]);
  const error = faultOf(servers, backend, server, dynamic);
  if (error !== undefined) return { ok: false, error };
  if (!server.idExplicit) server.id = backend.freeId();
  const warnings = diagnostics.list.map(({ message }) => sentence(message));
  return { ok: true, server: deepFreeze(server), warnings };
}

/** The same for one server of a configuration that stands; `proxy` is one of its. */
export function readDynamicServer(
  config: Config,
  proxy: Proxy,
  name: string,
  words: readonly string[],
  host: ConfigHost,
  dynamic: ReadonlySet<string>,
): DynamicServer {
  const servers = new EditedServers(config);
  return readEditedServer(servers, servers.backend(proxy.name)!, name, words, host, dynamic);
}

/** The configuration with that server behind the others of the proxy. */
export function withServers(config: Config, index: number, servers: readonly Server[]): Config {
  return { ...config, proxies: config.proxies.with(index, { ...config.proxies[index], servers }) };
}

function stateOf(diagnostics: Diagnostics, host: ConfigHost): ParseState {
  return initialState({
    keywords: KEYWORDS,
    host,
    diagnostics,
    env: new Map(),
    // Who may type commands is not to see the environment of the process by that.
    lookUp: () => undefined,
    defaultPath: new DefaultPath(host),
    whenComplete() {},
  });
}

/** What the parsers of a server line look at in its proxy. */
function draftOf({ proxy, ids }: EditedBackend): ProxyDraft {
  const draft = initialProxy(proxy.name, proxy.kind, { file: FILE, line: 1, column: 1 });
  draft.mode = proxy.mode;
  draft.defaultServer = {
    ...proxy.defaultServer,
    checkAnd: [...proxy.defaultServer.checkAnd],
    resolveNets: [...proxy.defaultServer.resolveNets],
    initAddr: proxy.defaultServer.initAddr,
    disabled: true,
  };
  // Not copied, as there may be thousands, and not written into: the server may turn out to be none.
  const own = new Map<number, ServerDraft>();
  const serverIds: ProxyDraft['notes']['serverIds'] = {
    get: (id) => own.get(id) ?? (ids.get(id) as ServerDraft | undefined),
    set: (id, server) => own.set(id, server),
  };
  return { ...draft, notes: { ...draft.notes, serverIds } };
}

/** Without the line's own beginning, which whoever typed it knows. */
function sentence(message: string): string {
  return message.replace(/^'server [^']*' ?: ?/, '');
}

function faultOf(
  servers: EditedServers,
  backend: EditedBackend,
  server: ServerDraft,
  dynamic: ReadonlySet<string>,
): string | undefined {
  const { config } = servers;
  const { proxy } = backend;
  const { name, resolvers, track } = server;
  if (track !== undefined) {
    const fault = trackFault(servers, backend, track, server.check, dynamic);
    if (fault !== undefined) return fault;
  }
  if (resolvers !== undefined && !config.resolvers.some((section) => section.name === resolvers))
    return `unable to find required resolvers '${resolvers}'`;
  if (server.redir !== undefined && proxy.mode !== 'http')
    return 'server cannot have cookie or redirect prefix in non-HTTP mode.';
  const unknown = server.checkAnd.find((one) => servers.backend(one) === undefined);
  if (unknown !== undefined) return `unable to find backend '${unknown}' referenced by 'check-and'.`;
  if (server.check && proxy.check.type !== 'ping' && !hasCheckPort(server))
    return `config: backend '${proxy.name}': server '${name}' has neither service port nor check port nor tcp_check rule 'connect' with port information.`;
  if (server.agentCheck && server.agentPort === 0)
    return `server ${name} does not have agent port. Agent check has been disabled.`;
  return undefined;
}

function trackFault(
  servers: EditedServers,
  backend: EditedBackend,
  track: string,
  isChecked: boolean,
  dynamic: ReadonlySet<string>,
): string | undefined {
  if (isChecked) return 'unable to enable checks and tracking at the same time!';
  const slash = track.lastIndexOf('/');
  const [proxyName, name] = [track.slice(0, Math.max(0, slash)), track.slice(slash + 1)];
  const target = slash < 0 ? backend : servers.backend(proxyName);
  if (target === undefined) return `unable to find required proxy '${proxyName}' for tracking.`;
  const tracked = target.server(name);
  if (tracked === undefined) return `unable to find required server '${name}' for tracking.`;
  const full = `${target.proxy.name}/${name}`;
  if (dynamic.has(full)) return `unable to use ${full} for tracking as it is a dynamic server.`;
  if (!tracked.check && !tracked.agentCheck && tracked.track === undefined)
    return `unable to use ${full} for tracking as it does not have any check nor agent enabled.`;
  return undefined;
}
