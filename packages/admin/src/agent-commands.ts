/** Commands about agents (management manual, section 9.3): `enable agent`, `disable agent`, `set server … agent…`. */

import { isIP } from 'node:net';
import { resolveName } from '@evenkeel/control';
import type { ChangedObject } from '@evenkeel/control';
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
    case 'agent-addr':
      if (value === undefined) return 'set server <b>/<s> agent-addr requires an address and optionally a port.\n';
      if (!hasAgent(runtime, slot)) return NO_AGENT;
      return moveAgent(context, object, value, word === 'port' ? (port ?? '') : undefined);
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

/** A name has to be known now, and is looked up for each connection, as one in the file. */
async function moveAgent(
  context: CommandContext,
  object: ChangedObject,
  host: string,
  port: string | undefined,
): Promise<string> {
  if (isIP(host) === 0 && (await resolveName(host, undefined)) === undefined) return `invalid addr '${host}'`;
  const fault = port === undefined ? undefined : portFault(port);
  const ports: Record<string, string> = port === undefined ? {} : { 'agent-port': portText(port) };
  return fault ?? (await change(context, object, { 'agent-addr': host, ...ports }));
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
