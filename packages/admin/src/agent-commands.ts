/** Commands about agents (management manual, section 9.3): `enable agent`, `disable agent`, `set server … agent…`. */

import { isIP } from 'node:net';
import { portFault, portText } from './address-commands.ts';
import { change } from './change.ts';
import type { Command, CommandContext } from './cli/command.ts';
import { findServer } from './find-server.ts';
import type { Runtime } from './runtime.ts';

export const enableAgent: Command = {
  words: ['enable', 'agent'],
  parameters: '',
  help: 'enable agent checks',
  level: 'admin',
  isSilent: true,
  run(context, [name]) {
    const found = findServer(context, name);
    if ('fault' in found) return found.fault;
    return hasAgent(context.runtime, found.slot)
      ? change(context, found.object, { agent: 'enabled' })
      : 'Agent was not configured on this server, cannot enable.\n';
  },
};

export const disableAgent: Command = {
  words: ['disable', 'agent'],
  parameters: '',
  help: 'disable agent checks',
  level: 'admin',
  isSilent: true,
  run(context, [name]) {
    const found = findServer(context, name);
    if ('fault' in found) return found.fault;
    return hasAgent(context.runtime, found.slot) ? change(context, found.object, { agent: 'disabled' }) : '';
  },
};

const NO_AGENT = 'agent checks are not enabled on this server';

/** The forms of `set server` that concern agents; undefined for any other. */
export function setServerAgent(
  context: CommandContext,
  parameters: readonly string[],
): string | Promise<string> | undefined {
  const [name, form, value, word, port] = parameters;
  if (!form?.startsWith('agent')) return undefined;
  const found = findServer(context, name);
  if ('fault' in found) return found.fault;
  const { runtime } = context;
  const { slot, object } = found;
  switch (form) {
    case 'agent':
      return force(runtime, slot, value);
    case 'agent-addr': {
      if (value === undefined) return 'set server <b>/<s> agent-addr requires an address and optionally a port.\n';
      if (!hasAgent(runtime, slot)) return NO_AGENT;
      // The answer has to come now, before a name could be looked up.
      if (isIP(value) === 0) return `invalid addr '${value}'`;
      const fault = word === 'port' ? portFault(port) : undefined;
      const ports: Record<string, string> = word === 'port' ? { 'agent-port': portText(port) } : {};
      return fault ?? change(context, object, { 'agent-addr': value, ...ports });
    }
    case 'agent-port':
      if (value === undefined) return 'set server <b>/<s> agent-port requires a port.\n';
      if (!hasAgent(runtime, slot)) return NO_AGENT;
      return portFault(value) ?? change(context, object, { 'agent-port': portText(value) });
    case 'agent-send':
      return hasAgent(runtime, slot) ? change(context, object, { 'agent-send': value ?? '' }) : `${NO_AGENT}.\n`;
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

function hasAgent({ health }: Runtime, slot: number): boolean {
  return health.server(slot)?.agent.isConfigured === true;
}
