/** Commands about agents (management manual, section 9.3): `enable agent`, `disable agent`, `set server … agent…`. */

import { isIP } from 'node:net';
import type { Command, CommandContext } from './cli/command.ts';
import { findServer } from './find-server.ts';
import type { Runtime } from './runtime.ts';
import { setServerState } from './server-commands.ts';

export const enableAgent: Command = {
  words: ['enable', 'agent'],
  parameters: '',
  help: 'enable agent checks',
  level: 'admin',
  run(context, [name]) {
    const found = findServer(context, name);
    if ('fault' in found) return found.fault;
    return context.runtime.health.pauseAgent(found.slot, false)
      ? ''
      : 'Agent was not configured on this server, cannot enable.\n';
  },
};

export const disableAgent: Command = {
  words: ['disable', 'agent'],
  parameters: '',
  help: 'disable agent checks',
  level: 'admin',
  run(context, [name]) {
    const found = findServer(context, name);
    if ('fault' in found) return found.fault;
    context.runtime.health.pauseAgent(found.slot, true);
    return '';
  },
};

const NO_AGENT = 'agent checks are not enabled on this server';

/** The forms of `set server` that concern agents; undefined for any other. */
export function setServerAgent(context: CommandContext, parameters: readonly string[]): string | undefined {
  const [name, form, value, word, port] = parameters;
  if (!form?.startsWith('agent')) return undefined;
  const found = findServer(context, name);
  if ('fault' in found) return found.fault;
  const { runtime } = context;
  const { slot } = found;
  switch (form) {
    case 'agent':
      return force(runtime, slot, value);
    case 'agent-addr':
      if (value === undefined) return 'set server <b>/<s> agent-addr requires an address and optionally a port.\n';
      // The answer has to come now, before a name could be looked up.
      if (isIP(value) === 0) return `invalid addr '${value}'\n`;
      if (word === 'port' && !isPort(port)) return 'provided port is not an integer\n';
      return change(runtime, slot, { host: value, ...(word === 'port' ? { port: Number(port) } : {}) });
    case 'agent-port':
      if (value === undefined) return 'set server <b>/<s> agent-port requires a port.\n';
      if (!isPort(value)) return 'provided port is not an integer\n';
      return change(runtime, slot, { port: Number(value) });
    case 'agent-send':
      return change(runtime, slot, { send: value ?? '' }, '.');
    default:
      return undefined;
  }
}

function force(runtime: Runtime, slot: number, value: string | undefined): string {
  const agent = runtime.health.server(slot)?.agent;
  if (agent?.isEnabled !== true) return `${NO_AGENT}.\n`;
  if (value !== 'up' && value !== 'down') return "'set server <srv> agent' expects 'up' or 'down'.\n";
  agent.force(value);
  return '';
}

function change(
  runtime: Runtime,
  slot: number,
  changes: Parameters<Runtime['health']['changeAgent']>[1],
  end = '',
): string {
  return runtime.health.changeAgent(slot, changes) ? '' : `${NO_AGENT}${end}\n`;
}

const isPort = (word: string | undefined): boolean =>
  word !== undefined && /^\d+$/.test(word) && Number(word) > 0 && Number(word) <= 65_535;

const SET_SERVER_USAGE =
  'usage: set server <backend>/<server> addr | agent | agent-addr | agent-port | agent-send | check-addr | check-port | fqdn | health | ssl | state | weight\n';

export const setServer: Command = {
  words: ['set', 'server'],
  parameters: '<bk>/<srv> [opts]',
  help: "change a server's state, weight, address or ssl",
  level: 'admin',
  run(context, parameters) {
    const found = findServer(context, parameters[0]);
    if ('fault' in found) return found.fault;
    return setServerAgent(context, parameters) ?? setServerState(context, parameters) ?? SET_SERVER_USAGE;
  },
};
