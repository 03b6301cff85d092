/**
 * What conditions, sample expressions and log formats may read of a running stream. The data plane implements these
 * interfaces on its own objects; compiled closures only read them, so every property here is a plain field or a cheap
 * getter, and a getter whose value costs something (an address parsed from text) is cached by its owner.
 *
 * A layer that does not exist yet is `undefined`: a connection rule sees no request, a request rule no response. The
 * configuration parser has already refused an expression that asks for a layer in a place where it can never exist.
 */

import type { RequestHead, ResponseHead } from '@evenkeel/http';
import type { IpAddress } from './ip-address.ts';
import type { VariableScopes } from './variables.ts';

/** What fetches and log aliases show of a proxy. Counters are those of the whole process. */
export interface ProxyView {
  readonly name: string;
  readonly id: number;
  /** Name of `default_backend`, for `fe_defbe`. */
  readonly defaultBackend: string | undefined;
  /** Established sessions on its frontend side (`fe_conn`, `%fc`). */
  readonly frontendConnections: number;
  /** Streams on its backend side, those in the queue included (`be_conn`, `%bc`). */
  readonly backendConnections: number;
  /** Absent where it has no such side; the rules of checks see no frontends. */
  readonly frontendFigures?: FrontendFigures | undefined;
  readonly backendFigures?: BackendFigures | undefined;
}

/** Of a frontend as a whole, over all threads. Rates are per second. */
export interface FrontendFigures {
  readonly sessionRate: number;
  readonly requestRate: number;
  /** `timeout client` in ms; undefined for none. */
  readonly clientTimeoutMs: number | undefined;
}

/** Of a backend as a whole, over all threads (manual section 7.3.2). */
export interface BackendFigures {
  /** Sessions per second. */
  readonly sessionRate: number;
  /** Streams that wait, for the backend or for one of its servers. */
  readonly queued: number;
  /** Servers that may get new streams; backups only where no other is left. */
  readonly usableServers: number;
  /** Free places of these servers, without queues; -1 where one has no limit. */
  readonly freeConnections: number;
  /** Free places and queue places of all servers that are up; -1 where one has no limit of either. */
  readonly connectionSlots: number;
  /** `timeout server` and `timeout tunnel` in ms; undefined for none. */
  readonly serverTimeoutMs: number | undefined;
  readonly tunnelTimeoutMs: number | undefined;
  server(name: string): ServerFigures | undefined;
}

export interface ServerFigures {
  readonly isUp: boolean;
  readonly connections: number;
  /** -1 where it has no limit. */
  readonly freeConnections: number;
  readonly queued: number;
  /** Sessions per second. */
  readonly sessionRate: number;
  /** As it is now, as it was set, and as the configuration has it: 0 to 256. */
  readonly weight: number;
  readonly userWeight: number;
  readonly initialWeight: number;
}

/** What fetches and log aliases show of a server. */
export interface ServerView {
  readonly name: string;
  readonly id: number;
  /** Streams assigned to it, the asking one included (`%sc`). */
  readonly connections: number;
  /** Target address and port as configured or resolved (`%si`, `%sp`); undefined on Unix sockets. */
  readonly address: IpAddress | undefined;
  readonly port: number;
}

/** What is fixed for the life of one client connection. */
export interface SessionView {
  readonly frontend: ProxyView;
  /** `id` and `name` of the `bind` line's listener. */
  readonly listenerId: number;
  readonly listenerName: string | undefined;
  /** Addresses of the client connection; undefined on Unix sockets, where both ports are 0. */
  readonly source: IpAddress | undefined;
  readonly sourcePort: number;
  readonly destination: IpAddress | undefined;
  readonly destinationPort: number;
  /** Wall clock of the accept, ms since the epoch. */
  readonly acceptDateMs: number;
  /** True for TLS on the client side (`%ft`, `ssl_fc`). */
  readonly secure: boolean;
  /** Negotiated TLS version and cipher as OpenSSL names them (`%sslv`, `%sslc`). */
  readonly tlsVersion: string | undefined;
  readonly tlsCipher: string | undefined;
}

