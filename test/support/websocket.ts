/**
 * A WebSocket server that sends back what it gets (RFC 6455), small enough to be read: text, binary, fragments, ping and the
 * close handshake, which it starts itself when it gets the text `close`. And clients over Node's own WebSocket.
 */

import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';

/** RFC 6455, section 1.3. */
const KEY_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** RFC 6455, section 5.2. */
const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
/** What clients ask the server to close with: application codes begin at 4000 (section 7.4.2). */
export const SERVER_CLOSE_CODE = 4001;

interface Frame {
  readonly final: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
  /** Bytes of the frame in the stream. */
  readonly bytes: number;
}

export class WebSocketServer {
  readonly port: number;
  /** Close codes that clients sent, in order. */
  readonly closeCodes: number[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('upgrade', (request, socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('end', () => socket.end());
      socket.once('close', () => this.#sockets.delete(socket));
      upgrade(request, socket);
      this.#echo(socket);
    });
  }

  /** `answer` serves plain requests beside; 404 where there is none. */
  static async start(answer?: Parameters<typeof createServer>[1]): Promise<WebSocketServer> {
    const server = createServer(answer ?? ((_request, response) => response.writeHead(404).end()));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new WebSocketServer(server);
  }

  /** Tunnels open now. */
  get open(): number {
    return this.#sockets.size;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #echo(socket: Socket): void {
    let pending: Buffer = Buffer.alloc(0);
    let message: Buffer[] = [];
    let messageOpcode = TEXT;
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      for (let frame = readFrame(pending); frame !== undefined; frame = readFrame(pending)) {
        pending = pending.subarray(frame.bytes);
        switch (frame.opcode) {
          case TEXT:
          case BINARY:
          case CONTINUATION:
            if (frame.opcode !== CONTINUATION) messageOpcode = frame.opcode;
            message.push(frame.payload);
            if (!frame.final) break;
            if (messageOpcode === TEXT && frame.payload.toString() === 'close') {
              const code = Buffer.alloc(2);
              code.writeUInt16BE(SERVER_CLOSE_CODE);
              writeFrame(socket, CLOSE, code);
            } else writeFrame(socket, messageOpcode, Buffer.concat(message));
            message = [];
            break;
          case PING:
            writeFrame(socket, PONG, frame.payload);
            break;
          case CLOSE: {
            const code = frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : 1005;
            this.closeCodes.push(code);
            // The answer to a close that this side began ends the connection; else it is answered first (section 5.5.1).
            if (code === SERVER_CLOSE_CODE) socket.end();
            else {
              writeFrame(socket, CLOSE, frame.payload);
              socket.end();
            }
            break;
          }
        }
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

function upgrade(request: IncomingMessage, socket: Socket): void {
  const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${KEY_SUFFIX}`).digest('base64');
  socket.setNoDelay(true);
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
}

/** The first frame of `bytes`, unmasked, or undefined where it is not complete. */
function readFrame(bytes: Buffer): Frame | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes[1] & 0x7f;
  let offset = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < offset + 4) return undefined;
  const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  // Clients mask (section 5.1).
  const mask = bytes.subarray(offset, offset + 4);
  offset += 4;
  if (bytes.length < offset + length) return undefined;
  const payload = Buffer.from(bytes.subarray(offset, offset + length));
  for (let index = 0; index < payload.length; index++) payload[index] ^= mask[index & 3];
  return { final: (bytes[0] & 0x80) !== 0, opcode: bytes[0] & 0x0f, payload, bytes: offset + length };
}

function writeFrame(socket: Socket, opcode: number, payload: Buffer): void {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  if (length < 126) head[1] = length;
  else if (length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  socket.write(head);
  socket.write(payload);
}

/** A client whose messages are awaited one by one. */
export class WebSocketClient {
  /** Resolves with the code when the connection is closed; 1006 is an abnormal end (section 7.1.5). */
  readonly closed: Promise<number>;
  readonly #socket: WebSocket;
  readonly #messages: (string | Buffer)[] = [];
  #wake: (() => void) | undefined;
  #isClosed = false;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }: { data: string | ArrayBuffer }) => {
      this.#messages.push(typeof data === 'string' ? data : Buffer.from(data));
      this.#wake?.();
    });
    this.closed = new Promise((resolve) => {
      socket.addEventListener('close', ({ code }: { code: number }) => {
        this.#isClosed = true;
        resolve(code);
        this.#wake?.();
      });
    });
  }

  /** Rejects where the handshake fails. */
  static async open(url: string): Promise<WebSocketClient> {
    const socket = new WebSocket(url);
    const client = new WebSocketClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve());
      socket.addEventListener('error', () => reject(new Error(`no WebSocket at ${url}`)));
    });
    return client;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(message: string | Buffer): void {
    this.#socket.send(typeof message === 'string' ? message : new Uint8Array(message));
  }

  /** The next message; rejects where the connection ends before. */
  async receive(): Promise<string | Buffer> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) return message;
      if (this.#isClosed) throw new Error('the WebSocket was closed');
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async echo(message: string | Buffer): Promise<string | Buffer> {
    this.send(message);
    return await this.receive();
  }

  close(code: number): void {
    this.#socket.close(code);
  }
}
