/**
 * Connections that are aborted at random phases, against servers that abort as well: in the request head, the body, the
 * response head, the response body, a tunnel, a half-closed connection, by FIN, by RST, by silence. Afterwards the daemon must
 * have given everything back. The choices come from a seed that is printed, so that a failing run can be repeated.
 */

import { createServer, connect } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Daemon, freePorts, until } from '../support/daemon.ts';

export interface SoakOptions {
  readonly connections: number;
  readonly threads: number;
  readonly seed: number;
  /** `maxconn` of both proxies: with fewer places than clients at work listeners stop and start accepting all the time. */
  readonly places?: number;
}

export interface SoakResult {
  readonly descriptorsBefore: number;
  readonly descriptorsAfter: number;
  readonly residentBefore: number;
  readonly residentAfter: number;
  readonly output: string;
  readonly running: boolean;
  /** `CurrConns` of `show info` after the last client left, the asking connection not counted. */
  readonly currentConnections: number;
  /** Sessions that proxies and servers still count. */
  readonly countedSessions: number;
  /** A plain request after everything. */
  readonly lastAnswer: string;
}

/** Clients at work at a time: enough to overlap every phase, well below the descriptors of a test machine. */
const CONCURRENCY = 100;
const BODY = Buffer.alloc(40_000, 'b');

/** mulberry32: a small seeded generator; statistical quality is not the point, repeatability is. */
export function randomSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export async function soakAborts(options: SoakOptions): Promise<SoakResult> {
  const random = randomSource(options.seed);
  const server = await startAbortingServer(random);
  const serverPort = (server.address() as AddressInfo).port;
  const [httpPort, tcpPort] = await freePorts(2);
  const daemon = await Daemon.start(configuration(options, httpPort, tcpPort, serverPort), { port: httpPort });
  try {
    // The first connections compile code and fill pools; what counts is what later ones leave behind.
    await run(random, Math.min(2000, options.connections), httpPort, tcpPort);
    await quiet(daemon);
    const descriptorsBefore = daemon.descriptors();
    const residentBefore = daemon.residentBytes();
    await run(random, options.connections, httpPort, tcpPort);
    await quiet(daemon);
    return {
      descriptorsBefore,
      descriptorsAfter: daemon.descriptors(),
      residentBefore,
      residentAfter: daemon.residentBytes(),
      output: daemon.output,
      running: daemon.running,
      currentConnections: await currentConnections(daemon),
      countedSessions: await sumOfColumn(daemon, 'scur'),
      lastAnswer: await plainRequest(httpPort),
    };
  } finally {
    await daemon.stop();
    server.close();
  }
}

function configuration(
  { threads, places }: SoakOptions,
  httpPort: number,
  tcpPort: number,
  serverPort: number,
): string {
  return `global
    nbthread ${threads}
    maxconn 2000
    stats socket FOLDER/admin.sock level admin
defaults
    timeout connect 1s
    timeout client 500ms
    timeout server 500ms
    timeout tunnel 500ms
    timeout http-request 500ms
    timeout http-keep-alive 300ms
    retries 1
    ${places === undefined ? '' : `maxconn ${places}`}
listen web
    mode http
    bind 127.0.0.1:${httpPort}
    option forwardfor
    http-request set-header x-soak yes
    server s1 127.0.0.1:${serverPort} maxconn 80 pool-purge-delay 100ms
listen raw
    mode tcp
    bind 127.0.0.1:${tcpPort}
    server s1 127.0.0.1:${serverPort}
`;
}

/** Answers requests, and ends connections at a random point of the answer in a random way. */
async function startAbortingServer(random: () => number): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', ignore);
    if (random() < 0.03) {
      leave(socket, random);
      return;
    }
    let seen = '';
    socket.on('end', () => socket.end());
    socket.on('data', (chunk) => {
      seen = (seen + chunk.toString('latin1')).slice(-8192);
      if (!seen.includes('\r\n\r\n')) return;
      const upgrade = /upgrade: websocket/i.test(seen);
      seen = '';
      const choice = random();
      if (choice < 0.06) leave(socket, random);
      else if (choice < 0.1) socket.write('HTTP/1.1 200 OK\r\nconten', () => leave(socket, random));
      else if (choice < 0.13) socket.write('not http at all\r\n\r\n', () => leave(socket, random));
      else if (choice < 0.16)
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabcde\r\nzz', () =>
          leave(socket, random),
        );
      else if (choice < 0.2)
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${BODY.length}\r\n\r\nabc`, () => leave(socket, random));
      else if (choice < 0.22) return;
      else if (upgrade)
        socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nhello');
      else if (choice < 0.4)
        socket.write(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${BODY.length}\r\n\r\n`), BODY]));
      else if (choice < 0.5)
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\nx-t: 1\r\n\r\n');
      else
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok', () => {
          if (random() < 0.1) leave(socket, random);
        });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function ignore(): void {
  // Resets are what this is about.
}

