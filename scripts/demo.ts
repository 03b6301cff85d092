/**
 * What `scripts/start` runs without arguments: three small backends inside this process, an example configuration for them
 * in a temporary folder, and the daemon on it as a child. Ctrl-C stops everything and removes the folder.
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect, createServer as createNetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const NAMES = ['red', 'green', 'blue'] as const;

/** One backend: says its name and shows the headers that reached it. */
async function startBackend(name: string): Promise<number> {
  const server = createServer((request, response) => {
    const headers = Object.entries(request.headers).map(([header, value]) => `${header}: ${String(value)}`);
    response.setHeader('content-type', 'text/plain');
    response.end(
      `This is backend ${name}. You asked for ${request.url ?? '/'}.\n\nHeaders that reached it:\n${headers.join('\n')}\n`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** `wanted` if it is free on loopback, or any free port. */
async function freePort(wanted: number): Promise<number> {
  for (const port of [wanted, 0]) {
    const server = createNetServer();
    const bound = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!bound) continue;
    const { port: found } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return found;
  }
  throw new Error('no free port on 127.0.0.1');
}

function configuration(folder: string, httpPort: number, tcpPort: number, backendPorts: readonly number[]): string {
  const servers = NAMES.map((name, index) => `    server ${name} 127.0.0.1:${backendPorts[index]} check inter 1s`).join(
    '\n',
  );
  return `global
    log stdout format raw daemon
    stats socket ${join(folder, 'evenkeel.sock')} mode 600 level admin

defaults
    log global
    timeout connect 5s
    timeout client  1m
    timeout server  1m

frontend web
    mode http
    option httplog
    option dontlognull
    option forwardfor
    bind 127.0.0.1:${httpPort}
    acl is_private path_beg /private
    http-request deny if is_private
    http-response set-header x-balanced-by evenkeel
    default_backend colours

backend colours
    mode http
    balance roundrobin
    option httpchk GET /health
${servers}

listen plain-tcp
    mode tcp
    option tcplog
    bind 127.0.0.1:${tcpPort}
    balance leastconn
${servers}
`;
}

async function accepts(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

const folder = mkdtempSync(join(tmpdir(), 'evenkeel-demo-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

const backendPorts = await Promise.all(NAMES.map(startBackend));
const [httpPort, tcpPort] = [await freePort(8080), await freePort(8081)];
const file = join(folder, 'demo.cfg');
writeFileSync(file, configuration(folder, httpPort, tcpPort, backendPorts));

const daemon = spawn(join(import.meta.dirname, 'evenkeel'), ['-db', '-f', file], {
  stdio: ['ignore', 'inherit', 'inherit'],
});
let ended = false;
daemon.once('exit', (code, signal) => {
  ended = true;
  process.exit(signal === null ? (code ?? 1) : 0);
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => daemon.kill('SIGTERM'));

while (!ended && !(await accepts(httpPort))) await pause(20);
console.log(`
evenkeel is running with three backends (${NAMES.join(', ')}). Try:

  curl http://127.0.0.1:${httpPort}/            the next backend each time
  curl -i http://127.0.0.1:${httpPort}/private  refused by an ACL
  curl http://127.0.0.1:${tcpPort}/            the same backends through plain TCP
  echo 'show stat' | socat - ${join(folder, 'evenkeel.sock')}

Its configuration: ${file}
Log lines follow. Ctrl-C stops it.
`);
