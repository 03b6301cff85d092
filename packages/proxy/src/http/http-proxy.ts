// What the HTTP side needs of one proxy section, compiled once per thread and generation: rules, error pages and the few
// numbers and flags that requests read. A request that goes from a frontend to a backend consults both, as the manual's
// section 4.1 says which side each keyword belongs to.
import type { Config, Proxy } from '@evenkeel/config';
import type { Compiler, LogContext } from '@evenkeel/expr';
import type { BodyLimits, CaseMap, HeadOptions } from '@evenkeel/http';
import { compileHttpErrors, ErrorPageSet } from '../errors/pages.ts';
import { compileReply } from '../errors/reply.ts';
import { compileRules, type CompiledRules } from '../rules/compile.ts';
import { retryConditions, type RetryConditions } from '../backend/retry-rules.ts';
import type { Service } from '../services/service.ts';
import { compileForwardedHeader, type ForwardedHeader } from './forwarded.ts';

/** A service and the requests that it answers; the first that matches has them, before any `http-request` rule is asked. */
export interface MountedService {
  readonly service: Service;
  matches(context: LogContext): boolean;
}

/** The HTTP face of one proxy section. */
export interface HttpProxy {
  readonly proxy: Proxy;
  readonly rules: CompiledRules;
  readonly pages: ErrorPageSet;
  readonly services: readonly MountedService[];
  /** Parser knobs for requests (frontend side) and responses (backend side). */
  readonly requestHead: HeadOptions;
  readonly responseHead: HeadOptions;
  /** For bodies on the way to servers, and to clients. */
  readonly requestBody: BodyLimits;
  readonly responseBody: BodyLimits;
  /** `tune.bufsize`: the most that one direction of a stream holds, beside one read from the socket. */
  readonly bufferBytes: number;
  /** `tune.bufsize - tune.maxrewrite`: the largest head. */
  readonly maxHeadBytes: number;
  /** Time-outs in ms; 0 = none. `timeout http-keep-alive` falls back to `http-request`, `tarpit` to `connect` on backends. */
  readonly clientTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly serverTimeoutMs: number;
  readonly tunnelTimeoutMs: number;
  readonly clientFinTimeoutMs: number;
  readonly serverFinTimeoutMs: number;
  readonly tarpitTimeoutMs: number;
  /** `option httpclose` of a frontend: its clients are closed after each response. */
  readonly closesClients: boolean;
  /** `option httpclose` or `http-server-close`, on either side: servers are closed after each response. */
  readonly closesServers: boolean;
  /** `option http-pretend-keepalive` of a backend: servers are not told that they will be closed. */
  readonly pretendsKeepAlive: boolean;
  /** `retry-on`, as far as it needs the request to be kept. */
  readonly retryOn: RetryConditions | undefined;
  /** `http-send-name-header`, lower case. */
  readonly serverNameHeader: string | undefined;
  /** `option http-buffer-request` */
  readonly buffersRequests: boolean;
  /** `balance url_param`, which looks into bodies of POST: they are waited for as under that option, `check_post` or not. */
  readonly buffersPosts: boolean;
  /** `unique-id-header`, lower case. */
  readonly uniqueIdHeader: string | undefined;
  /** `tune.http.logurilen`: the longest request line that is logged. */
  readonly logUriBytes: number;
  /** `option independent-streams` */
  readonly hasIndependentStreams: boolean;
  readonly forwardfor: ForwardedHeader | undefined;
  readonly originalto: ForwardedHeader | undefined;
  /** `h1-case-adjust` for clients (frontend side) and servers (backend side), where the options ask for it. */
  readonly clientCase: CaseMap | undefined;
  readonly serverCase: CaseMap | undefined;
  readonly monitorUri: string | undefined;
  /** Whether `monitor fail` says that the monitor page is to fail. */
  readonly monitorFails: ((context: LogContext) => boolean) | undefined;
}

/** Makes the faces of sections, one at a time; undefined for those of mode tcp. */
export function httpCompiler(
  config: HttpConfig,
  compiler: Compiler,
  servicesOf: (proxy: Proxy) => readonly MountedService[] = noServices,
): (proxy: Proxy) => HttpProxy | undefined {
  const sections = compileHttpErrors(config.httpErrors);
  return (proxy) =>
    proxy.mode === 'http' ? compileHttpProxy(proxy, config, compiler, sections, servicesOf(proxy)) : undefined;
}

