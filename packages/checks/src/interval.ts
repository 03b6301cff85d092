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

/**
 * The interval after a check that our own loop began `lateMs` late: otherwise checks that piled up in one busy moment would come
 * together for ever after. At least half of it stays, so that no server is asked twice at once.
 */
export function makeUpFor(lateMs: number, intervalMs: number): number {
  return intervalMs - Math.min(Math.max(0, lateMs), intervalMs / 2);
}

/** Shorter intervals have no say in how far the first checks of others are spread. */
const MIN_SPREAD_MS = 1000;

/**
 * When the first checks are due, ms after the start: as far from each other as their intervals allow. `intervalsMs` are those
 * that apply at the start, in the order of the configuration; `maxSpreadMs` is `max-spread-checks`. As HAProxy 2.6.12 does it:
 * the shortest interval of a second or more spreads all, a server with a longer one is spread over its own.
 */
export function startDelays(intervalsMs: readonly number[], maxSpreadMs: number | undefined): number[] {
  let common = Infinity;
  for (const interval of intervalsMs) if (interval >= MIN_SPREAD_MS && interval < common) common = interval;
  const most = maxSpreadMs === undefined || maxSpreadMs === 0 ? Infinity : maxSpreadMs;
  return intervalsMs.map((own, position) => {
    const spread = Math.min(Math.max(own, common === Infinity ? 0 : common), most);
    return Math.floor((spread * position) / intervalsMs.length);
  });
}
