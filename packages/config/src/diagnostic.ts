/**
 * What the parser has to say about a configuration: findings with a severity and an exact place, and the text that is shown
 * for them. Knows nothing of the grammar and prints nothing itself: the command line renders and writes.
 *
 * Texts are latin1 strings, one character per byte of the file, so columns are byte columns and a rendered line written as
 * latin1 shows the user's own bytes, whatever their encoding.
 */

import type { Position } from './model.ts';
import { nearestWord } from './nearest.ts';

/** As HAProxy's: alert = the configuration is refused; diag = shown with -dD only. */
export type Severity = 'alert' | 'warning' | 'notice' | 'diag';

/**
 * How HAProxy's own line begins, which differs by what finds the fault: `parsing [file:line] : ` (statements),
 * `parsing [file:line]: ` (the tokenizer and some keywords), `[file:line] : ` (servers), or nothing (checks after reading).
 */
export type MessageForm = 'parsing' | 'tight' | 'place' | 'plain';

export interface Diagnostic {
  readonly severity: Severity;
  /** HAProxy's sentence, without what `form` puts before it. No line feed at the end. */
  readonly message: string;
  readonly at: Position | undefined;
  /** Characters to underline from `at`; at least 1. */
  readonly length: number;
  readonly form: MessageForm;
  /** What would have been right here, as the end of "expected …". */
  readonly expected: string | undefined;
  /** The known word nearest to the one that was written. */
  readonly nearest: string | undefined;
  /** What to do, as a clause that stands by itself: "leave the line out". */
  readonly remedy: string | undefined;
}

export interface DiagnosticDetail {
  readonly length?: number;
  /** `parsing` unless given, or `plain` without a place. */
  readonly form?: MessageForm;
  readonly expected?: string | undefined;
  readonly nearest?: string | undefined;
  readonly remedy?: string | undefined;
}

/** Errors that get a suggestion: beyond, searching would take longer than reading, and nobody reads on. */
const MAX_SUGGESTIONS = 200;

/** Collects findings in the order in which they were made. One collector serves a whole parse. */
export class Diagnostics {
  readonly list: Diagnostic[] = [];
  errors = 0;
  warnings = 0;

  add(severity: Severity, message: string, at: Position | undefined, detail: DiagnosticDetail = {}): void {
    if (severity === 'alert') this.errors++;
    else if (severity === 'warning') this.warnings++;
    this.list.push({
      severity,
      message,
      at,
      length: Math.max(1, detail.length ?? 1),
      form: at === undefined ? 'plain' : (detail.form ?? 'parsing'),
      expected: detail.expected,
      nearest: detail.nearest,
      remedy: detail.remedy,
    });
  }

  alert(message: string, at: Position | undefined, detail?: DiagnosticDetail): void {
    this.add('alert', message, at, detail);
  }

  /** The nearest of many candidates, while suggestions are worth their time. */
  nearest(word: string, candidates: Iterable<string>): string | undefined {
    return this.errors < MAX_SUGGESTIONS ? nearestWord(word, candidates) : undefined;
  }

  warning(message: string, at: Position | undefined, detail?: DiagnosticDetail): void {
    this.add('warning', message, at, detail);
  }
}

/** A statement that cannot be understood further. Thrown by readers, caught by the section reader, never seen outside. */
export class StatementError extends Error {
  readonly at: Position;
  readonly detail: DiagnosticDetail;

  constructor(message: string, at: Position, detail: DiagnosticDetail = {}) {
    super(message);
    this.at = at;
    this.detail = detail;
  }
}
