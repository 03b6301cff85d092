// One HTTP/1 client connection: waits for requests, hands each to a transaction, waits for the next. While idle it holds
// no buffer and no transaction.
import type { Connection, ConnectionError, ConnectionOwner } from '../connection.ts'
import type { ThreadContext } from '../thread-context.ts'
import type { Frontend } from '../frontend.ts'
import type { Listener } from '../listener/listener.ts'

/** Created by `Frontend.accept` for frontends of mode http; owns the connection from then on. */
export declare class HttpSession implements ConnectionOwner {
  constructor(thread: ThreadContext, frontend: Frontend, connection: Connection, listener: Listener)
  onData(chunk: Buffer): void
  onEnd(): void
  onDrain(): void
  onClose(error: ConnectionError | undefined): void
}
