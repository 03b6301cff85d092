// What became of a frontend at run time: `disable frontend`, `shutdown frontend` (management manual, section 9.3). One shared word
// under the frontend's name, so that a thread that is started later finds it. Writer: main; threads are told by a question.
import { FrontendShared, kindWords } from './layout.ts';
import type { Segment } from './segment.ts';

/** `shut`: until another configuration is published, its sockets are gone for good. */
export type FrontendCondition = 'open' | 'disabled' | 'shut';

const CONDITIONS: readonly FrontendCondition[] = ['open', 'disabled', 'shut'];

export class FrontendState {
  readonly #ints: Int32Array;
  readonly #at: number;

  constructor(segment: Segment, slot: number) {
    const view = segment.object('frontend', slot);
    this.#ints = view.ints;
    this.#at = view.shared + kindWords('frontend') + FrontendShared.state;
  }

  get condition(): FrontendCondition {
    return CONDITIONS[Atomics.load(this.#ints, this.#at)];
  }

  /** Main only. */
  set condition(condition: FrontendCondition) {
    Atomics.store(this.#ints, this.#at, CONDITIONS.indexOf(condition));
  }
}
