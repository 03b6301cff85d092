/**
 * What can only be judged when everything was read: references between sections, modes that do not fit, listeners and timeouts
 * that are missing. Findings carry HAProxy's sentences; places are those of the line that is wrong.
 */

import { formatAddress } from './address.ts';
import { checkPrograms, warnPrograms } from './check-programs.ts';
import { checkMailers, checkTracking, warnStates } from './check-states.ts';
import type { CheckConnect } from './check-model.ts';
import { unusedRules } from './check-rules/index.ts';
import {
  describeKind,
  hasBackendSide,
  hasFrontendSide,
  type ParseState,
  type ProxyDraft,
  type ServerDraft,
} from './draft.ts';
import type { Options, Position } from './model.ts';

/** References that cannot be resolved: they are errors, and independent of other faults. */
export function checkReferences(state: ParseState): void {
  checkTracking(state);
  for (const draft of state.proxies) {
    if (draft.disabled) continue;
    checkErrorPages(state, draft);
    checkMailers(state, draft);
    // Also of a backend, where such a line is ignored with a warning.
    checkDefaultBackend(state, draft);
    checkUseBackend(state, draft);
    checkThreads(state, draft);
    if (hasBackendSide(draft)) {
      checkServers(state, draft);
      checkPrograms(state, draft);
    }
  }
}

/** Warnings about what is probably not meant. They would only confuse beside errors. */
export function checkPlausibility(state: ParseState): void {
  for (const { name, at, nameservers, parseResolvConf } of state.resolvers.values()) {
    if (nameservers.length > 0 || parseResolvConf) continue;
    state.diagnostics.warning(`resolvers '${name}' [${at.file}:${at.line}] has no nameservers configured!`, at, {
      form: 'plain',
      length: 'resolvers'.length,
      remedy: "add a line 'nameserver NAME ADDRESS:PORT', or 'parse-resolv-conf'",
    });
  }
  warnStates(state);
  for (const draft of state.proxies) {
    if (draft.disabled) continue;
    warnNoBind(state, draft);
    if (hasBackendSide(draft)) warnPrograms(state, draft);
    warnTimeouts(state, draft);
    warnLogFormat(state, draft);
    if (hasBackendSide(draft)) warnUnusedCheckRules(state, draft);
    if (draft.mode === 'tcp') warnHttpOnly(state, draft);
    if (draft.mode === 'tcp' && hasBackendSide(draft)) replaceHttpBalance(state, draft);
  }
}

/** A listener that no thread may serve. Without `nbthread` their number is the machine's affair. */
function checkThreads(state: ParseState, draft: ProxyDraft): void {
  const { nbthread } = state.global;
  if (nbthread === undefined) return;
  for (const { threads, addresses, at } of draft.binds) {
    if (threads === undefined || threads.some((thread) => thread <= nbthread)) continue;
    const line = `bind ${addresses.map((address) => formatAddress(address)).join(',')}`;
    state.diagnostics.alert(
      `Proxy '${draft.name}': 'thread' directive contains threads that belong to no group in '${line}' at [${place(at)}].`,
      at,
      { form: 'plain', length: 'bind'.length, remedy: `name threads from 1 to ${nbthread} (nbthread)` },
    );
  }
}

/** `errorfiles` of a `defaults` section are looked up for the proxies that start from it, as in HAProxy. */
function checkErrorPages(state: ParseState, draft: ProxyDraft): void {
  const unknown = new Map<string, Position>();
  for (const [status, page] of Object.entries(draft.errors)) {
    if (page.kind !== 'section') continue;
    const section = state.httpErrors.get(page.name);
    if (section === undefined) unknown.set(page.name, page.at);
    else if (page.isNamed && section.errors[Number(status)] === undefined) {
      const message = `config: proxy '${draft.name}' : status '${status}' not declared in http-errors section '${page.name}' (at ${place(page.at)}).`;
      state.diagnostics.warning(message, page.at, { form: 'plain', length: page.name.length });
    }
  }
  for (const [name, at] of unknown) {
    const message = `proxy '${draft.name}': unknown http-errors section '${name}' (at ${place(at)}).`;
    const nearest = state.diagnostics.nearest(name, state.httpErrors.keys());
    const remedy = `add a section 'http-errors ${name}', or name one that exists`;
    state.diagnostics.alert(message, at, { form: 'plain', length: name.length, nearest, remedy });
  }
}

