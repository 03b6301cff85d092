// What follows a failed attempt (manual: `retries`, `option redispatch`, `retry-on`). Pure rules, as observed on HAProxy
// 2.6.12; the dispatch carries them out.
//
// Each failed attempt up to `retries` is followed by another. With redispatch on, attempt n goes to another server when n is a
// multiple of a positive interval, or of the one that a negative interval counts back from the last (-1: the last); and at
// every attempt, when nothing binds the stream to its server and others are there. Otherwise the same server is tried
// again, keeping its slot: after a time-out at once, after an error when `pauseMs` have passed.

export interface RetrySettings {
  readonly retries: number;
  /** `option redispatch N`: undefined = off. */
  readonly redispatch: number | undefined;
}

export interface FailedAttempt {
  /** Number of the attempt that is to follow, from 1. */
  readonly attempt: number;
  /** Persistence named the server. */
  readonly bound: boolean;
  readonly serverIsUp: boolean;
  /** Other servers may be picked, and the algorithm is free to pick them. */
  readonly othersAreThere: boolean;
}

export function mayRedispatch(
  { retries, redispatch }: RetrySettings,
  { attempt, bound, serverIsUp, othersAreThere }: FailedAttempt,
): boolean {
  if (redispatch === undefined || redispatch === 0) return false;
  if (!serverIsUp) return true;
  if (!bound && othersAreThere) return true;
  const interval = redispatch > 0 ? redispatch : retries + 1 + redispatch;
  // HAProxy divides by it and dies where it is 0: there is no such attempt.
  return interval !== 0 && attempt % interval === 0;
}

/**
 * Whether `retry-on` has failed connects retried: they are, unless a list leaves them out (manual: default `conn-failure`). A server
 * that resets at once may have been connected to, or not, by a hair: where empty responses are retried, so is that.
 */
export function retriesFailedConnects(retryOn: readonly string[], wasReset = false): boolean {
  return (
    retryOn.length === 0 ||
    retryOn.includes('conn-failure') ||
    retryOn.includes('all-retryable-errors') ||
    (wasReset && retryOn.includes('empty-response'))
  );
}

/** What `retry-on` names of requests that had reached a server. */
export interface RetryConditions {
  /** The server closed before its response head was complete, also within it. */
  readonly emptyResponse: boolean;
  /** What it sent is no response head. */
  readonly junkResponse: boolean;
  /** `timeout server` passed without one. */
  readonly responseTimeout: boolean;
  readonly statuses: ReadonlySet<number>;
}

const RETRYABLE_STATUSES = [500, 502, 503, 504];

/** Undefined where nothing but failed connects is retried: then no request has to be kept. */
export function retryConditions(retryOn: readonly string[]): RetryConditions | undefined {
  const all = retryOn.includes('all-retryable-errors');
  const statuses = new Set(retryOn.flatMap((word) => (/^\d+$/.test(word) ? [Number(word)] : [])));
  if (all) for (const status of RETRYABLE_STATUSES) statuses.add(status);
  const conditions = {
    emptyResponse: all || retryOn.includes('empty-response'),
    junkResponse: all || retryOn.includes('junk-response'),
    responseTimeout: all || retryOn.includes('response-timeout'),
    statuses,
  };
  const { emptyResponse, junkResponse, responseTimeout } = conditions;
  return emptyResponse || junkResponse || responseTimeout || statuses.size > 0 ? conditions : undefined;
}

const TURN_AROUND_MS = 1000;

/** ms between a failed attempt and the next at the same server: one second, or `timeout connect` (0 = none) where that is shorter. */
export function pauseMs(connectTimeoutMs: number): number {
  return connectTimeoutMs > 0 ? Math.min(TURN_AROUND_MS, connectTimeoutMs) : TURN_AROUND_MS;
}
