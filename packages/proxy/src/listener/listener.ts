// What streams see of the socket that accepted their client. The object outlives generations: a listener that stays is
// handed to the new generation's frontend without being closed.
import type { Bind } from '@evenkeel/config';
import type { SharedCount, StatBlock } from '@evenkeel/shm';
import type { Frontend } from '../frontend.ts';
import type { ListenerPlan } from '../plan.ts';

export interface Listener {
  readonly plan: ListenerPlan;
  readonly config: Bind;
  /** The frontend of the generation that is published now: where the next connection, or the next request of an idle HTTP connection, goes. */
  readonly frontend: Frontend;
  /** Connections of this listener over all threads. */
  readonly sessions: SharedCount;
  /** This thread's counters of the listener. */
  readonly stat: StatBlock;
}