function checkDefaultBackend(state: ParseState, draft: ProxyDraft): void {
  const name = draft.defaultBackend;
  if (name === undefined) return;
  const at = draft.notes.defaultBackendAt ?? draft.at;
  const detail = {
    form: 'plain' as const,
    length: draft.notes.defaultBackendAt === undefined ? draft.kind.length : name.length,
  };
  const target = state.backends.get(name);
  if (target === undefined) {
    const message = `Proxy '${draft.name}': unable to find required default_backend: '${name}'.`;
    state.diagnostics.alert(message, at, {
      ...detail,
      nearest: state.diagnostics.nearest(name, state.backends.keys()),
      remedy: missingBackend(name),
    });
  } else if (target === draft) {
    state.diagnostics.alert(`Proxy '${draft.name}': loop detected for default_backend: '${name}'.`, at, {
      ...detail,
      remedy: NAME_ANOTHER,
    });
  } else if (draft.mode === 'http' && target.mode === 'tcp') {
    state.diagnostics.alert(`${incompatible(draft, target)} as its default backend (see 'mode').`, at, {
      ...detail,
      remedy: ONE_MODE,
    });
  }
}

function checkUseBackend(state: ParseState, draft: ProxyDraft): void {
  for (const rule of draft.useBackend) {
    if (typeof rule.target !== 'string') continue;
    const name = rule.target;
    const detail = { form: 'plain' as const, length: name.length };
    const target = state.backends.get(name);
    if (target === undefined) {
      const message = `Proxy '${draft.name}': unable to find required use_backend: '${name}'.`;
      state.diagnostics.alert(message, rule.at, {
        ...detail,
        nearest: state.diagnostics.nearest(name, state.backends.keys()),
        remedy: missingBackend(name),
      });
    } else if (target === draft) {
      state.diagnostics.alert(`Proxy '${draft.name}': loop detected for use_backend: '${name}'.`, rule.at, {
        ...detail,
        remedy: NAME_ANOTHER,
      });
    } else if (draft.mode === 'http' && target.mode === 'tcp') {
      state.diagnostics.alert(`${incompatible(draft, target)} in a 'use_backend' rule (see 'mode').`, rule.at, {
        ...detail,
        remedy: ONE_MODE,
      });
    }
  }
}

const NAME_ANOTHER = 'name another backend';
const ONE_MODE = "give both the same 'mode'";

function missingBackend(name: string): string {
  return `add a section 'backend ${name}', or name one that exists`;
}

function incompatible(draft: ProxyDraft, target: ProxyDraft): string {
  const from = `${draft.mode} ${describeKind(draft.kind)} '${draft.name}' (${place(draft.at)})`;
  return `${from} tries to use incompatible ${target.mode} ${describeKind(target.kind)} '${target.name}' (${place(target.at)})`;
}

export function checkServerNames(state: ParseState, draft: ProxyDraft): void {
  for (const { at, first, name } of draft.notes.duplicateServers) {
    const message =
      `${describeKind(draft.kind)} '${draft.name}', another server named '${name}' was already defined at line ` +
      `${first.at.line}, please use distinct names.`;
    state.diagnostics.alert(message, at, { length: name.length, remedy: 'rename one of the two' });
  }
}

function checkServers(state: ParseState, draft: ProxyDraft): void {
  checkServerNames(state, draft);
  const names = draft.notes.serverNames;
  for (const rule of draft.useServer) {
    if (typeof rule.server !== 'string' || names.has(rule.server)) continue;
    const message = `${describeKind(draft.kind)} '${draft.name}' : unable to find server '${rule.server}' referenced in a 'use-server' rule.`;
    state.diagnostics.alert(message, rule.at, {
      form: 'plain',
      length: rule.server.length,
      nearest: state.diagnostics.nearest(rule.server, names.keys()),
      remedy: 'name a server of this section',
    });
  }
  for (const server of draft.servers) {
    if (server.resolvers !== undefined && !state.resolvers.has(server.resolvers)) {
      const message = `backend '${draft.name}', server '${server.name}': unable to find required resolvers '${server.resolvers}'`;
      state.diagnostics.alert(message, server.at, {
        form: 'plain',
        length: 'server'.length,
        nearest: state.diagnostics.nearest(server.resolvers, state.resolvers.keys()),
        remedy: `add a section 'resolvers ${server.resolvers}', or name one that exists`,
      });
    }
    if (draft.mode !== 'http' && server.redir !== undefined) {
      const message = `${describeKind(draft.kind)} '${draft.name}' : server cannot have cookie or redirect prefix in non-HTTP mode.`;
      state.diagnostics.alert(message, server.at, {
        form: 'plain',
        length: 'server'.length,
        remedy: "leave 'redir' out, or set 'mode http'",
      });
    }
    checkFurtherChecks(state, draft, server);
    // A ping goes to no port.
    const missing =
      server.check && draft.check.type !== 'ping' && !hasCheckPort(server) ? missingPort(draft) : undefined;
    if (missing !== undefined) {
      const message = `config: ${describeKind(draft.kind)} '${draft.name}': server '${server.name}' has neither service port nor check port${missing}.`;
      state.diagnostics.alert(message, server.at, {
        form: 'plain',
        length: 'server'.length,
        expected: "a port in the address, or 'port'",
      });
    }
  }
}

