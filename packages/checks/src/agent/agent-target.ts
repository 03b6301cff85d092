// Where the agent of a server is asked, how often and with what words: the server line (manual 5.2 "agent-…"), and what was
// changed at run time (management manual 9.3 "set server … agent-addr|agent-port|agent-send").

import type { CheckAddress, ConnectOptions } from '../conversation.ts';
import type { MonitoredBackend, MonitoredServer } from '../monitored.ts';
import type { RunLimits } from '../run.ts';

/** Given at run time; kept over reloads for as long as the process runs. Undefined: what the server line says. */
export interface AgentChanges {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly send?: string | undefined;
}

export interface AgentTarget {
  readonly connection: ConnectOptions;
  readonly send: string;
}

/** Undefined where no agent is to be asked, or where it would be is not known. A name is looked up at each connection. */
export function agentTarget({ config, host, given }: MonitoredServer, changes: AgentChanges): AgentTarget | undefined {
  if (!config.agentCheck) return undefined;
  const send = changes.send ?? config.agentSend;
  const named = changes.host ?? config.agentAddress ?? config.checkAddress;
  if (named === undefined && config.address.kind === 'unix') return target({ path: config.address.path }, send);
  const address = named ?? given?.host ?? host;
  return address === undefined ? undefined : target({ host: address, port: changes.port ?? config.agentPort }, send);
}

function target(address: CheckAddress, send: string): AgentTarget {
  return { connection: { address, sendProxy: false, socks4: undefined }, send };
}

/** "agent-inter" stands for "inter" in the time-outs of checks. */
export function agentLimits(
  { connectTimeoutMs, checkTimeoutMs }: MonitoredBackend,
  { config }: MonitoredServer,
): RunLimits {
  const { agentInterMs } = config;
  if (checkTimeoutMs === undefined) return { connectMs: agentInterMs, readMs: undefined };
  return { connectMs: Math.min(connectTimeoutMs ?? Infinity, agentInterMs), readMs: checkTimeoutMs };
}
