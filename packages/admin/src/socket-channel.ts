/**
 * A client's socket as the channel of a session: reads only what the session asks for, and lets it write only as much as
 * the client reads. It knows nothing of commands.
 */

import type { Socket } from 'node:net';
import type { Channel } from './cli/session.ts';

export class SocketChannel implements Channel {
  readonly #socket: Socket;
  #received = '';
  #hasEnded = false;
  #isGone = false;
  #isClosing = false;
  #silence: NodeJS.Timeout | undefined;
  #silenceMs = 0;
  /** Who waits for input, for room or for the end. */
  #wake: (() => void)[] = [];

  /** The socket is paused, and half-closed clients are still answered (`allowHalfOpen`). */
  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      if (this.#isClosing) return;
      this.#silence?.refresh();
      this.#received += chunk.toString('latin1');
      socket.pause();
      this.#wakeAll();
    });
    socket.on('end', () => {
      this.#hasEnded = true;
      this.#wakeAll();
    });
    socket.on('drain', () => this.#wakeAll());
    socket.on('close', () => {
      clearTimeout(this.#silence);
      this.#hasEnded = true;
      this.#isGone = true;
      this.#wakeAll();
    });
  }

  get hasInput(): boolean {
    return this.#received !== '';
  }

  async read(): Promise<string | undefined> {
    await this.waitForInput();
    const text = this.#received;
    this.#received = '';
    return text === '' ? undefined : text;
  }

  async waitForInput(): Promise<void> {
    while (this.#received === '' && !this.#hasEnded) {
      this.#socket.resume();
      await this.#change();
    }
  }

  async write(text: string): Promise<boolean> {
    if (this.#isGone || !this.#socket.writable) return false;
    const hasRoom = this.#socket.write(text, 'latin1', this.#onWritten);
    // Others have their turn between two pieces of a long answer: health checks, and other clients.
    if (hasRoom) await turn();
    else while (this.#socket.writableNeedDrain && !this.#isGone) await this.#change();
    return !this.#isGone;
  }

  /** Ends the connection when what was written has left; what the client still sends is thrown away, not answered by a reset. */
  close(): void {
    this.#isClosing = true;
    this.#socket.resume();
    this.#socket.end(() => this.#socket.destroy());
  }

  limitSilence(timeoutMs: number): void {
    if (timeoutMs === this.#silenceMs) return;
    this.#silenceMs = timeoutMs;
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#socket.destroy(), timeoutMs);
    // A process that stops waits for nobody's silence.
    this.#silence.unref();
  }

  /** The kernel took what was written: the client reads, or has room. */
  readonly #onWritten = (): void => {
    this.#silence?.refresh();
  };

  async #change(): Promise<void> {
    await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
