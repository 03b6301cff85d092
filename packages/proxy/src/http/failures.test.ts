// What goes wrong, phase by phase: what the client gets, and the termination state that is logged (manual, 8.5). Both are those
// of HAProxy 2.6.12 where not said otherwise.
import assert from 'node:assert/strict';
import * as net from 'node:net';
import { test } from 'node:test';
import { freePort } from '../test-sockets.ts';
import { GET, OK, outcome, Peer, startProxy, type ProxyOptions, type ServerScript } from './test-kit.ts';

const post = (length: number, body: string): string =>
  `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n\r\n${body}`;
const page = (status: number): RegExp => new RegExp(`^HTTP/1\\.1 ${status} [^]*</html>\\n$`);

/** The script reads the request head and then does this. */
function afterHead(act: (peer: Peer) => void | Promise<void>): ServerScript {
  return async (peer) => {
    await peer.head();
    await act(peer);
  };
}

const closed = afterHead((peer) => void peer.socket.end());
const silent = afterHead(() => {});
const sends = (text: string): ServerScript => afterHead((peer) => void peer.send(text));
const sendsAndCloses = (text: string): ServerScript => afterHead((peer) => void peer.send(text).socket.end());
const sendsAndResets = (text: string): ServerScript =>
  afterHead(async (peer) => {
    // The reset must not overtake what was sent.
    await new Promise<void>((resolve) => peer.socket.write(text, 'latin1', () => setTimeout(resolve, 20)));
    peer.socket.resetAndDestroy();
  });

interface ServerFault {
  readonly name: string;
  readonly options?: ProxyOptions;
  readonly server: ServerScript;
  readonly request?: string;
  readonly answer: RegExp;
  readonly logged: string;
  /** Whether the client's connection is closed. */
  readonly closes?: boolean;
}

const short = { backend: ['timeout server 80ms'] };
const bigHead = `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20000)}\r\n\r\n`;

