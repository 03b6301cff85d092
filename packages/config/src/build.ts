/** Drafts to the frozen model: ids, inherited rules, `log global` and pages of `http-errors` sections put in place. */

import { buildRuleset, type CheckRulesDraft } from './check-rules/index.ts';
import type { ParseState, PendingPage, ProxyDraft, ServerDraft } from './draft.ts';
import { buildRings } from './sections/ring.ts';
import type {
  Check,
  Config,
  ErrorPage,
  ErrorPages,
  Global,
  LogTarget,
  Position,
  Proxy,
  Rules,
  SectionSource,
  Server,
} from './model.ts';

/** The whole model, frozen in depth. */
export function buildConfig(state: ParseState, files: readonly string[], sources: readonly SectionSource[]): Config {
  assignProxyIds(state.proxies);
  return deepFreeze({
    files,
    sources,
    global: buildGlobal(state),
    proxies: state.proxies.map((draft) => buildProxy(draft as ProxyDraft & { kind: Proxy['kind'] }, state)),
    httpErrors: [...state.httpErrors.values()],
    userlists: [...state.userlists.values()],
    resolvers: [...state.resolvers.values()],
    mailers: [...state.mailers.values()],
    rings: buildRings(state.rings),
    environment: Object.fromEntries(state.env),
  });
}

function buildGlobal({ global }: ParseState): Global {
  const { tune } = global;
  // Manual 3.2: what is reserved for rewriting is never more than half of the buffer.
  return { ...global, tune: { ...tune, maxrewrite: Math.min(tune.maxrewrite, Math.floor(tune.bufsize / 2)) } };
}

/** HAProxy numbers proxies from 2 in the order of the file, those with an `id` too, and passes over what `id` has taken. */
function assignProxyIds(drafts: readonly ProxyDraft[]): void {
  const taken = new Set(drafts.filter((draft) => draft.idExplicit).map((draft) => draft.id));
  let next = 2;
  for (const draft of drafts) {
    if (!draft.idExplicit) {
      while (taken.has(next)) next++;
      draft.id = next;
    }
    next++;
  }
}

function buildProxy(draft: ProxyDraft & { kind: Proxy['kind'] }, state: ParseState): Proxy {
  const { acls, logFormatAt: _at, checkRules, notes, ...fields } = draft;
  return {
    ...fields,
    check: buildCheck(draft.check, checkRules, draft.at),
    acls: [...acls.values()],
    servers: numberServers(draft.servers.map(settleLimits)),
    rules: joinRules(notes.base, draft),
    errors: resolvePages(draft.errors, state),
    logs: resolveLogs(draft.logs, state),
  };
}

/** `minconn` alone, or not below `maxconn`, is a limit that stands still (as HAProxy takes it). */
export function settleLimits(server: ServerDraft): ServerDraft {
  const { maxconn = 0, minconn = 0 } = server;
  if (minconn >= maxconn && minconn > 0) server.maxconn = minconn;
  if (minconn >= maxconn || minconn === 0) server.minconn = undefined;
  return server;
}

function buildCheck(check: Check, rules: CheckRulesDraft, at: Position): Check {
  return check.type === 'rules' ? { type: 'rules', ruleset: buildRuleset(rules, check.ruleset.protocol, at) } : check;
}

/** Servers are numbered likewise, from 1. The drafts themselves become the model. */
function numberServers(servers: readonly ServerDraft[]): readonly Server[] {
  const taken = new Set(servers.filter((server) => server.idExplicit).map((server) => server.id));
  let next = 1;
  for (const server of servers) {
    if (!server.idExplicit) {
      while (taken.has(next)) next++;
      server.id = next;
    }
    next++;
  }
  return servers;
}

/** Rules of a named `defaults` section are evaluated before the proxy's own (manual 4.2). */
function joinRules(base: ProxyDraft | undefined, draft: ProxyDraft): Rules {
  if (
    base === undefined ||
    Object.values(base.rules).every((rules) => rules === undefined || (Array.isArray(rules) && rules.length === 0))
  ) {
    return draft.rules;
  }
  const before = base.rules;
  const own = draft.rules;
  return {
    tcpRequestConnection: [...before.tcpRequestConnection, ...own.tcpRequestConnection],
    tcpRequestSession: [...before.tcpRequestSession, ...own.tcpRequestSession],
    tcpRequestContent: [...before.tcpRequestContent, ...own.tcpRequestContent],
    tcpRequestInspectDelayMs: own.tcpRequestInspectDelayMs ?? before.tcpRequestInspectDelayMs,
    httpRequest: [...before.httpRequest, ...own.httpRequest],
    tcpResponseContent: [...before.tcpResponseContent, ...own.tcpResponseContent],
    tcpResponseInspectDelayMs: own.tcpResponseInspectDelayMs ?? before.tcpResponseInspectDelayMs,
    httpResponse: [...before.httpResponse, ...own.httpResponse],
    httpAfterResponse: [...before.httpAfterResponse, ...own.httpAfterResponse],
  };
}

function resolvePages(errors: ProxyDraft['errors'], state: ParseState): ErrorPages {
  const pages: Record<number, ErrorPage> = {};
  for (const [status, page] of Object.entries(errors)) {
    const resolved = resolvePage(page, Number(status), state);
    if (resolved !== undefined) pages[Number(status)] = resolved;
  }
  return pages;
}

function resolvePage(page: ErrorPage | PendingPage, status: number, state: ParseState): ErrorPage | undefined {
  let current: ErrorPage | PendingPage | undefined = page;
  while (current?.kind === 'section') current = state.httpErrors.get(current.name)?.errors[status] ?? current.otherwise;
  return current;
}

/** `log global` is the global section's targets, each once. */
function resolveLogs(logs: ProxyDraft['logs'], state: ParseState): LogTarget[] {
  const targets = new Set<LogTarget>();
  for (const log of logs) {
    for (const target of log === 'global' ? state.global.logs : [log]) targets.add(target);
  }
  return [...targets];
}

/** Freezes a tree of plain data in place and returns it. Strings and numbers stay as they are; cycles are no problem. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  const inner: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  for (const one of inner) if (typeof one === 'object') deepFreeze(one);
  return value;
}
