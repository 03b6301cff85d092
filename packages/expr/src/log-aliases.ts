/** The variables of log formats as functions of the context (manual section 8.2.6; timers: 8.4). */

import type { LogFormatFlags } from '@evenkeel/config';
import type { ExpressionEnvironment, LogContext } from './context.ts';
import type { LogDates } from './dates.ts';
import type { IpAddress } from './ip-address.ts';
import {
  encodeHeaderText,
  encodeRequestText,
  escapeText,
  hexNumber,
  textFlagger,
  type FormatStyle,
} from './log-encoding.ts';
import { addressBytes } from './values.ts';

export type AliasText = (context: LogContext) => string;

interface AliasSetting {
  readonly flags: LogFormatFlags;
  readonly style: FormatStyle;
  readonly environment: ExpressionEnvironment;
  readonly dates: LogDates;
}

type AliasCompiler = (setting: AliasSetting) => AliasText;

/** Compiles alias `name`. */
export function compileAlias(name: string, setting: AliasSetting): AliasText {
  const compile = ALIASES[name];
  if (compile === undefined) throw new Error(`the log variable '${name}' is declared but cannot be compiled`);
  return compile(setting);
}

/** Names of all aliases that can be compiled. */
export function aliasNames(): string[] {
  return Object.keys(ALIASES);
}

function text(read: (context: LogContext, environment: ExpressionEnvironment) => string | undefined): AliasCompiler {
  return ({ flags, style, environment }) => {
    const flagged = textFlagger(flags, style);
    return (context) => flagged(read(context, environment));
  };
}

/** Decimal; flags do not touch it. */
function number(read: (context: LogContext) => number): AliasCompiler {
  return () => (context) => String(read(context));
}

/** Decimal, or hexadecimal with `+X`. */
function hexable(
  digits: number,
  read: (context: LogContext, environment: ExpressionEnvironment) => number,
): AliasCompiler {
  return ({ flags, environment }) =>
    flags.hex
      ? (context) => hexNumber(read(context, environment), digits)
      : (context) => String(read(context, environment));
}

/** `missing` is what stands there without an address: a Unix connection has none. */
function address(read: (context: LogContext) => IpAddress | undefined, missing?: string): AliasCompiler {
  return ({ flags, style }) => {
    const flagged = textFlagger(flags, style);
    if (!flags.hex) return (context) => flagged(read(context)?.text ?? missing);
    return (context) => {
      const value = read(context);
      return value === undefined ? flagged(missing) : hexBytes(addressBytes(value));
    };
  };
}

function hexBytes(bytes: string): string {
  return Array.from(bytes, (byte) => hexNumber(byte.charCodeAt(0), 2)).join('');
}

/** A port exists where its address does. */
function port(
  readAddress: (context: LogContext) => IpAddress | undefined,
  readPort: (context: LogContext) => number,
): AliasCompiler {
  return ({ flags, style }) => {
    const missing = textFlagger(flags, style)(undefined);
    return (context) => {
      if (readAddress(context) === undefined) return missing;
      const value = readPort(context);
      return flags.hex ? hexNumber(value, 4) : String(value);
    };
  };
}

function date(
  print: (dates: LogDates, dateMs: number) => string,
  read: (context: LogContext) => number,
): AliasCompiler {
  return ({ dates }) =>
    (context) =>
      print(dates, read(context));
}

function acceptDate(context: LogContext): number {
  return context.acceptDateMs ?? context.session.acceptDateMs;
}

function requestDate(context: LogContext): number {
  return context.requestDateMs;
}

/** A client's port; on a Unix connection the number of the listener stands there, as in HAProxy's logs. */
function clientPort(
  readAddress: (context: LogContext) => IpAddress | undefined,
  readPort: (context: LogContext) => number,
): AliasCompiler {
  return ({ flags }) =>
    (context) => {
      const value = readAddress(context) === undefined ? context.session.listenerId : readPort(context);
      return flags.hex ? hexNumber(value, 4) : String(value);
    };
}