/** What is common to all sections. */
type HttpConfig = Pick<Config, 'global' | 'httpErrors'>;

function noServices(): readonly MountedService[] {
  return [];
}

function compileHttpProxy(
  proxy: Proxy,
  config: HttpConfig,
  compiler: Compiler,
  sections: ReadonlyMap<string, ErrorPageSet>,
  services: readonly MountedService[],
): HttpProxy {
  const { tune } = config.global;
  const { options, timeouts } = proxy;
  const caseMap = caseMapOf(config);
  const requestTimeoutMs = timeouts.httpRequest ?? 0;
  const bodyLimits = { maxTrailerBytes: tune.bufsize - tune.maxrewrite, maxTrailers: tune.httpMaxhdr };
  const clientCase = options.h1CaseAdjustBogusClient ? caseMap : undefined;
  const serverCase = options.h1CaseAdjustBogusServer ? caseMap : undefined;
  const hasBackend = proxy.kind !== 'frontend';
  return {
    proxy,
    rules: compileRules(proxy, compiler, sections),
    pages: new ErrorPageSet(proxy.errors, (reply) => compileReply(reply, false, compiler, sections).make),
    services,
    requestHead: {
      acceptInvalid: options.acceptInvalidHttpRequest,
      maxHeaders: tune.httpMaxhdr,
      acceptPayload: config.global.h1AcceptPayloadWithAnyMethod,
    },
    responseHead: { acceptInvalid: options.acceptInvalidHttpResponse, maxHeaders: tune.httpMaxhdr },
    requestBody: { ...bodyLimits, caseMap: serverCase },
    responseBody: { ...bodyLimits, caseMap: clientCase },
    bufferBytes: tune.bufsize,
    maxHeadBytes: tune.bufsize - tune.maxrewrite,
    clientTimeoutMs: timeouts.client ?? 0,
    requestTimeoutMs,
    keepAliveTimeoutMs: timeouts.httpKeepAlive ?? requestTimeoutMs,
    serverTimeoutMs: timeouts.server ?? 0,
    tunnelTimeoutMs: timeouts.tunnel ?? 0,
    clientFinTimeoutMs: timeouts.clientFin ?? 0,
    serverFinTimeoutMs: timeouts.serverFin ?? 0,
    tarpitTimeoutMs: timeouts.tarpit ?? (hasBackend ? (timeouts.connect ?? 0) : 0),
    closesClients: options.connectionMode === 'close' && proxy.kind !== 'backend',
    closesServers: options.connectionMode !== 'keep-alive',
    pretendsKeepAlive: options.httpPretendKeepalive,
    retryOn: retryConditions(proxy.retryOn),
    serverNameHeader: proxy.httpSendNameHeader,
    buffersRequests: options.httpBufferRequest,
    buffersPosts: proxy.balance.algorithm === 'url_param',
    uniqueIdHeader: proxy.uniqueIdHeader?.toLowerCase(),
    logUriBytes: tune.httpLogurilen,
    hasIndependentStreams: options.independentStreams,
    forwardfor:
      proxy.forwardfor === undefined
        ? undefined
        : compileForwardedHeader(proxy.forwardfor.header, proxy.forwardfor.except, proxy.forwardfor.ifNone),
    originalto:
      proxy.originalto === undefined
        ? undefined
        : compileForwardedHeader(proxy.originalto.header, proxy.originalto.except, false),
    clientCase,
    serverCase,
    monitorUri: proxy.monitorUri,
    monitorFails: compileMonitorFail(proxy, compiler),
  };
}

function caseMapOf(config: HttpConfig): CaseMap | undefined {
  const entries = Object.entries(config.global.h1CaseAdjust);
  return entries.length === 0 ? undefined : new Map(entries);
}

function compileMonitorFail(proxy: Proxy, compiler: Compiler): ((context: LogContext) => boolean) | undefined {
  const conditions: ((context: LogContext) => boolean)[] = [];
  for (const condition of proxy.monitorFail) conditions.push(compiler.condition(condition) ?? (() => true));
  return conditions.length === 0 ? undefined : (context) => conditions.some((matches) => matches(context));
}
