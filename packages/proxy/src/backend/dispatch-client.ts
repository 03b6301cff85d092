// The two sides' contract: what a stream is to its dispatch, and the reasons for which there is no connection.

import type { Connection, ConnectionErrorKind } from '../connection.ts';
import type { Server } from './server.ts';
import type { SourceClient } from './source.ts';

/** Why no server connection could be had. The table of statuses and termination states is the streams'. */
export type DispatchFailure =
  /** No server of the backend is usable (503, `SC`). */
  | 'no-server'
  /** Waited in a queue for `timeout queue` (503, `sQ`). */
  | 'queue-timeout'
  /** The chosen server's queue holds `maxqueue` already (503, `SQ`). */
  | 'queue-full'
  /** The last attempt did not complete within `timeout connect` (503, `sC`). */
  | 'connect-timeout'
  /** The last attempt was refused or reset by the server (503, `SC`). */
  | 'refused'
  /** The last attempt found no route, host or network (503, `SC`). */
  | 'unreachable'
  /** Descriptors, ports or memory are missing here (503, `RC`). */
  | 'resource'
  /** A local error of no other kind, for example a Unix socket that may not be opened (503, `SC`). */
  | 'connect-error';

/** What a stream is to its dispatch. The first two may be called within start(). */
/** Why the streams of a server end: it went down, another one is back up, an operator ended them. */
export type ShutdownReason = 'down' | 'up' | 'killed';

export interface DispatchClient {
  /**
   * `connection` is established and paused, and nobody's: the stream sets `connection.owner` and resumes it. `reused` is
   * true for one that carried a request before; it may be found dead (`retryAfterReuseFailure`).
   */
  onServerConnection(server: Server, connection: Connection, reused: boolean): void;
  /** What a `source` that depends on the client is made from; absent where there is no client. */
  readonly sourceClient?: SourceClient;
  /** Only where `mayRedirect` is set: the server sends its clients elsewhere. The stream answers and then calls finish(). */
  onServerRedirect?(prefix: string): void;
  /** The slot is given back; the stream answers and then calls finish(). */
  onDispatchFailure(failure: DispatchFailure): void;
  /**
   * `on-marked-down shutdown-sessions`, or `shutdown sessions server` of the runtime socket: the stream must end at once
   * (termination `D` or `K`), closing its server connection, and call finish() before it returns.
   */
  onServerShutdown(reason: ShutdownReason): void;
}

/** How a failed attempt is told, by the kind of its error. */
export const FAILURE_OF_KIND: Readonly<Record<ConnectionErrorKind, DispatchFailure>> = {
  reset: 'refused',
  refused: 'refused',
  timeout: 'connect-timeout',
  unreachable: 'unreachable',
  resource: 'resource',
  other: 'connect-error',
};