/** `check-and` names backends of the file; their checks go where this server is. */
function checkFurtherChecks(state: ParseState, draft: ProxyDraft, server: ServerDraft): void {
  const owner = `${describeKind(draft.kind)} '${draft.name}': server '${server.name}'`;
  for (const name of server.checkAnd) {
    if (state.backends.has(name)) continue;
    state.diagnostics.alert(`${owner} : unable to find backend '${name}' referenced by 'check-and'.`, server.at, {
      form: 'plain',
      length: 'server'.length,
      nearest: state.diagnostics.nearest(name, state.backends.keys()),
    });
  }
  if (server.checkAnd.length > 0 && !server.check) {
    state.diagnostics.warning(`${owner} : 'check-and' has no effect without 'check'.`, server.at, {
      form: 'plain',
      length: 'server'.length,
    });
  }
}

/** How the sentence goes on where the server names no port of checks; undefined where every rule that connects does. */
function missingPort({ check, checkRules }: ProxyDraft): string | undefined {
  if (check.type !== 'rules') return '';
  const connects = checkRules[check.ruleset.protocol].steps.filter((step) => step.action === 'connect');
  const [first] = connects;
  const hasPort = (step: CheckConnect): boolean =>
    step.port !== undefined || (step.address !== undefined && 'path' in step.address);
  if (first === undefined) return '';
  if (!hasPort(first)) return " nor tcp_check rule 'connect' with port information";
  return connects.every(hasPort) ? undefined : ", and a tcp_check rule 'connect' with no port information";
}

export function hasCheckPort(server: ServerDraft): boolean {
  if (server.checkPort !== undefined) return true;
  const { address } = server;
  if (address.kind !== 'inet') return true;
  // SRV records name the port.
  if (server.resolvers !== undefined && address.host.startsWith('_')) return true;
  return address.port !== undefined && !address.port.relative && address.port.first !== 0;
}

function warnUnusedCheckRules(state: ParseState, draft: ProxyDraft): void {
  for (const { message, at } of unusedRules(draft))
    state.diagnostics.warning(message, at, { form: 'plain', length: 'tcp-check'.length });
}

function warnNoBind(state: ParseState, draft: ProxyDraft): void {
  if (!hasFrontendSide(draft) || draft.binds.length > 0) return;
  const message = `${describeKind(draft.kind)} '${draft.name}' has no 'bind' directive. Please declare it as a backend if this was intended.`;
  state.diagnostics.warning(message, draft.at, { form: 'plain', length: draft.kind.length });
}

function warnTimeouts(state: ParseState, draft: ProxyDraft): void {
  const { client, connect, server, tunnel } = draft.timeouts;
  const missingClient = hasFrontendSide(draft) && client === undefined;
  const noServerTimeout = server === undefined && (draft.mode === 'http' || tunnel === undefined);
  const missingServer = hasBackendSide(draft) && draft.servers.length > 0 && (connect === undefined || noServerTimeout);
  if (!missingClient && !missingServer) return;
  state.diagnostics.warning(missingTimeouts(`${describeKind(draft.kind)} '${draft.name}'`), draft.at, {
    form: 'plain',
    length: draft.kind.length,
  });
}

/** HAProxy's sentence; `owner` is "backend 'b'". */
export function missingTimeouts(owner: string): string {
  return (
    `missing timeouts for ${owner}.\n` +
    '   | While not properly invalid, you will certainly encounter various problems\n' +
    '   | with such a configuration. To fix this, please ensure that all following\n' +
    "   | timeouts are set to a non-zero value: 'client', 'connect', 'server'."
  );
}

