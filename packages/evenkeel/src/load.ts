/** Reads the files of a command line and parses them: the one way in which a configuration enters the process. */

import { readFileSync } from 'node:fs';
import { loadInputs, parseConfig, printHaproxyKeywords, renderDiagnostics } from '@evenkeel/config';
import type { Config, InputResult, Severity, StatsSocket } from '@evenkeel/config';
import { lintConfig } from '@evenkeel/config/lint';
import { isInBackground } from './background.ts';
import { ACCEPTED_OPTIONS } from './command-line.ts';
import type { CommandLine } from './command-line.ts';
import { nodeHost } from './host.ts';
import { Terminal } from './terminal.ts';

export const ZERO_WARNING = "config : Some warnings were found and 'zero-warning' is set. Aborting.";
const STRICT = "config : Some warnings were found and '--strict' is set. Aborting.";

/** What refuses a configuration that has warnings; undefined where nothing does. */
export function refusalOfWarnings({ strict, zeroWarning }: CommandLine, { global }: Config): string | undefined {
  return zeroWarning || global.zeroWarning ? ZERO_WARNING : strict ? STRICT : undefined;
}

export type LoadResult =
  | {
      readonly ok: true;
      readonly config: Config;
      readonly warnings: number;
      /** As the configuration left it. */
      readonly environment: ReadonlyMap<string, string>;
    }
  | { readonly ok: false };

/** Text of files, in order. */
export type Inputs = InputResult['inputs'];

/** Where findings are told; `Terminal` says what the methods do. */
export type Told = Pick<Terminal, 'say' | 'write' | 'note'>;

/**
 * Says every finding. Not ok where anything was an error, or a warning under `-dW`. `became`: the user whom the process
 * became since it was started, who may not be allowed to read what it read then.
 */
export function loadConfiguration(options: CommandLine, terminal: Told, became?: string): LoadResult {
  const inputs = readFiles(options, terminal, became);
  return inputs === undefined ? { ok: false } : parseFiles(inputs, options, terminal, became);
}

/** The files of the command line; undefined, and said, where one cannot be read. */
export function readFiles(options: CommandLine, terminal: Told, became?: string): Inputs | undefined {
  if (!isInBackground()) {
    for (const option of options.withoutEffect)
      terminal.say('warning', `'${option}' has no effect: ${ACCEPTED_OPTIONS[option]}.`);
  }
  const { inputs, problems } = loadInputs(options.files, nodeHost(became));
  for (const problem of problems) terminal.say('alert', `config : ${problem}`);
  if (problems.length > 0) return undefined;
  if (inputs.length > 0) return inputs;
  terminal.say('alert', `config : no file ending in '.cfg' was found in ${options.files.join(', ')}`);
  return undefined;
}

/** The second half of `loadConfiguration`. */
export function parseFiles(inputs: Inputs, options: CommandLine, terminal: Told, became?: string): LoadResult {
  const plain = nodeHost(became);
  const host =
    options.localPeer === undefined ? plain : { ...plain, env: { ...plain.env, HAPROXY_LOCALPEER: options.localPeer } };
  const { config, diagnostics, environment, warnings, sources } = parseConfig(inputs, host);
  const further: Severity[] = isInBackground()
    ? []
    : ['warning', 'notice', ...(options.diagnostic ? (['diag'] as const) : [])];
  terminal.write(renderDiagnostics(diagnostics, { pid: process.pid, sources }, ['alert', ...further]));
  if (isInBackground()) terminal.note(renderDiagnostics(diagnostics, { pid: process.pid, sources }, ['warning']));
  // Asked for by the options, so neither -q nor an error keeps it back.
  if (options.keywordClasses !== undefined) new Terminal(false).answer(printHaproxyKeywords(options.keywordClasses));
  if (options.dumpLibraries) new Terminal(false).answer(loadedLibraries());
  if (config === undefined) {
    const files = new Set(
      diagnostics.filter(({ severity, at }) => severity === 'alert' && at !== undefined).map(({ at }) => at?.file),
    );
    for (const file of files) terminal.say('alert', `config : Error(s) found in configuration file : ${file}`);
    terminal.say('alert', 'config : Fatal errors found in configuration.');
    return { ok: false };
  }
  // Advice is no warning of HAProxy's: '-dW' leaves it alone.
  const advice = options.strict || options.command === 'check' ? lintConfig(config, sources) : [];
  if (!isInBackground()) terminal.write(renderDiagnostics(advice, { pid: process.pid, sources }));
  const refusal = warnings > 0 ? refusalOfWarnings(options, config) : undefined;
  if (refusal !== undefined || (options.strict && advice.length > 0)) {
    terminal.say('alert', refusal ?? STRICT);
    return { ok: false };
  }
  return { ok: true, config: withOptions(config, options), warnings: warnings + advice.length, environment };
}

/** `-dL`: the program and the shared libraries that it has loaded, as HAProxy lists them. */
function loadedLibraries(): string {
  const paths = [
    process.execPath,
    ...[...readFileSync('/proc/self/maps', 'latin1').matchAll(/ (\/\S+\.so\S*)$/gm)].map(([, path]) => path),
  ];
  return `${[...new Set(paths)].join('\n')}\n`;
}

/** The command line's own settings win over the file's (management manual, section 3). */
function withOptions(config: Config, { localPeer, proxyMaxconn }: CommandLine): Config {
  if (localPeer === undefined && proxyMaxconn === undefined) return config;
  return {
    ...config,
    global: { ...config.global, localpeer: localPeer ?? config.global.localpeer },
    proxies: config.proxies.map((proxy) => ({
      ...proxy,
      maxconn: proxy.maxconn ?? (proxy.kind === 'backend' ? undefined : proxyMaxconn),
    })),
  };
}

/**
 * `-S ADDRESS[,OPTION…]`: a runtime socket with full rights; the options are those of `stats socket`, with commas for blanks.
 * Undefined, and said, where it cannot be read.
 */
export function masterSocket(text: string, terminal: Terminal): StatsSocket | undefined {
  // What is said last counts: without a level it is the highest.
  const line = `    stats socket ${text.replace(/,|$/, ' level admin ').split(',').join(' ')}`;
  const { config, diagnostics, sources } = parseConfig([{ name: '-S', text: `global\n${line}\n` }], nodeHost());
  if (config === undefined) terminal.write(renderDiagnostics(diagnostics, { pid: process.pid, sources }));
  return config?.global.statsSockets[0];
}
