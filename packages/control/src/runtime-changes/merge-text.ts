/** What is said of a merge of runtime changes with a configuration, in the log and on the terminal. Pure. */

import { objectText, valueText, type Override } from './change.ts';
import type { EndedOverride } from './merge.ts';
import { differs } from './overrides.ts';
import { PRESENCE } from './presence.ts';

/** More lines than somebody reads; `show config diff` has them all. */
const MOST_LINES = 50;

/** What is worth a notice: what stays, and what ended as the file wants it. */
export function mergeLines(kept: readonly Override[], ended: readonly EndedOverride[]): string[] {
  const wanted = ended.filter(({ ending }) => ending.why !== 'refused');
  return bounded([...wanted.flatMap(endedLine), ...kept.filter(differs).map(keptLine)]);
}

/** What is worth a warning: what cannot be, though the file does not say otherwise. */
export function refusalLines(ended: readonly EndedOverride[]): string[] {
  return bounded(ended.filter(({ ending }) => ending.why === 'refused').flatMap(endedLine));
}

function bounded(lines: readonly string[]): string[] {
  if (lines.length <= MOST_LINES) return [...lines];
  const further = lines.length - MOST_LINES;
  return [...lines.slice(0, MOST_LINES), `Runtime changes: and ${further} more; 'show config diff' lists what stays.`];
}

function keptLine({ object, field, file, value, sinceMs, by }: Override): string {
  const since = new Date(sinceMs).toISOString();
  const presence = value === '' ? 'is removed' : `is added as ${valueText(value)}`;
  const what = field === PRESENCE ? presence : `${field} is ${valueText(value)}`;
  return `Runtime change stays: ${objectText(object)} ${what}, the file says ${valueText(file)} (since ${since}, by ${by}).`;
}

function endedLine({ override, ending }: EndedOverride): string[] {
  if (!differs(override)) return [];
  const { object, field, value } = override;
  const what = `Runtime change ended: ${objectText(object)} ${field}`;
  switch (ending.why) {
    case 'edited':
      return [`${what} is ${valueText(ending.file)}, which the file says now, and no longer ${valueText(value)}.`];
    case 'adopted':
      return [`${what} is ${valueText(value)}, which the file says now too.`];
    case 'gone':
      return [`${what} is no longer ${valueText(value)}: the file does not have it any more.`];
    case 'refused':
      return [`${what} is no longer ${valueText(value)}: ${ending.reason}.`];
    case 'off':
      return [`${what} is no longer ${valueText(value)}: 'no persist-runtime'.`];
  }
}
