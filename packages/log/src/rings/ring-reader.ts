/**
 * Someone who reads a ring through the runtime socket (`show events`): text in pieces, each after the one before was taken,
 * so that a slow reader costs nothing. What is replaced before it was read is passed over: nobody waits for who watches.
 */

import type { NamedRing } from './named-ring.ts';

/** Characters of one piece. */
const PIECE = 32 * 1024;

export class RingReader {
  readonly #ring: NamedRing;
  readonly #follows: boolean;
  readonly #send: (text: string, isLast: boolean) => void;
  readonly #detach: () => void;
  #position: number;
  #maySend = false;
  #isOver = false;

  /**
   * `fromEnd` leaves out what is there already (`-n`), `follows` waits for more (`-w`). `send` gets events, each with a line
   * feed, and whether they are the last; each piece comes after a more().
   */
  constructor(
    ring: NamedRing,
    { fromEnd, follows }: { readonly fromEnd: boolean; readonly follows: boolean },
    send: (text: string, isLast: boolean) => void,
  ) {
    this.#ring = ring;
    this.#follows = follows;
    this.#send = send;
    this.#position = fromEnd ? ring.next : ring.oldest;
    this.#detach = ring.attach(() => this.#read());
  }

  /** The next piece may come: there was none yet, or the last was taken. */
  more(): void {
    this.#maySend = true;
    this.#read();
  }

  close(): void {
    this.#isOver = true;
    this.#detach();
  }

  #read(): void {
    if (!this.#maySend || this.#isOver) return;
    let text = '';
    this.#position = this.#ring.read(this.#position, (event, length) => {
      if (text.length >= PIECE) return false;
      text += `${event.toString('latin1', 0, length)}\n`;
      return true;
    });
    const isLast = !this.#follows && this.#position >= this.#ring.next;
    if (text === '' && !isLast) return;
    this.#maySend = false;
    if (isLast) this.close();
    this.#send(text, isLast);
  }
}
