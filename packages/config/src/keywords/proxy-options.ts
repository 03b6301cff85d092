/** Manual section 4.2: `option …` that only switch something, and the keep-alive knobs that belong to them. */

import type { Cursor } from '../cursor.ts';
import type { ProxyContext } from '../draft.ts';
import type { Keyword, KeywordState } from '../keyword.ts';
import type { Options, SectionKind } from '../model.ts';
import { isNetwork } from '../address.ts';
import { ALL_PROXIES, BACKEND_SIDE, FRONTEND_SIDE } from './readers.ts';

type Parse = NonNullable<Keyword<ProxyContext>['parse']>;
type Switch = { [K in keyof Options]: Options[K] extends boolean ? K : never }[keyof Options];

interface SwitchRow {
  readonly name: string;
  readonly field: Switch;
  readonly places: readonly SectionKind[];
  readonly state: KeywordState;
  readonly severity?: 'alert' | 'warning' | 'quiet';
  readonly reason?: string;
}

const SWITCHES: readonly SwitchRow[] = [
  { name: 'abortonclose', field: 'abortonclose', places: BACKEND_SIDE, state: 'works' },
  { name: 'accept-invalid-http-request', field: 'acceptInvalidHttpRequest', places: FRONTEND_SIDE, state: 'works' },
  { name: 'accept-invalid-http-response', field: 'acceptInvalidHttpResponse', places: BACKEND_SIDE, state: 'works' },
  { name: 'allbackups', field: 'allbackups', places: BACKEND_SIDE, state: 'works' },
  { name: 'checkcache', field: 'checkcache', places: BACKEND_SIDE, state: 'later' },
  { name: 'clitcpka', field: 'clitcpka', places: FRONTEND_SIDE, state: 'works' },
  {
    name: 'contstats',
    field: 'contstats',
    places: FRONTEND_SIDE,
    state: 'accepted',
    reason: 'counters are always kept while a stream runs',
    severity: 'quiet',
  },
  { name: 'dontlog-normal', field: 'dontlogNormal', places: FRONTEND_SIDE, state: 'works' },
  { name: 'dontlognull', field: 'dontlognull', places: FRONTEND_SIDE, state: 'works' },
  { name: 'h1-case-adjust-bogus-client', field: 'h1CaseAdjustBogusClient', places: FRONTEND_SIDE, state: 'works' },
  { name: 'h1-case-adjust-bogus-server', field: 'h1CaseAdjustBogusServer', places: BACKEND_SIDE, state: 'works' },
  { name: 'http-buffer-request', field: 'httpBufferRequest', places: ALL_PROXIES, state: 'works' },
  { name: 'http-ignore-probes', field: 'httpIgnoreProbes', places: FRONTEND_SIDE, state: 'works' },
  {
    name: 'http-no-delay',
    field: 'httpNoDelay',
    places: ALL_PROXIES,
    state: 'accepted',
    severity: 'quiet',
    reason: 'data is always sent without delay',
  },
  { name: 'http-pretend-keepalive', field: 'httpPretendKeepalive', places: BACKEND_SIDE, state: 'works' },
  {
    name: 'http-use-proxy-header',
    field: 'httpUseProxyHeader',
    places: FRONTEND_SIDE,
    state: 'later',
    severity: 'quiet',
    reason: "HAProxy 2.6 makes a 407 of the 401 of 'http-request auth' by it and nothing else; that action is an error",
  },
  { name: 'idle-close-on-response', field: 'idleCloseOnResponse', places: FRONTEND_SIDE, state: 'works' },
  { name: 'independent-streams', field: 'independentStreams', places: ALL_PROXIES, state: 'works' },
  { name: 'log-health-checks', field: 'logHealthChecks', places: BACKEND_SIDE, state: 'works' },
  { name: 'log-separate-errors', field: 'logSeparateErrors', places: FRONTEND_SIDE, state: 'works' },
  { name: 'logasap', field: 'logasap', places: FRONTEND_SIDE, state: 'works' },
  { name: 'nolinger', field: 'nolinger', places: ALL_PROXIES, state: 'works' },
  { name: 'persist', field: 'persist', places: BACKEND_SIDE, state: 'works' },
  { name: 'prefer-last-server', field: 'preferLastServer', places: BACKEND_SIDE, state: 'works' },
  { name: 'socket-stats', field: 'socketStats', places: FRONTEND_SIDE, state: 'works' },
  { name: 'srvtcpka', field: 'srvtcpka', places: BACKEND_SIDE, state: 'works' },
  {
    name: 'tcp-smart-accept',
    field: 'tcpSmartAccept',
    places: FRONTEND_SIDE,
    state: 'accepted',
    severity: 'quiet',
    reason: 'the system delays acknowledgements itself',
  },
  {
    name: 'tcp-smart-connect',
    field: 'tcpSmartConnect',
    places: BACKEND_SIDE,
    state: 'accepted',
    severity: 'quiet',
    reason: 'the system delays acknowledgements itself',
  },
];

