/** Resident memory of an idle keep-alive HTTP client connection, beyond the process's base. */

import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { PROXY_CORE, Running, freePort } from './processes.ts';
import type { PeerName } from './processes.ts';
import { configuration } from './scenarios.ts';

const CONNECTIONS = 8000;
const GOAL_BYTES = 10 * 1024;

export async function measureIdleMemory(
  peers: readonly PeerName[],
  evenkeel: string,
  folder: string,
  backendPort: number,
): Promise<void> {
  console.log(`\nresident memory of an idle HTTP connection (${CONNECTIONS} open, one request each before)`);
  for (const peer of peers) {
    if (peer === 'nginx') continue;
    const port = await freePort();
    const file = join(folder, `${peer}-idle.cfg`);
    writeFileSync(file, configuration({ mode: 'http', lines: ['timeout http-keep-alive 10m'] }, 1, port, backendPort));
    const proxy = await Running.start(
      String(PROXY_CORE),
      peer === 'haproxy' ? 'haproxy' : evenkeel,
      ['-db', '-f', file],
      port,
    );
    const sockets: Socket[] = [];
    try {
      await open(sockets, port, 500);
      await settle(proxy);
      const base = proxy.residentBytes();
      await open(sockets, port, CONNECTIONS);
      await settle(proxy);
      const bytes = (proxy.residentBytes() - base) / CONNECTIONS;
      const verdict =
        peer === 'evenkeel' ? `  ${bytes <= GOAL_BYTES ? 'reached' : 'NOT REACHED'}: goal at most ${GOAL_BYTES}` : '';
      console.log(`  ${peer.padEnd(10)}${bytes.toFixed(0)} bytes${verdict}`);
    } finally {
      for (const socket of sockets) socket.destroy();
      await proxy.stop();
    }
  }
}

/** Opens connections, each after one whole request, until `count` more are in `sockets`. */
async function open(sockets: Socket[], port: number, count: number): Promise<void> {
  for (let done = 0; done < count;) {
    const batch = Math.min(50, count - done);
    sockets.push(...(await Promise.all(Array.from({ length: batch }, async () => await openOne(port)))));
    done += batch;
  }
}

async function openOne(port: number): Promise<Socket> {
  return await new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let seen = '';
    socket.once('error', reject);
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1');
      const body = seen.indexOf('\r\n\r\n');
      if (body >= 0 && seen.length >= body + 4 + 55) {
        socket.removeAllListeners('data');
        socket.pause();
        resolve(socket);
      }
    });
    socket.write('GET /small HTTP/1.1\r\nHost: bench\r\nUser-Agent: idle\r\nAccept: */*\r\n\r\n');
  });
}

/** Waits until resident memory stops moving: garbage of the opening is collected on the collector's own schedule. */
async function settle(proxy: Running): Promise<void> {
  let last = 0;
  for (let round = 0; round < 20; round++) {
    await pause(500);
    const now = proxy.residentBytes();
    if (Math.abs(now - last) < 256 * 1024) return;
    last = now;
  }
}
