/**
 * The typed model of a configuration: plain data (structured clone, JSON), built once by the parser, frozen, and handed to
 * every thread as part of a plan. It holds what the file means, after defaults, inheritance, environment and
 * conditionals; it knows nothing of sockets, shared memory or slots.
 *
 * Conventions: times are milliseconds, sizes are bytes, `undefined` means "not set" (the manual's default is then the
 * consumer's, unless the field's comment names one that the parser fills in). Names are the manual's.
 */

import type { Address, SourceAddress } from './address-model.ts';
import type { Acl, Condition, LogFormat } from './expression-model.ts';
import type { Global } from './global-model.ts';
import type { LogFormatChoice, LogTarget, Ring } from './log-model.ts';
import type { ErrorPages, Rules } from './rule-model.ts';
import type { HttpErrors, Mailers, Resolvers, Userlist } from './section-model.ts';
import type { Balance, Check, HashType, Server } from './server-model.ts';
import type { Position, SectionSource } from './source-model.ts';

export type * from './address-model.ts';
export type * from './global-model.ts';
export type * from './log-model.ts';
export type * from './rule-model.ts';
export type * from './section-model.ts';
export type * from './server-model.ts';
export type * from './source-model.ts';

export interface Config {
  /** Files in the order in which they were read. */
  readonly files: readonly string[];
  readonly sources: readonly SectionSource[];
  readonly global: Global;
  /** Frontends, backends and listens in order; `defaults` sections are already merged into them. */
  readonly proxies: readonly Proxy[];
  readonly httpErrors: readonly HttpErrors[];
  readonly userlists: readonly Userlist[];
  readonly resolvers: readonly Resolvers[];
  readonly mailers: readonly Mailers[];
  readonly rings: readonly Ring[];
  /** Variables by name as `setenv` and its like left them: what `env()` tells, and what programs that are started inherit. */
  readonly environment: Readonly<Record<string, string>>;
}

export type ProxyKind = 'frontend' | 'backend' | 'listen';

export type Mode = 'tcp' | 'http';

export interface Proxy {
  readonly name: string;
  readonly kind: ProxyKind;
  readonly at: Position;
  /** `id`; assigned in order, from 2, skipping those taken, where not set (as HAProxy numbers them). */
  readonly id: number;
  readonly idExplicit: boolean;
  readonly mode: Mode;
  readonly disabled: boolean;
  readonly description: string | undefined;

  // Frontend side.
  readonly binds: readonly Bind[];
  readonly maxconn: number | undefined;
  readonly backlog: number | undefined;
  readonly rateLimitSessions: number | undefined;
  readonly defaultBackend: string | undefined;
  readonly useBackend: readonly UseBackend[];
  readonly monitorUri: string | undefined;
  readonly monitorFail: readonly Condition[];
  readonly captures: readonly CaptureSlot[];
  readonly cookieCapture: CookieCapture | undefined;
  readonly uniqueIdFormat: LogFormat | undefined;
  readonly uniqueIdHeader: string | undefined;

  // Backend side.
  readonly balance: Balance;
  readonly hashType: HashType;
  readonly hashBalanceFactor: number | undefined;
  readonly servers: readonly Server[];
  /** What `default-server` lines say, without name or address: for servers that are added while it runs. */
  readonly defaultServer: Server;
  readonly useServer: readonly UseServer[];
  readonly fullconn: number | undefined;
  readonly retries: number;
  readonly retryOn: readonly string[];
  /** `option redispatch [N]`: undefined = off; default interval -1 (last retry) as in the manual. */
  readonly redispatch: number | undefined;
  readonly httpReuse: 'never' | 'safe' | 'aggressive' | 'always';
  /** `max-keep-alive-queue`; -1 = no limit, the default. */
  readonly maxKeepAliveQueue: number;
  /** `max-session-srv-conns`; 5 unless set. */
  readonly maxSessionSrvConns: number;
  readonly check: Check;
  /** `external-check command` and `external-check path`: the latter is the PATH of the program. */
  readonly externalCheckCommand: string | undefined;
  readonly externalCheckPath: string;
  /** `persist rdp-cookie[(NAME)]`: the cookie's name; undefined = off. */
  readonly persistRdpCookie: string | undefined;
  readonly httpSendNameHeader: string | undefined;
  /** `load-server-state-from-file`. */
  readonly loadServerState: 'global' | 'local' | 'none';
  /** `server-state-file-name`; undefined = the backend's name. */
  readonly serverStateFileName: string | undefined;
  readonly emailAlert: EmailAlert;
  readonly source: SourceAddress | undefined;

  // Both.
  readonly acls: readonly Acl[];
  readonly rules: Rules;
  readonly timeouts: Timeouts;
  readonly options: Options;
  readonly forwardfor: ForwardFor | undefined;
  readonly originalto: OriginalTo | undefined;
  readonly errors: ErrorPages;
  readonly logs: readonly LogTarget[];
  readonly logTag: string | undefined;
  readonly logFormat: LogFormatChoice;
  readonly errorLogFormat: LogFormat | undefined;
  readonly logFormatSd: LogFormat | undefined;
}

