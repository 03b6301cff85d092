/** How much of the last second the data threads had nothing to do (`Idle_pct` of `show info`), from what they count of their loops. */

import { ProcessStat } from '@evenkeel/shm';
import type { StatReader } from '@evenkeel/shm';

const PERIOD_MS = 1000;
const PROCESS_SLOT = 0;

export class IdleMeter {
  readonly #statistics: StatReader;
  readonly #timer: NodeJS.Timeout;
  #busy = 0;
  #loop = 0;
  /** 0 to 100; 100 before the first second is over. */
  percent = 100;

  constructor(statistics: StatReader) {
    this.#statistics = statistics;
    this.#timer = setInterval(() => this.#measure(), PERIOD_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #measure(): void {
    const figures = this.#statistics.read('process', PROCESS_SLOT);
    const busy = figures[ProcessStat.busyMicroseconds];
    const loop = figures[ProcessStat.loopMicroseconds];
    if (loop > this.#loop) this.percent = Math.round(100 * (1 - (busy - this.#busy) / (loop - this.#loop)));
    this.#busy = busy;
    this.#loop = loop;
  }
}
