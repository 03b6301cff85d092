// Idle server connections that are kept for one client alone (manual: `http-reuse never`; connections that a server has
// authenticated by NTLM), and which server the client should stay with for their sake (`option prefer-last-server`).

import type { Backend } from './backend.ts';
import type { Server } from './server.ts';
import type { ConnectionKeeper, ServerConnection } from './server-connection.ts';

/** HAProxy's `max-session-srv-conns`. */
const MAX_CONNECTIONS = 5;

export class PrivateConnections implements ConnectionKeeper {
  /** In the order in which they were kept first. */
  readonly #connections: ServerConnection[] = [];
  #kept = 0;

  /** Takes over a connection whose response is complete. */
  keep(connection: ServerConnection): void {
    if (!connection.releaseTo(this)) return;
    if (connection.privateNumber === 0) connection.privateNumber = ++this.#kept;
    const connections = this.#connections;
    const at = connections.findIndex(({ privateNumber }) => privateNumber > connection.privateNumber);
    connections.splice(at < 0 ? connections.length : at, 0, connection);
    if (connections.length > MAX_CONNECTIONS) connections.shift()!.close();
  }

  take(server: Server): ServerConnection | undefined {
    const at = this.#connections.findIndex((connection) => connection.server === server);
    if (at < 0) return undefined;
    const [connection] = this.#connections.splice(at, 1);
    connection.reclaim();
    return connection;
  }

  /** The server of the oldest of them that belongs to the backend and can take a stream now; never `avoid`. */
  preferred(backend: Backend, avoid: Server | undefined): Server | undefined {
    for (const { server } of this.#connections)
      if (server.backend === backend && server !== avoid && server.isEligible && !server.isFull()) return server;
    return undefined;
  }

  /** The client is gone. */
  close(): void {
    for (const connection of this.#connections.splice(0)) connection.close();
  }

  onKeptClosed(connection: ServerConnection): void {
    const at = this.#connections.indexOf(connection);
    if (at >= 0) this.#connections.splice(at, 1);
  }
}
