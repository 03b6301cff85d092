// What works here, and if not, why and what helps. Each question is asked of the kernel by trying on a socket that is closed
// at once; nothing is remembered, since capabilities change when privileges are dropped.
import {
  AF_INET,
  IPPROTO_IP,
  IP_TRANSPARENT,
  SOCK_CLOEXEC,
  SOCK_STREAM,
  SOL_SOCKET,
  SO_BINDTODEVICE,
  SO_MARK,
} from './constants.ts';
import { SysError, UnsupportedError } from './errors.ts';
import { check, libc, nativeRefusal } from './native.ts';
import { setInt, setText } from './options.ts';
import { readSysctl } from './sysctl.ts';

export type Feature =
  | 'native' // koffi and a C library that it can call: everything in this package but sysctl needs it
  | 'transparent' // IP_TRANSPARENT: CAP_NET_ADMIN or CAP_NET_RAW
  | 'mark' // SO_MARK: CAP_NET_ADMIN
  | 'bind-device' // SO_BINDTODEVICE
  | 'fastopen' // TCP_FASTOPEN with the server bit in net.ipv4.tcp_fastopen
  | 'capabilities' // CAP_SETUID and CAP_SETGID: privileges can be dropped and some kept
  | 'affinity'; // sched_setaffinity

/** Whether a feature works here, and if not why and what to do about it. */
export type Support =
  | { readonly supported: true }
  | { readonly supported: false; readonly why: string; readonly remedy: string };

const YES: Support = { supported: true };

/** Asks the system anew each time; costs some microseconds. */
export function support(feature: Feature): Support {
  const refusal = nativeRefusal();
  if (refusal !== undefined) return { supported: false, ...refusal };
  switch (feature) {
    case 'native':
      return YES;
    case 'transparent':
      return trial(
        (fd) => setInt(fd, IPPROTO_IP, IP_TRANSPARENT, 1, 'IP_TRANSPARENT'),
        'start as root or with CAP_NET_ADMIN or CAP_NET_RAW',
      );
    case 'mark':
      return trial((fd) => setInt(fd, SOL_SOCKET, SO_MARK, 1, 'SO_MARK'), 'start as root or with CAP_NET_ADMIN');
    case 'bind-device':
      return trial(
        (fd) => setText(fd, SOL_SOCKET, SO_BINDTODEVICE, 'lo', 'SO_BINDTODEVICE'),
        'start as root or with CAP_NET_RAW, or use Linux 5.7 or newer',
      );
    case 'fastopen':
      return fastOpenSupport();
    case 'capabilities':
      return capabilitySupport();
    case 'affinity':
      return affinitySupport();
  }
}

/** Throws UnsupportedError where `support` says no. */
export function requireFeature(feature: Feature): void {
  const answer = support(feature);
  if (!answer.supported) throw new UnsupportedError(feature, answer.why, answer.remedy);
}

function trial(attempt: (fd: number) => void, remedy: string): Support {
  let fd = -1;
  try {
    fd = check('socket', libc().socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    attempt(fd);
    return YES;
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return { supported: false, why: `${error.message}`, remedy };
  } finally {
    if (fd >= 0) libc().close(fd);
  }
}

/** Bit 2 lets listeners accept data in a SYN; without it the option is taken and does nothing. */
function fastOpenSupport(): Support {
  const value = readSysctl('net.ipv4.tcp_fastopen');
  if (value !== undefined && (Number(value) & 2) !== 0) return YES;
  return {
    supported: false,
    why: `net.ipv4.tcp_fastopen is ${value ?? 'not readable'}, which has no server side`,
    remedy: 'sysctl -w net.ipv4.tcp_fastopen=3',
  };
}

/** CAP_SETGID (6) and CAP_SETUID (7) in the effective set. */
function capabilitySupport(): Support {
  const data = new Uint32Array(6);
  if (libc().capget(Uint32Array.of(0x2008_0522, 0), data) < 0)
    return {
      supported: false,
      why: 'the kernel has no capabilities of version 3',
      remedy: 'use Linux 2.6.26 or newer',
    };
  if ((data[0] & 0xc0) === 0xc0) return YES;
  return {
    supported: false,
    why: 'the process may not change its user and group',
    remedy: 'start as root, or leave user and group out',
  };
}

function affinitySupport(): Support {
  const mask = new Uint8Array(128);
  if (libc().sched_getaffinity(0, mask.length, mask) >= 0) return YES;
  return { supported: false, why: 'sched_getaffinity fails', remedy: 'leave cpu-map out' };
}
