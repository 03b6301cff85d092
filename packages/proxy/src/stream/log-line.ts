// The log lines of a proxy's streams: which of the standard formats or its own, and whether and how severely a line is
// written (manual, sections 8.2 and 8.3, "option dontlog-normal", "option dontlognull", "option log-separate-errors",
// "error-log-format", "log-format-sd", "http-request set-log-level"). Formats are compiled once; a line costs one call.
import type { LogFormat, LogFormatFlags, LogFormatPart, Proxy } from '@evenkeel/config';
import type { Compiler, LogContext, SessionView } from '@evenkeel/expr';
import type { Sequence } from '@evenkeel/shm';
import type { LogSink } from '../thread-context.ts';

const LOG_ERR = 3;
const LOG_INFO = 6;

/** No rule has said how severe the line is. */
export const USUAL_LEVEL = -1;
/** `set-log-level silent`: no line. */
export const SILENT = 8;

/** A stream that rules may have given a level: 0 to 7, USUAL_LEVEL or SILENT. */
export interface LoggedStream extends LogContext {
  readonly logLevel: number;
}

const HTTPLOG =
  '%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r';

/** The standard formats as log-format strings (manual, sections 8.2.2 to 8.2.4); they consist of literals and aliases. */
const STANDARD_FORMATS = {
  tcplog: '%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq',
  httplog: HTTPLOG,
  // Where there is no TLS, its errors and its server name are missing, and nothing was resumed.
  httpslog: `${HTTPLOG} 0/-/-/-/0 -/%sslv/%sslc`,
  clf: '%{+Q}o %{-Q}ci - - [%trg] %r %ST %B "" "" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc %ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl',
} as const;

export class StreamLog {
  /** The line names our end of the client connection, or of the server connection: to be asked for while they are open. */
  readonly needsDestination: boolean;
  readonly needsBackendSource: boolean;
  /**
   * The line is written as soon as the server connection stands (TCP) or the response head is there (HTTP): `option logasap`,
   * and formats that name nothing that is known at the end only.
   */
  readonly isEarly: boolean;

  readonly #sink: LogSink;
  readonly #lines: Sequence;
  /** Number of the line that is being made; -1 otherwise. */
  #current = -1;
  readonly #set: number;
  /** undefined where streams write nothing of their own, but for errors of what never became one. */
  readonly #line: FormatText | undefined;
  /** `error-log-format`. Its manual speaks of failed streams too; HAProxy uses it for what never became one, and so it is here. */
  readonly #errorLine: FormatText | undefined;
  /** `log-format-sd`, for destinations in the format rfc5424. */
  readonly #structuredData: FormatText | undefined;
  readonly #skipsNull: boolean;
  readonly #skipsNormal: boolean;
  readonly #separatesErrors: boolean;

  private constructor(
    sink: LogSink,
    set: number,
    lines: Sequence,
    proxy: Proxy,
    format: LogFormat | undefined,
    compiler: Compiler,
  ) {
    const { errorLogFormat, logFormatSd } = proxy;
    const formats = [format, errorLogFormat, logFormatSd, proxy.uniqueIdFormat];
    const lineOf = (one: LogFormat | undefined): FormatText | undefined =>
      one === undefined ? undefined : compiler.logLine(one);
    this.needsDestination = formats.some((one) => names(one, DESTINATION_ALIASES));
    this.needsBackendSource = formats.some((one) => names(one, BACKEND_SOURCE_ALIASES));
    this.isEarly =
      format !== undefined &&
      (proxy.options.logasap ||
        !formats.some((one) => one?.parts.some((part) => part.kind === 'alias' && LATE_ALIASES.has(part.name))));
    this.#sink = sink;
    this.#lines = lines;
    this.#set = set;
    this.#line = lineOf(format);
    this.#errorLine = lineOf(errorLogFormat);
    this.#structuredData = lineOf(logFormatSd);
    this.#skipsNull = proxy.options.dontlognull;
    this.#skipsNormal = proxy.options.dontlogNormal;
    this.#separatesErrors = proxy.options.logSeparateErrors;
  }

  /** undefined where streams of this proxy write no line of their own. `set` is its log set, `lines` numbers its lines. */
  static of(proxy: Proxy, set: number, lines: Sequence, compiler: Compiler, sink: LogSink): StreamLog | undefined {
    if (set === 0) return undefined;
    const format = formatOf(proxy);
    return format === undefined && proxy.errorLogFormat === undefined
      ? undefined
      : new StreamLog(sink, set, lines, proxy, format, compiler);
  }

