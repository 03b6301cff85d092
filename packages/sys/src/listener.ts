// Listening sockets with the options of the `bind` line that Node's net has no way to set (manual 5.1).
import { encodeInternetAddress, encodeUnixAddress } from './address.ts';
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_TRANSPARENT,
  IPV6_V6ONLY,
  IP_FREEBIND,
  IP_TRANSPARENT,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  SO_BINDTODEVICE,
  SO_REUSEADDR,
  SO_REUSEPORT,
  TCP_DEFER_ACCEPT,
  TCP_FASTOPEN,
  TCP_MAXSEG,
  TCP_USER_TIMEOUT,
} from './constants.ts';
import { check, libc } from './native.ts';
import { getInt, setInt, setText } from './options.ts';
import type { SocketFamily } from './socket.ts';

export interface ListenerOptions {
  readonly family: SocketFamily;
  /** A numeric IPv4 or IPv6 address; a path, or '@name' for an abstract name as HAProxy writes it for `abns@`, where family is 'unix'. */
  readonly address: string;
  /** 0 to 65535, default 0; ignored for Unix sockets. */
  readonly port?: number;
  /** SO_REUSEPORT: further sockets of this process may bind the same address. */
  readonly reusePort?: boolean;
  /** IP_FREEBIND: bind an address that the machine does not have (yet). */
  readonly freebind?: boolean;
  /** IP_TRANSPARENT: accept connections to addresses that are not local (`transparent`). */
  readonly transparent?: boolean;
  /** SO_BINDTODEVICE (`interface`). */
  readonly interface?: string;
  /** TCP_MAXSEG in bytes; a negative value is added to the kernel's default (`mss`). */
  readonly mss?: number;
  /** TCP_DEFER_ACCEPT in seconds (`defer-accept`). */
  readonly deferAcceptSeconds?: number;
  /** TCP_FASTOPEN queue length (`tfo`). */
  readonly fastOpenBacklog?: number;
  /** TCP_USER_TIMEOUT of accepted connections in milliseconds (`tcp-ut`). */
  readonly userTimeoutMs?: number;
  /** IPV6_V6ONLY: true refuses IPv4 on '::', false accepts it, undefined leaves the system's setting (`v6only`, `v4v6`). */
  readonly v6only?: boolean;
  /** Calls listen(2) with this backlog; without it the socket is bound only, and Node's `listen({ fd, backlog })` does the rest. */
  readonly backlog?: number;
}

const domains: Readonly<Record<SocketFamily, number>> = { ipv4: AF_INET, ipv6: AF_INET6, unix: AF_UNIX };

/**
 * socket, options, bind and optionally listen; returns a close-on-exec, non-blocking descriptor for
 * `net.Server.listen({ fd })`. Throws SysError (EADDRINUSE, EACCES, EADDRNOTAVAIL, EPERM, ENODEV …) with nothing left open.
 */
export function openListener(options: ListenerOptions): number {
  const { family, address, port = 0, backlog } = options;
  const where = family === 'unix' ? address : family === 'ipv6' ? `[${address}]:${port}` : `${address}:${port}`;
  const name = family === 'unix' ? encodeUnixAddress(address, true) : encodeInternetAddress(family, address, port);
  const fd = check('socket', libc().socket(domains[family], SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), where);
  try {
    if (family !== 'unix') setListenerOptions(fd, family, options);
    check('bind', libc().bind(fd, name, name.length), where);
    if (backlog !== undefined) check('listen', libc().listen(fd, backlog), where);
    return fd;
  } catch (error) {
    libc().close(fd);
    throw error;
  }
}

/** Changes the length of the accept queue of a socket that listens; with `fastOpen` that of TCP_FASTOPEN too. Throws SysError. */
export function setBacklog(fd: number, backlog: number, fastOpen: boolean): void {
  check('listen', libc().listen(fd, backlog), `backlog ${backlog}`);
  if (fastOpen) setInt(fd, IPPROTO_TCP, TCP_FASTOPEN, backlog, 'TCP_FASTOPEN');
}

function setListenerOptions(fd: number, family: 'ipv4' | 'ipv6', options: ListenerOptions): void {
  // Without it a restarted listener would wait for the TIME_WAIT of its own connections.
  setInt(fd, SOL_SOCKET, SO_REUSEADDR, 1, 'SO_REUSEADDR');
  if (options.reusePort === true) setInt(fd, SOL_SOCKET, SO_REUSEPORT, 1, 'SO_REUSEPORT');
  // The kernel keeps one flag for both families and takes the IPv4 name on IPv6 sockets, too.
  if (options.freebind === true) setInt(fd, IPPROTO_IP, IP_FREEBIND, 1, 'IP_FREEBIND');
  if (options.transparent === true) setTransparent(fd, family);
  if (options.interface !== undefined)
    setText(fd, SOL_SOCKET, SO_BINDTODEVICE, options.interface, `SO_BINDTODEVICE ${options.interface}`);
  if (family === 'ipv6' && options.v6only !== undefined)
    setInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, options.v6only ? 1 : 0, 'IPV6_V6ONLY');
  if (options.mss !== undefined) {
    const bytes = options.mss < 0 ? getInt(fd, IPPROTO_TCP, TCP_MAXSEG, 'TCP_MAXSEG') + options.mss : options.mss;
    setInt(fd, IPPROTO_TCP, TCP_MAXSEG, bytes, `TCP_MAXSEG ${bytes}`);
  }
  if (options.deferAcceptSeconds !== undefined)
    setInt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, options.deferAcceptSeconds, 'TCP_DEFER_ACCEPT');
  if (options.userTimeoutMs !== undefined)
    setInt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, options.userTimeoutMs, 'TCP_USER_TIMEOUT');
  if (options.fastOpenBacklog !== undefined)
    setInt(fd, IPPROTO_TCP, TCP_FASTOPEN, options.fastOpenBacklog, 'TCP_FASTOPEN');
}

/** IP_TRANSPARENT or its IPv6 twin. Throws SysError EPERM without CAP_NET_ADMIN and CAP_NET_RAW. */
export function setTransparent(fd: number, family: 'ipv4' | 'ipv6'): void {
  if (family === 'ipv4') setInt(fd, IPPROTO_IP, IP_TRANSPARENT, 1, 'IP_TRANSPARENT');
  else setInt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, 1, 'IPV6_TRANSPARENT');
}