/** What a stream offers to conditions and expressions at any moment of its life. */
export interface SampleContext {
  readonly session: SessionView;
  /** The proxy that answers as backend: the frontend's own until one has been chosen (as HAProxy has it). */
  readonly backend: ProxyView;
  /** True once rules run on behalf of the backend. */
  readonly backendChosen: boolean;
  readonly server: ServerView | undefined;
  /** Request head as rules have left it so far. */
  readonly request: RequestHead | undefined;
  /** Response head as rules have left it so far. */
  readonly response: ResponseHead | undefined;
  /** False while the inspect delay may still bring more data: a test that finds nothing is then undecided. */
  readonly inspectionFinal: boolean;
  /** `unique-id`: made on first use from `unique-id-format`. */
  readonly uniqueId: string | undefined;
  /** Variables of the scopes that exist here; absent where there are none. */
  readonly variables?: VariableScopes;
  /** Keeps a text in the frontend's slot of that number; false where it has no such slot. Absent where nothing is captured. */
  keepCapture?(direction: 'request' | 'response', slot: number, text: string): boolean;
  /** What the client sent on a connection of mode tcp and no server has got yet, as latin1 text; absent elsewhere. */
  readonly requestBuffer?: string | undefined;
  /** The body of the request as far as it has come, as latin1 text without framing; absent where it is not kept. */
  readonly requestBody?: string | undefined;
  /** What the server sent and no rule has consumed yet, as latin1 text; absent where content is not kept. */
  readonly responseBuffer?: string;
  /** The body of the response as far as it has come, as latin1 text; absent where it is not kept. */
  readonly responseBody?: string;
}

/** Timers of one stream, in ms since the accept (-1: never reached). Manual section 8.4; aliases are computed from them. */
export interface LogTimers {
  /** Handshakes done (SSL, PROXY protocol): their duration, 0 without. */
  readonly handshakeMs: number;
  /** Idle time between the handshakes and the first byte of the request; -1 in TCP mode before any. */
  readonly idleMs: number;
  /** Whole request head received. */
  readonly requestMs: number;
  /** Out of the queue, a server assigned. */
  readonly queueMs: number;
  /** Server connection established. */
  readonly connectMs: number;
  /** Whole response head received (HTTP), or first byte (TCP). */
  readonly dataMs: number;
  /** End of the stream. */
  readonly closeMs: number;
}

/** What log lines and log-format strings may name, beyond samples. Manual section 8.2.6. */
export interface LogContext extends SampleContext {
  readonly timers: LogTimers;
  /** Date of the accept where it is not the session's: requests on a kept connection count from the end of the one before. */
  readonly acceptDateMs?: number;
  /** True for a line written before the stream's end (`option logasap`): sizes and total times then carry a `+`. */
  readonly early?: boolean;
  /** Wall clock of the request's first byte, ms since the epoch (`%tr`); the accept date in TCP mode. */
  readonly requestDateMs: number;
  /** Request line as the client sent it, before any rule (`%r`, `%HM`, `%HU` …); undefined if none was complete. */
  readonly loggedRequestLine: string | undefined;
  /** Status sent to the client (`%ST`); -1 while there is none, 0 in TCP mode. */
  readonly status: number;
  /** Bytes sent to the client (`%B`) and received from it (`%U`). */
  readonly bytesRead: number;
  readonly bytesUploaded: number;
  /** `frontend_log_counter` (`%lc`) and the process's counter of requests or TCP sessions (`%rt`). */
  readonly logCounter: number;
  readonly requestCounter: number;
  /** Connections of the process (`%ac`). */
  readonly activeConnections: number;
  /** Two letters: how the stream ended and in which phase (`%ts`). Manual section 8.5. */
  readonly terminationState: string;
  /** Two more: persistence cookie of the client and of the server; `--` unless cookies are used (`%tsc`). */
  readonly cookieState: string;
  readonly retries: number;
  /** A retry went to another server (`%rc` is then prefixed with `+`). */
  readonly redispatched: boolean;
  /** Requests that were served before this one from the backend's and the server's queue (`%bq`, `%sq`). */
  readonly backendQueue: number;
  readonly serverQueue: number;
  /** Name to log where there is no server: `<NOSRV>`, `<STATS>` … (`%s`). */
  readonly serverNameFallback: string;
  /** Address and port that the server connection came from (`%bi`, `%bp`). */
  readonly backendSource: IpAddress | undefined;
  readonly backendSourcePort: number;
  readonly requestCookie: string | undefined;
  readonly responseCookie: string | undefined;
  /** Values of `capture request/response header`, in order of declaration; undefined where nothing was captured. */
  readonly capturedRequestHeaders: readonly (string | undefined)[];
  readonly capturedResponseHeaders: readonly (string | undefined)[];
}

/** What is the same for every stream of a thread, handed to the compiler once. */
export interface ExpressionEnvironment {
  /** Name of the machine (`%H`, `hostname`). */
  readonly hostname: string;
  readonly pid: number;
  /** Number of this thread, from 0 (`thread`). */
  readonly thread: number;
  /** Environment variables of the process (`env(NAME)`), read at load. */
  readonly variable: (name: string) => string | undefined;
  /** Wall clock of this thread, ms since the epoch; may be coarse. */
  readonly nowMs: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Minutes that local time is ahead of UTC at this moment; asked at most once per second of log dates. */
  readonly localOffsetMinutes: (dateMs: number) => number;
  /** The proxy with that side by name, for fetches that take one: a frontend and a backend may share one. */
  readonly proxy: (name: string, side: 'frontend' | 'backend') => ProxyView | undefined;
}
