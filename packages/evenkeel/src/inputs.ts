/** The files behind the paths of a command line: a directory stands for its *.cfg files in byte order (management manual, section 3, "-f"). */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigHost, InputFile } from '@evenkeel/config';

export type InputsResult = { readonly ok: true; readonly files: readonly InputFile[] } | { readonly ok: false; readonly message: string };

export function collectInputs(paths: readonly string[], host: ConfigHost): InputsResult {
  const files: InputFile[] = [];
  for (const path of paths) {
    for (const name of filesOf(path, host)) {
      const text = host.readFile(name);
      if (!text.ok) return { ok: false, message: `Cannot open configuration file/directory ${name} : ${text.reason}` };
      files.push({ name, text: text.value });
    }
  }
  return { ok: true, files };
}

function filesOf(path: string, host: ConfigHost): readonly string[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path];
  const entries = host.listDirectory(path);
  if (!entries.ok) return [path];
  return entries.value
    .filter((name) => name.endsWith('.cfg') && !name.startsWith('.'))
    .sort()
    .map((name) => join(path, name))
    .filter((name) => statSync(name, { throwIfNoEntry: false })?.isFile() === true);
}