/** Options that are on or off; names are the manual's without `option`. All false unless set, but where noted. */
export interface Options {
  readonly abortonclose: boolean;
  readonly acceptInvalidHttpRequest: boolean;
  readonly acceptInvalidHttpResponse: boolean;
  readonly allbackups: boolean;
  readonly checkcache: boolean;
  readonly clitcpka: boolean;
  readonly clitcpkaCnt: number | undefined;
  readonly clitcpkaIdleMs: number | undefined;
  readonly clitcpkaIntvlMs: number | undefined;
  readonly srvtcpka: boolean;
  readonly srvtcpkaCnt: number | undefined;
  readonly srvtcpkaIdleMs: number | undefined;
  readonly srvtcpkaIntvlMs: number | undefined;
  readonly contstats: boolean;
  readonly dontlogNormal: boolean;
  readonly dontlognull: boolean;
  readonly h1CaseAdjustBogusClient: boolean;
  readonly h1CaseAdjustBogusServer: boolean;
  readonly httpBufferRequest: boolean;
  readonly httpIgnoreProbes: boolean;
  readonly httpNoDelay: boolean;
  readonly httpPretendKeepalive: boolean;
  readonly httpUseProxyHeader: boolean;
  readonly independentStreams: boolean;
  readonly logHealthChecks: boolean;
  readonly logSeparateErrors: boolean;
  readonly logasap: boolean;
  readonly nolinger: boolean;
  readonly persist: boolean;
  readonly idleCloseOnResponse: boolean;
  readonly preferLastServer: boolean;
  readonly socketStats: boolean;
  readonly tcpSmartAccept: boolean;
  readonly tcpSmartConnect: boolean;
  readonly transparent: boolean;
  /** `httpclose`, `http-server-close` or `http-keep-alive`; the last one set wins as in the manual. */
  readonly connectionMode: 'keep-alive' | 'server-close' | 'close';
}

export interface Timeouts {
  readonly client: number | undefined;
  readonly server: number | undefined;
  readonly connect: number | undefined;
  readonly check: number | undefined;
  readonly queue: number | undefined;
  readonly tunnel: number | undefined;
  readonly clientFin: number | undefined;
  readonly serverFin: number | undefined;
  readonly httpRequest: number | undefined;
  readonly httpKeepAlive: number | undefined;
  readonly tarpit: number | undefined;
}

export interface ForwardFor {
  /** Networks whose clients get no header, as CIDR text. */
  readonly except: string | undefined;
  readonly header: string;
  readonly ifNone: boolean;
}

export interface OriginalTo {
  readonly except: string | undefined;
  readonly header: string;
}

/** One `bind` line; ranges and comma lists stay as written addresses, one each. */
export interface Bind {
  readonly at: Position;
  readonly addresses: readonly Address[];
  readonly name: string | undefined;
  readonly id: number | undefined;
  readonly maxconn: number | undefined;
  readonly backlog: number | undefined;
  readonly interface: string | undefined;
  readonly tcpUserTimeoutMs: number | undefined;
  readonly mss: number | undefined;
  readonly deferAccept: boolean;
  readonly transparent: boolean;
  readonly tfo: boolean;
  readonly v4v6: boolean;
  readonly v6only: boolean;
  readonly acceptProxy: boolean;
  readonly mode: number | undefined;
  readonly user: string | undefined;
  readonly group: string | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly nice: number | undefined;
  readonly severityOutput: 'none' | 'number' | 'string' | undefined;
  readonly level: 'user' | 'operator' | 'admin' | undefined;
  readonly shards: number | undefined;
  /** Threads that may accept here, from `thread`; undefined = all. */
  readonly threads: readonly number[] | undefined;
}

export interface UseBackend {
  readonly at: Position;
  readonly target: string | LogFormat;
  readonly condition: Condition | undefined;
}

export interface UseServer {
  readonly at: Position;
  readonly server: string | LogFormat;
  readonly condition: Condition;
}

/**
 * A place for a captured value: of `capture request header`, `declare capture`, or of a rule with `len`. Slots are numbered from
 * 0 in each direction, in the order of the lines that make them.
 */
export interface CaptureSlot {
  readonly direction: 'request' | 'response';
  /** Lower case: its last value goes there. Undefined where only rules fill the slot. */
  readonly header: string | undefined;
  /** Longest value kept, in bytes. */
  readonly length: number;
}

/** `capture cookie`: the first cookie whose `name=value` begins with `prefix`. */
export interface CookieCapture {
  readonly prefix: string;
  /** Bytes kept of `name=value`, as written; `tune.http.cookielen` bounds them. */
  readonly length: number;
}

/** `email-alert …` of a proxy: mails are sent where `mailers`, `from` and `to` are all there. */
export interface EmailAlert {
  /** Name of a `mailers` section. */
  readonly mailers: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** Syslog severity 0..7; 1 (alert) unless set. */
  readonly level: number;
  /** Undefined = the host's name. */
  readonly myhostname: string | undefined;
}
