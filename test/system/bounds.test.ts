/**
 * A side that never reads: what the daemon holds for it stays bounded, in every mode and direction, and others are served
 * meanwhile. Sent is as much as the kernel's and the daemon's buffers take, out of a gigabyte for each connection.
 */

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Daemon, freePorts, until } from '../support/daemon.ts';
import { RawServer, ask } from '../support/http.ts';

const GIGABYTE = 1024 * 1024 * 1024;
const MEBIBYTE = 1024 * 1024;
/**
 * Connections that are stuck at a time. Each may hold tune.bufsize and one read of 64 KiB in each direction, so that all
 * together stay below 2 MiB; the rest of the bound is for what a JavaScript heap may breathe.
 */
const STUCK = 12;
const GROWTH_LIMIT = 30 * MEBIBYTE;
/** Far beyond the bound there is no need to go on filling the machine's memory. */
const HOPELESS = 200 * MEBIBYTE;
/** Nothing has moved for so many looks: everything between the two ends is full. */
const QUIET_LOOKS = 6;
const LOOK_MS = 60;
const PIECE = Buffer.alloc(65_536, 'x');

type Mode = 'http' | 'tcp' | 'tunnel';
/** Who does not read. */
type Side = 'client' | 'server';

const resources = new AsyncDisposableStack();
let server: RawServer;
let daemon: Daemon;
const ports: Record<'http' | 'tcp', number> = { http: 0, tcp: 0 };

before(async () => {
  server = resources.use(await RawServer.start(serve));
  const [http, tcp] = await freePorts(2);
  Object.assign(ports, { http, tcp });
  daemon = resources.use(
    await Daemon.start(
      `global
    nbthread 2
    stats socket FOLDER/admin.sock level admin
defaults
    timeout connect 5s
    timeout client 50s
    timeout server 50s
    timeout tunnel 50s
listen web
    mode http
    bind 127.0.0.1:${http}
    server s1 127.0.0.1:${server.port}
listen raw
    mode tcp
    bind 127.0.0.1:${tcp}
    server s1 127.0.0.1:${server.port}
`,
      { port: http },
    ),
  );
});

after(async () => await resources.disposeAsync());

