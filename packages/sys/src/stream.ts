import type { SocketAddress } from './socket.ts'

/** Options for a connected or bound TCP descriptor; what is undefined is left alone. */
export interface StreamOptions {
  readonly userTimeoutMs?: number
  readonly maxSegmentBytes?: number
  readonly mark?: number
  /** The whole DS field (IP_TOS or IPV6_TCLASS), 0 to 255. */
  readonly tos?: number
  readonly noDelay?: boolean
  readonly quickAck?: boolean
  readonly keepAlive?: { readonly enabled: boolean; readonly idleSeconds?: number; readonly intervalSeconds?: number; readonly count?: number }
  /** SO_LINGER with zero seconds: close sends RST and keeps no TIME_WAIT (`option nolinger`, silent abort). */
  readonly resetOnClose?: boolean
}

/** Sets each given option; throws SysError naming the first that failed. */
export declare function setStreamOptions(fd: number, options: StreamOptions): void
/** SO_ORIGINAL_DST: where a connection was going before netfilter redirected it; undefined where it was not. */
export declare function originalDestination(fd: number): SocketAddress | undefined
/** TCP_INFO; undefined for what is not TCP. */
export interface TcpInfo {
  readonly state: number
  readonly rttUs: number
  readonly rttVarianceUs: number
  readonly unacked: number
  readonly sacked: number
  readonly lost: number
  readonly retransmits: number
  readonly totalRetransmits: number
  readonly reordering: number
  readonly sendMssBytes: number
}
export declare function tcpInfo(fd: number): TcpInfo | undefined
/** SO_PEERCRED of a Unix connection. */
export declare function peerCredentials(fd: number): { readonly pid: number; readonly uid: number; readonly gid: number }
