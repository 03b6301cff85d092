/**
 * Descriptors against connections: raises the soft limit to what the process may have, and says how many connections fit.
 * Manual: global `maxconn`, `ulimit-n`, `strict-limits`.
 */

import { getResourceLimit, setResourceLimit } from '@evenkeel/sys';
import type { Config } from '@evenkeel/config';

export interface ConnectionLimit {
  readonly maxconn: number;
  /** Connections that may wait for a place, accepted and unread, beside those. */
  readonly maxParked: number;
  /** Soft limit of descriptors now. */
  readonly descriptors: number;
  readonly warnings: readonly string[];
  /** What forbids to start: `strict-limits`, which is on unless the file says `no strict-limits`. */
  readonly errors: readonly string[];
}

/** Allowance for what is no connection: main's and the log thread's event loops, standard streams, files, runtime sockets. */
const DESCRIPTORS_OF_PROCESS = 96;
/** Allowance for the event loop, wake-up descriptors and message port of one more thread. */
const DESCRIPTORS_PER_THREAD = 16;
/** A proxied connection has two ends. */
const DESCRIPTORS_PER_CONNECTION = 2;
/** What HAProxy counts beside connections, listeners and checks: a limit that it takes is not refused here. */
const DESCRIPTORS_BESIDE = 15;
/**
 * Connections accepted over a limit wait with their descriptor. Room for as many as a kernel's accept queue holds is asked
 * for, and a sixteenth of all descriptors kept free where that is less: without it, waiting would take the descriptors that
 * server connections need, and at the limit Node closes clients without a word.
 */
const PARKED_WANTED = 4096;
const PARKED_SHARE = 1 / 16;

/** The effective `maxconn` of a configuration with `threads` data threads; raises the limit of descriptors on the way. */
export function connectionLimit(config: Config, threads: number, maxconnOption: number | undefined): ConnectionLimit {
  const warnings: string[] = [];
  const errors: string[] = [];
  const checked = config.proxies.reduce((sum, proxy) => sum + proxy.servers.filter((server) => server.check).length, 0);
  const listeners = config.proxies.reduce(
    (sum, proxy) => sum + proxy.binds.reduce((count, bind) => count + bind.addresses.length, 0),
    0,
  );
  const reserved = DESCRIPTORS_OF_PROCESS + threads * (DESCRIPTORS_PER_THREAD + listeners) + checked;
  const asked = maxconnOption ?? config.global.maxconn;
  const wanted =
    config.global.ulimitN ??
    (asked === undefined ? undefined : asked * DESCRIPTORS_PER_CONNECTION + reserved + PARKED_WANTED);
  const descriptors = raise(wanted, warnings);
  const needed =
    config.global.ulimitN ??
    (asked === undefined ? 0 : asked * DESCRIPTORS_PER_CONNECTION + listeners + checked + DESCRIPTORS_BESIDE);
  if (descriptors < needed) {
    const complaint = `[haproxy.main()] Cannot raise FD limit to ${needed}, limit is ${descriptors}.`;
    if (config.global.strictLimits)
      errors.push(`${complaint} ${MORE_DESCRIPTORS}, or write 'no strict-limits' to start with fewer connections.`);
    else warnings.push(complaint);
  }
  const parkedAtLeast = Math.min(PARKED_WANTED, Math.floor(descriptors * PARKED_SHARE));
  const fitting = Math.max(1, Math.floor((descriptors - reserved - parkedAtLeast) / DESCRIPTORS_PER_CONNECTION));
  const parkedBeside = (maxconn: number): number =>
    Math.max(parkedAtLeast, descriptors - reserved - maxconn * DESCRIPTORS_PER_CONNECTION);
  if (asked === undefined) return { maxconn: fitting, maxParked: parkedBeside(fitting), descriptors, warnings, errors };
  if (asked > fitting) {
    warnings.push(
      `maxconn ${asked} needs about ${asked * DESCRIPTORS_PER_CONNECTION + reserved} descriptors but the limit is ${descriptors}: lowered to ${fitting}. ${MORE_DESCRIPTORS}, or lower maxconn.`,
    );
  }
  const maxconn = Math.min(asked, fitting);
  return { maxconn, maxParked: parkedBeside(maxconn), descriptors, warnings, errors };
}

const MORE_DESCRIPTORS = "Raise LimitNOFILE (systemd) or 'ulimit -n'";

/** Raises the soft limit to `wanted`, or to the hard limit where nothing is wanted; the hard one too where that is allowed. */
function raise(wanted: number | undefined, warnings: string[]): number {
  const { soft, hard } = getResourceLimit('nofile');
  const target = wanted ?? hard;
  if (target <= soft) return soft;
  try {
    setResourceLimit('nofile', { soft: target, hard: Math.max(hard, target) });
    return target;
  } catch {
    // Only a privileged process may raise the hard limit.
  }
  try {
    setResourceLimit('nofile', { soft: hard, hard });
    return hard;
  } catch (error) {
    warnings.push(`the limit of descriptors stays at ${soft}: ${(error as Error).message}`);
    return soft;
  }
}
