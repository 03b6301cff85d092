// Gets a stream from "this backend" to "a server connection": one object per client connection, used again for each request.
// Knows nothing of HTTP, of rules or of logs: the stream says which backend, is called back with a connection or with the
// one reason why there is none, and reads the figures that a log line wants from the fields here.
//
// Life of one request:
//   dispatch.assign(backend)     the backend is chosen (`use_backend` / `default_backend`): counted as a session of it
//   dispatch.start()             a server is chosen, a slot taken, a pooled connection found or a new one opened
//     -> client.onServerConnection(…)  or  client.onDispatchFailure(…), exactly once, perhaps within start() itself
//   dispatch.giveBack() | dispatch.discard()   the connection is idle again | is closed or must not be used again
//   dispatch.finish()            the stream or transaction ended: slot and backend session are returned, the oldest waiter is woken
// cancel() may replace the wait between start() and the callback; after it no callback is made. finish() implies it.

import type { Connection } from '../connection.ts';
import type { ThreadContext } from '../thread-context.ts';
import type { Backend } from './backend.ts';
import type { Server } from './server.ts';

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

/** What a stream is to its dispatch. Both callbacks may come within start(). */
export interface DispatchClient {
  /**
   * `connection` is established, readable and writable, and has no owner: the stream sets `connection.owner` at once.
   * `reused` is true for one that carried a request before; it may be found dead (`retryAfterReuseFailure`).
   */
  onServerConnection(server: Server, connection: Connection, reused: boolean): void;
  /** Slot and connection are gone; the stream answers and then calls finish(). */
  onDispatchFailure(failure: DispatchFailure): void;
  /**
   * `on-marked-down shutdown-sessions`, or `shutdown sessions server` of the runtime socket: the stream ends
   * at once (termination `D` or `K`), closing its server connection.
   */
  onServerShutdown(reason: 'down' | 'killed'): void;
}

/** The public face of a dispatch; built by `createDispatch`. */
export interface Dispatch {
  // ------------------------------------------------------------------------------------------------- set by the stream
  /** Set before start() where persistence, `use-server` or a tracked entry names the server: it is asked first. */
  persistentServer: Server | undefined;
  /** Hash of the balance key for the hash algorithms, 32 bits unsigned; 0 where the algorithm has no key. */
  balanceHash: number;
  /** First request of its client connection: what `http-reuse safe` asks. The stream sets it to false after the first. */
  firstRequest: boolean;
  /** The connection may not be shared with other clients (manual: `http-reuse`, NTLM); set before giveBack(). */
  privateConnection: boolean;

  // ------------------------------------------------------------------------------------------------ read by the stream
  readonly backend: Backend | undefined;
  /** The server whose slot is held, or the last one tried; undefined when none was ever chosen (`<NOSRV>`). */
  readonly server: Server | undefined;
  readonly connection: Connection | undefined;
  /** Connection attempts after the first (`%rc`). */
  readonly retries: number;
  /** The server was changed after a failed attempt (`+` before `%rc`). */
  readonly redispatched: boolean;
  /** Waiters ahead in the server's queue at enqueueing (`%sq`). */
  readonly serverQueuePosition: number;
  /** Waiters ahead in the backend's queue at enqueueing (`%bq`). */
  readonly backendQueuePosition: number;
  /** ms from start() to the moment a server slot was had (`%Tw`); -1 when none was. */
  readonly queueTimeMs: number;
  /** ms from the slot to the established connection (`%Tc`), retries included; -1 when none was, 0 when reused. */
  readonly connectTimeMs: number;
  /** True between start() and its callback. */
  readonly pending: boolean;

  // ------------------------------------------------------------------------------------------------------------- verbs
  /** Counts a session of `backend` and resets the figures above. Must follow finish() where there was one before. */
  assign(backend: Backend): void;
  /** Seeks a connection; exactly one callback follows unless cancel() or finish() comes first. */
  start(): void;
  /** The client went away: leaves the queue or abandons the attempt. Harmless when nothing is pending. */
  cancel(): void;
  /**
   * The response is complete and the connection can carry another request: it goes to the idle pool, or is closed
   * where the pool's limits or `http-reuse` say so. The slot stays held until finish().
   */
  giveBack(): void;
  /** The connection is closed or will be by the stream: it is no longer this dispatch's. */
  discard(): void;
  /**
   * A reused connection died before the first response byte: seeks a connection again on the same terms, at most once
   * per request and not counted as a retry. Returns false, and does nothing, where that is spent or it was not reused.
   */
  retryAfterReuseFailure(): boolean;
  /**
   * The request failed on an established connection in a way that `retry-on` names and the stream holds it whole: counts
   * as a connection retry, with the same pauses and redispatch. Returns false when `retries` is spent.
   */
  retry(): boolean;
  /** Returns slot and backend session (waking the oldest waiter) and cancels what is pending. Idempotent. */
  finish(): void;
  /** The client connection is closed for good: also private connections kept for it are closed. Implies finish(). */
  close(): void;
}

/** One per stream (TCP) or per client connection (HTTP). */
export declare function createDispatch(context: ThreadContext, client: DispatchClient): Dispatch;
