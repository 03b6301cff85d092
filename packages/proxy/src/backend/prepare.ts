// The main thread's part of a backend's shared memory: what must exist before any thread builds a generation, and what is
// taken back when a thread died. Names and states of servers are not its business.

import { Admission, type Segment, type SegmentOwner, type ThreadIdentity } from '@evenkeel/shm';
import type { Plan, ProxyPlan } from '../plan.ts';
import { ABSENT, LoadOrder } from './balance/load-order.ts';
import { balanceBytes } from './balance/shared-words.ts';
import { freeSourcePorts, sourcePortBytes } from './source.ts';

/** The name of the balance words of a whole generation, or of a list of servers that changed while it served. */
function balanceBufferName(generation: number, { backendSlot, revision = 0 }: ProxyPlan): string {
  return revision === 0 ? generationBufferName(generation) : `balance/${generation}/${backendSlot}/${revision}`;
}

function generationBufferName(generation: number): string {
  return `balance/${generation}`;
}

/** The balance words of a backend: see balance/shared-words.ts. */
export function balanceWords(segment: Segment, generation: number, plan: ProxyPlan): Int32Array<SharedArrayBuffer> {
  const { balanceOffset, revision = 0, serverSlots } = plan;
  const buffer = segment.buffer(balanceBufferName(generation, plan));
  return new Int32Array(buffer, revision === 0 ? balanceOffset : 0, balanceBytes(serverSlots.length) / WORD_BYTES);
}

/** Gives each backend of a plan its place in the generation's balance words. */
export function placeBalance(proxies: readonly Omit<ProxyPlan, 'balanceOffset'>[]): readonly ProxyPlan[] {
  let end = 0;
  return proxies.map((proxy) => {
    const balanceOffset = end;
    if (proxy.backendSlot >= 0) end += balanceBytes(proxy.serverSlots.length);
    return { ...proxy, balanceOffset };
  });
}

const WORD_BYTES = Int32Array.BYTES_PER_ELEMENT;

/** The name of the ports of a server's `source`, by its slot: see source.ts. */
export function sourcePortsName(generation: number, slot: number): string {
  return `source-ports/${generation}/${slot}`;
}

/** Before the plan is sent to any thread; the handle of `owner` is to be sent with it. */
export function prepareBackends(owner: SegmentOwner, plan: Plan): void {
  let bytes = 0;
  for (const { backendSlot, balanceOffset, serverSlots } of plan.proxies) {
    if (backendSlot < 0) continue;
    bytes = balanceOffset + balanceBytes(serverSlots.length);
    for (const slot of serverSlots) Admission.assign(owner.segment, slot, backendSlot);
  }
  owner.addBuffer(generationBufferName(plan.generation), bytes);
  for (const { name, bytes } of sourcePorts(plan)) owner.addBuffer(name, bytes);
}

/** Before threads are told that the servers of proxy `index` are those of `next`, which is `plan` but for them. */
export function prepareServers(owner: SegmentOwner, plan: Plan, next: Plan, index: number): void {
  const proxy = next.proxies[index];
  owner.addBuffer(balanceBufferName(next.generation, proxy), balanceBytes(proxy.serverSlots.length));
  const before = new Set(plan.proxies[index].serverSlots);
  for (const slot of proxy.serverSlots) if (!before.has(slot)) Admission.assign(owner.segment, slot, proxy.backendSlot);
  const known = new Set([...sourcePorts(plan)].map(({ name }) => name));
  for (const { name, bytes } of sourcePorts(next)) if (!known.has(name)) owner.addBuffer(name, bytes);
}

/** When every thread has taken `next` over, or, the other way round, when none will. */
export function discardServers(owner: SegmentOwner, plan: Plan, next: Plan, index: number): void {
  removeRevision(owner, plan.generation, plan.proxies[index]);
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
  owner.removeBuffer(generationBufferName(plan.generation));
  for (const proxy of plan.proxies) removeRevision(owner, plan.generation, proxy);
  for (const { name } of sourcePorts(plan)) owner.removeBuffer(name);
}

/** The words of a whole generation are there for as long as it is. */
function removeRevision(owner: SegmentOwner, generation: number, proxy: ProxyPlan): void {
  if ((proxy.revision ?? 0) > 0) owner.removeBuffer(balanceBufferName(generation, proxy));
}

/** For each plan in use, when a thread has ended: frees the orders and ports that it held. To be followed by `recoverThread` of shm. */
export function recoverBackends(owner: SegmentOwner, plan: Plan, dead: ThreadIdentity): void {
  const { segment } = owner;
  for (const proxy of plan.proxies) {
    if (proxy.backendSlot < 0) continue;
    const words = balanceWords(segment, plan.generation, proxy);
    new LoadOrder(words, proxy.serverSlots.length, segment.party, () => ABSENT).repair(dead);
  }
  for (const { name } of sourcePorts(plan)) freeSourcePorts(new Int32Array(segment.buffer(name)), dead.thread);
}
