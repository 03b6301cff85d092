// Descriptors and what they are. Knows nothing of options (stream.ts) and of opening (listener.ts, client.ts, datagram.ts).
import { readAddress, type SocketAddress } from './address.ts';
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  FD_CLOEXEC,
  F_DUPFD_CLOEXEC,
  F_GETFD,
  F_SETFD,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
  SO_ACCEPTCONN,
  SO_DOMAIN,
  SO_TYPE,
} from './constants.ts';
import { SysError } from './errors.ts';
import { check, libc } from './native.ts';
import { getInt } from './options.ts';

export type SocketFamily = 'ipv4' | 'ipv6' | 'unix';

/**
 * The descriptor below a Node socket or server (`net.Socket`, `net.Server`), or -1 when it is closed, not yet open, or has
 * none. The one place that reaches into Node for it: Node has no public way.
 */
export function descriptorOf(socket: object): number {
  const handle = (socket as { readonly _handle?: { readonly fd?: unknown } | null })._handle;
  return typeof handle?.fd === 'number' ? handle.fd : -1;
}

/** A close-on-exec copy. Throws SysError (EBADF, EMFILE). */
export function dup(fd: number): number {
  return check('fcntl', libc().fcntl(fd, F_DUPFD_CLOEXEC, 'int', 0), 'F_DUPFD_CLOEXEC');
}

/** Throws SysError EBADF. Not for a descriptor that a Node object owns. */
export function closeFd(fd: number): void {
  check('close', libc().close(fd));
}

/** Throws SysError EBADF. */
export function setCloseOnExec(fd: number, on: boolean): void {
  check('fcntl', libc().fcntl(fd, F_SETFD, 'int', on ? FD_CLOEXEC : 0), 'F_SETFD');
}

/** Throws SysError EBADF. */
export function isCloseOnExec(fd: number): boolean {
  return (check('fcntl', libc().fcntl(fd, F_GETFD, 'int', 0), 'F_GETFD') & FD_CLOEXEC) !== 0;
}

export function isOpen(fd: number): boolean {
  return libc().fcntl(fd, F_GETFD, 'int', 0) >= 0;
}

/** False also for what is not open. */
export function isSocket(fd: number): boolean {
  return socketOption(fd, SO_TYPE) !== undefined;
}

/** SO_ACCEPTCONN: listen(2) was called on it. False for what is no socket. */
export function isListening(fd: number): boolean {
  return socketOption(fd, SO_ACCEPTCONN) === 1;
}

/** 'other' for other families and for what is no socket. */
export function socketFamily(fd: number): SocketFamily | 'other' {
  switch (socketOption(fd, SO_DOMAIN)) {
    case AF_INET:
      return 'ipv4';
    case AF_INET6:
      return 'ipv6';
    case AF_UNIX:
      return 'unix';
    default:
      return 'other';
  }
}

/** 'other' for other types and for what is no socket. */
export function socketType(fd: number): 'stream' | 'datagram' | 'other' {
  switch (socketOption(fd, SO_TYPE)) {
    case SOCK_STREAM:
      return 'stream';
    case SOCK_DGRAM:
      return 'datagram';
    default:
      return 'other';
  }
}

/** Undefined for families other than IPv4, IPv6 and Unix. Throws SysError (EBADF, ENOTSOCK). */
export function getSocketName(fd: number): SocketAddress | undefined {
  return readAddress((address, length) => check('getsockname', libc().getsockname(fd, address, length)));
}

/** As getSocketName, for the other end; throws SysError ENOTCONN when there is none. */
export function getPeerName(fd: number): SocketAddress | undefined {
  return readAddress((address, length) => check('getpeername', libc().getpeername(fd, address, length)));
}

function socketOption(fd: number, option: number): number | undefined {
  try {
    return getInt(fd, SOL_SOCKET, option, 'SOL_SOCKET');
  } catch (error) {
    if (error instanceof SysError) return undefined;
    throw error;
  }
}
