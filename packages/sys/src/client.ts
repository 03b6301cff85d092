// Sockets for connections to servers that must leave from a given source (`source`, `usesrc`, `interface`; manual 5.2).
import { encodeInternetAddress } from './address.ts';
import {
  AF_INET,
  AF_INET6,
  IPPROTO_IP,
  IP_BIND_ADDRESS_NO_PORT,
  IP_FREEBIND,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  SO_BINDTODEVICE,
  SO_MARK,
  SO_REUSEADDR,
} from './constants.ts';
import { setTransparent } from './listener.ts';
import { check, libc } from './native.ts';
import { setInt, setText } from './options.ts';

export interface ClientSocketOptions {
  readonly family: 'ipv4' | 'ipv6';
  /** Numeric source address; undefined lets the kernel choose. */
  readonly address?: string;
  /** Source port; with an address and port 0 or none, the port is chosen by connect(2), so that many connections share it. */
  readonly port?: number;
  /** IP_TRANSPARENT: the source need not be an address of this machine. */
  readonly transparent?: boolean;
  /** SO_BINDTODEVICE. */
  readonly interface?: string;
  /** SO_MARK. */
  readonly mark?: number;
}

/**
 * A bound, not yet connected, non-blocking stream descriptor for `new net.Socket({ fd })` and its `connect`. Throws SysError
 * (EADDRNOTAVAIL, EADDRINUSE, EPERM …) with nothing left open.
 */
export function openClientSocket(options: ClientSocketOptions): number {
  const { family, address, port = 0 } = options;
  const fd = check(
    'socket',
    libc().socket(family === 'ipv4' ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
  );
  try {
    if (options.mark !== undefined) setInt(fd, SOL_SOCKET, SO_MARK, options.mark, `SO_MARK ${options.mark}`);
    if (options.interface !== undefined)
      setText(fd, SOL_SOCKET, SO_BINDTODEVICE, options.interface, `SO_BINDTODEVICE ${options.interface}`);
    if (options.transparent === true) {
      setTransparent(fd, family);
      setInt(fd, IPPROTO_IP, IP_FREEBIND, 1, 'IP_FREEBIND');
    }
    if (address !== undefined) {
      if (port === 0) setInt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1, 'IP_BIND_ADDRESS_NO_PORT');
      else setInt(fd, SOL_SOCKET, SO_REUSEADDR, 1, 'SO_REUSEADDR');
      const name = encodeInternetAddress(family, address, port);
      check('bind', libc().bind(fd, name, name.length), `${address}:${port}`);
    }
    return fd;
  } catch (error) {
    libc().close(fd);
    throw error;
  }
}
