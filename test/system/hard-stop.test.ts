/** `hard-stop-after` (manual, 3.1): what a soft stop leaves is ended, told and logged with termination `K`, here as on HAProxy. */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { Daemon, EVENKEEL, freePorts, until } from '../support/daemon.ts';
import { RawServer } from '../support/http.ts';

/** A client that keeps what it hears. */
class Client {
  text = '';
  isOver = false;

  readonly #socket: Socket;

  constructor(port: number, says: string) {
    const socket = connect(port, '127.0.0.1');
    this.#socket = socket;
    socket.on('data', (chunk) => (this.text += chunk.toString('latin1')));
    socket.on('error', () => {});
    socket.once('close', () => (this.isOver = true));
    socket.write(says);
  }

  say(text: string): void {
    this.#socket.write(text);
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

test('what a reload removes ends by hard-stop-after of the new configuration, and nothing else does', async () => {
  const [http, tcp, other] = await freePorts(3);
  let served = 0;
  await using server = await RawServer.start((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      served++;
      if (chunk.includes('/half')) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc');
      else if (!chunk.includes('GET')) socket.write(chunk);
    });
  });
  /** `name` is the server's in both sections that stay; the third has one that stays, or is not there. */
  const configuration = (global: string, name: string, hasOther: boolean): string => `global
    nbthread 2
    log stdout format raw local0
    ${global}
    stats socket FOLDER/admin.sock level admin
defaults
    log global
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend web
    mode http
    option httplog
    bind 127.0.0.1:${http}
    default_backend pages
backend pages
    mode http
    server ${name} 127.0.0.1:${server.port}
listen plain
    mode tcp
    option tcplog
    bind 127.0.0.1:${tcp}
    use-server ${name} if { src 127.0.0.1 }
    server ${name} 127.0.0.1:${server.port} weight 0
    server stays 127.0.0.1:${server.port}
${hasOther ? `listen other\n    mode tcp\n    option tcplog\n    bind 127.0.0.1:${other}\n    server s 127.0.0.1:${server.port}\n` : ''}`;

  await using daemon = await Daemon.start(configuration('', 'old', true), { port: http, flags: ['-W'] });
  const request = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`;
  const waiting = new Client(http, request('/wait'));
  const half = new Client(http, request('/half'));
  const relayed = new Client(tcp, 'hello');
  const whole = new Client(other, 'hello');
  await until(
    'all are served',
    () => served === 4 && half.text.endsWith('abc') && relayed.text + whole.text === 'hellohello',
  );

  // Without hard-stop-after they may stay, as in HAProxy's old process.
  assert.match(await daemon.reload(configuration('', 'new', false)), /Loading success/);
  const fresh = new Client(tcp, 'hello');
  await until('the new server serves', () => fresh.text === 'hello');
  assert.deepEqual(
    [waiting, half, relayed, whole].map(({ isOver }) => isOver),
    [false, false, false, false],
  );

  assert.match(await daemon.reload(configuration('hard-stop-after 200ms', 'new', false)), /Loading success/);
  // The client that waited hears of it, and its connection, which is not on what is gone, takes the next request.
  await until(
    'all that is gone has ended',
    () => half.isOver && relayed.isOver && whole.isOver && waiting.text.endsWith('</html>\n'),
  );
  assert.match(waiting.text, /^HTTP\/1\.1 502 /);
  await until(
    'they are logged',
    () => /other other\/s /.test(daemon.output) && /plain plain\/old /.test(daemon.output),
  );
  assert.match(daemon.output, /web pages\/old 0\/0\/\d+\/-1\/\d+ 502 \d+ - - KH-- .* "GET \/wait HTTP\/1\.1"/);
  assert.match(daemon.output, /web pages\/old 0\/0\/\d+\/\d+\/\d+ 200 \d+ - - KD-- .* "GET \/half HTTP\/1\.1"/);
  assert.match(daemon.output, /plain plain\/old \d+\/\d+\/\d+ 5 K- /);
  assert.match(daemon.output, /other other\/s \d+\/\d+\/\d+ 5 K- /);
  assert.match(daemon.output, /hard-stop-after: \d remaining connections? ended on what generation 1 /);

  waiting.say(request('/half'));
  await until('the next request is served', () => waiting.text.endsWith('abc'));
  assert.equal(waiting.isOver, false);
  fresh.say(' again');
  await until('a tunnel to a server that stays goes on', () => fresh.text === 'hello again');
  assert.equal(fresh.isOver, false);
  await until('nothing else is left', async () => (await daemon.statistic('plain', 'BACKEND', 'scur')) === '1');
});
