/** `hard-stop-after` (manual, 3.1): what a soft stop leaves is ended, told and logged with termination `K`, here as on HAProxy. */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { Daemon, EVENKEEL, freePorts, until } from '../support/daemon.ts';
import { RawServer } from '../support/http.ts';

/** A client that keeps what it hears. */
class Client {
  text = '';
  isOver = false;

  constructor(port: number, says: string) {
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (chunk) => (this.text += chunk.toString('latin1')));
    socket.on('error', () => {});
    socket.once('close', () => (this.isOver = true));
    socket.write(says);
  }
}

for (const program of ['haproxy', EVENKEEL]) {
  test(`hard-stop-after ends what remains, with its log lines (${program === EVENKEEL ? 'evenkeel' : program})`, async () => {
    const [http, tcp] = await freePorts(2);
    const heard: string[] = [];
    await using server = await RawServer.start((socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        heard.push(chunk.toString('latin1'));
        if (chunk.includes('/half')) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc');
        if (chunk.includes('hello')) socket.write('world');
      });
    });
    await using daemon = await Daemon.start(
      `global
    hard-stop-after 300ms
    nbthread 2
    log stdout format raw local0
defaults
    log global
    timeout connect 5s
    timeout client 60s
    timeout server 60s
listen web
    mode http
    option httplog
    bind 127.0.0.1:${http}
    server s 127.0.0.1:${server.port}
listen plain
    mode tcp
    option tcplog
    bind 127.0.0.1:${tcp}
    server s 127.0.0.1:${server.port}
`,
      { port: http, program },
    );
    const request = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`;
    const waiting = new Client(http, request('/wait'));
    const half = new Client(http, request('/half'));
    const relayed = new Client(tcp, 'hello');
    await until('all are served', () => heard.length === 3 && half.text.endsWith('abc') && relayed.text === 'world');
    daemon.signal('SIGUSR1');
    assert.equal(await daemon.exited(), 0);
    await until('all are gone', () => waiting.isOver && half.isOver && relayed.isOver);
    assert.match(waiting.text, /^HTTP\/1\.1 502 /);
    assert.match(daemon.output, /soft-stop running for too long, performing a hard-stop\./);
    assert.match(daemon.output, /Proxy web hard-stopped \(2 remaining conns will be closed\)\./);
    assert.match(daemon.output, /Proxy plain hard-stopped \(1 remaining conns will be closed\)\./);
    assert.match(daemon.output, /web web\/s 0\/0\/\d+\/-1\/\d+ 502 \d+ - - KH-- .* "GET \/wait HTTP\/1\.1"/);
    assert.match(daemon.output, /web web\/s 0\/0\/\d+\/\d+\/\d+ 200 \d+ - - KD-- .* "GET \/half HTTP\/1\.1"/);
    assert.match(daemon.output, /plain plain\/s \d+\/\d+\/\d+ 5 K- /);
  });
}
