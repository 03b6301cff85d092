/**
 * Times and sizes as the manual writes them (section 2.5). Values are exact integers; what does not fit is an error, as in
 * HAProxy, never a silent wrap.
 */

export type TimeResult =
  /** `trailing` is what follows the unit: HAProxy 2.6 warns about it and goes on. */
  | { readonly ok: true; readonly value: number; readonly trailing: string }
  | { readonly ok: false; readonly fault: 'character'; readonly character: string }
  | { readonly ok: false; readonly fault: 'overflow' };

export type SizeResult = { readonly ok: true; readonly value: number } | { readonly ok: false };

export type TimeUnit = 'us' | 'ms' | 's' | 'm' | 'h' | 'd';

const MICROSECONDS: Readonly<Record<TimeUnit, number>> = { us: 1, ms: 1e3, s: 1e6, m: 60e6, h: 3600e6, d: 86400e6 };

/** HAProxy holds times as signed 32-bit milliseconds: 24 days and some hours. */
export const MAX_TIME_MS = 0x7fffffff;

/** Milliseconds of `text`, rounded up; a bare number counts in `defaultUnit`. */
export function parseTimeMs(text: string, defaultUnit: TimeUnit): TimeResult {
  const match = /^(\d+)(?:(us|ms|s|m|h|d)(.*))?/s.exec(text);
  if (match === null || (match[2] === undefined && match[0] !== text)) {
    return { ok: false, fault: 'character', character: text[match?.[0].length ?? 0] ?? '' };
  }
  const microseconds = Number(match[1]) * MICROSECONDS[(match[2] as TimeUnit | undefined) ?? defaultUnit];
  const value = Math.ceil(microseconds / 1000);
  return value > MAX_TIME_MS ? { ok: false, fault: 'overflow' } : { ok: true, value, trailing: match[3] ?? '' };
}

const SIZE_FACTORS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Bytes of `text`: a number with an optional k, m or g in either case, below 4 GiB. */
export function parseSize(text: string): SizeResult {
  const match = /^(\d+)([kmg]?)$/i.exec(text);
  if (match === null) return { ok: false };
  const value = Number(match[1]) * SIZE_FACTORS[match[2].toLowerCase()];
  return value > 0xffffffff ? { ok: false } : { ok: true, value };
}
