/**
 * Which server of a backend gets which of the addresses, or services, that a name has. Pure.
 *
 * A server keeps what it has for as long as the name has it. What is free goes to servers without, in their order; servers of
 * one backend, name and port share no address unless they allow it (manual 5.2 "resolve-opts").
 */

import type { ServiceRecord } from './answer.ts';

export interface AddressSeeker {
  /** What it has now. */
  readonly current: string | undefined;
  /** `resolve-net`: whether an address lies in a preferred network; undefined where none is preferred. */
  readonly prefers: ((address: string) => boolean) | undefined;
  /** `resolve-opts allow-dup-ip` */
  readonly allowDuplicate: boolean;
}

/** The address of each seeker; undefined for one that gets none. */
export function assignAddresses(
  seekers: readonly AddressSeeker[],
  addresses: readonly string[],
): (string | undefined)[] {
  const known = new Set(addresses);
  const assigned = seekers.map(({ current }) => (current !== undefined && known.has(current) ? current : undefined));
  for (const [index, { prefers, allowDuplicate }] of seekers.entries()) {
    const own = assigned[index];
    const taken = new Set(assigned.filter((_, other) => other !== index));
    let best: string | undefined;
    let bestScore = -1;
    for (const address of addresses) {
      // Also those who may share take another address first.
      const isTaken = taken.has(address);
      if (isTaken && !allowDuplicate) continue;
      const score = (prefers?.(address) === true ? 4 : 0) + (isTaken ? 0 : 2) + (address === own ? 1 : 0);
      if (score <= bestScore) continue;
      best = address;
      bestScore = score;
    }
    assigned[index] = best;
  }
  return assigned;
}

/** The record of each server; `current` is what it has now. */
export function assignServices(
  current: readonly (ServiceRecord | undefined)[],
  records: readonly ServiceRecord[],
): (ServiceRecord | undefined)[] {
  const free = new Map(records.map((record) => [serviceKey(record), record]));
  const kept = current.map((service) => {
    if (service === undefined) return undefined;
    const key = serviceKey(service);
    const record = free.get(key);
    free.delete(key);
    return record;
  });
  const left = free.values();
  return kept.map((service) => service ?? left.next().value);
}

export function serviceKey({ target, port }: ServiceRecord): string {
  return `${target}:${port}`;
}

/** A server's weight, 0 to 256, from that of its record, 0 to 65,535, as HAProxy scales them. */
export function serverWeight({ weight }: ServiceRecord): number {
  return Math.floor((weight + 255) / 256);
}
