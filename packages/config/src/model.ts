/**
 * The typed model of a configuration: plain data (structured clone, JSON), built once by the parser, frozen, and handed to
 * every thread as part of a plan. It holds what the file means, after defaults, inheritance, environment and
 * conditionals; it knows nothing of sockets, shared memory or slots.
 *
 * Conventions: times are milliseconds, sizes are bytes, `undefined` means "not set" (the manual's default is then the
 * consumer's, unless the field's comment names one that the parser fills in). Names are the manual's.
 */

import type { CheckRuleset } from './check-model.ts';
import type { Expression, Condition, LogFormat, Acl } from './expression-model.ts';

/** Where a word stands in the configuration text. Lines and columns count from 1; columns count UTF-16 units. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One directive after tokenizing and expansion: the words of a line, its keyword first. */
export interface Statement {
  readonly words: readonly string[];
  readonly at: Position;
}

export type SectionKind =
  | 'global'
  | 'defaults'
  | 'frontend'
  | 'backend'
  | 'listen'
  | 'peers'
  | 'resolvers'
  | 'userlist'
  | 'mailers'
  | 'cache'
  | 'program'
  | 'ring'
  | 'http-errors'
  | 'fcgi-app'
  | 'log-forward';

/** A section as written, expanded: what canonical text is printed from. Sections keep the order of the files. */
export interface SectionSource {
  readonly kind: SectionKind;
  /** Empty for `global` and for an anonymous `defaults`. */
  readonly name: string;
  /** `from NAME` of a proxy or defaults section. */
  readonly from: string | undefined;
  readonly at: Position;
  readonly statements: readonly Statement[];
}

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
}

// ---------------------------------------------------------------------------------------------------------- global

export interface Global {
  readonly daemon: boolean;
  readonly masterWorker: boolean;
  readonly nbthread: number | undefined;
  readonly maxconn: number | undefined;
  readonly maxconnrate: number | undefined;
  readonly maxsessrate: number | undefined;
  readonly maxsslconn: number | undefined;
  readonly maxsslrate: number | undefined;
  readonly maxpipes: number | undefined;
  readonly ulimitN: number | undefined;
  readonly fdHardLimit: number | undefined;
  readonly user: string | undefined;
  readonly group: string | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly chroot: string | undefined;
  readonly pidfile: string | undefined;
  readonly node: string | undefined;
  readonly description: string | undefined;
  readonly localpeer: string | undefined;
  readonly hardStopAfterMs: number | undefined;
  readonly graceMs: number | undefined;
  /** `close-spread-time`; `infinite`: a stop closes no connection that goes on by itself. */
  readonly closeSpreadTimeMs: number | 'infinite' | undefined;
  readonly statsSockets: readonly StatsSocket[];
  /** `stats timeout`; HAProxy's default is 10 s. */
  readonly statsTimeoutMs: number | undefined;
  readonly statsMaxconn: number | undefined;
  readonly logs: readonly LogTarget[];
  readonly logTag: string | undefined;
  readonly logSendHostname: { readonly name: string | undefined } | undefined;
  readonly caBase: string | undefined;
  readonly crtBase: string | undefined;
  readonly serverStateBase: string | undefined;
  readonly serverStateFile: string | undefined;
  /** `persist-runtime [<path>]`, our own: whether runtime changes last, and in which file or folder; undefined = the usual one. */
  readonly persistRuntime: { readonly enabled: boolean; readonly path: string | undefined };
  readonly spreadChecksPercent: number;
  readonly maxSpreadChecksMs: number | undefined;
  readonly externalCheck: boolean;
  readonly insecureForkWanted: boolean;
  readonly strictLimits: boolean;
  readonly quiet: boolean;
  readonly zeroWarning: boolean;
  readonly h1AcceptPayloadWithAnyMethod: boolean;
  /** `unix-bind`: already put into the `bind` lines. */
  readonly unixBind: UnixBind;
  /** `h1-case-adjust` and its file form: lower-case name to the case wanted. */
  readonly h1CaseAdjust: Readonly<Record<string, string>>;
  readonly cpuMap: readonly CpuMap[];
  readonly tune: Tune;
  /** `ssl-default-*` words by keyword, kept for the TLS layer. */
  readonly sslDefaults: Readonly<Record<string, readonly string[]>>;
  /** `set-var` / `set-var-fmt` for the process scope. */
  readonly setVars: readonly SetVariable[];
}

