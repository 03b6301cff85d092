// The main thread's part of a backend's shared memory: what must exist before any thread builds a generation, and what is
// taken back when a thread died. Names and states of servers are not its business.

import { Admission, type SegmentOwner, type ThreadIdentity } from '@evenkeel/shm';
import type { Plan } from '../plan.ts';
import { LoadOrder } from './balance/load-order.ts';
import { balanceBytes } from './balance/shared-words.ts';

/** The name of the balance words of a backend slot: a generation has its own, because its list of servers is its own. */
export function balanceBufferName(generation: number, slot: number): string {
  return `balance/${generation}/${slot}`;
}

/** Before the plan is sent to any thread; the handle of `owner` is to be sent with it. */
export function prepareBackends(owner: SegmentOwner, plan: Plan): void {
  for (const proxy of plan.proxies) {
    if (proxy.backendSlot < 0) continue;
    owner.addBuffer(balanceBufferName(plan.generation, proxy.backendSlot), balanceBytes(proxy.serverSlots.length));
    for (const slot of proxy.serverSlots) Admission.assign(owner.segment, slot, proxy.backendSlot);
  }
}

/** When no thread uses the generation any more. */
export function discardBackends(owner: SegmentOwner, plan: Plan): void {
  for (const proxy of plan.proxies) {
    if (proxy.backendSlot >= 0) owner.removeBuffer(balanceBufferName(plan.generation, proxy.backendSlot));
  }
}

/** For each plan in use, when a thread has ended: frees the orders that it held. To be followed by `recoverThread` of shm. */
export function recoverBackends(owner: SegmentOwner, plan: Plan, dead: ThreadIdentity): void {
  const { segment } = owner;
  for (const proxy of plan.proxies) {
    if (proxy.backendSlot < 0) continue;
    const words = new Int32Array(segment.buffer(balanceBufferName(plan.generation, proxy.backendSlot)));
    new LoadOrder(words, proxy.serverSlots.length, segment.party).repair(dead);
  }
}
