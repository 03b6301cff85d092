/** `-c` and `-cc`: says whether a configuration is valid, or whether a condition holds, and leaves. */

import { evaluateCondition, hasListener } from '@evenkeel/config';
import type { CommandLine } from './command-line.ts';
import { nodeHost } from './host.ts';
import { loadConfiguration } from './load.ts';
import type { Terminal } from './terminal.ts';

/** Exit status of a configuration without errors that has nothing to listen on. */
const NOTHING_TO_LISTEN_ON = 2;

export function check(options: CommandLine, terminal: Terminal): number {
  const loaded = loadConfiguration(options, terminal);
  if (!loaded.ok) return 1;
  if (!hasListener(loaded.config)) {
    terminal.answer('Configuration file has no error but will not start (no listener) => exit(2).\n');
    return NOTHING_TO_LISTEN_ON;
  }
  terminal.answer(`${loaded.warnings > 0 ? 'Warnings were found.\n' : ''}Configuration file is valid\n`);
  return 0;
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
