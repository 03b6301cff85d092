/**
 * Server states that an earlier process wrote down (manual "load-server-state-from-file", "server-state-file"): which file
 * holds those of a backend, read once for each name. What a server takes over of them is packages/checks' to say.
 */

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseStateFile, type SavedState, type SavedStates, type StateFile } from '@evenkeel/checks';
import type { Config, Proxy } from '@evenkeel/config';

export interface LoadedStates {
  readonly find: SavedStates;
  /** Files that cannot be read or are of another version: what they would say is not taken over. */
  readonly warnings: readonly string[];
}

const NONE: LoadedStates = { find: () => undefined, warnings: [] };

/** Reads the files that the proxies of `config` name. */
export async function loadStates(config: Config): Promise<LoadedStates> {
  const paths = new Map<string, string>();
  const warnings: string[] = [];
  const files = new Map<string, StateFile | undefined>();
  for (const proxy of config.proxies) {
    if (proxy.kind === 'frontend' || proxy.disabled) continue;
    const path = statePath(config, proxy);
    if (path === undefined) continue;
    paths.set(proxy.name, path);
    if (files.has(path)) continue;
    const isGlobal = proxy.loadServerState === 'global';
    const { states, why } = await read(path);
    files.set(path, states);
    if (why === undefined) continue;
    const what = isGlobal ? 'global server state file' : 'server state file';
    warnings.push(
      why === VERSION
        ? `${isGlobal ? 'config' : `Proxy '${proxy.name}'`}: Can't get version of the ${what} '${path}'.`
        : `${isGlobal ? 'config' : `Proxy '${proxy.name}'`}: Can't open ${what} '${path}': ${why}`,
    );
  }
  if (paths.size === 0) return NONE;
  const find = (backend: string, server: string): SavedState | undefined => {
    const path = paths.get(backend);
    return path === undefined ? undefined : files.get(path)?.find(backend, server);
  };
  return { find, warnings };
}

const VERSION = 'version';

async function read(path: string): Promise<{ states: StateFile | undefined; why: string | undefined }> {
  let text: string;
  try {
    text = await readFile(path, 'latin1');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { states: undefined, why: code === 'ENOENT' ? 'No such file or directory' : (code ?? message) };
  }
  const result = parseStateFile(text);
  return result.ok ? { states: result.states, why: undefined } : { states: undefined, why: VERSION };
}

/** Names that are not absolute are looked for under `server-state-base`, or where the process was started. */
function statePath({ global }: Config, proxy: Proxy): string | undefined {
  const name =
    proxy.loadServerState === 'global'
      ? global.serverStateFile
      : proxy.loadServerState === 'local'
        ? (proxy.serverStateFileName ?? proxy.name)
        : undefined;
  return name === undefined ? undefined : resolve(global.serverStateBase ?? '', name);
}
