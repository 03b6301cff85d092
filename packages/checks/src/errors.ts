// How socket errors are told by check results: the status for the errno by the phase in which it came, and the words of the
// C library for it, which log lines and `last_chk` show.

import { errnoText } from '@evenkeel/sys';
import type { CheckStatus } from './status.ts';

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
  if (OF_THE_PEER.has(code)) return { status: 'L4CON', info: errnoText(code) };
  return { status: 'SOCKERR', info: `General socket error (${errnoText(code)})` };
}

/** An error on the established connection. */
export function socketFinding(code: string): SocketFinding {
  return { status: 'SOCKERR', info: errnoText(code) };
}
