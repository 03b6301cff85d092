// The error types of this package, and the words for what the system refuses. Knows errno names and nothing of what was tried.
import { constants } from 'node:os';

/** An errno name as the C library spells it, for example `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`; `EUNKNOWN` for a number without a name. */
export type ErrnoName = string;

/** A failed system call. `code` is the errno name, `syscall` the call, `errno` the positive number. */
export class SysError extends Error {
  readonly code: ErrnoName;
  readonly errno: number;
  readonly syscall: string;

  constructor(syscall: string, errno: number, detail?: string) {
    const code = errnoName(errno);
    super(`${syscall}${detail === undefined ? '' : ` ${detail}`}: ${code}`);
    this.name = 'SysError';
    this.code = code;
    this.errno = errno;
    this.syscall = syscall;
  }
}

/** A feature that this system lacks was used; `why` says what is missing and `remedy` what to do about it. */
export class UnsupportedError extends Error {
  readonly feature: string;
  readonly why: string;
  readonly remedy: string;

  constructor(feature: string, why: string, remedy: string) {
    super(`${feature} is not available: ${why}; ${remedy}`);
    this.name = 'UnsupportedError';
    this.feature = feature;
    this.why = why;
    this.remedy = remedy;
  }
}

let names: Map<number, ErrnoName> | undefined;

export function errnoName(errno: number): ErrnoName {
  // Two names may share a number (EAGAIN and EWOULDBLOCK); the first is the usual one.
  names ??= new Map(
    Object.entries(constants.errno)
      .toReversed()
      .map(([name, number]) => [number, name]),
  );
  return names.get(errno) ?? 'EUNKNOWN';
}

/** strerror(3) of glibc by errno name, for what opening, binding, connecting and reading meet: scripts look for these words. */
const TEXTS: Readonly<Record<ErrnoName, string>> = {
  EACCES: 'Permission denied',
  EADDRINUSE: 'Address already in use',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EAFNOSUPPORT: 'Address family not supported by protocol',
  EAGAIN: 'Resource temporarily unavailable',
  EBADF: 'Bad file descriptor',
  EBUSY: 'Device or resource busy',
  ECONNABORTED: 'Software caused connection abort',
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  EEXIST: 'File exists',
  EHOSTDOWN: 'Host is down',
  EHOSTUNREACH: 'No route to host',
  EINVAL: 'Invalid argument',
  EIO: 'Input/output error',
  EISDIR: 'Is a directory',
  ELOOP: 'Too many levels of symbolic links',
  EMFILE: 'Too many open files',
  ENAMETOOLONG: 'File name too long',
  ENETDOWN: 'Network is down',
  ENETUNREACH: 'Network is unreachable',
  ENFILE: 'Too many open files in system',
  ENOBUFS: 'No buffer space available',
  ENODEV: 'No such device',
  ENOENT: 'No such file or directory',
  ENOMEM: 'Cannot allocate memory',
  ENOPROTOOPT: 'Protocol not available',
  ENOSPC: 'No space left on device',
  ENOTDIR: 'Not a directory',
  ENOTSOCK: 'Socket operation on non-socket',
  EOPNOTSUPP: 'Operation not supported',
  EPERM: 'Operation not permitted',
  EPIPE: 'Broken pipe',
  EPROTO: 'Protocol error',
  EROFS: 'Read-only file system',
  ETIMEDOUT: 'Connection timed out',
};

/** What the C library says for an errno name; the name itself where it is none of the usual ones. */
export function errnoText(code: ErrnoName): string {
  return TEXTS[code] ?? code;
}

/** Why something failed: in the C library's words where an errno is known (SysError, errors of Node), else the error's message. */
export function reasonOf(error: unknown): string {
  if (error instanceof UnsupportedError || !(error instanceof Error)) return messageOf(error);
  const { code } = error as NodeJS.ErrnoException;
  return code !== undefined && code in TEXTS ? TEXTS[code] : error.message;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
