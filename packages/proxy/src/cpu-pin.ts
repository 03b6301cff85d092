// Keeps a data thread on the CPUs that `cpu-map` gives it, over reloads that give it others.
import { SysError, getThreadAffinity, setThreadAffinity } from '@evenkeel/sys';
import type { CpuMap } from '@evenkeel/config';
import { cpusOf } from './cpu-map.ts';

export class CpuPin {
  /** 1-based, as `cpu-map` counts threads. */
  readonly #thread: number;
  readonly #report: (text: string) => void;
  /** Where the system would run it. */
  readonly #inherited: readonly number[];
  #pinned: readonly number[] | undefined;

  constructor(thread: number, report: (text: string) => void) {
    this.#thread = thread;
    this.#report = report;
    this.#inherited = getThreadAffinity();
  }

  /** A configuration serves. A CPU that this machine does not have is said, and the thread stays where it was. */
  follow(map: readonly CpuMap[]): void {
    const cpus = cpusOf(map, this.#thread);
    if (String(cpus) === String(this.#pinned)) return;
    try {
      setThreadAffinity(cpus ?? this.#inherited);
      this.#pinned = cpus;
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      this.#report(`thread ${this.#thread} cannot run on CPU ${String(cpus)} as 'cpu-map' asks: ${error.message}`);
    }
  }
}