export interface UnixBind {
  readonly prefix: string | undefined;
  readonly mode: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

export interface SetVariable {
  readonly name: string;
  readonly expression: Expression | LogFormat;
}

export interface CpuMap {
  readonly processes: string;
  readonly threads: readonly number[];
  readonly cpus: readonly number[];
  readonly auto: boolean;
}

/** `tune.*` that change what a client sees or what a stream may hold; every other `tune.*` is accepted with its reason. */
export interface Tune {
  /** `tune.bufsize`, bytes; 16384 unless set. */
  readonly bufsize: number;
  /** `tune.maxrewrite`, bytes; 1024 unless set, at most half of bufsize. */
  readonly maxrewrite: number;
  /** `tune.http.maxhdr`; 101 unless set. */
  readonly httpMaxhdr: number;
  /** `tune.http.cookielen`, bytes; 63 unless set. */
  readonly httpCookielen: number;
  /** `tune.http.logurilen`, bytes; 1024 unless set. */
  readonly httpLogurilen: number;
  readonly maxaccept: number | undefined;
  /** `tune.idletimer`, ms. */
  readonly idleTimerMs: number | undefined;
  /** `tune.pool-high-fd-ratio` and `tune.pool-low-fd-ratio`, percent of descriptors; 25 and 20 unless set. */
  readonly poolHighFdRatio: number | undefined;
  readonly poolLowFdRatio: number | undefined;
  /** `tune.rcvbuf.client` and the like, bytes. */
  readonly rcvbufClient: number | undefined;
  readonly rcvbufServer: number | undefined;
  readonly sndbufClient: number | undefined;
  readonly sndbufServer: number | undefined;
}

export interface StatsSocket {
  readonly address: Address;
  readonly level: 'user' | 'operator' | 'admin';
  /** Whether messages say how grave they are. */
  readonly severityOutput: 'none' | 'number' | 'string';
  readonly mode: number | undefined;
  readonly user: string | undefined;
  readonly group: string | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly name: string | undefined;
  readonly backlog: number | undefined;
  readonly interface: string | undefined;
  readonly v4v6: boolean;
  readonly v6only: boolean;
  readonly at: Position;
}

// --------------------------------------------------------------------------------------------------------- addresses

/** Every address form of the manual's section 11 "Address formats" and of `bind`, `server`, `log` and `stats socket`. */
export type Address =
  /** `host` is an IP literal, `*` for any (both families only with v4v6 or `ipv6@`), or a name still to be resolved. */
  | {
      readonly kind: 'inet';
      readonly host: string;
      readonly family: 4 | 6 | undefined;
      readonly port: PortRange | undefined;
    }
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'abstract'; readonly name: string }
  /** An inherited descriptor that listens already, or (`sockpair@`) is one end of a pair. */
  | { readonly kind: 'fd'; readonly fd: number };

export interface PortRange {
  readonly first: number;
  readonly last: number;
  /** `+1000` or `-1000` on a server: relative to the port that the client connected to. */
  readonly relative: boolean;
}

// ------------------------------------------------------------------------------------------------------------ proxies

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