  /** The line of a stream that has ended. */
  writeAtEnd(stream: LoggedStream): void {
    if (this.#skipsNull && stream.bytesUploaded === 0) return;
    this.write(stream);
  }

  /** The line, ended or not. */
  write(stream: LoggedStream): void {
    if (this.#line === undefined) return;
    const failed = hasFailed(stream);
    if (this.#skipsNormal && !failed) return;
    const { logLevel } = stream;
    if (logLevel === SILENT) return;
    const usual = failed && this.#separatesErrors ? LOG_ERR : LOG_INFO;
    this.#emit(stream, logLevel < 0 ? usual : logLevel, this.#line);
  }

  /** The line of a client that sent nothing (`isNull`), or no request that can be understood. */
  writeRefusal(stream: LoggedStream, isNull: boolean): void {
    if (isNull && this.#skipsNull) return;
    const line = this.#errorLine ?? this.#line;
    if (line !== undefined) this.#emit(stream, this.#separatesErrors ? LOG_ERR : LOG_INFO, line);
  }

  #emit(stream: LoggedStream, level: number, line: FormatText): void {
    this.#current = this.#lines.take();
    this.#sink.emit(this.#set, level, line(stream), this.#structuredData?.(stream));
    this.#current = -1;
  }

  /** `%lc`: lines that were written before this one, or before now. */
  get counter(): number {
    return this.#current >= 0 ? this.#current : this.#lines.taken();
  }
}

const DESTINATION_ALIASES: ReadonlySet<string> = new Set(['fi', 'fp', 'ID']);
const BACKEND_SOURCE_ALIASES: ReadonlySet<string> = new Set(['bi', 'bp']);
/** What HAProxy takes for known at the end only; besides `%tsc`, which says nothing before the end. */
const LATE_ALIASES: ReadonlySet<string> = new Set([
  'B',
  'U',
  'ID',
  'Th',
  'Ti',
  'Tq',
  'TR',
  'Tw',
  'Tc',
  'Tr',
  'Td',
  'Ta',
  'Tt',
  'Tu',
  'ac',
  'fc',
  'bc',
  'sc',
  'rc',
  'sq',
  'bq',
  'ts',
  'tsc',
]);

type FormatText = (context: LogContext) => string;

/** Whether a format has one of these aliases, or a sample, which may fetch anything. */
function names(format: LogFormat | undefined, aliases: ReadonlySet<string>): boolean {
  return (
    format !== undefined &&
    format.parts.some((part) => part.kind === 'sample' || (part.kind === 'alias' && aliases.has(part.name)))
  );
}

/** What `dontlog-normal` and `log-separate-errors` take for worth a look: aborts, retries, redispatches, statuses from 500. */
function hasFailed(context: LogContext): boolean {
  const cause = context.terminationState[0];
  if (cause !== '-' && cause !== 'L') return true;
  return context.redispatched || (cause === '-' && context.retries > 0) || context.status >= 500;
}

function formatOf(proxy: Proxy): LogFormat | undefined {
  const { logFormat } = proxy;
  switch (logFormat.kind) {
    case 'default':
      // A line at the accept instead: see connectLine.
      return undefined;
    case 'custom':
      return logFormat.format;
    case 'tcplog':
    case 'httplog':
    case 'httpslog':
    case 'clf':
      return standardFormat(STANDARD_FORMATS[logFormat.kind]);
  }
}

/** Without any log format, a line says who connected where, at the accept (manual, section 8.2.1). */
export function connectLine(session: SessionView, proxy: Proxy): string {
  const { source, destination } = session;
  const where = `(${proxy.name}/${proxy.mode.toUpperCase()})`;
  if (source === undefined || destination === undefined) return `Connect to unix:${session.listenerId} ${where}`;
  return `Connect from ${source.text}:${session.sourcePort} to ${destination.text}:${session.destinationPort} ${where}`;
}

const ALIAS = /%(?:\{([^}]*)\})?([A-Za-z]+)/g;

function standardFormat(text: string): LogFormat {
  const parts: LogFormatPart[] = [];
  let flags: LogFormatFlags = { quote: false, hex: false, escape: false };
  let end = 0;
  for (const match of text.matchAll(ALIAS)) {
    if (match.index > end) parts.push({ kind: 'literal', text: text.slice(end, match.index) });
    end = match.index + match[0].length;
    const own = withFlags(flags, match[1] ?? '');
    // `%o` sets the flags of all that follow.
    if (match[2] === 'o') flags = own;
    else parts.push({ kind: 'alias', name: match[2], argument: undefined, flags: own });
  }
  if (end < text.length) parts.push({ kind: 'literal', text: text.slice(end) });
  return { kind: 'log-format', text, parts };
}

function withFlags(flags: LogFormatFlags, changes: string): LogFormatFlags {
  if (changes.includes('+Q')) return { ...flags, quote: true };
  if (changes.includes('-Q')) return { ...flags, quote: false };
  return flags;
}
