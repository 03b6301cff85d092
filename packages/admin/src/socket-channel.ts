/**
 * A client's socket as the channel of a session: reads only what the session asks for, and lets it write only as much as
 * the client reads. It knows nothing of commands.
 */

import type { Socket } from 'node:net';
import type { Channel } from './cli/session.ts';

/** Who has no limit has this one for taking the last of what was sent. */
const CLOSING_MS = 10_000;

export class SocketChannel implements Channel {
  readonly #socket: Socket;
  #received = '';
  #hasEnded = false;
  #isGone = false;
  #isClosing = false;
  #silenceMs = 0;
  /** Run while it is the client's turn to send, and to take what was sent: never while we make an answer. */
  readonly #sends = new Silence();
  readonly #takes = new Silence();
  /** Who waits for input, for room or for the end. */
  #wake: (() => void)[] = [];

  /** The socket is paused, and half-closed clients are still answered (`allowHalfOpen`). */
  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      if (this.#isClosing) return;
      this.#moved();
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
      this.#sends.end();
      this.#takes.end();
      this.#hasEnded = true;
      this.#isGone = true;
      this.#wakeAll();
    });
  }

  get hasInput(): boolean {
    return this.#received !== '';
  }

  async read(): Promise<string | undefined> {
    await this.#input(() => this.#socket.destroy());
    const text = this.#received;
    this.#received = '';
    return text === '' ? undefined : text;
  }

  async waitForInput(): Promise<boolean> {
    let isSilent = false;
    const onSilence = (): void => {
      isSilent = true;
      this.#wakeAll();
    };
    await this.#input(onSilence, () => isSilent);
    return !isSilent;
  }

  async write(text: string): Promise<boolean> {
    if (this.#isGone || !this.#socket.writable) return false;
    const hasRoom = this.#socket.write(text, 'latin1', this.#onWritten);
    // Others have their turn between two pieces of a long answer: health checks, and other clients.
    if (hasRoom) await turn();
    else {
      this.#takes.begin(this.#silenceMs, () => this.#socket.destroy());
      while (this.#socket.writableNeedDrain && !this.#isGone) await this.#change();
      this.#takes.end();
    }
    return !this.#isGone;
  }

  /** Ends the connection when what was written has left; what the client still sends is thrown away, not answered by a reset. */
  close(): void {
    this.#isClosing = true;
    if (!this.#isGone) this.#takes.begin(this.#silenceMs || CLOSING_MS, () => this.#socket.destroy());
    this.#socket.resume();
    this.#socket.end(() => this.#socket.destroy());
  }

  limitSilence(timeoutMs: number): void {
    this.#silenceMs = timeoutMs;
  }

  async #input(onSilence: () => void, isEnough: () => boolean = () => false): Promise<void> {
    if (this.#received !== '' || this.#hasEnded) return;
    this.#sends.begin(this.#silenceMs, onSilence);
    while (this.#received === '' && !this.#hasEnded && !isEnough()) {
      this.#socket.resume();
      await this.#change();
    }
    this.#sends.end();
  }

  /** The kernel took what was written: the client reads, or has room. */
  readonly #onWritten = (): void => this.#moved();

  #moved(): void {
    this.#sends.interrupt();
    this.#takes.interrupt();
  }

  async #change(): Promise<void> {
    await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** How long it has been the client's turn without anything having moved. */
class Silence {
  #timer: NodeJS.Timeout | undefined;

  /** 0: it may be silent for ever. */
  begin(limitMs: number, onLimit: () => void): void {
    this.end();
    if (limitMs === 0) return;
    this.#timer = setTimeout(onLimit, limitMs);
    // A process that stops waits for nobody's silence.
    this.#timer.unref();
  }

  interrupt(): void {
    this.#timer?.refresh();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
