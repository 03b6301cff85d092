/** What `option external-check` and `agent-check` need of other lines, with HAProxy's sentences. */

import { describeKind, type ParseState, type ProxyDraft } from './draft.ts';

/** What would leave checks without anything to do. */
export function checkPrograms(state: ParseState, draft: ProxyDraft): void {
  checkAgentPorts(state, draft);
  if (draft.check.type !== 'external') return;
  const detail = { form: 'plain' as const, length: draft.kind.length };
  if (!state.global.externalCheck) {
    state.diagnostics.alert(
      `Proxy '${draft.name}' : 'option external-check' unable to find required 'global.external-check'.`,
      draft.at,
      { ...detail, remedy: "add 'external-check' to the global section" },
    );
  }
  const command = draft.externalCheckCommand;
  if (command === undefined) {
    state.diagnostics.alert(
      `Proxy '${draft.name}' : 'option external-check' unable to find required 'external-check command'.`,
      draft.at,
      { ...detail, remedy: "add 'external-check command /path/of/the/program'" },
    );
  } else if (!command.startsWith('/') && draft.externalCheckPath === '') {
    state.diagnostics.alert(
      `Proxy '${draft.name}': 'external-check command' does not have a leading '/' and 'external-check path' is not set.`,
      draft.at,
      { ...detail, remedy: "write the program with its path, or add 'external-check path /usr/bin:/bin'" },
    );
  }
}

function checkAgentPorts(state: ParseState, draft: ProxyDraft): void {
  for (const server of draft.servers) {
    if (!server.agentCheck || server.agentPort !== 0) continue;
    state.diagnostics.alert(
      `'server ${draft.name}/${server.name}' : server ${server.name} does not have agent port. Agent check has been disabled.`,
      server.at,
      { form: 'place', length: 'server'.length, remedy: "add 'agent-port' with the port of the agent" },
    );
  }
}

/** A program that nothing starts. */
export function warnPrograms(state: ParseState, draft: ProxyDraft): void {
  if (draft.check.type === 'external') return;
  const given = { command: draft.externalCheckCommand !== undefined, path: draft.externalCheckPath !== '' };
  for (const name of ['command', 'path'] as const) {
    if (!given[name]) continue;
    const message = `'external-check ${name}' will be ignored for ${describeKind(draft.kind)} '${draft.name}' (requires 'option external-check').`;
    state.diagnostics.warning(message, draft.at, { form: 'plain', length: draft.kind.length });
  }
}
