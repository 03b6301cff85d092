/**
 * The servers of the drill, in a thread of their own: each port answers any request with its number, and an upgrade with a
 * tunnel that then says nothing. Posts its ports when it listens.
 */

import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

/** Number of servers to start. */
const { count } = workerData as { readonly count: number };

const TUNNEL = Buffer.from(
  'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: x\r\n\r\n',
);

const ports: number[] = [];
for (let number = 1; number <= count; number++) {
  const answer = Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n${number}`);
  const server = createServer({ noDelay: true }, (socket) => {
    let head = '';
    let isTunnel = false;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      if (isTunnel) return;
      head += chunk.toString('latin1');
      for (let end = head.indexOf('\r\n\r\n'); end >= 0; end = head.indexOf('\r\n\r\n')) {
        const isUpgrade = /\r\nupgrade:/i.test(head.slice(0, end));
        head = head.slice(end + 4);
        socket.write(isUpgrade ? TUNNEL : answer);
        isTunnel ||= isUpgrade;
      }
    });
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, resolve));
  ports.push((server.address() as AddressInfo).port);
}
parentPort!.postMessage(ports);
