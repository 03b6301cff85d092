/** One end of a TCP connection in the hands of a test: what it sends, when it closes, and what it has seen of the other end. */

import { connect as connectSocket, createServer, type AddressInfo, type Socket } from 'node:net';

export class Peer {
  readonly socket: Socket;
  /** latin1, the first 64 KB. */
  text = '';
  received = 0;
  /** FIN came. */
  hasEnded = false;
  /** Name of the error that broke the connection: ECONNRESET. */
  error: string | undefined = undefined;
  isClosed = false;
  #waiters: (() => void)[] = [];

  constructor(socket: Socket, { reads = true }: { readonly reads?: boolean } = {}) {
    this.socket = socket;
    const tell = (): void => {
      for (const waiter of this.#waiters.splice(0)) waiter();
    };
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code;
      tell();
    });
    socket.on('end', () => {
      this.hasEnded = true;
      tell();
    });
    socket.on('close', () => {
      this.isClosed = true;
      tell();
    });
    if (!reads) {
      socket.pause();
      return;
    }
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.length;
      if (this.text.length < 65_536) this.text += chunk.toString('latin1');
      tell();
    });
    socket.resume();
  }

  static async connect(port: number, options: { readonly reads?: boolean } = {}): Promise<Peer> {
    const socket = connectSocket({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const peer = new Peer(socket, options);
    await new Promise<void>((resolve) => {
      socket.once('connect', resolve);
      socket.once('close', () => resolve());
    });
    return peer;
  }

  send(text: string | Buffer): this {
    this.socket.write(text, 'latin1');
    return this;
  }

  /** FIN, behind what was sent. */
  end(): void {
    this.socket.end();
  }

  /** RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Sends without end, as fast as the other side reads. */
  flood(): void {
    const chunk = Buffer.alloc(1 << 16, 'x');
    const go = (): void => {
      while (!this.socket.destroyed && this.socket.writable && this.socket.write(chunk));
    };
    this.socket.on('drain', go);
    go();
  }

  /** Until `text` was received; throws when the connection ends before. */
  async until(text: string): Promise<this> {
    while (!this.text.includes(text)) {
      if (this.isGone)
        throw new Error(`the connection ended (${this.error ?? 'FIN'}) before '${text}' came, after '${this.text}'`);
      await this.#change();
    }
    return this;
  }

  /** Until nothing more comes: FIN, RST, or closed. */
  async gone(): Promise<this> {
    while (!this.isGone) await this.#change();
    return this;
  }

  get isGone(): boolean {
    return this.hasEnded || this.error !== undefined || this.isClosed;
  }

  async #change(): Promise<void> {
    await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }
}

/** A server whose connections the test plays, half-open as they come. */
export class PeerServer {
  readonly port: number;
  readonly peers: readonly Peer[];
  readonly #close: (all: boolean) => void;
  readonly #next: Set<() => void>;

  private constructor(port: number, peers: readonly Peer[], next: Set<() => void>, close: (all: boolean) => void) {
    this.port = port;
    this.peers = peers;
    this.#next = next;
    this.#close = close;
  }

  static async start(
    play: (peer: Peer, nth: number) => unknown,
    { reads = true }: { readonly reads?: boolean } = {},
  ): Promise<PeerServer> {
    const peers: Peer[] = [];
    const next = new Set<() => void>();
    let isClosing = false;
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => {
      const peer = new Peer(socket, { reads });
      if (isClosing) socket.destroy();
      peers.push(peer);
      for (const tell of next) tell();
      next.clear();
      // A script ends with an error when its connection does.
      void Promise.resolve(play(peer, peers.length - 1)).catch(() => undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new PeerServer((server.address() as AddressInfo).port, peers, next, (all) => {
      isClosing = true;
      for (const { socket } of peers) socket.destroy();
      if (all) server.close();
    });
  }

  /** The connection of that number, from 0, once it is there. */
  async peer(nth: number): Promise<Peer> {
    while (this.peers.length <= nth) await new Promise<void>((resolve) => this.#next.add(resolve));
    return this.peers[nth];
  }

  /** Ends every connection, and those that are still to come. */
  hangUp(): void {
    this.#close(false);
  }

  close(): void {
    this.#close(true);
  }
}
