// What a frontend keeps of its streams for log lines and fetches: headers by `capture request/response header`, samples by rules
// (manual, sections 8.7 and 8.8, "declare capture", "http-request capture"). Slots belong to the frontend, values to the stream.
import type { CookieCapture, Proxy } from '@evenkeel/config';
import type { HeaderList } from '@evenkeel/http';

export interface Capture {
  /** Lower case; undefined where only rules fill the slot. */
  readonly header: string | undefined;
  /** Longest value kept, in bytes. */
  readonly length: number;
}

/** What one frontend captures. */
export interface CaptureSlots {
  readonly request: readonly Capture[];
  readonly response: readonly Capture[];
  readonly cookie: CookieCapture | undefined;
}

/** Values by slot; undefined where nothing was captured. */
export type Captured = (string | undefined)[];

/** `maxCookieBytes`: `tune.http.cookielen`. */
export function compileCaptures({ captures, cookieCapture }: Proxy, maxCookieBytes: number): CaptureSlots {
  return {
    request: captures.filter(({ direction }) => direction === 'request'),
    response: captures.filter(({ direction }) => direction === 'response'),
    cookie:
      cookieCapture === undefined
        ? undefined
        : { prefix: cookieCapture.prefix, length: Math.min(cookieCapture.length, maxCookieBytes) },
  };
}

export function emptyCaptures(slots: readonly Capture[]): Captured {
  return slots.map(() => undefined);
}

/** The last value of each header that has a slot. */
export function captureHeaders(slots: readonly Capture[], headers: HeaderList, captured: Captured): void {
  for (let slot = 0; slot < slots.length; slot++) {
    const { header, length } = slots[slot];
    const value = header === undefined ? undefined : headers.last(header);
    if (value !== undefined) captured[slot] = value.slice(0, length);
  }
}

/** What a rule captures. A slot that the frontend does not have takes nothing (manual, "http-request capture"): false. */
export function captureText(
  slots: readonly Capture[],
  captured: Captured | undefined,
  slot: number,
  text: string,
): boolean {
  if (captured === undefined || slot < 0 || slot >= slots.length) return false;
  captured[slot] = text.slice(0, slots[slot].length);
  return true;
}
