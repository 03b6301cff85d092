/**
 * Findings as text. The first line of each is HAProxy's own, which scripts look for; below it stand the place, the source
 * line, a caret under what is meant, and what was expected. Writes nothing: the caller chooses the stream.
 */

import type { Diagnostic, Severity } from './diagnostic.ts';

/** Labels as HAProxy pads them. */
const LABELS: Readonly<Record<Severity, string>> = {
  alert: '[ALERT]    ',
  warning: '[WARNING]  ',
  notice: '[NOTICE]   ',
  diag: '[DIAG]     ',
};

/** Columns of source shown around a caret; a minified line must not flood the terminal. */
const MAX_SOURCE_WIDTH = 160;

/**
 * Characters of a message, which repeats words of the file: the longest sentences of HAProxy, with names of ordinary length in
 * them, stay below. Of a longer one the beginning, which says what is wrong, and the end are shown.
 */
const MAX_MESSAGE = 1200;
const MESSAGE_HEAD = 600;
const MESSAGE_TAIL = 300;

export interface RenderOptions {
  readonly pid: number;
  readonly sources: Sources;
  /** HAProxy's line only. */
  readonly brief?: boolean;
}

/** The texts that were read, by file name; finds a line without scanning the text again for every finding. */
export class Sources {
  private readonly texts = new Map<string, string>();
  /** Offsets at which the lines of a file begin, made when the file's first line is asked for. */
  private readonly starts = new Map<string, readonly number[]>();

  add(file: string, text: string): void {
    this.texts.set(file, text);
  }

  /** Line `number` (from 1), without its line feed. */
  line(file: string, number: number): string | undefined {
    const text = this.texts.get(file);
    if (text === undefined) return undefined;
    let starts = this.starts.get(file);
    if (starts === undefined) {
      starts = lineStarts(text);
      this.starts.set(file, starts);
    }
    const start = starts[number - 1];
    return start === undefined ? undefined : text.slice(start, (starts[number] ?? text.length + 1) - 1);
  }
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let index = text.indexOf('\n'); index >= 0; index = text.indexOf('\n', index + 1)) starts.push(index + 1);
  return starts;
}

/** One finding, with a line feed at the end. */
export function renderDiagnostic(diagnostic: Diagnostic, options: RenderOptions): string {
  const text = printableText(shortened(haproxyText(diagnostic)));
  const head = `${LABELS[diagnostic.severity]}(${options.pid}) : config : ${text}\n`;
  if (options.brief === true || diagnostic.at === undefined) return head;
  return head + renderPlace(diagnostic, options.sources);
}

/** All findings of the given severities, in order. */
export function renderDiagnostics(
  diagnostics: readonly Diagnostic[],
  options: RenderOptions,
  severities: readonly Severity[] = ['alert', 'warning', 'notice'],
): string {
  return diagnostics
    .filter((diagnostic) => severities.includes(diagnostic.severity))
    .map((diagnostic) => renderDiagnostic(diagnostic, options))
    .join('');
}

/** HAProxy's sentence with what it puts before it, without label and pid. */
export function haproxyText(diagnostic: Diagnostic): string {
  const { at, message } = diagnostic;
  if (at === undefined) return message;
  switch (diagnostic.form) {
    case 'parsing':
      return `parsing [${at.file}:${at.line}] : ${message}`;
    case 'tight':
      return `parsing [${at.file}:${at.line}]: ${message}`;
    case 'place':
      return `[${at.file}:${at.line}] : ${message}`;
    case 'plain':
      return message;
  }
}

function renderPlace(diagnostic: Diagnostic, sources: Sources): string {
  const at = diagnostic.at!;
  const place = `   --> ${printableText(at.file)}:${at.line}:${at.column}\n`;
  const line = sources.line(at.file, at.line);
  if (line === undefined) return place;

  const start = Math.max(0, Math.min(at.column - 1 - MAX_SOURCE_WIDTH / 2, line.length - MAX_SOURCE_WIDTH));
  const shown = line.slice(start, start + MAX_SOURCE_WIDTH);
  const caretAt = at.column - 1 - start;
  // Tabs stay tabs, so that the caret stands right whatever their width.
  const indent = shown.slice(0, caretAt).replace(/[^\t]/g, ' ').padEnd(caretAt, ' ');
  const length = Math.max(1, Math.min(diagnostic.length, shown.length - caretAt));
  const hint = hintOf(diagnostic);
  return `${place}    | ${printable(shown)}\n    | ${indent}${'^'.repeat(length)}${hint === '' ? '' : ` ${hint}`}\n`;
}

function hintOf(diagnostic: Diagnostic): string {
  const parts: string[] = [];
  if (diagnostic.expected !== undefined) parts.push(`expected ${diagnostic.expected}`);
  if (diagnostic.nearest !== undefined) parts.push(`did you mean '${diagnostic.nearest}'?`);
  if (diagnostic.remedy !== undefined) parts.push(diagnostic.remedy);
  return parts.join('; ');
}

function shortened(text: string): string {
  if (text.length <= MAX_MESSAGE) return text;
  const left = text.length - MESSAGE_HEAD - MESSAGE_TAIL;
  return `${text.slice(0, MESSAGE_HEAD)} [... ${left} characters ...] ${text.slice(-MESSAGE_TAIL)}`;
}

/**
 * What a terminal would obey instead of showing it: control characters of ASCII, and those of Latin-1 as UTF-8 or as single
 * bytes. The group holds what is kept: other characters of UTF-8, and the line feeds of HAProxy's
 * longer sentences, whose further lines are all indented.
 */
const CONTROL =
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  /(?<kept>\n {2}|[\xc3-\xdf][\x80-\xbf]|\xc2[\xa0-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})|\xc2[\x80-\x9f]|[\x00-\x1f\x7f-\x9f]/g;

/** Bytes (as latin1) fit for a terminal: each control character as `\xNN`. */
export function printableText(text: string): string {
  return text.replace(CONTROL, (match: string, kept: string | undefined) => kept ?? escaped(match));
}

function escaped(bytes: string): string {
  let text = '';
  for (const byte of bytes) text += `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`;
  return text;
}

/** The same for a source line, whose columns must stay: one `?` for each byte; tabs are kept. */
function printable(text: string): string {
  return text.replace(CONTROL, (match, kept: string | undefined) =>
    kept !== undefined || match === '\t' ? match : '?'.repeat(match.length),
  );
}