function leave(socket: Socket, random: () => number): void {
  const how = random();
  // Node cannot reset a socket whose FIN is under way: the call would leave it open for ever.
  if (how < 0.4 && !socket.writableEnded) socket.resetAndDestroy();
  else if (how < 0.7) socket.destroy();
  else socket.end();
}

async function run(random: () => number, count: number, httpPort: number, tcpPort: number): Promise<void> {
  let started = 0;
  const worker = async (): Promise<void> => {
    while (started < count) {
      started++;
      await abortOnce(random, random() < 0.7 ? httpPort : tcpPort);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}

const REQUESTS = [
  'GET /a HTTP/1.1\r\nhost: soak\r\n\r\n',
  'GET /a HTTP/1.1\r\nhost: soak\r\n\r\nGET /b HTTP/1.1\r\nhost: soak\r\n\r\n',
  `POST /u HTTP/1.1\r\nhost: soak\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY.toString('latin1')}`,
  'POST /c HTTP/1.1\r\nhost: soak\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabcde\r\n5\r\nabcde\r\n0\r\n\r\n',
  'GET /ws HTTP/1.1\r\nhost: soak\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nframes',
  'HEAD /h HTTP/1.0\r\n\r\n',
  'garbage\r\n\r\n',
] as const;

/** One client: sends part of a request, reads part of an answer, and leaves. Resolves when its socket is gone. */
async function abortOnce(random: () => number, port: number): Promise<void> {
  const request = REQUESTS[Math.floor(random() * REQUESTS.length)];
  const whole = random() < 0.6;
  const sent = whole ? request : request.slice(0, Math.floor(random() * request.length));
  const readAtMost = random() < 0.5 ? Infinity : random() * 60_000;
  const stayMs = random() < 0.05 ? 700 : random() * 25;
  const halfClose = random() < 0.15;
  await new Promise<void>((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let read = 0;
    const timer = setTimeout(() => leave(socket, random), stayMs);
    const giveUp = setTimeout(() => socket.destroy(), 3000);
    socket.on('error', ignore);
    socket.on('data', (chunk) => {
      read += chunk.length;
      if (read > readAtMost) leave(socket, random);
    });
    socket.on('end', () => socket.end());
    socket.once('close', () => {
      clearTimeout(timer);
      clearTimeout(giveUp);
      resolve();
    });
    socket.write(sent, 'latin1');
    if (halfClose) socket.end();
  });
}

/** Waits until every time-out of the configuration has passed and the daemon counts nobody. */
async function quiet(daemon: Daemon): Promise<void> {
  await until('no connection is left', async () => (await currentConnections(daemon)) === 0);
  await until(
    'the pools have let their idle connections go',
    async () => (await sumOfColumn(daemon, 'srv_icur')) === 0,
  );
  let last = -1;
  await until('the descriptors stop moving', async () => {
    await pause(300);
    const now = daemon.descriptors();
    const still = now === last;
    last = now;
    return still;
  });
}

async function currentConnections(daemon: Daemon): Promise<number> {
  const info = await daemon.ask('show info');
  return Number(/^CurrConns: (\d+)/m.exec(info)?.[1] ?? -1);
}

/** A column of `show stat`, added up over all rows. */
async function sumOfColumn(daemon: Daemon, name: string): Promise<number> {
  const lines = (await daemon.ask('show stat')).trim().split('\n');
  const column = lines[0].slice(2).split(',').indexOf(name);
  return lines.slice(1).reduce((sum, line) => sum + Number(line.split(',')[column] ?? 0), 0);
}

async function plainRequest(port: number): Promise<string> {
  // The server aborts some answers on purpose: any 200 shows that the path is whole.
  for (let attempt = 0; attempt < 50; attempt++) {
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      let text = '';
      socket.on('error', () => resolve(text));
      socket.on('data', (chunk) => (text += chunk.toString('latin1')));
      socket.once('close', () => resolve(text));
      socket.write('GET /last HTTP/1.1\r\nhost: soak\r\nconnection: close\r\n\r\n');
    });
    if (answer.startsWith('HTTP/1.1 200')) return answer.slice(0, 15);
  }
  return 'no 200 in 50 attempts';
}
