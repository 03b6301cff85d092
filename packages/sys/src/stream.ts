// Options and facts of stream sockets that Node's net has no way to reach.
import { readAddress, type SocketAddress } from './address.ts';
import {
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_TCLASS,
  IP_TOS,
  SOL_SOCKET,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_MARK,
  SO_ORIGINAL_DST,
  SO_PEERCRED,
  SO_RCVBUF,
  SO_SNDBUF,
  TCP_INFO,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
  TCP_MAXSEG,
  TCP_NODELAY,
  TCP_QUICKACK,
  TCP_USER_TIMEOUT,
} from './constants.ts';
import { SysError } from './errors.ts';
import { libc } from './native.ts';
import { getBytes, getInt, setInt, setInts } from './options.ts';
import { socketFamily } from './socket.ts';

/** SO_KEEPALIVE; what is undefined keeps the system's value (`clitcpka-idle` and the like). */
export interface KeepAliveOptions {
  readonly enabled: boolean;
  readonly idleSeconds?: number;
  readonly intervalSeconds?: number;
  readonly count?: number;
}

/** Options for a connected or bound TCP descriptor; what is undefined is left alone. */
export interface StreamOptions {
  /** TCP_USER_TIMEOUT. */
  readonly userTimeoutMs?: number;
  /** TCP_MAXSEG. */
  readonly maxSegmentBytes?: number;
  /** SO_MARK (`set-mark`). */
  readonly mark?: number;
  /** The whole DS field (`set-tos`; IP_TOS and IPV6_TCLASS), 0 to 255. */
  readonly tos?: number;
  /** TCP_NODELAY. */
  readonly noDelay?: boolean;
  /** TCP_QUICKACK: until the kernel thinks otherwise. */
  readonly quickAck?: boolean;
  readonly keepAlive?: KeepAliveOptions;
  /** SO_SNDBUF, SO_RCVBUF: the kernel books twice as much and cuts it to net.core.wmem_max and rmem_max. */
  readonly sendBufferBytes?: number;
  readonly receiveBufferBytes?: number;
  /** SO_LINGER with zero seconds: close sends RST and leaves no TIME_WAIT (`option nolinger`, aborts). */
  readonly resetOnClose?: boolean;
}

/** Sets each given option; throws SysError naming the first that failed. */
export function setStreamOptions(fd: number, options: StreamOptions): void {
  const { userTimeoutMs, maxSegmentBytes, mark, tos, noDelay, quickAck, keepAlive, resetOnClose } = options;
  const { sendBufferBytes, receiveBufferBytes } = options;
  if (sendBufferBytes !== undefined) setInt(fd, SOL_SOCKET, SO_SNDBUF, sendBufferBytes, 'SO_SNDBUF');
  if (receiveBufferBytes !== undefined) setInt(fd, SOL_SOCKET, SO_RCVBUF, receiveBufferBytes, 'SO_RCVBUF');
  if (userTimeoutMs !== undefined) setInt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, userTimeoutMs, 'TCP_USER_TIMEOUT');
  if (maxSegmentBytes !== undefined) setInt(fd, IPPROTO_TCP, TCP_MAXSEG, maxSegmentBytes, 'TCP_MAXSEG');
  if (mark !== undefined) setInt(fd, SOL_SOCKET, SO_MARK, mark, 'SO_MARK');
  if (tos !== undefined) setTypeOfService(fd, tos);
  if (noDelay !== undefined) setInt(fd, IPPROTO_TCP, TCP_NODELAY, noDelay ? 1 : 0, 'TCP_NODELAY');
  if (quickAck !== undefined) setInt(fd, IPPROTO_TCP, TCP_QUICKACK, quickAck ? 1 : 0, 'TCP_QUICKACK');
  if (keepAlive !== undefined) setKeepAlive(fd, keepAlive);
  if (resetOnClose !== undefined) setInts(fd, SOL_SOCKET, SO_LINGER, [resetOnClose ? 1 : 0, 0], 'SO_LINGER');
}

