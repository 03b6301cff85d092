/** Plans as data threads get them, packed once for all threads. */

import { inTurns, packPlan } from '@evenkeel/proxy/main';
import type { PackedPlan, Plan } from '@evenkeel/proxy';
import { PlanMemory } from './plan-memory.ts';

/** How long checks and commands wait at a time while a plan is packed. */
const TURN_MS = 10;

export class PlanPacking {
  readonly #memory = new PlanMemory();
  /** The last one: a thread may come in place of another. */
  #last: { readonly plan: Plan; readonly packed: PackedPlan } | undefined;

  async pack(plan: Plan): Promise<PackedPlan> {
    if (this.#last?.plan === plan) return this.#last.packed;
    const steps = packPlan(plan, (bytes) => this.#memory.take(plan.generation, bytes));
    const packed = await inTurns(steps, TURN_MS);
    this.#last = { plan, packed };
    return packed;
  }

  /** No thread reads plans of generations before `generation` any more. */
  giveBackBefore(generation: number): void {
    this.#memory.giveBackBefore(generation);
  }
}
