/** What a thread does that reads one large configuration, and ends; main checks servers and answers commands meanwhile. */

import { serialize } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import type { Config } from '@evenkeel/config';
import { ProxyPacker } from '@evenkeel/config/packed-proxy';
import type { SharedPages } from '@evenkeel/config/packed-proxy';
import { support } from '@evenkeel/sys';
import type { CommandLine } from './command-line.ts';
import { parseFiles } from './load.ts';
import type { Inputs, LoadResult, Told } from './load.ts';
import { VERSION } from './version.ts';

export interface LoadWork {
  readonly inputs: Inputs;
  readonly options: CommandLine;
  readonly became: string | undefined;
  /** Of the program that asks: another one may lie on the disk by now. */
  readonly version: string;
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
      readonly config: Omit<Config, 'proxies' | 'sources'>;
      /** Packed proxies, one behind another; where each ends, bytes; and what they have in common. */
      readonly memory: SharedArrayBuffer;
      readonly ends: readonly number[];
      readonly pages: SharedPages;
      /** `config.sources`, serialized: who lists or changes servers looks there, and not at each reload. */
      readonly sources: Uint8Array<SharedArrayBuffer>;
    });

const port = parentPort;
if (port === null) throw new Error('this thread is started by its daemon only');
const tell = (message: FromLoadThread): void => port.postMessage(message);

support('native');
tell({ type: 'loaded' });

const { inputs, options, became, version } = workerData as LoadWork;
// What this one read might mean something else there.
if (version !== VERSION) throw new Error(`the program on the disk is ${VERSION} now, and ${version} runs`);
const said: Said[] = [];
const told: Told = {
  say: (level, text) => said.push(['say', level, text]),
  write: (text) => said.push(['write', text]),
  note: (text) => said.push(['note', text]),
};
tell({ type: 'read', result: pack(parseFiles(inputs, options, told, became)), said });

function pack(result: LoadResult): PackedResult {
  if (!result.ok) return result;
  const { proxies, sources, ...config } = result.config;
  const packer = new ProxyPacker(proxies);
  const written = proxies.map((proxy) => packer.pack(proxy));
  let end = 0;
  const ends = written.map((bytes) => (end += bytes.length));
  const all = shared(end);
  for (const [index, bytes] of written.entries()) all.set(bytes, ends[index] - bytes.length);
  const text = serialize(sources);
  const kept = shared(text.length);
  kept.set(text);
  return { ...result, config, memory: all.buffer, ends, pages: packer.pages, sources: kept };
}

function shared(bytes: number): Uint8Array<SharedArrayBuffer> {
  return new Uint8Array(new SharedArrayBuffer(bytes));
}
