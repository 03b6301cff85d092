/**
 * The files named on the command line: plain files, and directories whose `*.cfg` entries are read in lexical order (management
 * guide, option `-f`).
 */

import type { ConfigHost } from './host.ts';
import type { InputFile } from './reader.ts';

export interface InputResult {
  readonly inputs: readonly InputFile[];
  /** HAProxy's sentences for what could not be read. */
  readonly problems: readonly string[];
}

/** Texts of all paths in order. Problems leave out what they are about. */
export function loadInputs(paths: readonly string[], host: ConfigHost): InputResult {
  const inputs: InputFile[] = [];
  const problems: string[] = [];
  for (const path of paths) {
    const listing = host.listDirectory(path);
    const names = listing.ok
      ? listing.value
          .filter((name) => name.endsWith('.cfg') && !name.startsWith('.'))
          .toSorted(compareBytes)
          .map((name) => joinPath(path, name))
      : [path];
    for (const name of names) {
      const answer = host.readFile(name);
      if (answer.ok) inputs.push({ name, text: answer.value });
      else problems.push(`Could not open configuration file ${name} : ${answer.reason}`);
    }
  }
  return { inputs, problems };
}

/** The C locale's order, which does not depend on the user's language. */
function compareBytes(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function joinPath(directory: string, name: string): string {
  return directory.endsWith('/') ? directory + name : `${directory}/${name}`;
}
