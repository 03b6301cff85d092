// One listening socket of one thread, which can stop accepting and start again without anybody noticing: clients that come
// meanwhile wait in the kernel's queue, as with any server that does not call accept(2).
//
// Node has no call for that. But a handle may be closed while a second descriptor holds the socket: the kernel goes on
// completing handshakes, the socket stays in its SO_REUSEPORT group, and a new handle on a duplicate takes up where the old
// one stopped. The second descriptor is made at the first hold, stays for the life of the listener, and is noted where the
// supervisor finds it if the thread dies (kept-descriptors.ts).
import * as net from 'node:net';
import { SysError, closeFd, descriptorOf, dup, setBacklog } from '@evenkeel/sys';
import { boundDescriptor, type BoundSocket } from './bind.ts';
import type { KeptDescriptors } from './kept-descriptors.ts';

export class ListeningSocket {
  readonly #table: KeptDescriptors;
  readonly #attach: (server: net.Server) => void;
  /** What the event loop polls; undefined while held, suspended or closed. */
  #server: net.Server | undefined = undefined;
  #kept = -1;

  /** `attach` makes a server deliver its connections. */
  constructor(table: KeptDescriptors, attach: (server: net.Server) => void) {
    this.#table = table;
    this.#attach = attach;
  }

  /** The socket is there and nothing polls it. */
  get isHeld(): boolean {
    return this.#server === undefined && this.#kept >= 0;
  }

  get isListening(): boolean {
    return this.#server !== undefined;
  }

  /** Listens from the moment of the call. Rejects with BindError; the descriptor is gone then. */
  async listen(socket: BoundSocket): Promise<void> {
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true });
    const listening = socket.listen(server);
    // The socket listens already, or never will; nothing is accepted before the event loop turns.
    this.#attach(server);
    this.#server = server;
    try {
      await listening;
    } catch (error) {
      if (this.#server === server) this.#server = undefined;
      throw error;
    }
  }

  /** Accepts nothing until `release`. False where no descriptor is to be had for it: the socket goes on accepting. */
  hold(): boolean {
    const server = this.#server;
    if (server === undefined) return this.isHeld;
    if (!this.#keep(server)) return false;
    this.#server = undefined;
    server.close();
    return true;
  }

  /**
   * Accepts again; undefined where no descriptor is to be had for it now: the socket stays held. Otherwise as `listen`, with
   * the backlog as it is configured now, and resolves with true.
   */
  release(backlog: number): Promise<boolean> | undefined {
    let descriptor: number;
    try {
      descriptor = dup(this.#kept);
    } catch (error) {
      if (error instanceof SysError) return undefined;
      throw error;
    }
    return this.listen(boundDescriptor(descriptor, backlog)).then(() => true);
  }

  /** Changes the length of the kernel's queue; a held socket has it changed by `release`. Throws SysError. */
  setBacklog(backlog: number, fastOpen: boolean): void {
    if (this.#server !== undefined) setBacklog(descriptorOf(this.#server), backlog, fastOpen);
  }

  /** Lets go of the socket, and of its queue where no other process or thread has it. */
  close(): void {
    this.#server?.close();
    this.#server = undefined;
    const kept = this.#kept;
    if (kept < 0) return;
    this.#kept = -1;
    this.#table.remove(kept);
    closeFd(kept);
  }

  #keep(server: net.Server): boolean {
    if (this.#kept >= 0) return true;
    let descriptor: number;
    try {
      descriptor = dup(descriptorOf(server));
    } catch (error) {
      if (error instanceof SysError) return false;
      throw error;
    }
    if (!this.#table.add(descriptor)) {
      closeFd(descriptor);
      return false;
    }
    this.#kept = descriptor;
    return true;
  }
}
