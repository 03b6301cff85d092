// Services answer in place of a server: framing, backpressure, rules, logging (services/service.ts).
import assert from 'node:assert/strict';
import * as net from 'node:net';
import { test, type TestContext } from 'node:test';
import { HeaderList } from '@evenkeel/http';
import type { MountedService } from '../http/http-proxy.ts';
import { GET, outcome, startProxy, type TestProxy } from '../http/test-kit.ts';
import type { Service, ServiceExchange } from './service.ts';

/** A proxy whose frontend has the service on every path but `/`. */
async function withService(
  t: TestContext,
  serve: (exchange: ServiceExchange) => void,
  maxBodyBytes = 0,
  frontend: readonly string[] = [],
): Promise<TestProxy> {
  const proxy = await startProxy(t, { frontend });
  const service: Service = { name: '<TEST>', maxBodyBytes, serve };
  // The generation's own objects are reached through a client connection.
  await proxy.connect();
  while (proxy.host.thread.sessions.length === 0) await new Promise((resolve) => setImmediate(resolve));
  proxy.host.thread.sessions.forEach(({ frontend: { http } }) =>
    (http!.services as MountedService[]).push({ service, matches: (context) => context.request!.uri !== '/' }),
  );
  return proxy;
}

function headers(...fields: readonly (readonly [string, string])[]): HeaderList {
  const list = new HeaderList();
  for (const [name, value] of fields) list.add(name, value);
  return list;
}

const ask = (path: string, version = 'HTTP/1.1'): string => `GET ${path} ${version}\r\nhost: a\r\n\r\n`;

test('with a length', async (t) => {
  const proxy = await withService(
    t,
    (exchange) => {
      exchange.writeHead(200, 'OK', headers(['content-type', 'text/plain'], ['content-length', '5']));
      exchange.write(Buffer.from('hello'));
      exchange.end();
    },
    0,
    ['http-after-response set-header x-after 1'],
  );
  const client = await proxy.connect();
  for (let count = 0; count < 2; count++) {
    client.send(ask('/s'));
    assert.equal(
      await client.until('hello'),
      'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nx-after: 1\r\ncontent-length: 5\r\n\r\nhello',
    );
  }
  client.send(GET);
  await client.until('ok');
  const lines = await proxy.lines(3);
  assert.match(lines[0], /^fe fe\/<TEST> .* 200 \d+ - - LR-- /);
  assert.match(lines[2], /^fe be\/s1 /);
});

test('without a length: chunked, and until the close for HTTP/1.0', async (t) => {
  const proxy = await withService(t, (exchange) => {
    exchange.writeHead(200, 'OK', headers());
    exchange.write(Buffer.from('hello'));
    exchange.write(Buffer.from('there'));
    exchange.end();
  });
  const client = await proxy.connect();
  client.send(ask('/s'));
  assert.equal(
    await client.until('0\r\n\r\n'),
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nthere\r\n0\r\n\r\n',
  );
  const old = await proxy.connect();
  old.send(ask('/s', 'HTTP/1.0'));
  await old.over();
  assert.equal(old.received, 'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhellothere');
});

test('HEAD gets no body', async (t) => {
  const proxy = await withService(t, (exchange) => {
    exchange.writeHead(200, 'OK', headers());
    exchange.write(Buffer.from('hello'));
    exchange.end();
  });
  const client = await proxy.connect();
  client.send('HEAD /s HTTP/1.1\r\nhost: a\r\n\r\n');
  assert.equal(await client.head(), 'HTTP/1.1 200 OK\r\n\r\n');
  client.send(ask('/s'));
  await client.until('0\r\n\r\n');
});

test('a body that the service wants is collected, up to its limit', async (t) => {
  const proxy = await withService(
    t,
    (exchange) => {
      exchange.writeHead(200, 'OK', headers(['content-length', String(exchange.body.length)]));
      exchange.write(exchange.body);
      exchange.end();
    },
    10,
  );
  const client = await proxy.connect();
  client.send('POST /s HTTP/1.1\r\nhost: a\r\ncontent-length: 6\r\n\r\nabc');
  await new Promise((resolve) => setTimeout(resolve, 20));
  client.send('def');
  assert.match(await client.until('abcdef'), /content-length: 6/);
  client.send('POST /s HTTP/1.1\r\nhost: a\r\ncontent-length: 11\r\n\r\nabcdefghijk');
  assert.match(await client.until('</html>'), /^HTTP\/1\.1 413 /);
});

test('a body that is cut short is not served', async (t) => {
  let served = 0;
  const proxy = await withService(t, () => served++, 10);
  const client = await proxy.connect();
  client.send('POST /s HTTP/1.1\r\nhost: a\r\ncontent-length: 6\r\n\r\nabc');
  client.socket.end();
  await client.over();
  assert.equal(outcome((await proxy.lines(1))[0]), '-1 CR--');
  assert.equal(served, 0);
});

test('a client that reads slowly slows the service, one that leaves ends it', async (t) => {
  let written = 0;
  let aborted = 0;
  const proxy = await withService(t, (exchange) => {
    const piece = Buffer.alloc(65536);
    exchange.writeHead(200, 'OK', headers(['content-length', '1000000000']));
    exchange.onAbort = () => aborted++;
    exchange.onDrain = () => {
      do written += piece.length;
      while (exchange.write(piece));
    };
    exchange.onDrain();
  });
  const socket = net.connect(proxy.port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.pause();
  socket.write(ask('/s'));
  let before = -1;
  while (written !== before) {
    before = written;
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  assert.ok(written < 20_000_000, `${written} bytes were written`);
  socket.resetAndDestroy();
  assert.equal(outcome((await proxy.lines(1))[0]), '200 LR--');
  assert.equal(aborted, 1);
});
