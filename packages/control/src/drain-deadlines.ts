/**
 * The end of what reloads leave behind: streams on servers, backends and frontends that a new configuration does not have go on,
 * and end at latest its `hard-stop-after` later (manual, 3.1), as if an operator had ended them. Without it they may stay.
 *
 * One entry with one timer for each reload that took something away, until no stream is older than that reload: nothing is kept
 * for each stream. A later reload neither moves an earlier deadline nor forgets it; it takes out what it brings back, and
 * gives its own deadline to what had none. After a deadline it looks again every second, since a stream may have been
 * without a server until then: one that waited for the rest of its request, or in a queue.
 *
 * It knows slots of shared memory and no threads: who ends streams is passed in.
 */

import { BackendGauge, FrontendGauge, ServerGauge, SharedCount } from '@evenkeel/shm';
import type { Segment } from '@evenkeel/shm';
import type { GoneSlots, Plan } from '@evenkeel/proxy';

export interface DrainOptions {
  /** The plan that serves, with the servers that were added to it since. */
  plan(): Plan;
  /** Whether streams may be left that are older than the plan that serves. */
  hasOldPlans(): boolean;
  /** Whether anything is counted on these slots. */
  isUsed(gone: GoneSlots): boolean;
  /** Ends what lives on these slots, on every thread; resolves with how many streams that were. */
  end(gone: GoneSlots): Promise<number>;
  /** Something an operator should read. */
  report(text: string): void;
}

interface Slots {
  readonly frontends: Set<number>;
  readonly backends: Set<number>;
  readonly servers: Set<number>;
}

/** What one reload took away. */
interface Removal {
  readonly gone: Slots;
  /** The last generation that had it. */
  readonly lastGeneration: number;
  /** Undefined: it may stay. */
  timer: NodeJS.Timeout | undefined;
}

const AGAIN_MS = 1000;
/** Timers of Node take no more: 24 days. */
const MAX_TIMER_MS = 0x7fffffff;

export class DrainDeadlines {
  readonly #options: DrainOptions;
  #removals: Removal[] = [];

  constructor(options: DrainOptions) {
    this.#options = options;
  }

  /** Reloads of which something may be left. */
  get pending(): number {
    return this.#removals.length;
  }

  /** `next` serves now, where `before` did. */
  follow(before: Plan, next: Plan): void {
    if (!this.#options.hasOldPlans()) return this.stop();
    const were = slotsOf(before);
    const are = slotsOf(next);
    for (const { gone } of this.#removals) {
      // What served until now came back meanwhile: it is no longer what an earlier reload took away.
      strike(gone, were);
      strike(gone, are);
    }
    strike(were, are);
    this.#removals.push({ gone: were, lastGeneration: before.generation, timer: undefined });
    this.#keep(({ gone }) => !isEmpty(gone));
    const limitMs = next.config.global.hardStopAfterMs;
    if (limitMs === undefined) return;
    for (const removal of this.#removals) if (removal.timer === undefined) this.#arm(removal, limitMs);
  }

  /** No stream lives on this generation any more, nor on an older one. */
  generationUnused(generation: number): void {
    this.#keep(({ lastGeneration }) => lastGeneration > generation);
  }

  stop(): void {
    this.#keep(() => false);
  }

  #keep(isKept: (removal: Removal) => boolean): void {
    this.#removals = this.#removals.filter((removal) => {
      const kept = isKept(removal);
      if (!kept) clearTimeout(removal.timer);
      return kept;
    });
  }

  #arm(removal: Removal, delayMs: number): void {
    removal.timer = setTimeout(() => void this.#end(removal), Math.min(delayMs, MAX_TIMER_MS));
    removal.timer.unref();
  }

  async #end(removal: Removal): Promise<void> {
    const { gone } = removal;
    // `add server` may have brought one back.
    strike(gone, slotsOf(this.#options.plan()));
    if (this.#options.isUsed(gone)) {
      const ended = await this.#options.end(gone);
      if (ended > 0)
        this.#options.report(
          `hard-stop-after: ${ended} remaining connections ended on what generation ${removal.lastGeneration} was the last to have.`,
        );
    }
    if (this.#removals.includes(removal)) this.#arm(removal, AGAIN_MS);
  }
}

/** What serves with a plan: a proxy that is disabled does not. */
function slotsOf({ config, proxies }: Plan): Slots {
  const slots: Slots = { frontends: new Set(), backends: new Set(), servers: new Set() };
  for (const [index, { frontendSlot, backendSlot, serverSlots }] of proxies.entries()) {
    if (config.proxies[index].disabled) continue;
    if (frontendSlot >= 0) slots.frontends.add(frontendSlot);
    if (backendSlot >= 0) slots.backends.add(backendSlot);
    for (const slot of serverSlots) slots.servers.add(slot);
  }
  return slots;
}

/** Takes out of `slots` what is in `others`. */
function strike(slots: Slots, others: Slots): void {
  for (const kind of ['frontends', 'backends', 'servers'] as const)
    for (const slot of slots[kind]) if (others[kind].has(slot)) slots[kind].delete(slot);
}

function isEmpty({ frontends, backends, servers }: Slots): boolean {
  return frontends.size + backends.size + servers.size === 0;
}

/** Whether a stream, or a client connection, is counted on any of these slots. */
export function isUsed(segment: Segment, { frontends, backends, servers }: GoneSlots): boolean {
  const counts = (kind: 'frontend' | 'backend' | 'server', gauge: number) => (slot: number) =>
    new SharedCount(segment, kind, slot, gauge).sum() > 0;
  return (
    [...frontends].some(counts('frontend', FrontendGauge.sessions)) ||
    [...backends].some(counts('backend', BackendGauge.sessions)) ||
    [...servers].some(counts('server', ServerGauge.sessions))
  );
}
