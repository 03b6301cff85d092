/** A configuration that is read while another one serves: a large one on a thread of its own. */

import { deserialize, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import type { Config, Proxy } from '@evenkeel/config';
import { receiveProxy } from '@evenkeel/config/packed-proxy';
import { inTurns } from '@evenkeel/proxy/main';
import { reasonOf } from '@evenkeel/sys';
import type { CommandLine } from './command-line.ts';
import { parseFiles, readFiles } from './load.ts';
import type { Inputs, LoadResult } from './load.ts';
import type { FromLoadThread, LoadWork, PackedResult } from './load-work.ts';
import type { Terminal } from './terminal.ts';
import { VERSION } from './version.ts';

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
  #isStopping = false;

  constructor(options: CommandLine, terminal: Terminal) {
    this.#options = options;
    this.#terminal = terminal;
  }

  /** As `loadConfiguration`. One at a time. */
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
    // Main waits for about a quarter of a second with 50,000 lines. Data threads have heaps of their own, and go on.
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
  }

  /** What a thread has read; an error where it could not, for reasons that are not the file's. */
  async #ask(work: LoadWork): Promise<Answer | Error> {
    try {
      this.#thread = new LoadThread(work);
      return await this.#thread.answer;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      this.#thread = undefined;
    }
  }

  /** The process ends: nothing is read any more, and a load that is under way comes to nothing. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#thread?.stop();
  }

  async #loadAside(inputs: Inputs, became: string | undefined): Promise<LoadResult> {
    this.#readAside = true;
    const answer = await this.#ask({ inputs, options: this.#options, became, version: VERSION });
    if (this.#isStopping) return { ok: false };
    if (answer instanceof Error) {
      this.#terminal.say('warning', `The main thread reads the configuration itself (${reasonOf(answer)}).`);
      return parseFiles(inputs, this.#options, this.#terminal, became);
    }
    const { result, said } = answer;
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

function* unpack(result: Extract<PackedResult, { ok: true }>): Generator<void, Config> {
  const { config, ends, memory, pages } = result;
  const proxies: Proxy[] = [];
  let begin = 0;
  for (const end of ends) {
    proxies.push(receiveProxy(new Uint8Array(memory, begin, end - begin), pages));
    begin = end;
    yield;
  }
  let sources: Config['sources'] | undefined;
  return {
    ...config,
    proxies,
    // As large as all the rest, and seldom asked for.
    get sources() {
      return (sources ??= deserialize(result.sources) as Config['sources']);
    },
  };
}
