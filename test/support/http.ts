/** HTTP clients and raw HTTP servers of tests, over `node:http` and `node:net`. */

import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface Ask {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  readonly agent?: Agent;
  /** Unix socket to connect to in place of the port. */
  readonly socketPath?: string;
  /** ms until the request counts as failed. */
  readonly limitMs?: number;
}

/** One request; rejects when no complete answer comes. Without an agent the connection is closed after it. */
export async function ask(
  port: number,
  { path = '/', method = 'GET', headers = {}, body, agent, socketPath, limitMs = 20_000 }: Ask = {},
): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const call = request(
      {
        ...(socketPath === undefined ? { port, host: '127.0.0.1' } : { socketPath }),
        path,
        method,
        headers,
        agent: agent ?? false,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
        );
      },
    );
    call.setTimeout(limitMs, () => call.destroy(new Error(`no answer to ${method} ${path} within ${limitMs} ms`)));
    call.once('error', reject);
    call.end(body);
  });
}

/** `sockets` connections that are kept. */
export function keepAliveAgent(sockets: number): Agent {
  return new Agent({ keepAlive: true, maxSockets: sockets, maxFreeSockets: sockets });
}

/** A TCP server on a free port of loopback; its connections end with it. */
export class RawServer {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, sockets: Set<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(
    serve: (socket: Socket) => void,
    options: { readonly port?: number; readonly pauseOnConnect?: boolean } = {},
  ): Promise<RawServer> {
    const sockets = new Set<Socket>();
    const server = createServer({ pauseOnConnect: options.pauseOnConnect ?? false, noDelay: true }, (socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => sockets.delete(socket));
      serve(socket);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port ?? 0, '127.0.0.1', resolve);
    });
    return new RawServer(server, sockets);
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** Ends every connection at once. */
  destroyConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.destroyConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
