// `tcp-request content` and `tcp-response content` in mode http (manual, section 4.2): asked for each request and response,
// with HTTP samples at hand, and a reject closes without an answer. Log lines are those of HAProxy 2.6.12.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestHost } from '../test-host.ts';
import { connect, freePort, serve } from '../test-sockets.ts';

test('content rules in mode http', { timeout: 20_000 }, async (context) => {
  const server = await serve(context, (peer) =>
    peer.socket.on('data', () => peer.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')),
  );
  const port = await freePort();
  const host = new TestHost();
  context.after(() => host.stop());
  await host.apply(`defaults
  mode http
  log stdout format raw local0
  option httplog
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend f
  bind 127.0.0.1:${port}
  monitor-uri /no
  tcp-request content reject if { path /no }
  use_backend strict if { path /strict }
  use_backend silent if { path /silent }
  default_backend open
backend open
  server s 127.0.0.1:${server.port}
backend strict
  tcp-request content reject
  server s 127.0.0.1:${server.port}
backend silent
  tcp-response content reject
  server s 127.0.0.1:${server.port}
`);
  const ask = async (...paths: string[]): Promise<string> => {
    const peer = await connect(context, port);
    for (const [index, path] of paths.entries()) {
      peer.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
      await peer.until(({ text, ended }) => ended || text.split('\r\n\r\nok').length > index + 1);
    }
    peer.end();
    await peer.gone();
    return peer.text;
  };
  assert.match(await ask('/'), /^HTTP\/1.1 200 OK\r\n/);
  assert.equal(await ask('/no'), '');
  assert.equal(await ask('/strict'), '');
  assert.equal(await ask('/silent'), '');
  assert.equal((await ask('/', '/no')).split('HTTP/1.1').length, 2, 'the second request of a connection is judged too');
  const lines = (await host.logged(6)).map(({ line }) =>
    line.replace(/^\S+ \[\S+\] /, '').replace(/\b\d+\/\d+\/\d+\/(-1|\d+)\/\d+/, '*/$1/*'),
  );
  assert.match(lines[1], /^f f\/<NOSRV> -1\/-1\/-1\/-1\/\d+ -1 0 - - PR-- .* "<BADREQ>"$/);
  assert.match(lines[2], /^f strict\/<NOSRV> -1\/-1\/-1\/-1\/\d+ -1 0 - - PR-- .* "GET \/strict HTTP\/1.1"$/);
  assert.match(lines[3], /^f silent\/s \*\/-1\/\* -1 0 - - PD-- .* "GET \/silent HTTP\/1.1"$/);
  assert.match(lines[5], /^f f\/<NOSRV> .* PR-- .* "<BADREQ>"$/);
});

test('without a log format each request says who connected', { timeout: 20_000 }, async (context) => {
  const server = await serve(context, (peer) =>
    peer.socket.on('data', () => peer.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')),
  );
  const port = await freePort();
  const host = new TestHost();
  context.after(() => host.stop());
  await host.apply(`defaults
  mode http
  log stdout format raw local0
  timeout client 5s
  timeout server 5s
  timeout connect 5s
listen f
  bind 127.0.0.1:${port}
  server s 127.0.0.1:${server.port}
`);
  const peer = await connect(context, port);
  for (let count = 1; count <= 2; count++) {
    peer.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await peer.until(({ text }) => text.split('\r\n\r\nok').length > count);
  }
  const line = `Connect from 127.0.0.1:${peer.socket.localPort} to 127.0.0.1:${port} (f/HTTP)`;
  assert.deepEqual(
    (await host.logged(2)).map((each) => each.line),
    [line, line],
  );
});
