// When checks are due (manual: `inter`, `fastinter`, `downinter`, `spread-checks`, `max-spread-checks`). All times in ms.

import { isFullyDown, isFullyUp, type HealthState, type HealthSettings } from './health.ts';

export interface IntervalSettings {
  readonly interMs: number;
  readonly fastInterMs: number | undefined;
  readonly downInterMs: number | undefined;
}

/** The table of the manual's section on `inter`. */
export function intervalOf(settings: IntervalSettings, state: HealthState, health: HealthSettings): number {
  if (isFullyUp(state, health)) return settings.interMs;
  if (isFullyDown(state)) return settings.downInterMs ?? settings.interMs;
  return settings.fastInterMs ?? settings.interMs;
}

/** `spread-checks`: the interval changed by up to that share either way; `random` is in 0..1. */
export function spreadInterval(intervalMs: number, spreadPercent: number, random: number): number {
  return intervalMs * (1 + (spreadPercent / 100) * (2 * random - 1));
}

/** Checks start spread over at least this, however short their intervals are: as HAProxy's do. */
const MIN_START_SPREAD_MS = 1000;

/**
 * How long after the start the first check of server `position` of `servers` is due: they are spread over the shortest
 * interval of all, at least MIN_START_SPREAD_MS, at most `maxSpreadMs` (`max-spread-checks`).
 */
export function startDelay(
  position: number,
  servers: number,
  shortestIntervalMs: number,
  maxSpreadMs: number | undefined,
): number {
  const spread = Math.min(Math.max(shortestIntervalMs, MIN_START_SPREAD_MS), maxSpreadMs ?? Infinity);
  return servers === 0 ? 0 : (spread * position) / servers;
}
