/**
 * What can only be judged about states of servers when everything was read: who tracks whom (manual 5.2 "track"), what is
 * observed, where mails go and states come from. Findings carry HAProxy's sentences.
 */

import { describeKind, hasBackendSide, type ParseState, type ProxyDraft, type ServerDraft } from './draft.ts';

interface Tracked {
  readonly proxy: ProxyDraft;
  readonly server: ServerDraft;
}

/** Errors of `track`, over all proxies: a chain may go through several. */
export function checkTracking(state: ParseState): void {
  const links = new Map<ServerDraft, Tracked>();
  for (const proxy of state.proxies) {
    if (proxy.disabled || !hasBackendSide(proxy)) continue;
    for (const server of proxy.servers) if (server.track !== undefined) checkTrack(state, { proxy, server }, links);
  }
}

function checkTrack(state: ParseState, { proxy, server }: Tracked, links: Map<ServerDraft, Tracked>): void {
  const refuse = (reason: string, remedy: string, nearest?: string): void => {
    state.diagnostics.alert(`'server ${proxy.name}/${server.name}' : ${reason}`, server.at, {
      length: 'server'.length,
      remedy,
      ...(nearest === undefined ? {} : { nearest }),
    });
  };
  if (server.check)
    return refuse('unable to enable checks and tracking at the same time!', "leave out 'check', or 'track'");
  const slash = server.track!.lastIndexOf('/');
  const proxyName = server.track!.slice(0, Math.max(0, slash));
  const name = server.track!.slice(slash + 1);
  const target = slash < 0 ? proxy : state.backends.get(proxyName);
  if (target === undefined) {
    const nearest = state.diagnostics.nearest(proxyName, state.backends.keys());
    return refuse(`unable to find required proxy '${proxyName}' for tracking.`, 'name a backend of this file', nearest);
  }
  const tracked = target.servers.find((other) => other.name === name);
  if (tracked === undefined) {
    const nearest = state.diagnostics.nearest(name, target.notes.serverNames.keys());
    return refuse(
      `unable to find required server '${name}' for tracking.`,
      `name a server of '${target.name}'`,
      nearest,
    );
  }
  const full = `${target.name}/${tracked.name}`;
  if (!tracked.check && !tracked.agentCheck && tracked.track === undefined) {
    return refuse(
      `unable to use ${full} for tracking as it does not have any check nor agent enabled.`,
      `add 'check' to server ${full}`,
    );
  }
  for (let at: Tracked | undefined = { proxy: target, server: tracked }; at !== undefined; at = links.get(at.server)) {
    if (at.server !== server) continue;
    return refuse(
      `unable to track ${full} as it belongs to a tracking chain looping back to ${at.proxy.name}/${at.server.name}.`,
      'let the last server of the chain have a check of its own',
    );
  }
  if (target !== proxy && disablesOn404(target) !== disablesOn404(proxy)) {
    return refuse(
      `unable to use ${full} for tracking: disable-on-404 option inconsistency.`,
      "give both backends 'http-check disable-on-404', or neither",
    );
  }
  links.set(server, { proxy: target, server: tracked });
}

const disablesOn404 = ({ checkRules }: ProxyDraft): boolean => checkRules.disableOn404 !== undefined;

/** `email-alert mailers` that names no section. */
export function checkMailers(state: ParseState, draft: ProxyDraft): void {
  const { mailers } = draft.emailAlert;
  if (mailers === undefined || !mailsAlerts(draft) || state.mailers.has(mailers)) return;
  state.diagnostics.alert(
    `Proxy '${draft.name}': unable to find mailers '${mailers}'.`,
    draft.notes.mailersAt ?? draft.at,
    {
      form: 'plain',
      length: mailers.length,
      nearest: state.diagnostics.nearest(mailers, state.mailers.keys()),
      remedy: `add a section 'mailers ${mailers}', or name one that exists`,
    },
  );
}

const mailsAlerts = ({ emailAlert: { from, to, mailers } }: ProxyDraft): boolean =>
  from !== undefined && to !== undefined && mailers !== undefined;

/** Warnings about what is probably not meant. */
export function warnStates(state: ParseState): void {
  const used = new Set<string>();
  for (const draft of state.proxies) {
    if (draft.disabled) continue;
    warnMails(state, draft, used);
    if (hasBackendSide(draft)) warnObserved(state, draft);
    if (hasBackendSide(draft) && draft.loadServerState === 'global' && state.global.serverStateFile === undefined) {
      state.diagnostics.warning(
        `backend '${draft.name}' configured to load server state file from global section 'server-state-file' directive. Unfortunately, 'server-state-file' is not set!`,
        draft.at,
        { form: 'plain', length: draft.kind.length, remedy: "set 'server-state-file' in the global section" },
      );
    }
  }
  for (const { name, at } of state.mailers.values()) {
    if (used.has(name)) continue;
    state.diagnostics.warning(`Removing incomplete section 'mailers ${name}'.`, at, {
      form: 'plain',
      length: 'mailers'.length,
      remedy: "name it by 'email-alert mailers', beside 'email-alert from' and 'email-alert to', or leave it out",
    });
  }
}

function warnMails(state: ParseState, draft: ProxyDraft, used: Set<string>): void {
  const { from, to, mailers, level, myhostname } = draft.emailAlert;
  if (mailsAlerts(draft)) {
    used.add(mailers!);
    return;
  }
  if ([from, to, mailers, myhostname].every((text) => text === undefined) && level === DEFAULT_LEVEL) return;
  state.diagnostics.warning(
    `'email-alert' will be ignored for ${describeKind(draft.kind)} '${draft.name}' (the presence any of 'email-alert from', 'email-alert level' 'email-alert mailers', 'email-alert myhostname', or 'email-alert to' requires each of 'email-alert from', 'email-alert mailers' and 'email-alert to' to be present).`,
    draft.at,
    { form: 'plain', length: draft.kind.length, remedy: "add what is missing, or remove the 'email-alert' lines" },
  );
}

/** Manual "email-alert level": "By default level is alert". */
const DEFAULT_LEVEL = 1;

/** Answers are read in HTTP only; without checks nothing would bring a server back. */
function warnObserved(state: ParseState, draft: ProxyDraft): void {
  for (const server of draft.servers) {
    if (server.observe !== 'layer7' || draft.mode !== 'tcp') continue;
    server.observe = undefined;
    state.diagnostics.warning(
      `'server ${draft.name}/${server.name}' : 'layer7' can only be used in http proxies.`,
      server.at,
      { length: 'server'.length, remedy: "write 'observe layer4'" },
    );
  }
}
