/** Commands that HAProxy does not have: `evenkeel config show FILE…` and `evenkeel keywords`. */

import { listKeywords, printConfig } from '@evenkeel/config';
import { parseCommandLine } from './command-line.ts';
import { loadConfiguration } from './load.ts';
import { Terminal } from './terminal.ts';

export function runSubcommand(argv: readonly string[]): number {
  const terminal = new Terminal(false);
  if (argv[0] === 'keywords') {
    terminal.answer(listKeywords());
    return 0;
  }
  const [, verb, ...files] = argv;
  const parsed = parseCommandLine(['-c', '--', ...files.filter((word) => word !== '-f')]);
  if (verb !== 'show' || files.length === 0 || !parsed.ok) {
    terminal.write('usage: evenkeel config show FILE…\n');
    return 1;
  }
  const loaded = loadConfiguration(parsed.options, terminal);
  if (!loaded.ok) return 1;
  terminal.answer(printConfig(loaded.config));
  return 0;
}