function switchKeyword(row: SwitchRow): Keyword<ProxyContext> {
  const { field, name, places, reason, severity, state } = row;
  return {
    name: `option ${name}`,
    places,
    negatable: true,
    state,
    manual: '4.2',
    ...(severity === undefined ? {} : { severity }),
    ...(reason === undefined ? {} : { reason }),
    parse: (cursor, { draft }) => {
      cursor.end();
      draft.options[field] = cursor.prefix === undefined;
    },
  };
}

/** The three connection modes replace one another; `no` gives the default back only where that mode is set. */
function connectionMode(mode: Options['connectionMode']): Parse {
  return (cursor, { draft }) => {
    cursor.end();
    if (cursor.prefix === undefined) draft.options.connectionMode = mode;
    else if (draft.options.connectionMode === mode) draft.options.connectionMode = 'keep-alive';
  };
}

function readTcpKeepAlive(cursor: Cursor, { draft }: ProxyContext): void {
  cursor.end();
  if (draft.kind !== 'backend') draft.options.clitcpka = true;
  if (draft.kind !== 'frontend') draft.options.srvtcpka = true;
}

function probes(field: 'clitcpkaCnt' | 'srvtcpkaCnt'): Parse {
  return (cursor, { draft }) => {
    const { keyword } = cursor;
    draft.options[field] = cursor.integer('a number', {
      min: 0,
      message: (word) =>
        word === ''
          ? `'${keyword}' expects an integer value`
          : `'${keyword}' : unexpected character '${/[^0-9]/.exec(word)?.[0] ?? word}' in integer value '${word}'`,
    });
  };
}

function probeTime(field: 'clitcpkaIdleMs' | 'clitcpkaIntvlMs' | 'srvtcpkaIdleMs' | 'srvtcpkaIntvlMs'): Parse {
  return (cursor, { draft }) => {
    const { keyword } = cursor;
    // The manual counts bare numbers in seconds here.
    draft.options[field] = cursor.time('a time', {
      unit: 's',
      message: (word) =>
        word === ''
          ? `'${keyword}' expects an integer value`
          : `unexpected character '${/[^0-9]/.exec(word)?.[0] ?? word}' in argument to <${keyword}>.`,
    });
  };
}

/** `option forwardfor [except NET] [header NAME] [if-none]` */
function readForwardFor(cursor: Cursor, { draft }: ProxyContext): void {
  let except: string | undefined;
  let header = 'x-forwarded-for';
  let ifNone = false;
  while (!cursor.atEnd) {
    if (cursor.take('except')) except = readNetwork(cursor, 'forwardfor');
    else if (cursor.take('header')) header = readHeader(cursor, 'forwardfor');
    else if (cursor.take('if-none')) ifNone = true;
    else
      cursor.fail("'option forwardfor' only supports optional values: 'except', 'header' and 'if-none'.", {
        expected: "'except', 'header' or 'if-none'",
      });
  }
  draft.forwardfor = { except, header, ifNone };
}

