// The server behind the program under test: records every connection's bytes as they came and answers each complete request.
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { decodeRequests } from './wire.ts';

/** How the server behaves for one case. */
export interface Script {
  /** Bytes to send for each complete request. */
  readonly answer: string;
  /** Close after the first answer; with `until`, once the connection's bytes end with it. */
  readonly close: boolean;
  /** Answer as soon as a head is there: for bodies that never become whole. */
  readonly early: boolean;
  readonly until?: string;
}

/** One recorded connection. */
export interface Recording {
  text: string;
  ended: boolean;
}

/** A path that only the runner asks for: its connection marks that all earlier ones have been accepted. */
export const sentinelPath = '/sentinel';

export class Recorder {
  readonly server: Server;
  script: Script = { answer: '', close: false, early: false };
  recordings: Recording[] = [];
  #changed: (() => void) | undefined;
  #sockets = new Set<Socket>();

  constructor() {
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#serve(socket));
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => this.server.once('error', reject).listen(0, '127.0.0.1', resolve));
  }

  /** Starts a case. */
  begin(script: Script): void {
    this.script = script;
    this.recordings = [];
  }

  /** Resolves when `condition` holds, which is looked at whenever something was recorded; rejects after `limitMs`. */
  async until(condition: () => boolean, limitMs: number, what: string): Promise<void> {
    const deadline = Date.now() + limitMs;
    while (!condition()) {
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`${what}: ${JSON.stringify(this.recordings)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
  }

  #serve(socket: Socket): void {
    const script = this.script;
    const recording: Recording = { text: '', ended: false };
    let listed = false;
    let answered = 0;
    this.#sockets.add(socket);
    socket.on('data', (data) => {
      recording.text += data.toString('latin1');
      if (recording.text.startsWith(`GET ${sentinelPath} `)) {
        if (recording.text.endsWith('\r\n\r\n'))
          socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
        return;
      }
      if (!listed) this.recordings.push(recording);
      listed = true;
      const complete = decodeRequests(recording.text, script.until !== undefined).messages.filter(
        (m) => m.complete || script.early,
      ).length;
      this.#changed?.();
      for (; answered < complete && !socket.writableEnded; answered++) {
        socket.write(script.answer, 'latin1');
        if (script.close && script.until === undefined) socket.end();
      }
      if (script.until !== undefined && recording.text.endsWith(script.until)) socket.end();
    });
    const ended = (): void => {
      recording.ended = true;
      this.#changed?.();
    };
    socket.on('end', () => {
      if (!socket.writableEnded) socket.end();
      ended();
    });
    socket.on('error', ended);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      ended();
    });
  }
}
