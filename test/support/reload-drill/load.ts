/**
 * The clients of the drill, in a thread of their own: requests at a fixed rate, whatever the answers take, most of them on
 * kept connections and some on new ones; open tunnels that say nothing; and a poll of the health page. A request counts from
 * the moment at which it was due, so that a pause of the program under test shows in every request that it delayed.
 */

import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

export interface LoadOptions {
  readonly port: number;
  /** Requests a second. */
  readonly rate: number;
  /** Kept connections. */
  readonly connections: number;
  /** One request in so many opens a connection of its own. */
  readonly newEvery: number;
  readonly tunnels: number;
}

/** What was seen since the last report. */
export interface LoadReport {
  readonly requests: number;
  readonly lost: readonly string[];
  readonly lostCount: number;
  /** ms */
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
  /** ms by which this thread itself was late at worst: what it cannot tell from the program's. */
  readonly ownLag: number;
  readonly polls: number;
  readonly unhealthy: number;
  /** Tunnels that are open now. */
  readonly tunnels: number;
}

const options = workerData as LoadOptions;
const REQUEST = Buffer.from('GET / HTTP/1.1\r\nhost: drill\r\n\r\n');
const LAST_REQUEST = Buffer.from('GET / HTTP/1.1\r\nhost: drill\r\nconnection: close\r\n\r\n');
const POLL = Buffer.from('GET /alive HTTP/1.1\r\nhost: drill\r\nconnection: close\r\n\r\n');
const UPGRADE = Buffer.from(
  'GET /tunnel HTTP/1.1\r\nhost: drill\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
);
const TICK_MS = 4;
const POLL_MS = 50;
/** A request without an answer by then is lost. */
const LIMIT_MS = 10_000;
const MOST_NAMED = 20;

let latencies: number[] = [];
let lost: string[] = [];
let lostCount = 0;
let polls = 0;
let unhealthy = 0;
let openTunnels = 0;
let ownLag = 0;

function lose(what: string): void {
  lostCount++;
  if (lost.length < MOST_NAMED) lost.push(what);
}

/** Whether `text` holds a whole answer: its status, or undefined while more is to come. */
function statusOf(text: string): number | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0);
  return text.length < end + 4 + length ? undefined : Number(text.slice(9, 12));
}

/** Requests that are due and wait for a kept connection. */
const due: number[] = [];
const idle: KeptClient[] = [];

class KeptClient {
  #socket: Socket | undefined;
  #dueAt = -1;
  #text = '';

  constructor() {
    this.#open();
  }

  request(dueAt: number): void {
    this.#dueAt = dueAt;
    this.#text = '';
    this.#socket!.write(REQUEST);
  }

  #open(): void {
    const socket = connect({ port: options.port, host: '127.0.0.1', noDelay: true });
    this.#socket = socket;
    socket.once('connect', () => this.#next());
    socket.on('data', (chunk: Buffer) => this.#hear(chunk.toString('latin1')));
    socket.on('error', () => {});
    socket.once('close', () => {
      if (this.#dueAt >= 0) {
        lose(`kept connection: closed ${this.#text === '' ? 'before the answer' : 'within the answer'}`);
        this.#dueAt = -1;
      }
      const place = idle.indexOf(this);
      if (place >= 0) idle.splice(place, 1);
      setTimeout(() => this.#open(), 1);
    });
  }

  #hear(text: string): void {
    this.#text += text;
    const status = statusOf(this.#text);
    if (status === undefined) return;
    if (this.#dueAt >= 0) {
      latencies.push(performance.now() - this.#dueAt);
      if (status !== 200) lose(`kept connection: status ${status}`);
    }
    this.#dueAt = -1;
    if (/\r\nconnection: close/i.test(this.#text)) this.#socket!.end();
    else this.#next();
    this.#text = '';
  }

  #next(): void {
    const next = due.shift();
    if (next === undefined) idle.push(this);
    else this.request(next);
  }
}

/** One connection for one request; resolves with its status, 0 where there was no whole answer. */
async function single(bytes: Buffer): Promise<number> {
  return await new Promise((resolve) => {
    let text = '';
    const socket = connect({ port: options.port, host: '127.0.0.1', noDelay: true });
    const timer = setTimeout(() => socket.destroy(), LIMIT_MS);
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(statusOf(text) ?? 0);
    });
    socket.write(bytes);
  });
}

async function newConnection(dueAt: number): Promise<void> {
  const status = await single(LAST_REQUEST);
  latencies.push(performance.now() - dueAt);
  if (status !== 200) lose(`new connection: status ${status}`);
}

async function poll(): Promise<void> {
  const status = await single(POLL);
  polls++;
  if (status !== 200) unhealthy++;
}

async function openTunnel(): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ port: options.port, host: '127.0.0.1', noDelay: true });
    socket.on('error', () => {});
    socket.once('data', (chunk) => {
      if (!chunk.toString('latin1').startsWith('HTTP/1.1 101'))
        return reject(new Error(`no tunnel: ${chunk.toString('latin1')}`));
      openTunnels++;
      socket.once('close', () => openTunnels--);
      resolve();
    });
    socket.once('close', () => reject(new Error('no tunnel')));
    socket.write(UPGRADE);
  });
}

for (let opened = 0; opened < options.tunnels; opened += 50)
  await Promise.all(Array.from({ length: Math.min(50, options.tunnels - opened) }, openTunnel));
for (let client = 0; client < options.connections; client++) new KeptClient();

let issued = 0;
const start = performance.now();
let lastTick = start;
setInterval(() => {
  const now = performance.now();
  ownLag = Math.max(ownLag, now - lastTick - TICK_MS);
  lastTick = now;
  const wanted = Math.floor(((now - start) * options.rate) / 1000);
  while (issued < wanted) {
    const dueAt = start + (++issued * 1000) / options.rate;
    if (issued % options.newEvery === 0) void newConnection(dueAt);
    else {
      const client = idle.shift();
      if (client === undefined) due.push(dueAt);
      else client.request(dueAt);
    }
  }
}, TICK_MS);
setInterval(() => void poll(), POLL_MS);

parentPort!.on('message', () => {
  const sorted = Float64Array.from(latencies).sort();
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  const report: LoadReport = {
    requests: sorted.length,
    lost,
    lostCount,
    p50: at(0.5),
    p99: at(0.99),
    worst: sorted.at(-1) ?? 0,
    ownLag,
    polls,
    unhealthy,
    tunnels: openTunnels,
  };
  latencies = [];
  lost = [];
  lostCount = 0;
  polls = 0;
  unhealthy = 0;
  ownLag = 0;
  parentPort!.postMessage(report);
});
parentPort!.postMessage('ready');
