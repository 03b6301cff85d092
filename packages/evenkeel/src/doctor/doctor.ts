/**
 * `evenkeel doctor [-f FILE]… [--json] [--strict] [--offline]`: looks at this machine, with the eyes of a configuration
 * where one is given. Exit status 0 where nothing is an error, 1 where something is; with --strict, a warning is enough.
 */

import { haproxyText, loadInputs, parseConfig, renderDiagnostics } from '@evenkeel/config';
import type { Config } from '@evenkeel/config';
import { lintConfig } from '@evenkeel/config/lint';
import { nodeHost } from '../host.ts';
import type { Terminal } from '../terminal.ts';
import { examine } from './examine.ts';
import { error, ok, warning, worst, type Finding } from './finding.ts';
import { gatherFiles, gatherJournal, gatherMachine, gatherUser } from './gather.ts';
import { askNetwork, boundResolver } from './network.ts';
import { jsonFindings, printFindings } from './print.ts';

const USAGE = 'usage: evenkeel doctor [-f FILE]… [--json] [--strict] [--offline]\n';

interface DoctorOptions {
  readonly files: readonly string[];
  readonly json: boolean;
  readonly strict: boolean;
  /** Nobody is connected to and no name is asked for. */
  readonly offline: boolean;
}

export async function doctor(argv: readonly string[], terminal: Terminal): Promise<number> {
  const options = parseOptions(argv);
  if (options === undefined) {
    terminal.write(USAGE);
    return 1;
  }
  boundResolver();
  const read = options.files.length === 0 ? undefined : readConfiguration(options.files, terminal);
  const config = read?.config;
  const machine = gatherMachine();
  const network = config === undefined || options.offline ? undefined : await askNetwork(config);
  const journal = gatherJournal(config, options.files);
  const findings = [
    ...(read?.findings ?? []),
    ...examine({
      machine,
      config,
      files: gatherFiles(config, journal),
      journal,
      user: gatherUser(config, machine),
      network,
    }),
  ];
  terminal.answer(options.json ? jsonFindings(findings) : printFindings(findings));
  const level = worst(findings);
  return level === 'error' || (options.strict && level === 'warning') ? 1 : 0;
}

function parseOptions(argv: readonly string[]): DoctorOptions | undefined {
  const files: string[] = [];
  const flags = new Set<string>();
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index];
    if (word === '-f') {
      const file = argv[++index];
      if (file === undefined || file === '') return undefined;
      files.push(file);
    } else if (word === '--json' || word === '--strict' || word === '--offline') flags.add(word);
    else return undefined;
  }
  return { files, json: flags.has('--json'), strict: flags.has('--strict'), offline: flags.has('--offline') };
}

/** What `-c` says of the files is shown on standard error; here it is one finding, and one for each piece of advice. */
function readConfiguration(
  files: readonly string[],
  terminal: Terminal,
): { readonly config: Config | undefined; readonly findings: readonly Finding[] } {
  const host = nodeHost();
  const name = files.join(', ');
  const { inputs, problems } = loadInputs(files, host);
  for (const problem of problems) terminal.say('alert', `config : ${problem}`);
  const invalid = (): Finding =>
    error(
      'configuration',
      `${name} is not valid.`,
      'nothing starts with it, and a reload refuses it',
      `evenkeel -c -f ${files.join(' -f ')}`,
    );
  if (problems.length > 0 || inputs.length === 0) return { config: undefined, findings: [invalid()] };
  const { config, diagnostics, sources, warnings } = parseConfig(inputs, host);
  if (config === undefined) {
    terminal.write(renderDiagnostics(diagnostics, { pid: process.pid, sources }, ['alert']));
    return { config, findings: [invalid()] };
  }
  const state =
    warnings === 0
      ? ok('configuration', `${name} is valid.`)
      : warning(
          'configuration',
          `${name} is valid, with ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}.`,
          'something in it does not do what it seems to do',
          `evenkeel -c -f ${files.join(' -f ')}`,
        );
  const advice = lintConfig(config, sources).map((finding) =>
    warning('lint', haproxyText(finding), 'it is allowed, and seldom meant', finding.remedy ?? 'see the manual'),
  );
  return { config, findings: [state, ...advice] };
}
