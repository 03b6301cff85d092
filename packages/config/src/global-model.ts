/** What the section `global` says (manual 3), as plain data; conventions as in `model.ts`. */

import type { Address } from './address-model.ts';
import type { Expression, LogFormat } from './expression-model.ts';
import type { LogTarget } from './log-model.ts';
import type { Position } from './source-model.ts';

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
