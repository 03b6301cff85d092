/**
 * Chooses what the process is to do from its command line. Returns the exit status, or the signal that the process is to die
 * of; a daemon's comes when it has stopped.
 */

import { SpareThreads } from '@evenkeel/control/spare-threads';
import { isInBackground } from './background.ts';
import { parseCommandLine } from './command-line.ts';
import type { ProcessEnd, Signals } from './signals.ts';
import { Terminal } from './terminal.ts';
import { buildOptionsText, usageText, versionText } from './version.ts';

const isServiceCommand = (word: string | undefined): boolean =>
  word === 'reload' || word === 'stop' || word === 'status';

export async function main(argv: readonly string[], signals: Signals): Promise<ProcessEnd> {
  if (argv[0] === 'config' || argv[0] === 'keywords') {
    const { runSubcommand } = await import('./subcommands.ts');
    return runSubcommand(argv);
  }
  if (argv[0] === 'doctor') {
    const { doctor } = await import('./doctor/doctor.ts');
    return await doctor(argv.slice(1), new Terminal(false));
  }
  if (isServiceCommand(argv[0])) {
    const { runServiceCommand } = await import('./service/commands.ts');
    return await runServiceCommand(argv);
  }
  const parsed = parseCommandLine(argv);
  if (!parsed.ok) {
    const terminal = new Terminal(false);
    terminal.write(`${versionText()}evenkeel: ${parsed.message}\n\n${usageText()}`);
    return 1;
  }
  const { options } = parsed;
  const terminal = new Terminal(options.quiet);
  // The process that -D leaves behind inherits the directory.
  if (options.directory !== undefined && !isInBackground()) process.chdir(options.directory);
  switch (options.command) {
    case 'version':
      new Terminal(false).answer(versionText());
      return 0;
    case 'build-options':
      new Terminal(false).answer(buildOptionsText());
      return 0;
    case 'usage':
      terminal.answer(versionText() + usageText());
      return argv.length === 0 ? 1 : 0;
    case 'evaluate': {
      const { evaluate } = await import('./check.ts');
      return evaluate(options.condition ?? '', terminal);
    }
    case 'check': {
      const { check } = await import('./check.ts');
      return await check(options, terminal);
    }
    case 'run': {
      // What goes to the background needs none here.
      const spares = options.daemon && !isInBackground() ? undefined : new SpareThreads();
      const { run } = await import('./run.ts');
      const end = await run(options, argv, terminal, signals, spares);
      if (typeof end === 'number') await spares?.dismiss();
      return end;
    }
  }
}
