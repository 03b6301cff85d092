/** `-c` and `-cc`: says whether a configuration is valid, or whether a condition holds, and leaves. */

import { isIP } from 'node:net';
import { evaluateCondition, hasListener } from '@evenkeel/config';
import type { Address, Config, LogTarget } from '@evenkeel/config';
import type { CommandLine } from './command-line.ts';
import { nodeHost } from './host.ts';
import { loadConfiguration, refusalOfWarnings } from './load.ts';
import type { Terminal } from './terminal.ts';

/** Exit status of a configuration without errors that has nothing to listen on. */
const NOTHING_TO_LISTEN_ON = 2;

export async function check(options: CommandLine, terminal: Terminal): Promise<number> {
  const loaded = loadConfiguration(options, terminal);
  if (!loaded.ok) return 1;
  let { warnings } = loaded;
  if (asksSystem(loaded.config)) {
    const { checkNames } = await import('@evenkeel/control/names');
    const found = await checkNames(loaded.config, options.ignoreResolution);
    for (const text of found.warnings) terminal.say('warning', text);
    for (const text of found.errors) terminal.say('alert', text);
    if (found.errors.length > 0) return 1;
    warnings += found.warnings.length;
    const refusal = found.warnings.length > 0 ? refusalOfWarnings(options, loaded.config) : undefined;
    if (refusal !== undefined) {
      terminal.say('alert', refusal);
      return 1;
    }
  }
  if (!hasListener(loaded.config)) {
    terminal.answer('Configuration file has no error but will not start (no listener) => exit(2).\n');
    return NOTHING_TO_LISTEN_ON;
  }
  terminal.answer(`${warnings > 0 ? 'Warnings were found.\n' : ''}Configuration file is valid\n`);
  return 0;
}

/** Whether the start would ask for host names, or read what an earlier process knew of servers. */
function asksSystem({ global, proxies }: Config): boolean {
  return (
    global.logs.some(goesToName) ||
    proxies.some(
      ({ binds, loadServerState, logs, servers }) =>
        loadServerState !== 'none' ||
        logs.some(goesToName) ||
        servers.some(
          ({ address, agentAddress, checkAddress }) =>
            standsAtName(address) || isName(agentAddress) || isName(checkAddress),
        ) ||
        binds.some(({ addresses }) => addresses.some(standsAtName)),
    )
  );
}

function goesToName({ destination }: LogTarget): boolean {
  return destination.kind === 'udp' && isName(destination.host);
}

function standsAtName(address: Address): boolean {
  return address.kind === 'inet' && isName(address.host);
}

function isName(host: string | undefined): boolean {
  return host !== undefined && host !== '*' && isIP(host) === 0;
}

/** 0 where the condition holds, 1 where not, 2 where it cannot be read (management manual, section 3, "-cc"). */
export function evaluate(condition: string, terminal: Terminal): number {
  const host = nodeHost();
  const result = evaluateCondition(condition, {
    version: host.version,
    opensslVersion: host.opensslVersion,
    features: host.features,
    lookUp: (name) => host.env[name],
  });
  if (result.ok) return result.value ? 0 : 1;
  terminal.say('alert', `config : Failed to evaluate condition: ${result.message}`);
  return 2;
}