/** A total that a line written early cannot know yet. */
function total(read: (context: LogContext) => number): AliasCompiler {
  return () => (context) => (context.early === true ? `+${read(context)}` : String(read(context)));
}

/** Difference of two moments; -1 where the later one was not reached. */
function between(later: number, earlier: number): number {
  return later < 0 ? -1 : later - Math.max(0, earlier);
}

/** What is logged for a request that was never complete. */
const BAD_REQUEST = '<BADREQ>';

/** A part of the request line as it came. One that is not there, as a query, is no missing value: nothing stands for it. */
function requestPart(read: (line: string) => string): AliasCompiler {
  return ({ flags, style }) => {
    const flagged = textFlagger(flags, style);
    const empty = flags.quote ? '""' : '';
    return (context) => {
      const line = context.loggedRequestLine;
      const part = line === undefined ? BAD_REQUEST : read(line);
      return part === '' ? empty : flagged(encodeRequestText(part));
    };
  };
}

/** From the first blank of the line to the next; a line that was cut may have none behind. */
function uriOf(line: string): string {
  const start = line.indexOf(' ') + 1;
  const end = line.indexOf(' ', start);
  return end < 0 ? line.slice(start) : line.slice(start, end);
}

/** What follows the URI; a line without it, or cut before it, looks like one of the first version. */
function versionOf(line: string): string {
  const end = line.indexOf(' ', line.indexOf(' ') + 1);
  return end < 0 || end === line.length - 1 ? 'HTTP/0.9' : line.slice(end + 1);
}

function queryStart(uri: string): number {
  const mark = uri.indexOf('?');
  return mark < 0 ? uri.length : mark;
}

/** Path without host and query; forms of the target that have none (`*`, `host:port`) are empty. */
function pathOnly(line: string): string {
  const uri = uriOf(line);
  const end = queryStart(uri);
  if (uri.startsWith('/')) return uri.slice(0, end);
  const scheme = uri.indexOf('://');
  if (scheme < 0 || scheme > end) return '';
  const slash = uri.indexOf('/', scheme + 3);
  return slash < 0 || slash > end ? '' : uri.slice(slash, end);
}

/** `{a|b}`, or nothing at all where nothing is captured. */
function captured(read: (context: LogContext) => readonly (string | undefined)[]): AliasCompiler {
  return ({ flags }) =>
    (context) => {
      const values = read(context);
      if (values.length === 0) return '';
      const joined = `{${values.map((value) => encoded(value ?? '', flags)).join('|')}}`;
      return flags.quote ? `"${joined}"` : joined;
    };
}

/** One word for each captured field. */
function capturedList(read: (context: LogContext) => readonly (string | undefined)[]): AliasCompiler {
  return ({ flags }) =>
    (context) =>
      read(context)
        .map((value) => {
          if (value === undefined) return flags.quote ? '""' : '-';
          return flags.quote ? `"${encoded(value, flags)}"` : encoded(value, flags);
        })
        .join(' ');
}

function encoded(value: string, flags: LogFormatFlags): string {
  const safe = encodeHeaderText(value);
  return flags.escape ? escapeText(safe) : safe;
}

const source = (context: LogContext): IpAddress | undefined => context.session.source;
const destination = (context: LogContext): IpAddress | undefined => context.session.destination;
const backendSource = (context: LogContext): IpAddress | undefined => context.backendSource;
const serverAddress = (context: LogContext): IpAddress | undefined => context.server?.address;

