// The main thread's part of a backend's shared memory: what must exist before any thread builds a generation, and what is
// taken back when a thread died. Names and states of servers are not its business.

import { Admission, type SegmentOwner, type ThreadIdentity } from '@evenkeel/shm';
import type { Plan, ProxyPlan } from '../plan.ts';
import { ABSENT, LoadOrder } from './balance/load-order.ts';
import { balanceBytes } from './balance/shared-words.ts';
import { freeSourcePorts, sourcePortBytes } from './source.ts';

/** The name of the balance words of a backend slot: a list of servers has its own, which is a generation's but for `add server`. */
export function balanceBufferName(generation: number, slot: number, revision = 0): string {
  return revision === 0 ? `balance/${generation}/${slot}` : `balance/${generation}/${slot}/${revision}`;
}

/** The name of the ports of a server's `source`, by its slot: see source.ts. */
export function sourcePortsName(generation: number, slot: number): string {
  return `source-ports/${generation}/${slot}`;
}

/** Before the plan is sent to any thread; the handle of `owner` is to be sent with it. */
export function prepareBackends(owner: SegmentOwner, plan: Plan): void {
  for (const proxy of plan.proxies) {
    if (proxy.backendSlot < 0) continue;
    owner.addBuffer(balanceNameOf(plan, proxy), balanceBytes(proxy.serverSlots.length));
    for (const slot of proxy.serverSlots) Admission.assign(owner.segment, slot, proxy.backendSlot);
  }
  for (const { name, bytes } of sourcePorts(plan)) owner.addBuffer(name, bytes);
}

function balanceNameOf({ generation }: Plan, { backendSlot, revision }: ProxyPlan): string {
  return balanceBufferName(generation, backendSlot, revision);
}

/** Before threads are told that the servers of proxy `index` are those of `next`, which is `plan` but for them. */
export function prepareServers(owner: SegmentOwner, plan: Plan, next: Plan, index: number): void {
  const proxy = next.proxies[index];
  owner.addBuffer(balanceNameOf(next, proxy), balanceBytes(proxy.serverSlots.length));
  const before = new Set(plan.proxies[index].serverSlots);
  for (const slot of proxy.serverSlots) if (!before.has(slot)) Admission.assign(owner.segment, slot, proxy.backendSlot);
  const known = new Set([...sourcePorts(plan)].map(({ name }) => name));
  for (const { name, bytes } of sourcePorts(next)) if (!known.has(name)) owner.addBuffer(name, bytes);
}

/** When every thread has taken `next` over, or, the other way round, when none will. */
export function discardServers(owner: SegmentOwner, plan: Plan, next: Plan, index: number): void {
  owner.removeBuffer(balanceNameOf(plan, plan.proxies[index]));
  const kept = new Set([...sourcePorts(next)].map(({ name }) => name));
  for (const { name } of sourcePorts(plan)) if (!kept.has(name)) owner.removeBuffer(name);
}

/** Buffers of the servers whose source has a range of ports. */
function* sourcePorts({ config, generation, proxies }: Plan): Generator<{ name: string; bytes: number }> {
  for (const [index, proxy] of config.proxies.entries()) {
    if (proxies[index].backendSlot < 0) continue;
    for (const [at, server] of proxy.servers.entries()) {
      const bytes = sourcePortBytes(server, proxy);
      if (bytes > 0) yield { name: sourcePortsName(generation, proxies[index].serverSlots[at]), bytes };
    }
  }
}

/** When no thread uses the generation any more. */
export function discardBackends(owner: SegmentOwner, plan: Plan): void {
  for (const proxy of plan.proxies) {
    if (proxy.backendSlot >= 0) owner.removeBuffer(balanceNameOf(plan, proxy));
  }
  for (const { name } of sourcePorts(plan)) owner.removeBuffer(name);
}

/** For each plan in use, when a thread has ended: frees the orders and ports that it held. To be followed by `recoverThread` of shm. */
export function recoverBackends(owner: SegmentOwner, plan: Plan, dead: ThreadIdentity): void {
  const { segment } = owner;
  for (const proxy of plan.proxies) {
    if (proxy.backendSlot < 0) continue;
    const words = new Int32Array(segment.buffer(balanceNameOf(plan, proxy)));
    new LoadOrder(words, proxy.serverSlots.length, segment.party, () => ABSENT).repair(dead);
  }
  for (const { name } of sourcePorts(plan)) freeSourcePorts(new Int32Array(segment.buffer(name)), dead.thread);
}
