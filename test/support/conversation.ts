/** Runtime sockets as operators' tools use them. */

import { connect, type NetConnectOpts, type Socket } from 'node:net';

/**
 * Writes `text` (commands end in newlines), and returns what comes until the other side closes. Rejects where nobody listens. A
 * conversation with a master goes on until its client ends it: `isWhole` says so behind the text.
 */
export async function converse(target: NetConnectOpts, text: string, isWhole = false): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect(target);
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.once('error', reject);
    socket.once('close', () => resolve(answer));
    socket.write(text, 'latin1');
    if (isWhole) socket.end();
  });
}

/** A conversation in several steps. Awaiting `until` bounds no time: the test's own limit does. */
export class Conversation implements AsyncDisposable {
  readonly #socket: Socket;
  #heard = '';
  #hasEnded = false;
  #wake: (() => void)[] = [];

  constructor(target: NetConnectOpts) {
    this.#socket = connect(target);
    this.#socket.on('data', (chunk) => {
      this.#heard += chunk.toString('latin1');
      this.#changed();
    });
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.on('close', () => {
      this.#hasEnded = true;
      this.#changed();
    });
  }

  /** Everything that was heard so far. */
  get heard(): string {
    return this.#heard;
  }

  get isOpen(): boolean {
    return !this.#hasEnded;
  }

  send(text: string): void {
    this.#socket.write(text, 'latin1');
  }

  /** Until what was heard, in all, is like that; throws where the other side ends first. */
  async until(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#heard)) {
      if (this.#hasEnded) throw new Error(`ended, having said ${JSON.stringify(this.#heard)}, not ${pattern}`);
      await this.#change();
    }
  }

  /** Until the other side has closed; resolves with all that it said. */
  async ended(): Promise<string> {
    while (!this.#hasEnded) await this.#change();
    return this.#heard;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    await this.ended();
  }

  async #change(): Promise<void> {
    await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
