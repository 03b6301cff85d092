/** What a thread does that reads one large configuration, and ends; main checks servers and answers commands meanwhile. */

import { parentPort, workerData } from 'node:worker_threads';
import type { Config } from '@evenkeel/config';
import { packProxy } from '@evenkeel/config/packed-proxy';
import { support } from '@evenkeel/sys';
import type { CommandLine } from './command-line.ts';
import { parseFiles } from './load.ts';
import type { Inputs, LoadResult, Told } from './load.ts';

export interface LoadWork {
  readonly inputs: Inputs;
  readonly options: CommandLine;
  readonly became: string | undefined;
}

/** Calls of the terminal's methods, in order. */
export type Said = { readonly [Method in keyof Told]: readonly [Method, ...Parameters<Told[Method]>] }[keyof Told];

/** What crosses back by structured clone. */
export type FromLoadThread =
  /** It may be ended from now on. */
  | { readonly type: 'loaded' }
  | { readonly type: 'read'; readonly said: readonly Said[]; readonly result: PackedResult };

export type PackedResult =
  | { readonly ok: false }
  | (Omit<Extract<LoadResult, { ok: true }>, 'config'> & {
      /** `sources` is left out: the daemon does not print its configuration. */
      readonly config: Omit<Config, 'proxies' | 'sources'>;
      /** Packed proxies, one behind another; where each ends, bytes. */
      readonly memory: SharedArrayBuffer;
      readonly ends: readonly number[];
    });

const port = parentPort;
if (port === null) throw new Error('this thread is started by its daemon only');
const tell = (message: FromLoadThread): void => port.postMessage(message);

support('native');
tell({ type: 'loaded' });

const { inputs, options, became } = workerData as LoadWork;
const said: Said[] = [];
const told: Told = {
  say: (level, text) => said.push(['say', level, text]),
  write: (text) => said.push(['write', text]),
  note: (text) => said.push(['note', text]),
};
tell({ type: 'read', result: pack(parseFiles(inputs, options, told, became)), said });

function pack(result: LoadResult): PackedResult {
  if (!result.ok) return result;
  const { proxies, sources: _unused, ...config } = result.config;
  const written = proxies.map(packProxy);
  let end = 0;
  const ends = written.map((bytes) => (end += bytes.length));
  const memory = new SharedArrayBuffer(end);
  for (const [index, bytes] of written.entries()) new Uint8Array(memory).set(bytes, ends[index] - bytes.length);
  return { ...result, config, memory, ends };
}