/** One server after `default-server`, `server-template` and inheritance were applied. */
export interface Server {
  readonly at: Position;
  readonly name: string;
  readonly address: Address;
  readonly id: number;
  readonly idExplicit: boolean;
  /** 0..256; 1 unless set. */
  readonly weight: number;
  readonly backup: boolean;
  readonly disabled: boolean;
  readonly maxconn: number | undefined;
  /** Below `maxconn`, which then is set; undefined = the limit stands still. */
  readonly minconn: number | undefined;
  readonly maxqueue: number | undefined;
  readonly slowstartMs: number | undefined;
  readonly check: boolean;
  readonly checkAddress: string | undefined;
  readonly checkPort: number | undefined;
  readonly checkSendProxy: boolean;
  /** `check-via-socks4`: checks go through the proxy of `socks4` too. */
  readonly checkViaSocks4: boolean;
  /** `check-and`, our own: backends whose checks it must pass too, in this order. */
  readonly checkAnd: readonly string[];
  /** `agent-check`: another voice about the server, asked beside its checks. */
  readonly agentCheck: boolean;
  /** `agent-addr`: address or name; undefined = where checks go. */
  readonly agentAddress: string | undefined;
  /** `agent-port`: 0 unless set. */
  readonly agentPort: number;
  /** ms; 2000 unless set. */
  readonly agentInterMs: number;
  /** `agent-send`: latin1, sent when the connection stands; may be empty. */
  readonly agentSend: string;
  /** ms; 2000 unless set. */
  readonly interMs: number;
  readonly fastInterMs: number | undefined;
  readonly downInterMs: number | undefined;
  /** 2 unless set. */
  readonly rise: number;
  /** 3 unless set. */
  readonly fall: number;
  readonly track: string | undefined;
  readonly redir: string | undefined;
  readonly source: SourceAddress | undefined;
  readonly initAddr: readonly string[] | undefined;
  /** Name of the `resolvers` section that follows this server's name at run time. */
  readonly resolvers: string | undefined;
  /** `resolve-prefer`; 6 unless set. */
  readonly resolvePrefer: 4 | 6;
  /** `resolve-net`: networks whose addresses are preferred, as CIDR text; at most five. */
  readonly resolveNets: readonly string[];
  /** `resolve-opts allow-dup-ip` */
  readonly allowDupIp: boolean;
  /** `resolve-opts ignore-weight` */
  readonly ignoreDnsWeight: boolean;
  readonly cookie: string | undefined;
  readonly namespace: string | undefined;
  /** The SOCKS4 proxy that leads to the server. */
  readonly socks4: Address | undefined;
  readonly sendProxy: 'v1' | 'v2' | undefined;
  /** `pool-max-conn`: -1 = unlimited unless set. */
  readonly poolMaxConn: number;
  /** ms; 5000 unless set. */
  readonly poolPurgeDelayMs: number;
  readonly poolLowConn: number;
  /** `max-reuse`: -1 = unlimited unless set. */
  readonly maxReuse: number;
  readonly tcpUserTimeoutMs: number | undefined;
  /** `log-proto`: how a ring's events are framed; undefined = legacy. */
  readonly logProto: 'legacy' | 'octet-count' | undefined;
  readonly tfo: boolean;
  readonly onMarkedDown: 'shutdown-sessions' | undefined;
  readonly onMarkedUp: 'shutdown-backup-sessions' | undefined;
  readonly observe: 'layer4' | 'layer7' | undefined;
  readonly errorLimit: number;
  readonly onError: 'fastinter' | 'fail-check' | 'sudden-death' | 'mark-down';
}

export interface SourceAddress {
  readonly address: Address;
  readonly interface: string | undefined;
  readonly usesrc: string | undefined;
}

export type Balance =
  | { readonly algorithm: 'roundrobin' | 'static-rr' | 'leastconn' | 'first' | 'source' }
  | {
      readonly algorithm: 'uri';
      readonly whole: boolean;
      readonly pathOnly: boolean;
      readonly length: number | undefined;
      readonly depth: number | undefined;
    }
  /** `checkPost`: the body of a POST is waited for. */
  | { readonly algorithm: 'url_param'; readonly name: string; readonly checkPost: boolean }
  | { readonly algorithm: 'hdr'; readonly name: string; readonly useDomainOnly: boolean }
  | { readonly algorithm: 'random'; readonly draws: number }
  | { readonly algorithm: 'rdp-cookie'; readonly name: string }
  | { readonly algorithm: 'hash'; readonly expression: Expression };

export interface HashType {
  readonly method: 'map-based' | 'consistent';
  readonly function: 'sdbm' | 'djb2' | 'wt6' | 'crc32';
  readonly avalanche: boolean;
}

