/**
 * Descriptors against connections: raises the soft limit to what the process may have, and says how many connections fit.
 * Manual: global `maxconn`, `ulimit-n`, `strict-limits`.
 */

import { getResourceLimit, setResourceLimit } from '@evenkeel/sys';
import type { Config } from '@evenkeel/config';
import { descriptorBudget } from './descriptor-budget.ts';

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

/** Accepting stops for a moment when so many descriptors are left, or an eighth of all if that is less. */
const SCARCE = 32;
/** Defaults of `tune.pool-low-fd-ratio` and `tune.pool-high-fd-ratio`, percent (manual, section 3.2). */
const POOL_LOW_FD_RATIO = 20;
const POOL_HIGH_FD_RATIO = 25;

/** The effective `maxconn` of a configuration with `threads` data threads; raises the limit of descriptors on the way. */
export function connectionLimit(config: Config, threads: number, maxconnOption: number | undefined): ConnectionLimit {
  const warnings: string[] = [];
  const errors: string[] = [];
  const budget = descriptorBudget(config, threads);
  const asked = maxconnOption ?? config.global.maxconn;
  const wanted = config.global.ulimitN ?? (asked === undefined ? undefined : budget.descriptorsWithReserve(asked));
  const descriptors = raise(wanted, config.global.fdHardLimit, warnings);
  const needed = config.global.ulimitN ?? (asked === undefined ? 0 : budget.descriptorsFor(asked));
  if (descriptors < needed) {
    const complaint = `[haproxy.main()] Cannot raise FD limit to ${needed}, limit is ${descriptors}.`;
    if (config.global.strictLimits)
      errors.push(`${complaint} ${MORE_DESCRIPTORS}, or write 'no strict-limits' to start with fewer connections.`);
    else warnings.push(complaint);
  }
  const maxParked = budget.parkedWithin(descriptors);
  const fitting = budget.connectionsWithin(descriptors);
  if (asked !== undefined && asked > fitting) {
    warnings.push(
      `maxconn ${asked} needs about ${2 * asked + budget.reserved} descriptors but the limit is ${descriptors}: lowered to ${fitting}. ${MORE_DESCRIPTORS}, or lower maxconn.`,
    );
  }
  // What the process itself needs is more here than in HAProxy: the ratios are those of what is there for connections.
  const forConnections = Math.max(0, descriptors - budget.reserved);
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

const MORE_DESCRIPTORS = "Raise LimitNOFILE (systemd) or 'ulimit -n'";

/** Raises the soft limit to `wanted`, or to the hard limit where nothing is wanted; the hard one too where that is allowed. */
function raise(wanted: number | undefined, bound: number | undefined, warnings: string[]): number {
  const { soft, hard } = getResourceLimit('nofile');
  // A bound of 0 is none, as on HAProxy; what `maxconn` or `ulimit-n` ask for is not bounded by it (manual, `fd-hard-limit`).
  const target = wanted ?? (bound === undefined || bound === 0 ? hard : Math.min(hard, bound));
  if (wanted === undefined && target < soft) {
    setResourceLimit('nofile', { soft: target, hard });
    return target;
  }
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