const ALIASES: Readonly<Record<string, AliasCompiler>> = {
  B: total((context) => context.bytesRead),
  U: number((context) => context.bytesUploaded),
  ST: number((context) => context.status),
  CC: text((context) => context.requestCookie),
  CS: text((context) => context.responseCookie),
  H: text((_, environment) => environment.hostname),
  ID: text((context) => context.uniqueId),
  pid: hexable(4, (_, environment) => environment.pid),

  r: requestPart((line) => line),
  HM: requestPart((line) => line.split(' ', 1)[0]),
  HU: requestPart(uriOf),
  HP: requestPart((line) => uriOf(line).slice(0, queryStart(uriOf(line)))),
  HPO: requestPart(pathOnly),
  HQ: requestPart((line) => uriOf(line).slice(queryStart(uriOf(line)))),
  HV: requestPart(versionOf),
  hr: captured((context) => context.capturedRequestHeaders),
  hs: captured((context) => context.capturedResponseHeaders),
  hrl: capturedList((context) => context.capturedRequestHeaders),
  hsl: capturedList((context) => context.capturedResponseHeaders),

  t: date((dates, ms) => dates.localMs(ms), acceptDate),
  T: date((dates, ms) => dates.gmt(ms), acceptDate),
  Tl: date((dates, ms) => dates.local(ms), acceptDate),
  tr: date((dates, ms) => dates.localMs(ms), requestDate),
  trg: date((dates, ms) => dates.gmt(ms), requestDate),
  trl: date((dates, ms) => dates.local(ms), requestDate),
  Ts: hexable(4, (context) => Math.floor(acceptDate(context) / 1000)),
  ms:
    ({ flags }) =>
    (context) => {
      const value = Math.floor(acceptDate(context)) % 1000;
      return flags.hex ? hexNumber(value, 2) : String(value).padStart(3, '0');
    },

  Th: number(({ timers }) => timers.handshakeMs),
  Ti: number(({ timers }) => timers.idleMs),
  Tq: number(({ timers }) => timers.requestMs),
  TR: number(({ timers }) => between(timers.requestMs, Math.max(0, timers.idleMs) + timers.handshakeMs)),
  Tw: number(({ timers }) => between(timers.queueMs, timers.requestMs)),
  Tc: number(({ timers }) => between(timers.connectMs, timers.queueMs)),
  Tr: number(({ timers }) => between(timers.dataMs, timers.connectMs)),
  Td: number(({ timers }) => (timers.dataMs < 0 ? -1 : timers.closeMs - timers.dataMs)),
  Ta: total(({ timers }) => timers.closeMs - (timers.idleMs < 0 ? 0 : timers.idleMs + timers.handshakeMs)),
  Tt: total(({ timers }) => timers.closeMs),
  Tu: total(({ timers }) => timers.closeMs - Math.max(0, timers.idleMs)),

  ci: address(source, 'unix'),
  cp: clientPort(source, (context) => context.session.sourcePort),
  fi: address(destination),
  fp: port(destination, (context) => context.session.destinationPort),
  bi: address(backendSource),
  bp: port(backendSource, (context) => context.backendSourcePort),
  si: address(serverAddress),
  sp: port(serverAddress, (context) => context.server?.port ?? 0),

  f: text((context) => context.session.frontend.name),
  ft: text((context) => context.session.frontend.name + (context.session.secure ? '~' : '')),
  b: text((context) => context.backend.name),
  s: text((context) => context.server?.name ?? context.serverNameFallback),
  sslc: text((context) => context.session.tlsCipher),
  sslv: text((context) => context.session.tlsVersion),

  ac: number((context) => context.activeConnections),
  fc: number((context) => context.session.frontend.frontendConnections),
  bc: number((context) => context.backend.backendConnections),
  sc: number((context) => context.server?.connections ?? 0),
  rc: () => (context) => `${context.redispatched ? '+' : ''}${context.retries}`,
  sq: number((context) => context.serverQueue),
  bq: number((context) => context.backendQueue),
  lc: hexable(4, (context) => context.logCounter),
  rt: hexable(4, (context) => context.requestCounter),
  ts: () => (context) => context.terminationState,
  tsc: () => (context) => context.terminationState + context.cookieState,
};
