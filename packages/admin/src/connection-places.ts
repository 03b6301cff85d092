/**
 * `stats maxconn`: who is over it waits, unread, as in the queue of a listener that does not accept. Runtime sockets share their
 * places; the master's sockets have some of their own, since conversations there may stay open for ever.
 */

import type { Socket } from 'node:net';
import type { StatsSocket } from '@evenkeel/config';

type Welcome = (socket: Socket, config: StatsSocket) => void;

/** Where it is not set. */
const DEFAULT_MAXCONN = 10;
/** More than that are sent away. */
const MOST_WAITING = 128;

export class ConnectionPlaces {
  readonly #welcome: Welcome;
  readonly #taken = new Set<Socket>();
  /** Oldest first. */
  readonly #waiting = new Map<Socket, StatsSocket>();
  #maxconn = DEFAULT_MAXCONN;

  constructor(welcome: Welcome) {
    this.#welcome = welcome;
  }

  /** Undefined is the default. Who is here stays, also where there are fewer places now. */
  limit(maxconn: number | undefined): void {
    this.#maxconn = maxconn ?? DEFAULT_MAXCONN;
    this.#admitNext();
  }

  /** Whoever comes is welcomed when there is a place. */
  enter(socket: Socket, config: StatsSocket): void {
    if (this.#taken.size < this.#maxconn) {
      this.#admit(socket, config);
      return;
    }
    if (this.#waiting.size >= MOST_WAITING) {
      socket.destroy();
      return;
    }
    this.#waiting.set(socket, config);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#waiting.delete(socket));
  }

  /** Ends every conversation, and all that waits for one. */
  clear(): void {
    for (const socket of [...this.#waiting.keys(), ...this.#taken]) socket.destroy();
  }

  #admit(socket: Socket, config: StatsSocket): void {
    this.#taken.add(socket);
    socket.once('close', () => {
      this.#taken.delete(socket);
      this.#admitNext();
    });
    this.#welcome(socket, config);
  }

  #admitNext(): void {
    for (const [socket, config] of this.#waiting) {
      if (this.#taken.size >= this.#maxconn) return;
      this.#waiting.delete(socket);
      this.#admit(socket, config);
    }
  }
}
