import type { SocketFamily } from './socket.ts'

export interface ListenerOptions {
  readonly family: SocketFamily
  /** A numeric IPv4 or IPv6 address; a path, or '@name' for the abstract space, where family is 'unix'. */
  readonly address: string
  /** 0 to 65535; ignored for Unix sockets. */
  readonly port?: number
  readonly reusePort?: boolean
  /** IP_FREEBIND: bind an address that the machine does not have (yet). */
  readonly freebind?: boolean
  readonly transparent?: boolean
  readonly interface?: string
  /** TCP_MAXSEG; negative values are relative to the advertised one, as in the manual's `mss`. */
  readonly mss?: number
  /** TCP_DEFER_ACCEPT in seconds. */
  readonly deferAcceptSeconds?: number
  /** TCP_FASTOPEN queue length. */
  readonly fastOpenBacklog?: number
  readonly userTimeoutMs?: number
  /** IPV6_V6ONLY; false accepts IPv4 on '::' as well. */
  readonly v6only?: boolean
  /** Calls listen(2) with this backlog; without it the socket is bound only, and Node's `listen({ fd, backlog })` does the rest. */
  readonly backlog?: number
}

/**
 * socket, options, bind and optionally listen in one call; returns a close-on-exec, non-blocking descriptor for
 * `net.Server.listen({ fd })`. Throws SysError (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, …) with nothing left open.
 */
export declare function openListener(options: ListenerOptions): number
