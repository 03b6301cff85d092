/**
 * The daemon's end of `evenkeel reload` and `evenkeel status` (channel-name.ts says where): one request a connection, a word
 * and a line feed, answered by one line of JSON when it is done.
 */

import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { descriptorOf, peerCredentials, reasonOf } from '@evenkeel/sys';
import { newChannelPath } from './channel-name.ts';

export interface ChannelAnswer {
  readonly ok: boolean;
  /** For the terminal of who asked. */
  readonly text: string;
}

export interface ChannelRequests {
  reload(): Promise<ChannelAnswer>;
  status(): ChannelAnswer;
}

const MAX_REQUEST = 64;
/** Who connects and does not ask is sent away. */
const IDLE_MS = 5000;
const MAX_CONNECTIONS = 16;

export class ControlChannel {
  readonly #requests: ChannelRequests;
  readonly #server: Server;
  readonly #users: ReadonlySet<number>;

  /** `onFailure` hears why nobody can be heard there. */
  constructor(pid: number, requests: ChannelRequests, onFailure: (reason: string) => void) {
    this.#requests = requests;
    this.#users = new Set([0, process.getuid?.() ?? 0]);
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => this.#welcome(socket));
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.on('error', (error) => onFailure(reasonOf(error)));
    this.#server.listen(newChannelPath(pid));
    // It keeps no process alive.
    this.#server.unref();
  }

  /** Nobody new is heard; what was asked is still answered while the process lives. */
  close(): void {
    this.#server.close();
  }

  #welcome(socket: Socket): void {
    socket.unref();
    socket.on('error', () => socket.destroy());
    const { uid } = peerCredentials(descriptorOf(socket));
    // The user may have changed since the start (`user`), and either may ask.
    if (!this.#users.has(uid) && uid !== process.getuid?.()) {
      socket.resume();
      answer(socket, { ok: false, text: 'only root and the user of the daemon may ask it for anything\n' });
      return;
    }
    let request = '';
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    socket.on('data', (chunk) => {
      request += chunk.toString('latin1');
      const end = request.indexOf('\n');
      if (end < 0 && request.length <= MAX_REQUEST) return;
      socket.removeAllListeners('data');
      socket.setTimeout(0);
      this.#serve(socket, request.slice(0, end));
    });
    socket.resume();
  }

  #serve(socket: Socket, request: string): void {
    switch (request) {
      case 'status':
        answer(socket, this.#requests.status());
        break;
      case 'reload':
        this.#requests.reload().then(
          (outcome) => answer(socket, outcome),
          (error: unknown) => answer(socket, { ok: false, text: `${reasonOf(error)}\n` }),
        );
        break;
      default:
        answer(socket, { ok: false, text: 'this daemon does not know what it was asked for\n' });
    }
  }
}

/** Who is answered is done with: nobody keeps the few places for connections by not hanging up. */
function answer(socket: Socket, outcome: ChannelAnswer): void {
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.end(`${JSON.stringify(outcome)}\n`, () => socket.destroy());
}
