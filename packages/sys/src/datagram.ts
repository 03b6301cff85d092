// Send-only datagram sockets for syslog (`log`, manual 3.1) and systemd's readiness protocol (sd_notify(3)).
//
// A socket is not connected: each datagram names its target. So a restarted /dev/log is reached again without doing
// anything, and a UDP source address follows the routes when addresses move. Nothing is ever received; UDP gives no sign
// when nobody listens.
import { constants } from 'node:os';
import { encodeInternetAddress, encodeUnixAddress } from './address.ts';
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
} from './constants.ts';
import { SysError, errnoName } from './errors.ts';
import { check, lastErrno, libc } from './native.ts';

export type DatagramTarget =
  | {
      readonly family: 'unix';
      /** A path, or '@name' for the abstract space. */
      readonly path: string;
      /** Whether an abstract name is filled up with NUL, as HAProxy's `abns@` are. */
      readonly padded?: boolean;
    }
  | { readonly family: 'ipv4' | 'ipv6'; /** Numeric. */ readonly address: string; readonly port: number };

/**
 * 'sent': the kernel took it. 'again': its buffer is full, try later or drop. 'gone': nobody receives there now; a later
 * send may succeed. 'too-big': longer than the kernel or the path allows.
 */
export type SendResult = 'sent' | 'again' | 'gone' | 'too-big';

export interface Datagram {
  /** Never blocks, never throws. */
  send(payload: Uint8Array): SendResult;
  /** errno name of the last send that was not 'sent'; undefined before one. */
  readonly lastError: string | undefined;
  /** Afterwards every send is 'gone'. */
  close(): void;
}

const domains = { unix: AF_UNIX, ipv4: AF_INET, ipv6: AF_INET6 } as const;

/** A send-only socket for targets of that family. Throws SysError (EMFILE). */
export function openDatagramSocket({ family }: DatagramTarget, nonBlocking: boolean): number {
  const type = SOCK_DGRAM | SOCK_CLOEXEC | (nonBlocking ? SOCK_NONBLOCK : 0);
  return check('socket', libc().socket(domains[family], type, 0));
}

/** The target as the kernel takes it. Throws SysError (EINVAL, ENAMETOOLONG). */
export function encodeTarget(target: DatagramTarget): Uint8Array {
  return target.family === 'unix'
    ? encodeUnixAddress(target.path, target.padded === true)
    : encodeInternetAddress(target.family, target.address, target.port);
}

/** Nothing has to exist at the target yet. Throws SysError (EMFILE, EINVAL for an address that is not numeric) or UnsupportedError. */
export function openDatagram(target: DatagramTarget): Datagram {
  const address = encodeTarget(target);
  const { sendto, close } = libc();
  let fd = openDatagramSocket(target, true);
  let lastError: string | undefined;
  return {
    send(payload) {
      if (fd >= 0 && sendto(fd, payload, payload.length, MSG_DONTWAIT | MSG_NOSIGNAL, address, address.length) >= 0)
        return 'sent';
      const errno = fd < 0 ? constants.errno.EBADF : lastErrno();
      lastError = errnoName(errno);
      return resultOf(errno);
    },
    get lastError() {
      return lastError;
    },
    close() {
      if (fd >= 0) close(fd);
      fd = -1;
    },
  };
}

/** What a failed send means. */
export function resultOf(errno: number): SendResult {
  switch (errno) {
    case constants.errno.EAGAIN:
    case constants.errno.ENOBUFS:
    case constants.errno.ENOMEM:
    case constants.errno.EINTR:
      return 'again';
    case constants.errno.EMSGSIZE:
      return 'too-big';
    default:
      return 'gone';
  }
}

/**
 * sd_notify(3): sends `state` ('READY=1', 'STATUS=…', lines separated by LF) to the socket that NOTIFY_SOCKET names. False
 * when the variable is not set or nothing listens there; a service manager that is away is no reason to fail.
 */
export function notifyServiceManager(
  state: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  const path = environment['NOTIFY_SOCKET'];
  if (path === undefined || !/^[/@]/.test(path)) return false;
  try {
    const socket = openDatagram({ family: 'unix', path });
    const sent = socket.send(Buffer.from(state)) === 'sent';
    socket.close();
    return sent;
  } catch (error) {
    if (error instanceof SysError) return false;
    throw error;
  }
}
