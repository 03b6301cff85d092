// How socket errors are told by check results: the status for the errno by the phase in which it came, and the words of the
// C library for it, which log lines and `last_chk` show.

import type { CheckStatus } from './status.ts';

/** glibc's strerror for what connecting, reading and writing can meet. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  ECONNABORTED: 'Software caused connection abort',
  EPIPE: 'Broken pipe',
  ETIMEDOUT: 'Connection timed out',
  EHOSTUNREACH: 'No route to host',
  ENETUNREACH: 'Network is unreachable',
  EHOSTDOWN: 'Host is down',
  ENETDOWN: 'Network is down',
  ENOENT: 'No such file or directory',
  EACCES: 'Permission denied',
  EPERM: 'Operation not permitted',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EADDRINUSE: 'Address already in use',
  EMFILE: 'Too many open files',
  ENFILE: 'Too many open files in system',
  ENOBUFS: 'No buffer space available',
  ENOMEM: 'Cannot allocate memory',
  EAGAIN: 'Resource temporarily unavailable',
  EINVAL: 'Invalid argument',
  EPROTO: 'Protocol error',
};

/** This process or machine ran out of something, or forbids it: says nothing about the server. */
const OF_THIS_SIDE: ReadonlySet<string> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'EAGAIN',
  'EADDRNOTAVAIL',
  'EADDRINUSE',
]);

/** What the network or the server did, as opposed to what this machine could not do. */
const OF_THE_PEER: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
]);

export function errorWords(code: string): string {
  return WORDS[code] ?? code;
}

export interface SocketFinding {
  readonly status: CheckStatus;
  readonly info: string;
}

/** True for an error that came before the server had a say, for want of descriptors, memory or ports here. */
export function isOfThisSide(code: string): boolean {
  return OF_THIS_SIDE.has(code);
}

/** An error while connecting; `code` is the errno name. */
export function connectFinding(code: string): SocketFinding {
  if (code === 'ETIMEDOUT') return { status: 'L4TOUT', info: '' };
  // A refused connection is ECONNREFUSED: this one stood, and was reset before we looked.
  if (code === 'ECONNRESET') return socketFinding(code);
  if (OF_THE_PEER.has(code)) return { status: 'L4CON', info: errorWords(code) };
  return { status: 'SOCKERR', info: `General socket error (${errorWords(code)})` };
}

/** An error on the established connection. */
export function socketFinding(code: string): SocketFinding {
  return { status: 'SOCKERR', info: errorWords(code) };
}
