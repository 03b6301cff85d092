/**
 * The front door of the package: texts of configuration files to a frozen model, with everything that is to be said about
 * them. Pure: what it needs of the machine comes through the host.
 */

import { buildConfig } from './build.ts';
import { checkPlausibility, checkReferences } from './checks.ts';
import { DefaultPath } from './default-path.ts';
import { Diagnostics, type Diagnostic } from './diagnostic.ts';
import { guard } from './dispatch.ts';
import { Environment } from './environment.ts';
import type { ConfigHost } from './host.ts';
import { initialState } from './initial.ts';
import { KEYWORDS } from './keywords/index.ts';
import type { Config } from './model.ts';
import { Reader, type InputFile } from './reader.ts';
import { Sources } from './render.ts';

export interface ParseResult {
  /** Undefined when there was an error. */
  readonly config: Config | undefined;
  /** In the order of the text; checks of the whole follow. */
  readonly diagnostics: readonly Diagnostic[];
  readonly errors: number;
  readonly warnings: number;
  /** For rendering the findings. */
  readonly sources: Sources;
  /** The environment as the configuration left it: what programs that are started inherit. */
  readonly environment: ReadonlyMap<string, string>;
}

/** Reads files in order as one configuration. Never throws for what a file holds. */
export function parseConfig(inputs: readonly InputFile[], host: ConfigHost): ParseResult {
  const files = inputs.map((input) => input.name);
  const environment = new Environment(host, files);
  const diagnostics = new Diagnostics();
  const defaultPath = new DefaultPath(host);
  const tasks: (() => void)[] = [];
  const state = initialState({
    keywords: KEYWORDS,
    host: defaultPath.host,
    defaultPath,
    diagnostics,
    env: environment.variables,
    lookUp: environment.lookUp,
    whenComplete: (task) => {
      tasks.push(task);
    },
  });
  const sources = new Sources();
  const reader = new Reader(state, environment);
  for (const input of inputs) {
    sources.add(input.name, input.text);
    reader.read(input);
  }
  reader.end();
  for (const task of tasks) guard(diagnostics, task);
  checkReferences(state);
  if (diagnostics.errors === 0) checkPlausibility(state);
  return {
    config: diagnostics.errors === 0 ? buildConfig(state, files, reader.sources) : undefined,
    diagnostics: diagnostics.list,
    errors: diagnostics.errors,
    warnings: diagnostics.warnings,
    sources,
    environment: environment.variables,
  };
}

/** Whether anything would be listened on: HAProxy says "no listener" and exits with status 2 otherwise. */
export function hasListener(config: Config): boolean {
  return (
    config.global.statsSockets.length > 0 || config.proxies.some((proxy) => !proxy.disabled && proxy.binds.length > 0)
  );
}
