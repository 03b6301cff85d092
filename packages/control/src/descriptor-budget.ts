/**
 * How many descriptors a configuration needs, and how many connections fit into a number of them. Pure arithmetic: what the
 * process may have is descriptor-limits.ts's to ask.
 */

import type { Config, Proxy } from '@evenkeel/config';
import { MOST_PARKED } from '@evenkeel/proxy/main';

/** Allowance for what is no connection: main's and the log thread's event loops, standard streams, files, runtime sockets. */
const DESCRIPTORS_OF_PROCESS = 96;
/** Allowance for the event loop, wake-up descriptors and message port of one more thread. */
const DESCRIPTORS_PER_THREAD = 16;
/** A proxied connection has two ends. */
const DESCRIPTORS_PER_CONNECTION = 2;
/** What HAProxy counts beside connections, listeners and checks: a limit that it takes is not refused here. */
const DESCRIPTORS_BESIDE = 15;
/** A listener of a thread has a second one once it has stopped accepting. */
const DESCRIPTORS_PER_LISTENER = 2;
/**
 * Connections accepted over a limit wait with their descriptor, a few for each listener and thread before that stops
 * accepting. Where there are many listeners or few descriptors, a sixteenth of these must do for all.
 */
const PARKED_SHARE = 1 / 16;

export interface DescriptorBudget {
  /** What the process needs beside connections. */
  readonly reserved: number;
  /** The least with which `connections` start, as HAProxy counts (`strict-limits`). */
  descriptorsFor(connections: number): number;
  /** With what this process needs itself, and connections that wait for a place. */
  descriptorsWithReserve(connections: number): number;
  /** Connections that may wait for a place within so many descriptors. */
  parkedWithin(descriptors: number): number;
  /** At least 1. */
  connectionsWithin(descriptors: number): number;
}

/** Of a configuration with `threads` data threads. */
export function descriptorBudget({ proxies }: Config, threads: number): DescriptorBudget {
  const checked = proxies.reduce((sum, proxy) => sum + proxy.servers.filter((server) => server.check).length, 0);
  const listeners = proxies.reduce((sum, proxy) => sum + listenersOf(proxy), 0);
  const reserved =
    DESCRIPTORS_OF_PROCESS + threads * (DESCRIPTORS_PER_THREAD + listeners * DESCRIPTORS_PER_LISTENER) + checked;
  const parkedWanted = threads * listeners * MOST_PARKED;
  const parkedWithin = (descriptors: number): number =>
    Math.max(1, Math.min(parkedWanted, Math.floor(descriptors * PARKED_SHARE)));
  return {
    reserved,
    descriptorsFor: (connections) =>
      connections * DESCRIPTORS_PER_CONNECTION + listeners + checked + DESCRIPTORS_BESIDE,
    descriptorsWithReserve: (connections) => connections * DESCRIPTORS_PER_CONNECTION + reserved + parkedWanted,
    parkedWithin,
    connectionsWithin: (descriptors) =>
      Math.max(1, Math.floor((descriptors - reserved - parkedWithin(descriptors)) / DESCRIPTORS_PER_CONNECTION)),
  };
}

/** Sockets that a proxy listens on: one for each address and port. */
function listenersOf(proxy: Proxy): number {
  const addresses = proxy.binds.flatMap((bind) => bind.addresses);
  return addresses.reduce(
    (sum, address) => sum + (address.kind === 'inet' && address.port ? address.port.last - address.port.first + 1 : 1),
    0,
  );
}