/** An HTTP format in a TCP proxy falls back; a format without a destination is for nothing. */
function warnLogFormat(state: ParseState, draft: ProxyDraft): void {
  const at = draft.logFormatAt;
  if (at === undefined || draft.kind === 'backend') return;
  const { kind } = draft.logFormat;
  const owner = `${describeKind(draft.kind)} '${draft.name}'`;
  if (draft.mode === 'tcp' && (kind === 'httplog' || kind === 'clf' || kind === 'httpslog')) {
    const option = kind === 'clf' ? 'httplog' : kind;
    state.diagnostics.warning(
      `'option ${option}' not usable with ${owner} (needs 'mode http'). Falling back to 'option tcplog'.`,
      at,
      { length: 'option'.length },
    );
    draft.logFormat = { kind: 'tcplog' };
  }
  const hasTarget =
    draft.logs.some((target) => target !== 'global') || (draft.logs.includes('global') && state.global.logs.length > 0);
  if (!hasTarget && !draft.logs.includes('global')) {
    state.diagnostics.warning(`log format ignored for ${owner} since it has no log address.`, at, {
      form: 'plain',
      length: 'option'.length,
    });
  }
}

/** Options that mean something in HTTP only, with the side they belong to. */
const HTTP_ONLY_OPTIONS: readonly (readonly [keyof Options, string, 'frontend' | 'backend' | 'both'])[] = [
  ['acceptInvalidHttpRequest', 'accept-invalid-http-request', 'frontend'],
  ['acceptInvalidHttpResponse', 'accept-invalid-http-response', 'backend'],
  ['checkcache', 'checkcache', 'backend'],
  ['httpBufferRequest', 'http-buffer-request', 'both'],
  ['httpIgnoreProbes', 'http-ignore-probes', 'frontend'],
  ['httpNoDelay', 'http-no-delay', 'both'],
  ['httpPretendKeepalive', 'http-pretend-keepalive', 'backend'],
  ['httpUseProxyHeader', 'http-use-proxy-header', 'frontend'],
  ['preferLastServer', 'prefer-last-server', 'backend'],
];

function warnHttpOnly(state: ParseState, draft: ProxyDraft): void {
  const owner = `${describeKind(draft.kind)} '${draft.name}'`;
  const warn = (message: string, at: Position = draft.at): void => {
    state.diagnostics.warning(message, at, { form: 'plain', length: at === draft.at ? draft.kind.length : 1 });
  };
  const lists = [
    ['http-request', draft.rules.httpRequest],
    ['http-response', draft.rules.httpResponse],
    ['http-after-response', draft.rules.httpAfterResponse],
  ] as const;
  for (const [name, rules] of lists) {
    if (rules.length > 0) warn(`'${name}' rules ignored for ${owner} as they require HTTP mode.`, rules[0].at);
  }
  if (draft.forwardfor !== undefined) warn(`'option forwardfor' ignored for ${owner} as it requires HTTP mode.`);
  if (draft.originalto !== undefined) warn(`'option originalto' ignored for ${owner} as it requires HTTP mode.`);
  if (draft.monitorUri !== undefined && hasFrontendSide(draft))
    warn(`monitor-uri will be ignored for ${owner} (needs 'mode http').`);
  for (const [field, name, side] of HTTP_ONLY_OPTIONS) {
    const applies = side === 'both' || (side === 'frontend' ? hasFrontendSide(draft) : hasBackendSide(draft));
    if (applies && draft.options[field] === true)
      warn(`'option ${name}' ignored for ${owner} as it requires HTTP mode.`);
  }
}

/** Keys of requests are there in HTTP mode only. */
function replaceHttpBalance(state: ParseState, draft: ProxyDraft): void {
  const { algorithm } = draft.balance;
  if (algorithm !== 'uri' && algorithm !== 'url_param' && algorithm !== 'hdr') return;
  const message = `Layer 7 hash not possible for ${describeKind(draft.kind)} '${draft.name}' (needs 'mode http'). Falling back to round robin.`;
  state.diagnostics.warning(message, draft.at, { form: 'plain', length: draft.kind.length });
  draft.balance = { algorithm: 'roundrobin' };
}

function place(at: Position): string {
  return `${at.file}:${at.line}`;
}
