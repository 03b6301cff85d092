/** Queues over two threads as a real server sees them: never more requests at a time than `maxconn`, and nobody forgotten. */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { Daemon, freePorts, until } from '../support/daemon.ts';
import { RawServer, ask } from '../support/http.ts';

const CLIENTS = 300;
/** Every so many requests fail, and are sent again. */
const FAILS = 5;

for (const { server, limit } of [
  { server: 'maxconn 1', limit: 1 },
  { server: 'minconn 1 maxconn 3', limit: 3 },
]) {
  test(`${server}: holds while clients leave, classes pass each other and requests are sent again`, async () => {
    let now = 0;
    let highest = 0;
    let served = 0;
    await using backend = await RawServer.start((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => {
        highest = Math.max(highest, ++now);
        setTimeout(() => {
          now--;
          const status = ++served % FAILS === 0 ? '503 Later' : '200 OK';
          socket.write(`HTTP/1.1 ${status}\r\ncontent-length: 2\r\n\r\nok`);
        }, served % 3);
      });
    });
    const [port] = await freePorts(1);
    await using daemon = await Daemon.start(
      `global
    nbthread 2
    stats socket FOLDER/admin.sock level admin
defaults
    mode http
    timeout connect 20s
    timeout client 20s
    timeout server 20s
    timeout queue 20s
listen limited
    backlog 1024
    bind 127.0.0.1:${port}
    retry-on 503
    fullconn 40
    http-request set-priority-class hdr(x-class)
    http-request set-priority-offset hdr(x-offset)
    server s1 127.0.0.1:${backend.port} ${server}
`,
      { port },
    );
    const leaving = Array.from({ length: CLIENTS / 3 }, (_, number) => {
      const socket = connect(port, '127.0.0.1').on('error', () => {});
      socket.write(`GET /leaves HTTP/1.1\r\nhost: a\r\nx-class: ${number % 3}\r\n\r\n`);
      setTimeout(() => socket.destroy(), (number * 7) % 200);
      return socket;
    });
    const answers = await Promise.all(
      Array.from({ length: CLIENTS }, async (_, number) => {
        const headers = {
          connection: 'close',
          'x-class': String((number % 5) - 2),
          'x-offset': String((number % 7) * 10),
        };
        return await ask(port, { headers });
      }),
    );
    assert.deepEqual(
      answers.filter(({ status }) => status !== 200).map(({ status }) => status),
      [],
      'each is served, and each failure was followed by another attempt',
    );
    assert.equal(highest, limit);
    for (const socket of leaving) socket.destroy();
    await until('nobody is counted any more', async () => {
      const rows = await daemon.statistics();
      return rows.every((row) => ['', '0'].includes(row['scur'] ?? '') && ['', '0'].includes(row['qcur'] ?? ''));
    });
    assert.doesNotMatch(daemon.output, /ALERT|\bat .*\.ts:\d+/);
  });
}
