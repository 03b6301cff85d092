// The one error type of this package. Knows errno names and nothing of what was tried.
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
