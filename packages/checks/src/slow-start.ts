// What slow start leaves of a server's weight and of its limit of sessions (manual 5.2 "slowstart"), and the weight that
// threads balance with. Steps as HAProxy 2.6.12 makes them: whole seconds of the wall clock, from 1/16 of the weight up.

/** Weights are published in sixteenths, so that slow start can be smooth also for a server of weight 1. */
export const WEIGHT_SCALE = 16;

/** ms between two steps. */
export const STEP_MS = 1000;

export interface Warming {
  /** `slowstart`, ms. */
  readonly slowstartMs: number;
  /** Epoch ms of the moment at which it came up. */
  readonly sinceMs: number;
}

const seconds = (ms: number): number => Math.floor(ms / 1000);

/** `slowstart` counts in whole seconds, those begun included. */
const lengthS = ({ slowstartMs }: Warming): number => Math.ceil(slowstartMs / 1000);

const elapsedS = ({ sinceMs }: Warming, now: number): number => seconds(now) - seconds(sinceMs);

/** True once the whole time has passed; also where the clock was set back. */
export function isWarm(warming: Warming, now: number): boolean {
  const elapsed = elapsedS(warming, now);
  return elapsed < 0 || elapsed >= lengthS(warming);
}

/** Sixteenths of the weight: 1 to 16; 16 without `warming`. */
export function weightShare(warming: Warming | undefined, now: number): number {
  if (warming === undefined || isWarm(warming, now)) return WEIGHT_SCALE;
  const length = lengthS(warming);
  return Math.floor((WEIGHT_SCALE * elapsedS(warming, now) + length) / length);
}

/** Percent of the limit of sessions: 0 to 100; at least one session is always let through by those who apply it. */
export function sessionsPercent(warming: Warming | undefined, now: number): number {
  if (warming === undefined || isWarm(warming, now)) return 100;
  return Math.floor((100 * elapsedS(warming, now)) / lengthS(warming));
}

/** Column `throttle` of `show stat`: percent of the weight that is in use. */
export function throttlePercent(userWeight: number, effectiveWeight: number): number {
  if (userWeight === 0) return 100;
  return Math.floor((100 * effectiveWeight + WEIGHT_SCALE - 1) / (WEIGHT_SCALE * userWeight));
}

/** Column `weight` of `show stat`: an effective weight in the units of the configuration, rounded up. */
export function shownWeight(effectiveWeight: number): number {
  return Math.ceil(effectiveWeight / WEIGHT_SCALE);
}
