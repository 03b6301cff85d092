/**
 * Times and sizes as the manual writes them (section 2.5). Values are exact integers; what does not fit is an error, as in
 * HAProxy, never a silent wrap.
 */

export type UnitResult = { readonly ok: true; readonly value: number } | { readonly ok: false; readonly reason: string };

export type TimeUnit = 'us' | 'ms' | 's' | 'm' | 'h' | 'd';

const MICROSECONDS: Readonly<Record<TimeUnit, number>> = { us: 1, ms: 1e3, s: 1e6, m: 60e6, h: 3600e6, d: 86400e6 };

/** HAProxy holds times as signed 32-bit milliseconds: 24 days and some hours. */
export const MAX_TIME_MS = 0x7fffffff;

/** Milliseconds of `text`; a bare number counts in `defaultUnit`. A time above zero that rounds to zero is an underflow. */
export function parseTimeMs(text: string, defaultUnit: TimeUnit): UnitResult {
  const match = /^(\d+)(us|ms|s|m|h|d)?$/.exec(text);
  if (match === null) {
    const bad = /^\d*/.exec(text)![0].length;
    return { ok: false, reason: `unexpected character '${text[bad] ?? ''}' in time '${text}'` };
  }
  const microseconds = Number(match[1]) * MICROSECONDS[(match[2] as TimeUnit | undefined) ?? defaultUnit];
  const value = Math.ceil(microseconds / 1000);
  if (value > MAX_TIME_MS) return { ok: false, reason: `timer overflow in argument '${text}' (maximum value is ${MAX_TIME_MS} ms or ~24.8 days)` };
  if (microseconds > 0 && microseconds < 1000) return { ok: false, reason: `timer underflow in argument '${text}' (minimum non-null value is 1 ms)` };
  return { ok: true, value };
}

const SIZE_SHIFTS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Bytes of `text`: a number with an optional k, m or g in either case. */
export function parseSize(text: string): UnitResult {
  const match = /^(\d+)([kmg]?)$/i.exec(text);
  if (match === null) return { ok: false, reason: `unexpected character in size '${text}'` };
  const value = Number(match[1]) * SIZE_SHIFTS[match[2]!.toLowerCase()]!;
  if (value > 0xffffffff) return { ok: false, reason: `size '${text}' is too large` };
  return { ok: true, value };
}
