// Idle server connections that are kept for one client alone (manual: `http-reuse never`; connections that a server has
// authenticated by NTLM), and which server the client should stay with for their sake (`option prefer-last-server`).

import type { Backend } from './backend.ts';
import type { Server } from './server.ts';
import type { ConnectionKeeper, ServerConnection } from './server-connection.ts';

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
    if (connections.length > connection.server.backend.config.maxSessionSrvConns) connections.shift()!.close();
  }

  take(server: Server): ServerConnection | undefined {
    const at = this.#connections.findIndex((connection) => connection.server === server);
    if (at < 0) return undefined;
    const [connection] = this.#connections.splice(at, 1);
    connection.reclaim();
    return connection;
  }

  /**
   * The server of the oldest of them that belongs to the backend; never `avoid`. `max-keep-alive-queue` says how many may wait
   * for it at most; the stream may have to wait, too.
   */
  preferred(backend: Backend, avoid: Server | undefined, isBound: boolean): Server | undefined {
    const maxQueue = isBound ? -1 : backend.config.maxKeepAliveQueue;
    for (const { server } of this.#connections)
      if (server.backend === backend && server !== avoid && server.takesNew && mayQueue(server, maxQueue))
        return server;
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

function mayQueue(server: Server, maxQueue: number): boolean {
  if (!server.isFull()) return true;
  const { maxqueue = 0 } = server.config;
  const queued = server.queued();
  return (maxQueue < 0 || queued < maxQueue) && (maxqueue === 0 || queued < maxqueue);
}