/** What a health check of this backend says; servers add where and how often. */
export type Check =
  | { readonly type: 'tcp' }
  /** `option tcp-check` and `option httpchk`. */
  | { readonly type: 'rules'; readonly ruleset: CheckRuleset }
  | { readonly type: 'mysql'; readonly user: string | undefined; readonly version: 'post-41' | 'pre-41' }
  | { readonly type: 'pgsql'; readonly user: string }
  /** `hello`: the whole greeting, `HELO localhost` unless set. */
  | { readonly type: 'smtp'; readonly hello: string }
  /** `external`: its program is the proxy's `externalCheckCommand`. `ping`: our own, asks with ping(8). */
  | { readonly type: 'redis' | 'ldap' | 'ssl-hello' | 'spop' | 'external' | 'ping' };

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

// -------------------------------------------------------------------------------------------------------------- rules

/** The rule phases of the manual, in the order in which a stream passes them. */
export interface Rules {
  readonly tcpRequestConnection: readonly Rule[];
  readonly tcpRequestSession: readonly Rule[];
  readonly tcpRequestContent: readonly Rule[];
  readonly tcpRequestInspectDelayMs: number | undefined;
  readonly httpRequest: readonly Rule[];
  readonly tcpResponseContent: readonly Rule[];
  readonly tcpResponseInspectDelayMs: number | undefined;
  readonly httpResponse: readonly Rule[];
  readonly httpAfterResponse: readonly Rule[];
}

export interface Rule {
  readonly at: Position;
  readonly action: Action;
  readonly condition: Condition | undefined;
}

export type Action =
  | { readonly type: 'allow' }
  | { readonly type: 'deny'; readonly reply: Reply }
  | { readonly type: 'tarpit'; readonly reply: Reply }
  | { readonly type: 'return'; readonly reply: Reply }
  | { readonly type: 'reject' }
  | { readonly type: 'accept' }
  | { readonly type: 'disable-l7-retry' }
  /** Into slot `slot` of the frontend: of its request slots, in rules of responses of its response slots. */
  | { readonly type: 'capture'; readonly expression: Expression; readonly slot: number }
  /** 0 (emerg) to 7 (debug), or no line at all. */
  | { readonly type: 'set-log-level'; readonly level: number | 'silent' }
  | { readonly type: 'set-priority-class' | 'set-priority-offset'; readonly expression: Expression }
  | { readonly type: 'set-header' | 'add-header'; readonly name: string; readonly value: LogFormat }
  | { readonly type: 'del-header'; readonly name: string; readonly match: 'str' | 'beg' | 'end' | 'sub' | 'reg' };

/** What `deny`, `tarpit` and `return` answer with (manual: "http-request return"). */
export interface Reply {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly headers: readonly { readonly name: string; readonly value: LogFormat }[];
  readonly body:
    | { readonly kind: 'default' }
    | { readonly kind: 'errorfiles'; readonly section: string | undefined }
    | { readonly kind: 'errorfile'; readonly content: string }
    | { readonly kind: 'file'; readonly content: string }
    | { readonly kind: 'string'; readonly content: string }
    | { readonly kind: 'format'; readonly format: LogFormat };
}

/** Answers to errors by status. A file's content is read at load: binary text, latin1. */
export type ErrorPages = Readonly<Record<number, ErrorPage>>;

export type ErrorPage =
  | { readonly kind: 'file'; readonly path: string; readonly content: string }
  /** errorloc302 and errorloc303. */
  | { readonly kind: 'location'; readonly status: 302 | 303; readonly url: string }
  /** http-error, but for its `errorfiles`, which is put in place like that of its own keyword. */
  | { readonly kind: 'reply'; readonly reply: Reply };

export interface HttpErrors {
  readonly name: string;
  readonly at: Position;
  readonly errors: ErrorPages;
}