/** `option originalto [except NET] [header NAME]` */
function readOriginalTo(cursor: Cursor, { draft }: ProxyContext): void {
  let except: string | undefined;
  let header = 'x-original-to';
  while (!cursor.atEnd) {
    if (cursor.take('except')) except = readNetwork(cursor, 'originalto');
    else if (cursor.take('header')) header = readHeader(cursor, 'originalto');
    else
      cursor.fail("'option originalto' only supports optional values: 'except' and 'header'.", {
        expected: "'except' or 'header'",
      });
  }
  draft.originalto = { except, header };
}

function readNetwork(cursor: Cursor, option: string): string {
  const message = `'option ${option} except' expects <address>[/mask] as argument.`;
  const word = cursor.word('a network', message);
  if (!isNetwork(word)) cursor.failLast(message, { expected: 'an address with an optional mask, as 10.0.0.0/8' });
  return word;
}

/** Header names are kept in lower case, as they leave. */
function readHeader(cursor: Cursor, option: string): string {
  return cursor.word('a header name', `'option ${option} header' expects <header_name> as argument.`).toLowerCase();
}

export const proxyOptionKeywords: readonly Keyword<ProxyContext>[] = [
  ...SWITCHES.map(switchKeyword),
  {
    name: 'option httpclose',
    places: ALL_PROXIES,
    negatable: true,
    state: 'works',
    manual: '4.2',
    parse: connectionMode('close'),
  },
  {
    name: 'option http-keep-alive',
    places: ALL_PROXIES,
    negatable: true,
    state: 'works',
    manual: '4.2',
    parse: connectionMode('keep-alive'),
  },
  {
    name: 'option http-server-close',
    places: ALL_PROXIES,
    negatable: true,
    state: 'works',
    manual: '4.2',
    parse: connectionMode('server-close'),
  },
  {
    name: 'option forceclose',
    places: ALL_PROXIES,
    state: 'refused',
    manual: '4.2',
    message:
      "option 'forceclose' is not supported any more since HAProxy 2.0, please just remove it, or use 'option httpclose' if absolutely needed.",
    messageForm: 'tight',
    reason: "use 'option httpclose'",
  },
  {
    name: 'option http-tunnel',
    places: ALL_PROXIES,
    state: 'refused',
    manual: '4.2',
    message:
      "option 'http-tunnel' is not supported any more since HAProxy 2.1, please just remove it, it shouldn't be needed.",
    messageForm: 'tight',
    reason: 'remove it',
  },
  { name: 'option tcpka', places: ALL_PROXIES, state: 'works', manual: '4.2', parse: readTcpKeepAlive },
  { name: 'option forwardfor', places: ALL_PROXIES, state: 'works', manual: '4.2', parse: readForwardFor },
  { name: 'option originalto', places: ALL_PROXIES, state: 'works', manual: '4.2', parse: readOriginalTo },
  { name: 'clitcpka-cnt', places: FRONTEND_SIDE, state: 'works', manual: '4.2', parse: probes('clitcpkaCnt') },
  { name: 'clitcpka-idle', places: FRONTEND_SIDE, state: 'works', manual: '4.2', parse: probeTime('clitcpkaIdleMs') },
  { name: 'clitcpka-intvl', places: FRONTEND_SIDE, state: 'works', manual: '4.2', parse: probeTime('clitcpkaIntvlMs') },
  { name: 'srvtcpka-cnt', places: BACKEND_SIDE, state: 'works', manual: '4.2', parse: probes('srvtcpkaCnt') },
  { name: 'srvtcpka-idle', places: BACKEND_SIDE, state: 'works', manual: '4.2', parse: probeTime('srvtcpkaIdleMs') },
  { name: 'srvtcpka-intvl', places: BACKEND_SIDE, state: 'works', manual: '4.2', parse: probeTime('srvtcpkaIntvlMs') },
];
