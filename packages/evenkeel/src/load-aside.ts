/** A configuration that is read while another one serves: a large one on a thread of its own. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import type { Config, Proxy } from '@evenkeel/config';
import { unpackProxy } from '@evenkeel/config/packed-proxy';
import { inTurns } from '@evenkeel/proxy/main';
import type { CommandLine } from './command-line.ts';
import { parseFiles, readFiles } from './load.ts';
import type { Inputs, LoadResult } from './load.ts';
import type { FromLoadThread, LoadWork, PackedResult } from './load-work.ts';
import type { Terminal } from './terminal.ts';

/** Bytes up to which main reads files itself, in about 50 ms: a thread takes longer than that to start. */
const MOST_OWN_BYTES = 200_000;
/** How long checks and commands wait at a time while main takes over what a thread has read. */
const TURN_MS = 5;

/** Beside this file, and in the same language. */
const ENTRY = new URL(import.meta.url.replace(/load-aside(?=\.\w+$)/, 'load-thread'));

export class AsideLoader {
  readonly #options: CommandLine;
  readonly #terminal: Terminal;
  #thread: LoadThread | undefined;
  #readAside = false;

  constructor(options: CommandLine, terminal: Terminal) {
    this.#options = options;
    this.#terminal = terminal;
  }

  /** As `loadConfiguration`. Rejects when the thread fails, with the reason. One at a time. */
  async load(became: string | undefined): Promise<LoadResult> {
    const inputs = readFiles(this.#options, this.#terminal, became);
    if (inputs === undefined) return { ok: false };
    const bytes = inputs.reduce((sum, { text }) => sum + text.length, 0);
    return bytes <= MOST_OWN_BYTES
      ? parseFiles(inputs, this.#options, this.#terminal, became)
      : await this.#loadAside(inputs, became);
  }

  /**
   * What was read serves, or was refused. Of a large configuration hardly less garbage is left than there is of the one that
   * serves; the engine would look for it when the heap has doubled, once more with each reload.
   */
  tidy(): void {
    if (!this.#readAside) return;
    this.#readAside = false;
    // Main waits for a fifth of a second with 50,000 lines. Data threads have heaps of their own, and go on.
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
  }

  /** The process ends: nothing is read any more. */
  async stop(): Promise<void> {
    await this.#thread?.stop();
  }

  async #loadAside(inputs: Inputs, became: string | undefined): Promise<LoadResult> {
    const thread = new LoadThread({ inputs, options: this.#options, became });
    this.#thread = thread;
    this.#readAside = true;
    const { result, said } = await thread.answer;
    this.#thread = undefined;
    for (const one of said) {
      if (one[0] === 'say') this.#terminal.say(one[1], one[2]);
      else this.#terminal[one[0]](one[1]);
    }
    if (!result.ok) return result;
    const config = await inTurns(unpack(result), TURN_MS);
    return { ok: true, config, warnings: result.warnings, environment: result.environment };
  }
}

type Answer = Extract<FromLoadThread, { type: 'read' }>;

class LoadThread {
  readonly answer: Promise<Answer>;
  readonly #worker: Worker;
  /** It may be ended, or has ended. */
  readonly #loaded: Promise<void>;

  constructor(workerData: LoadWork) {
    const worker = new Worker(ENTRY, { name: 'load', workerData });
    this.#worker = worker;
    this.answer = new Promise((resolve, reject) => {
      worker.on('message', (message: FromLoadThread) => message.type === 'read' && resolve(message));
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('the thread that read the configuration ended')));
    });
    this.#loaded = new Promise((resolve) => {
      worker.once('message', () => resolve());
      worker.once('exit', () => resolve());
    });
  }

  /** One that is still loading its modules first gets the time for that (packages/sys, native.ts). */
  async stop(): Promise<void> {
    await this.#loaded;
    await this.#worker.terminate();
  }
}

function* unpack({ config, ends, memory }: Extract<PackedResult, { ok: true }>): Generator<void, Config> {
  const proxies: Proxy[] = [];
  let begin = 0;
  for (const end of ends) {
    proxies.push(unpackProxy(new Uint8Array(memory, begin, end - begin)));
    begin = end;
    yield;
  }
  return { ...config, proxies, sources: [] };
}
