// `capture request header` and `capture response header`: values kept for the log line (manual, "capture request header").
import type { HeaderCapture } from '@evenkeel/config';
import type { HeaderList } from '@evenkeel/http';

export interface Capture {
  /** Lower case. */
  readonly name: string;
  /** Longest value kept, in bytes. */
  readonly length: number;
}

export function compileCaptures(
  captures: readonly HeaderCapture[],
  direction: 'request' | 'response',
): readonly Capture[] {
  return captures
    .filter((capture) => capture.direction === direction)
    .map(({ header, length }) => ({ name: header.toLowerCase(), length }));
}

/** The last value of each captured header, cut to its length; undefined where there is none. */
export function captureHeaders(captures: readonly Capture[], headers: HeaderList): (string | undefined)[] {
  return captures.map(({ name, length }) => headers.last(name)?.slice(0, length));
}
