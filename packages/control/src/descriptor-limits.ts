/**
 * Descriptors against connections: raises the soft limit to what the process may have, and says how many connections fit.
 * Manual: global `maxconn`, `ulimit-n`, `strict-limits`.
 */

import { getResourceLimit, setResourceLimit } from '@evenkeel/sys';
import type { Config, Proxy } from '@evenkeel/config';
import { MOST_PARKED } from '@evenkeel/proxy/main';

export interface ConnectionLimit {
  readonly maxconn: number;
  /** Connections that may wait for a place, accepted and unread, beside those, before listeners stop accepting. */
  readonly maxParked: number;
  /** Soft limit of descriptors now. */
  readonly descriptors: number;
  /** A connection with this descriptor, or a higher one, shows that there are hardly any left. */
  readonly scarceDescriptor: number;
  /** Open connections of both sides from which on no server connection is kept idle, and idle ones are closed for new ones. */
  readonly idleLow: number;
  readonly idleHigh: number;
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
/** A listener of a thread has a second one once it has stopped accepting. */
const DESCRIPTORS_PER_LISTENER = 2;
/**
 * Connections accepted over a limit wait with their descriptor, a few for each listener and thread before that stops
 * accepting. Where there are many listeners or few descriptors, a sixteenth of these must do for all.
 */
const PARKED_SHARE = 1 / 16;
/** Accepting stops for a moment when so many descriptors are left, or an eighth of all if that is less. */
const SCARCE = 32;
/** Defaults of `tune.pool-low-fd-ratio` and `tune.pool-high-fd-ratio`, percent (manual, section 3.2). */
const POOL_LOW_FD_RATIO = 20;
const POOL_HIGH_FD_RATIO = 25;

/** The effective `maxconn` of a configuration with `threads` data threads; raises the limit of descriptors on the way. */
export function connectionLimit(config: Config, threads: number, maxconnOption: number | undefined): ConnectionLimit {
  const warnings: string[] = [];
  const errors: string[] = [];
  const checked = config.proxies.reduce((sum, proxy) => sum + proxy.servers.filter((server) => server.check).length, 0);
  const listeners = config.proxies.reduce((sum, proxy) => sum + listenersOf(proxy), 0);
  const reserved =
    DESCRIPTORS_OF_PROCESS + threads * (DESCRIPTORS_PER_THREAD + listeners * DESCRIPTORS_PER_LISTENER) + checked;
  const parkedWanted = threads * listeners * MOST_PARKED;
  const asked = maxconnOption ?? config.global.maxconn;
  const wanted =
    config.global.ulimitN ??
    (asked === undefined ? undefined : asked * DESCRIPTORS_PER_CONNECTION + reserved + parkedWanted);
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
  const maxParked = Math.max(1, Math.min(parkedWanted, Math.floor(descriptors * PARKED_SHARE)));
  const fitting = Math.max(1, Math.floor((descriptors - reserved - maxParked) / DESCRIPTORS_PER_CONNECTION));
  if (asked !== undefined && asked > fitting) {
    warnings.push(
      `maxconn ${asked} needs about ${asked * DESCRIPTORS_PER_CONNECTION + reserved} descriptors but the limit is ${descriptors}: lowered to ${fitting}. ${MORE_DESCRIPTORS}, or lower maxconn.`,
    );
  }
  // What the process itself needs is more here than in HAProxy: the ratios are those of what is there for connections.
  const forConnections = Math.max(0, descriptors - reserved);
  const { poolLowFdRatio = POOL_LOW_FD_RATIO, poolHighFdRatio = POOL_HIGH_FD_RATIO } = config.global.tune;
  return {
    maxconn: Math.min(asked ?? fitting, fitting),
    maxParked,
    descriptors,
    scarceDescriptor: descriptors - Math.min(SCARCE, Math.floor(descriptors / 8)),
    idleLow: Math.floor((forConnections * poolLowFdRatio) / 100),
    idleHigh: Math.floor((forConnections * poolHighFdRatio) / 100),
    warnings,
    errors,
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
