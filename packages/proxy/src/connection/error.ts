// Why a connection ended other than by both sides closing in order: errno names filed under the few kinds that streams and
// dispatches tell apart.

export type ConnectionErrorKind =
  | 'reset' // the peer aborted
  | 'refused' // nobody listens there, or a Unix socket that is not there
  | 'timeout' // the kernel gave up: TCP_USER_TIMEOUT, keep-alive probes, SYN retries
  | 'unreachable' // no route, host or network
  | 'resource' // this process or machine ran out: descriptors, memory, local ports
  | 'other';

export class ConnectionError {
  readonly kind: ConnectionErrorKind;
  /** errno name, for logs: `ECONNRESET`. */
  readonly code: string;
  constructor(kind: ConnectionErrorKind, code: string) {
    this.kind = kind;
    this.code = code;
  }
}

const KIND_OF_CODE: ReadonlyMap<string, ConnectionErrorKind> = new Map([
  ['ECONNRESET', 'reset'],
  ['EPIPE', 'reset'],
  ['ECONNABORTED', 'reset'],
  ['ECONNREFUSED', 'refused'],
  ['ENOENT', 'refused'],
  ['ETIMEDOUT', 'timeout'],
  ['EHOSTUNREACH', 'unreachable'],
  ['ENETUNREACH', 'unreachable'],
  ['EHOSTDOWN', 'unreachable'],
  ['ENETDOWN', 'unreachable'],
  ['EMFILE', 'resource'],
  ['ENFILE', 'resource'],
  ['ENOBUFS', 'resource'],
  ['ENOMEM', 'resource'],
  ['EADDRNOTAVAIL', 'resource'],
  ['EAGAIN', 'resource'],
]);

/** Files an errno name under its kind. */
export function connectionError(code: string): ConnectionError {
  return new ConnectionError(KIND_OF_CODE.get(code) ?? 'other', code);
}