/** An IPv6 socket may carry an IPv4 connection, so it gets both; which of the two applies is the kernel's to know. */
function setTypeOfService(fd: number, tos: number): void {
  if (socketFamily(fd) === 'ipv6') setInt(fd, IPPROTO_IPV6, IPV6_TCLASS, tos, 'IPV6_TCLASS');
  setInt(fd, IPPROTO_IP, IP_TOS, tos, 'IP_TOS');
}

function setKeepAlive(fd: number, { enabled, idleSeconds, intervalSeconds, count }: KeepAliveOptions): void {
  setInt(fd, SOL_SOCKET, SO_KEEPALIVE, enabled ? 1 : 0, 'SO_KEEPALIVE');
  if (idleSeconds !== undefined) setInt(fd, IPPROTO_TCP, TCP_KEEPIDLE, idleSeconds, 'TCP_KEEPIDLE');
  if (intervalSeconds !== undefined) setInt(fd, IPPROTO_TCP, TCP_KEEPINTVL, intervalSeconds, 'TCP_KEEPINTVL');
  if (count !== undefined) setInt(fd, IPPROTO_TCP, TCP_KEEPCNT, count, 'TCP_KEEPCNT');
}

/** SO_ORIGINAL_DST: where a connection was going before netfilter redirected it; undefined where it was not redirected. */
export function originalDestination(fd: number): SocketAddress | undefined {
  const level = socketFamily(fd) === 'ipv6' ? IPPROTO_IPV6 : IPPROTO_IP;
  let found = true;
  const address = readAddress((bytes, length) => {
    // The kernel insists on the exact size of the family's structure or more.
    found = libc().getsockopt(fd, level, SO_ORIGINAL_DST, bytes, length) === 0;
  });
  return found ? address : undefined;
}

/** TCP_INFO: what the kernel measured on a connection. Times in microseconds, the rest in segments unless named otherwise. */
export interface TcpInfo {
  /** TCP_ESTABLISHED is 1; numbers of include/net/tcp_states.h. */
  readonly state: number;
  readonly rttUs: number;
  readonly rttVarianceUs: number;
  readonly unacked: number;
  readonly sacked: number;
  readonly lost: number;
  /** Of the segment sent now; `totalRetransmits` since the start. */
  readonly retransmits: number;
  readonly totalRetransmits: number;
  readonly reordering: number;
  readonly sendMssBytes: number;
}

/** The first 104 bytes of struct tcp_info, which every kernel since 2.6 fills. */
const TCP_INFO_BYTES = 104;

/** Undefined for what is no TCP socket. */
export function tcpInfo(fd: number): TcpInfo | undefined {
  let info: Buffer;
  try {
    info = getBytes(fd, IPPROTO_TCP, TCP_INFO, TCP_INFO_BYTES, 'TCP_INFO');
  } catch (error) {
    if (error instanceof SysError) return undefined;
    throw error;
  }
  const word = (offset: number): number => info.readUInt32LE(offset);
  return {
    state: info[0],
    retransmits: info[2],
    sendMssBytes: word(16),
    unacked: word(24),
    sacked: word(28),
    lost: word(32),
    rttUs: word(68),
    rttVarianceUs: word(72),
    reordering: word(88),
    totalRetransmits: word(100),
  };
}

/** SO_SNDBUF and SO_RCVBUF as the kernel books them: twice what was asked for. Throws SysError. */
export function bufferSizes(fd: number): { readonly sendBytes: number; readonly receiveBytes: number } {
  return {
    sendBytes: getInt(fd, SOL_SOCKET, SO_SNDBUF, 'SO_SNDBUF'),
    receiveBytes: getInt(fd, SOL_SOCKET, SO_RCVBUF, 'SO_RCVBUF'),
  };
}

/** SO_PEERCRED: who connected to a Unix listener. Throws SysError. */
export function peerCredentials(fd: number): { readonly pid: number; readonly uid: number; readonly gid: number } {
  const bytes = getBytes(fd, SOL_SOCKET, SO_PEERCRED, 12, 'SO_PEERCRED');
  return { pid: bytes.readInt32LE(0), uid: bytes.readUInt32LE(4), gid: bytes.readUInt32LE(8) };
}
