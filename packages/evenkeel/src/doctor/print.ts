/** Findings as text for people, and as JSON for programs. */

import type { Finding, Level } from './finding.ts';
import { worst } from './finding.ts';

const LABELS: Readonly<Record<Level, string>> = { ok: 'ok      ', warning: 'warning ', error: 'ERROR   ' };

/** One finding a paragraph: what is so, why it matters, what to do; a count at the end. */
export function printFindings(findings: readonly Finding[]): string {
  const width = Math.max(0, ...findings.map(({ check }) => check.length));
  const indent = ' '.repeat(LABELS.ok.length + width + 2);
  const text = findings
    .map(({ check, level, remedy, what, why }) => {
      const head = `${LABELS[level]}${check.padEnd(width)}  ${what}\n`;
      const reason = why === undefined ? '' : `${indent}why: ${why}\n`;
      return head + reason + (remedy === undefined ? '' : `${indent}do:  ${remedy}\n`);
    })
    .join('');
  const { error, ok, warning } = counts(findings);
  return `${text}${ok} ok, ${warning} ${warning === 1 ? 'warning' : 'warnings'}, ${error} ${error === 1 ? 'error' : 'errors'}\n`;
}

/** `{ level, counts, findings }`; each finding has `level`, `check`, `what`, and `why` and `remedy` where it is not ok. */
export function jsonFindings(findings: readonly Finding[]): string {
  return `${JSON.stringify({ level: worst(findings), counts: counts(findings), findings }, undefined, 2)}\n`;
}

function counts(findings: readonly Finding[]): Record<Level, number> {
  const sums: Record<Level, number> = { ok: 0, warning: 0, error: 0 };
  for (const { level } of findings) sums[level]++;
  return sums;
}
