/** What the doctor says: one finding for each thing that it looked at. */

export type Level = 'ok' | 'warning' | 'error';

export interface Finding {
  readonly level: Level;
  /** What was looked at, in one word: `descriptors`, `ports`. */
  readonly check: string;
  /** What is so, as a sentence. */
  readonly what: string;
  /** Why it matters; undefined where all is well. */
  readonly why: string | undefined;
  /** What to do: a command, or what to write; undefined where all is well. */
  readonly remedy: string | undefined;
}

export function ok(check: string, what: string): Finding {
  return { level: 'ok', check, what, why: undefined, remedy: undefined };
}

export function warning(check: string, what: string, why: string, remedy: string): Finding {
  return { level: 'warning', check, what, why, remedy };
}

export function error(check: string, what: string, why: string, remedy: string): Finding {
  return { level: 'error', check, what, why, remedy };
}

/** The worst of all findings. */
export function worst(findings: readonly Finding[]): Level {
  if (findings.some(({ level }) => level === 'error')) return 'error';
  return findings.some(({ level }) => level === 'warning') ? 'warning' : 'ok';
}
