// A proxy's frontend side as one thread of one generation sees it: what decides over a client connection from the accept
// to the choice of a backend. Streams and sessions read it; it knows neither.
import type { Proxy } from '@evenkeel/config'
import type { LogContext, ProxyView } from '@evenkeel/expr'
import type { Backend } from './backend/backend.ts'
import type { HttpProxy } from './http/http-proxy.ts'
import type { ClientSession } from './stream/client-session.ts'
import type { ThreadContext } from './thread-context.ts'

export interface Frontend extends ProxyView {
  readonly name: string
  readonly id: number
  /** Index in the plan's list of proxies. */
  readonly index: number
  /** Slot in shared memory: statistics and session count of all threads. */
  readonly slot: number
  readonly config: Proxy
  readonly thread: ThreadContext
  /** Rules, pages and numbers of mode http; undefined in mode tcp. */
  readonly http: HttpProxy | undefined
  /** `timeout client` and its kind in ms; 0 = none. */
  readonly clientTimeoutMs: number
  readonly clientFinTimeoutMs: number
  /**
   * `use_backend` rules in order, then `default_backend`, then the own backend side of a `listen`; undefined where
   * nothing names one (503). The stream's context must show `backendChosen` false.
   */
  chooseBackend(context: LogContext): Backend | undefined
  /** Writes the log line of an ended stream, as options `dontlognull`, `dontlog-normal`, `log-separate-errors` have it. */
  log(context: LogContext): void
  /** Called by ClientSession.end only. */
  endSession(session: ClientSession): void
}