const SERVER_FAULTS: readonly ServerFault[] = [
  { name: 'closes instead of answering', server: closed, answer: page(502), logged: '502 SH--' },
  { name: 'resets instead of answering', server: sendsAndResets(''), answer: page(502), logged: '502 SH--' },
  {
    name: 'closes within its head',
    server: sendsAndCloses('HTTP/1.1 200 OK\r\nConten'),
    answer: page(502),
    logged: '502 SH--',
  },
  {
    name: 'resets within its head',
    server: sendsAndResets('HTTP/1.1 200 OK\r\nConten'),
    answer: page(502),
    logged: '502 SH--',
  },
  { name: 'says something else', server: sends('hello\r\n\r\n'), answer: page(502), logged: '502 PH--' },
  { name: 'has too large a head', server: sends(bigHead), answer: page(502), logged: '502 PH--' },
  { name: 'has a head without end', server: sends(bigHead.slice(0, -4)), answer: page(502), logged: '502 PH--' },
  {
    name: 'has too many header lines',
    server: sends(`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(102)}\r\n`),
    answer: page(502),
    logged: '502 PH--',
  },
  {
    name: 'has a broken chunk at once',
    server: sends('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n'),
    answer: page(502),
    logged: '502 PH--',
  },
  {
    name: 'switches protocols unasked',
    server: sends('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
    answer: page(502),
    logged: '502 PH--',
  },
  { name: 'never answers', options: short, server: silent, answer: page(504), logged: '504 sH--' },
  {
    name: 'never ends its head',
    options: short,
    server: sends('HTTP/1.1 200 OK\r\nConten'),
    answer: page(504),
    logged: '504 sH--',
  },
  {
    name: 'stops after an interim response',
    options: short,
    server: sends('HTTP/1.1 103 Early Hints\r\n\r\n'),
    answer: /^HTTP\/1\.1 103 Early Hints\r\n\r\nHTTP\/1\.1 504 [^]*<\/html>\n$/,
    logged: '504 sH--',
  },
  {
    name: 'closes after an interim response',
    server: sendsAndCloses('HTTP/1.1 103 Early Hints\r\n\r\n'),
    answer: /^HTTP\/1\.1 103 Early Hints\r\n\r\nHTTP\/1\.1 502 [^]*<\/html>\n$/,
    logged: '502 SH--',
  },
  {
    name: 'stops within its body',
    options: short,
    server: sends('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'),
    answer: /\r\n\r\nabc$/,
    logged: '200 sD--',
    closes: true,
  },
  {
    name: 'closes within its body',
    server: sendsAndCloses('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'),
    answer: /\r\n\r\nabc$/,
    logged: '200 SD--',
    closes: true,
  },
  {
    name: 'resets within its body',
    server: sendsAndResets('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'),
    answer: /\r\n\r\nabc$/,
    logged: '200 SD--',
    closes: true,
  },
  {
    name: 'closes within its chunks',
    server: sendsAndCloses('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n'),
    answer: /\r\n\r\n3\r\nabc\r\n$/,
    logged: '200 SD--',
    closes: true,
  },
  {
    name: 'resets a body that ends with the connection',
    server: sendsAndResets('HTTP/1.1 200 OK\r\n\r\nabc'),
    answer: /\r\n\r\nabc$/,
    logged: '200 SD--',
    closes: true,
  },
  {
    name: "closes within the request's body",
    server: closed,
    request: post(10, 'abc'),
    answer: page(502),
    logged: '502 SH--',
    closes: true,
  },
];

for (const { name, options, server, request, answer, logged, closes } of SERVER_FAULTS) {
  test(`the server ${name}`, async (t) => {
    const proxy = await startProxy(t, options, (peer, index) =>
      index === 0 ? server(peer, index) : sends(OK)(peer, index),
    );
    const client = await proxy.connect();
    client.send(request ?? GET);
    assert.equal(outcome((await proxy.lines(1))[0]), logged);
    if (closes === true) await client.over();
    else {
      await client.until('</html>\n');
      assert.match(client.received, answer);
      const { length } = client.received;
      client.send(GET);
      await client.until('ok');
      assert.equal(client.received.slice(length), OK);
      return;
    }
    assert.match(client.received, answer);
  });
}

test('the server breaks its chunks on the way', async (t) => {
  const proxy = await startProxy(t, {}, async (peer) => {
    await peer.head();
    peer.send('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n');
    await peer.until('\0').catch(() => {});
  });
  const client = await proxy.connect();
  client.send(GET);
  await client.until('abc\r\n');
  proxy.servers[0].send('zz\r\n');
  await client.over();
  assert.equal(outcome((await proxy.lines(1))[0]), '200 SD--');
});

interface NoServer {
  readonly name: string;
  readonly options: ProxyOptions;
  readonly logged: string;
}

const NO_SERVER: readonly NoServer[] = [{ name: 'no server at all', options: { noServer: true }, logged: '503 SC--' }];

for (const { name, options, logged } of NO_SERVER) {
  test(`${name}: 503, and the connection is kept`, async (t) => {
    const proxy = await startProxy(t, options);
    const client = await proxy.connect();
    for (let count = 1; count <= 2; count++) {
      client.send(GET);
      assert.match(await client.until('</html>\n'), page(503));
      const line = (await proxy.lines(count))[count - 1];
      assert.equal(outcome(line), logged);
      assert.match(line, /^fe be\/<NOSRV> \d+\/-1\/-1\/-1\/\d+ /);
    }
  });
}

test('no backend is named: 503', async (t) => {
  const proxy = await startProxy(t, { frontend: ['use_backend be if FALSE', 'no log'], sections: [] });
  const port = await freePort();
  await proxy.host.apply(
    `defaults\n  mode http\n  timeout client 1s\n  log stdout format raw local0\n  option httplog\nfrontend lone\n  bind 127.0.0.1:${port}\n`,
  );
  const client = new Peer(net.connect(port, '127.0.0.1'));
  t.after(() => client.socket.destroy());
  client.send(GET);
  assert.match(await client.until('</html>\n'), page(503));
  assert.match((await proxy.lines(1))[0], /^lone lone\/<NOSRV> -1\/-1\/-1\/-1\/\d+ 503 \d+ - - SC-- /);
});

test('a connection is refused as often as retries allow: 503', async (t) => {
  const refused = await freePort();
  const proxy = await startProxy(t, {
    noServer: true,
    backend: ['retries 1', 'timeout connect 50ms', `server s1 127.0.0.1:${refused}`],
  });
  const client = await proxy.connect();
  client.send(GET);
  assert.match(await client.until('</html>\n'), page(503));
  assert.match((await proxy.lines(1))[0], /^fe be\/s1 \d+\/\d+\/-1\/-1\/\d+ 503 \d+ - - SC-- \d+\/\d+\/\d+\/\d+\/1 /);
});

test('timeout queue: 503', async (t) => {
  const proxy = await startProxy(t, { backend: ['timeout queue 60ms'], server: 'maxconn 1' }, silent);
  const first = await proxy.connect();
  first.send(GET);
  while (proxy.servers.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const second = await proxy.connect();
  second.send(GET);
  assert.match(await second.until('</html>\n'), page(503));
  assert.match((await proxy.lines(1))[0], /^fe be\/<NOSRV> \d+\/\d+\/-1\/-1\/\d+ 503 \d+ - - sQ-- /);
});

// ------------------------------------------------------------------------------------------------------------ the client

test('the client closes within its body: no answer, CD', async (t) => {
  const proxy = await startProxy(t, {}, silent);
  const client = await proxy.connect();
  client.send(post(10, 'abc'));
  while (proxy.servers.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await proxy.servers[0].until('abc');
  client.socket.end();
  await client.over();
  assert.equal(client.received, '');
  assert.equal(outcome((await proxy.lines(1))[0]), '-1 CD--');
  await proxy.servers[0].over();
});

test('the client resets within its body: CD', async (t) => {
  const proxy = await startProxy(t, {}, silent);
  const client = await proxy.connect();
  client.send(post(10, 'abc'));
  while (proxy.servers.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await proxy.servers[0].until('abc');
  client.socket.resetAndDestroy();
  assert.equal(outcome((await proxy.lines(1))[0]), '-1 CD--');
  await proxy.servers[0].over();
});

test('a client that closes its sending side waits for the response', async (t) => {
  const proxy = await startProxy(t, {}, async (peer) => {
    await peer.head();
    setTimeout(() => peer.send(OK), 30);
  });
  const client = await proxy.connect();
  client.send(GET);
  client.socket.end();
  await client.over();
  assert.equal(client.received, OK);
  assert.equal(outcome((await proxy.lines(1))[0]), '200 ----');
});

test('option abortonclose takes it for gone', async (t) => {
  const proxy = await startProxy(t, { backend: ['option abortonclose'] }, silent);
  const client = await proxy.connect();
  client.send(GET);
  while (proxy.servers.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await proxy.servers[0].head();
  client.socket.end();
  await client.over();
  assert.match(client.received, page(400));
  assert.equal(outcome((await proxy.lines(1))[0]), '400 CH--');
  await proxy.servers[0].over();
});

test('option abortonclose: a client that leaves the queue', async (t) => {
  const proxy = await startProxy(t, { backend: ['option abortonclose'], server: 'maxconn 1' }, silent);
  const first = await proxy.connect();
  first.send(GET);
  while (proxy.servers.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const second = await proxy.connect();
  second.send(GET);
  second.socket.end();
  await second.over();
  assert.equal(second.received, '');
  assert.equal(outcome((await proxy.lines(1))[0]), '-1 CQ--');
});

test('a request that a server is working on is carried through when its client resets', async (t) => {
  const proxy = await startProxy(t, { backend: ['http-reuse always'] }, async (peer, index) => {
    await peer.head();
    if (index === 0) await peer.until('go').catch(() => {});
    peer.send(OK);
  });
  const client = await proxy.connect();
  client.send(GET);
  while (proxy.servers.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await proxy.servers[0].head();
  client.socket.resetAndDestroy();
  while (proxy.host.thread.sessions.length > 0 && !client.isClosed)
    await new Promise((resolve) => setImmediate(resolve));
  assert.equal(proxy.host.logs.length, 0);
  proxy.servers[0].send(OK);
  assert.equal(outcome((await proxy.lines(1))[0]), '200 CD--');
});

test('the client resets within the response: CD, and the server is let go', async (t) => {
  const proxy = await startProxy(t, {}, sends('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'));
  const client = await proxy.connect();
  client.send(GET);
  await client.until('abc');
  client.socket.resetAndDestroy();
  assert.equal(outcome((await proxy.lines(1))[0]), '200 CD--');
  await proxy.servers[0].over();
});

test("the request body stalls: 408 when the client's time-out is the shorter one", async (t) => {
  // HAProxy 2.6.12 waits for the server's time-out and blames the server; the manual says whose turn it was ("timeout client").
  const proxy = await startProxy(t, { frontend: ['timeout client 60ms'] }, silent);
  const client = await proxy.connect();
  client.send(post(10, 'abc'));
  await client.over();
  assert.match(client.received, page(408));
  assert.match(client.received, /\r\nconnection: close\r\n/);
  assert.equal(outcome((await proxy.lines(1))[0]), '408 cD--');
});

test("the request body stalls: 504 when the server's time-out is not longer", async (t) => {
  const proxy = await startProxy(t, { frontend: ['timeout client 80ms'], backend: ['timeout server 80ms'] }, silent);
  const client = await proxy.connect();
  client.send(post(10, 'abc'));
  await client.over();
  assert.match(client.received, page(504));
  assert.equal(outcome((await proxy.lines(1))[0]), '504 sH--');
});

test('the rest of the body does not come after the response: cD', async (t) => {
  const proxy = await startProxy(t, { frontend: ['timeout client 60ms'] }, sends(OK));
  const client = await proxy.connect();
  client.send(post(10, 'abc'));
  await client.over();
  assert.equal(client.received, OK);
  assert.equal(outcome((await proxy.lines(1))[0]), '200 cD--');
});

test('the request body breaks on the way: 400, PH', async (t) => {
  const proxy = await startProxy(t, {}, silent);
  const client = await proxy.connect();
  client.send('POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n');
  while (proxy.servers.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await proxy.servers[0].until('abc\r\n');
  client.send('zz\r\n');
  await client.over();
  assert.match(client.received, page(400));
  assert.equal(outcome((await proxy.lines(1))[0]), '400 PH--');
  await proxy.servers[0].over();
});

const BUFFERED: readonly (readonly [
  name: string,
  options: ProxyOptions,
  leave: ((peer: Peer) => void) | undefined,
  answer: RegExp,
  logged: RegExp,
])[] = [
  [
    'timeout http-request',
    { frontend: ['option http-buffer-request', 'timeout http-request 60ms'] },
    undefined,
    page(408),
    /^fe fe\/<NOSRV> -1\/-1\/-1\/-1\/\d+ 408 \d+ - - cR-- .* "POST/,
  ],
  [
    'timeout client',
    { frontend: ['option http-buffer-request', 'timeout client 60ms'] },
    undefined,
    page(408),
    /^fe fe\/<NOSRV> -1\/-1\/-1\/-1\/\d+ 408 \d+ - - cR-- .* "POST/,
  ],
  [
    'FIN',
    { frontend: ['option http-buffer-request'] },
    (peer) => void peer.socket.end(),
    /^$/,
    /^fe be\/<NOSRV> \d+\/-1\/-1\/-1\/\d+ -1 \d+ - - CR-- .* "POST/,
  ],
  [
    'reset',
    { frontend: ['option http-buffer-request'] },
    (peer) => void peer.socket.resetAndDestroy(),
    /^$/,
    /^fe be\/<NOSRV> \d+\/-1\/-1\/-1\/\d+ -1 \d+ - - CR-- .* "POST/,
  ],
];

for (const [name, options, leave, answer, logged] of BUFFERED) {
  test(`a body that rules wait for: ${name}`, async (t) => {
    const proxy = await startProxy(t, options);
    const client = await proxy.connect();
    client.send(post(6, 'abc'));
    if (leave !== undefined) {
      while (proxy.host.thread.sessions.length === 0) await new Promise((resolve) => setImmediate(resolve));
      leave(client);
    }
    await client.over();
    assert.match(client.received, answer);
    assert.match((await proxy.lines(1))[0], logged);
    assert.equal(proxy.servers.length, 0);
  });
}

// ------------------------------------------------------------------------------------- kept connections that are dead

/** Answers the first request of a connection; does what it is told with the next one. */
function second(act: (peer: Peer) => void): ServerScript {
  return async (peer, index) => {
    await peer.head();
    peer.send(OK);
    await peer.head();
    if (index === 0) act(peer);
    else peer.send(OK);
  };
}

for (const [how, act] of [
  ['closes', (peer: Peer): void => void peer.socket.end()],
  ['resets', (peer: Peer): void => void peer.socket.resetAndDestroy()],
] as const) {
  test(`a kept connection that the server ${how} on the next request: it is sent again, unseen by the client`, async (t) => {
    const proxy = await startProxy(t, {}, second(act));
    const client = await proxy.connect();
    for (let count = 0; count < 2; count++) {
      client.send(GET);
      assert.equal(await client.until('ok'), OK);
    }
    assert.equal(proxy.servers.length, 2);
    assert.deepEqual((await proxy.lines(2)).map(outcome), ['200 ----', '200 ----']);
  });

  test(`the server ${how} on the next request: with its body, where that is idempotent and whole`, async (t) => {
    const proxy = await startProxy(t, {}, second(act));
    const client = await proxy.connect();
    client.send(GET);
    await client.until('ok');
    const put = 'PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc';
    client.send(put);
    assert.equal(await client.until('ok'), OK);
    assert.equal(proxy.servers[1].received, put);
  });

  test(`the server ${how} on the next request: one that may have been carried out is the client's to repeat`, async (t) => {
    const proxy = await startProxy(t, {}, second(act));
    const client = await proxy.connect();
    client.send(GET);
    await client.until('ok');
    client.send(post(3, 'abc'));
    await client.over();
    assert.equal(client.received, OK);
    assert.equal(outcome((await proxy.lines(2))[1]), '-1 SH--');
    assert.equal(proxy.servers.length, 1);
  });
}

test('a request is sent again once only', async (t) => {
  const proxy = await startProxy(t, {}, async (peer, index) => {
    await peer.head();
    if (index > 0) return void peer.socket.end();
    peer.send(OK);
    await peer.head();
    peer.socket.end();
  });
  const client = await proxy.connect();
  client.send(GET);
  await client.until('ok');
  client.send(GET);
  assert.match(await client.until('</html>\n'), page(502));
  assert.equal(proxy.servers.length, 2);
});

test('servers that close kept connections at random: no client sees an error', async (t) => {
  const proxy = await startProxy(t, { backend: ['http-reuse always'] }, async (peer) => {
    for (;;) {
      await peer.head();
      peer.send(OK);
      const chance = Math.random();
      if (chance < 0.2) return void peer.socket.end();
      if (chance < 0.3) return void setImmediate(() => peer.socket.resetAndDestroy());
    }
  });
  const clients = await Promise.all(Array.from({ length: 8 }, () => proxy.connect()));
  await Promise.all(
    clients.map(async (client) => {
      for (let count = 0; count < 150; count++) {
        client.send(GET);
        assert.equal(await client.until('ok'), OK);
      }
    }),
  );
  for (const line of await proxy.lines(8 * 150)) assert.equal(outcome(line), '200 ----');
});