export interface Userlist {
  readonly name: string;
  readonly at: Position;
  readonly groups: readonly { readonly name: string; readonly users: readonly string[] }[];
  readonly users: readonly {
    readonly name: string;
    readonly password: string;
    readonly encrypted: boolean;
    readonly groups: readonly string[];
  }[];
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

/** A `mailers` section (manual 3.6). */
export interface Mailers {
  readonly name: string;
  readonly at: Position;
  /** `timeout mail`, ms; 10000 unless set. */
  readonly timeoutMs: number;
  readonly mailers: readonly { readonly name: string; readonly host: string; readonly port: number }[];
}

/** A `resolvers` section: who is asked for addresses at run time, and how long what was said is believed (manual 5.3.2). */
export interface Resolvers {
  readonly name: string;
  readonly at: Position;
  readonly nameservers: readonly Nameserver[];
  /** The name servers of /etc/resolv.conf are asked too. */
  readonly parseResolvConf: boolean;
  /** Bytes; 512 unless set. */
  readonly acceptedPayloadSize: number;
  /** Queries until a name is given up; 3 unless set. */
  readonly resolveRetries: number;
  /** `timeout resolve`, ms between two resolutions; 1000 unless set. */
  readonly timeoutResolveMs: number;
  /** `timeout retry`, ms that one query may take; 1000 unless set. */
  readonly timeoutRetryMs: number;
  /** `hold`, ms. Undefined where the file does not say: the manual's defaults are the consumer's. */
  readonly hold: {
    readonly nx: number | undefined;
    readonly refused: number | undefined;
    readonly timeout: number | undefined;
    readonly other: number | undefined;
    readonly valid: number | undefined;
    readonly obsolete: number | undefined;
  };
}

export interface Nameserver {
  readonly at: Position;
  readonly name: string;
  /** IP literal. */
  readonly host: string;
  readonly port: number;
}

// --------------------------------------------------------------------------------------------------------------- logs

export type LogFormatChoice =
  | { readonly kind: 'default' }
  | { readonly kind: 'tcplog' }
  | { readonly kind: 'httplog' }
  | { readonly kind: 'clf' }
  | { readonly kind: 'httpslog' }
  | { readonly kind: 'custom'; readonly format: LogFormat };

/** Formats of whole lines (manual section 3.1, "log"); `json` is our own: one object a line. */
export type LogFormatName = 'local' | 'rfc3164' | 'rfc5424' | 'priority' | 'short' | 'timed' | 'iso' | 'raw' | 'json';

/** A `ring` section (manual section 3.9), or what stands in for one where a `log` line names a stream. */
export interface Ring {
  readonly name: string;
  readonly at: Position;
  readonly description: string;
  /** Of what is stored; `raw` unless set. */
  readonly format: LogFormatName;
  /** Bytes of the whole; `tune.bufsize` unless set. */
  readonly size: number;
  /** Bytes of one event with its header; at most `size`. */
  readonly maxlen: number;
  readonly backingFile: string | undefined;
  readonly timeoutConnectMs: number | undefined;
  readonly timeoutServerMs: number | undefined;
  readonly servers: readonly Server[];
}

export interface LogTarget {
  readonly at: Position;
  readonly destination:
    | { readonly kind: 'stdout' }
    | { readonly kind: 'stderr' }
    | { readonly kind: 'fd'; readonly fd: number }
    /** Our own: a regular file. */
    | { readonly kind: 'file'; readonly path: string }
    | { readonly kind: 'unix'; readonly path: string }
    | { readonly kind: 'abstract'; readonly name: string }
    | { readonly kind: 'udp'; readonly host: string; readonly port: number }
    | { readonly kind: 'ring'; readonly name: string };
  /** Longest line in bytes; 1024 unless set. */
  readonly length: number;
  readonly format: LogFormatName;
  readonly sample: { readonly ranges: readonly (readonly [number, number])[]; readonly size: number } | undefined;
  /** 0 (kern) .. 23 (local7). */
  readonly facility: number;
  /** 0 (emerg) .. 7 (debug): nothing less severe is sent. */
  readonly level: number;
  /** Nothing is sent as more severe than this. */
  readonly minLevel: number;
}