/** What the path asks for: a small answer, a gigabyte, or to be left unread; with a tunnel before it where it asks for one. */
function serve(socket: Socket): void {
  socket.once('data', (head) => {
    const path = /^\w+ (\S+)/.exec(head.toString('latin1'))?.[1] ?? '';
    if (path.startsWith('/tunnel'))
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: trial\r\n\r\n');
    if (path.endsWith('/flood')) {
      if (path === '/flood') socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${GIGABYTE}\r\n\r\n`);
      flood(socket);
    } else if (path.endsWith('/unread')) socket.pause();
    else if (path.startsWith('/sized')) {
      const bytes = Number(path.slice('/sized/'.length));
      socket.end(
        Buffer.concat([
          Buffer.from(`HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${bytes}\r\n\r\n`),
          Buffer.alloc(bytes),
        ]),
      );
    } else socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok');
  });
}

/** Writes up to a gigabyte, never more at a time than the kernel takes. */
function flood(socket: Socket): void {
  let left = GIGABYTE;
  const go = (): void => {
    while (left > 0 && !socket.destroyed) {
      left -= PIECE.length;
      if (!socket.write(PIECE)) {
        socket.once('drain', go);
        return;
      }
    }
  };
  go();
}

/** Opens a connection on which one side sends a gigabyte and the other does not read. Resolves with the client's socket. */
async function stick(mode: Mode, side: Side): Promise<Socket> {
  const socket = connect({ port: mode === 'tcp' ? ports.tcp : ports.http, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const path = `${mode === 'tunnel' ? '/tunnel' : ''}/${side === 'client' ? 'flood' : 'unread'}`;
  const extra =
    mode === 'tunnel'
      ? 'connection: upgrade\r\nupgrade: trial\r\n'
      : side === 'server'
        ? `content-length: ${GIGABYTE}\r\n`
        : '';
  socket.write(
    `${side === 'server' && mode !== 'tunnel' ? 'POST' : 'GET'} ${path} HTTP/1.1\r\nhost: stuck\r\n${extra}\r\n`,
  );
  if (mode === 'tunnel') {
    await once(socket, 'data');
    socket.pause();
  }
  if (side === 'server') flood(socket);
  return socket;
}

interface Held {
  readonly growth: number;
  readonly moved: number;
}

/** Sticks many connections and waits until nothing moves; `use` gets their sockets while they are stuck. */
async function whileStuck(
  mode: Mode,
  side: Side,
  use: (sockets: readonly Socket[], held: Held) => Promise<void>,
): Promise<void> {
  const residentBefore = daemon.residentBytes();
  const sockets = await Promise.all(Array.from({ length: STUCK }, async () => await stick(mode, side)));
  try {
    let moved = -1;
    let largest = 0;
    let quiet = 0;
    await until(
      'every buffer is full',
      async () => {
        await pause(LOOK_MS);
        // Somebody else is served all the time.
        assert.equal((await ask(ports.http)).body.toString(), 'ok');
        assert.equal((await ask(ports.tcp)).body.toString(), 'ok');
        largest = Math.max(largest, daemon.residentBytes() - residentBefore);
        assert.ok(largest < HOPELESS, `resident memory grew by ${largest} bytes`);
        const now = await bytesMoved();
        quiet = now - moved < 4096 ? quiet + 1 : 0;
        moved = now;
        return quiet >= QUIET_LOOKS;
      },
      25_000,
    );
    await use(sockets, { growth: largest, moved });
  } finally {
    for (const socket of sockets) socket.destroy();
    // A proxy that waits for the one side to take something does not read the other: it would hear of its end by a time-out.
    server.destroyConnections();
  }
  await until('the stuck connections are gone', async () => /^CurrConns: 0$/m.test(await daemon.ask('show info')));
}

/** Bytes that the daemon counts in both directions; they rise when a connection ends, too. */
async function bytesMoved(): Promise<number> {
  const rows = await daemon.statistics();
  const frontends = rows.filter((row) => row['svname'] === 'FRONTEND');
  return frontends.reduce((sum, row) => sum + Number(row['bin']) + Number(row['bout']), 0);
}

/** The first transfers and the first stuck connections compile code and size the heap; what later ones add is measured. */
async function warmUp(): Promise<void> {
  for (let round = 0; round < 2; round++) {
    await Promise.all(
      [ports.http, ports.tcp].flatMap((port) =>
        Array.from({ length: STUCK }, async () => {
          const { body } = await ask(port, { path: `/sized/${4 * MEBIBYTE}` });
          assert.equal(body.length, 4 * MEBIBYTE);
        }),
      ),
    );
  }
}

test('transfers and stuck connections that are over are the measure', async () => {
  await warmUp();
  for (const side of ['client', 'server'] as const) await whileStuck('http', side, async () => await Promise.resolve());
});

for (const mode of ['http', 'tcp', 'tunnel'] as const) {
  const name = mode === 'tunnel' ? 'a tunnel of mode http' : `mode ${mode}`;

  test(`${name}: clients that never read a gigabyte cost bounded memory`, async (context) => {
    await whileStuck(mode, 'client', async (sockets, { growth, moved }) => {
      context.diagnostic(
        `${STUCK} stuck clients: resident memory +${(growth / MEBIBYTE).toFixed(1)} MiB, ${(moved / MEBIBYTE).toFixed(0)} MiB counted`,
      );
      assert.ok(growth < GROWTH_LIMIT, `resident memory grew by ${growth} bytes`);
      // One that begins to read after all gets what is its own, beyond what any buffer held.
      const [late] = sockets;
      const enough = 40 * MEBIBYTE;
      late.resume();
      await until('a late reader is served', () => late.bytesRead > enough);
    });
  });

  test(`${name}: servers that never read an upload cost bounded memory`, async (context) => {
    await whileStuck(mode, 'server', async (_sockets, { growth, moved }) => {
      context.diagnostic(
        `${STUCK} stuck uploads: resident memory +${(growth / MEBIBYTE).toFixed(1)} MiB, ${(moved / MEBIBYTE).toFixed(0)} MiB counted`,
      );
      assert.ok(growth < GROWTH_LIMIT, `resident memory grew by ${growth} bytes`);
      await Promise.resolve();
    });
  });
}
