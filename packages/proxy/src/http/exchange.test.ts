// Whole exchanges through the proxy: framing of both messages, connection fields on both sides, versions, methods. What each side
// gets is what HAProxy 2.6.12 sends (RFC 9110, RFC 9112; manual, 1.1 and "option httpclose" and its kind).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GET, OK, outcome, startProxy, type Peer, type ProxyOptions } from './test-kit.ts';

interface Case {
  readonly name: string;
  readonly options?: ProxyOptions;
  readonly request: string;
  /** What the server must get before it answers; the request head as it leaves. */
  readonly forwarded: string;
  readonly response: string;
  /** The server closes behind its response. */
  readonly serverCloses?: boolean;
  readonly answer: string;
  /** Whether the client's connection carries another request. */
  readonly clientKept: boolean;
  readonly state?: string;
}

const GET10 = 'GET / HTTP/1.0\r\n\r\n';
const GET10_KEPT = 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n';
const GET_CLOSE = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n';
const post = (fields: string, body: string): string => `POST / HTTP/1.1\r\nhost: a\r\n${fields}\r\n\r\n${body}`;

const CASES: readonly Case[] = [
  { name: 'content-length', request: GET, forwarded: GET, response: OK, answer: OK, clientKept: true },
  {
    name: 'chunked',
    request: GET,
    forwarded: GET,
    response: chunked,
    answer: chunked.replace('Transfer-Encoding', 'transfer-encoding'),
    clientKept: true,
  },
  {
    name: 'chunked with an extension',
    request: GET,
    forwarded: GET,
    response: chunked.replace('3\r\n', '03;a=b\r\n'),
    answer: chunked.replace('Transfer-Encoding', 'transfer-encoding'),
    clientKept: true,
  },
  {
    name: 'trailers',
    request: GET,
    forwarded: GET,
    response: chunked.replace('0\r\n', '0\r\nX-Sum: 1\r\n'),
    answer: chunked.replace('Transfer-Encoding', 'transfer-encoding').replace('0\r\n', '0\r\nx-sum: 1\r\n'),
    clientKept: true,
  },
  {
    name: 'until the server closes',
    request: GET,
    forwarded: GET,
    response: 'HTTP/1.1 200 OK\r\n\r\nhello',
    serverCloses: true,
    answer: 'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello',
    clientKept: false,
  },
  {
    name: 'until the server closes, HTTP/1.0',
    request: GET,
    forwarded: GET,
    response: 'HTTP/1.0 200 OK\r\n\r\nhello',
    serverCloses: true,
    answer: 'HTTP/1.0 200 OK\r\n\r\nhello',
    clientKept: false,
  },
  {
    name: 'response of HTTP/1.0 with a length',
    request: GET,
    forwarded: GET,
    response: 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok',
    serverCloses: true,
    answer: 'HTTP/1.0 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\nok',
    clientKept: true,
  },
  {
    name: "server that closes is not the client's business",
    request: GET,
    forwarded: GET,
    response: 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok',
    serverCloses: true,
    answer: OK,
    clientKept: true,
  },
  {
    name: "client that closes is not the server's business",
    request: GET_CLOSE,
    forwarded: GET,
    response: OK,
    answer: OK.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'),
    clientKept: false,
  },
  {
    name: 'HTTP/1.0',
    request: GET10,
    forwarded: 'GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n',
    response: OK,
    answer: OK.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'),
    clientKept: false,
  },
  {
    name: 'HTTP/1.0 keep-alive',
    request: GET10_KEPT,
    forwarded: 'GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n',
    response: OK,
    answer: OK.replace('\r\n\r\n', '\r\nconnection: keep-alive\r\n\r\n'),
    clientKept: true,
  },
  {
    name: 'chunked for HTTP/1.0 stays chunked',
    request: GET10,
    forwarded: 'GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n',
    response: chunked,
    answer: 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    clientKept: false,
  },
  {
    name: '204',
    request: GET,
    forwarded: GET,
    response: 'HTTP/1.1 204 No Content\r\n\r\n',
    answer: 'HTTP/1.1 204 No Content\r\n\r\n',
    clientKept: true,
  },
  {
    name: '304 with a length',
    request: GET,
    forwarded: GET,
    response: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n',
    answer: 'HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n',
    clientKept: true,
  },
  {
    name: 'HEAD with a length',
    request: GET.replace('GET', 'HEAD'),
    forwarded: GET.replace('GET', 'HEAD'),
    response: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    answer: 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n',
    clientKept: true,
  },
  {
    name: 'HEAD without framing',
    request: GET.replace('GET', 'HEAD'),
    forwarded: GET.replace('GET', 'HEAD'),
    response: 'HTTP/1.1 200 OK\r\n\r\n',
    answer: 'HTTP/1.1 200 OK\r\n\r\n',
    clientKept: true,
  },
  {
    name: 'HEAD with a coding',
    request: GET.replace('GET', 'HEAD'),
    forwarded: GET.replace('GET', 'HEAD'),
    response: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    answer: 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n',
    clientKept: true,
  },
  {
    name: 'request with a length',
    request: post('Content-Length: 3', 'abc'),
    forwarded: post('content-length: 3', 'abc'),
    response: OK,
    answer: OK,
    clientKept: true,
  },
  {
    name: 'request in chunks',
    request: post('Transfer-Encoding: chunked', '3\r\nabc\r\n0\r\n\r\n'),
    forwarded: post('transfer-encoding: chunked', '3\r\nabc\r\n0\r\n\r\n'),
    response: OK,
    answer: OK,
    clientKept: true,
  },
  {
    name: 'request in chunks, not canonical',
    request: post('Transfer-Encoding: chunked', '003;x\nabc\n0\nX-T: 1\n\n'),
    forwarded: post('transfer-encoding: chunked', '3\r\nabc\r\n0\r\nx-t: 1\r\n\r\n'),
    response: OK,
    answer: OK,
    clientKept: true,
  },
  {
    name: 'interim responses',
    request: GET,
    forwarded: GET,
    response: `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${OK}`,
    answer: `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${OK}`,
    clientKept: true,
  },
  {
    name: 'interim responses are not for HTTP/1.0',
    request: GET10,
    forwarded: 'GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n',
    response: `HTTP/1.1 103 Early Hints\r\n\r\n${OK}`,
    answer: OK.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'),
    clientKept: false,
  },
  {
    name: 'connection options that are not ours pass',
    request: 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close, foo\r\nFoo: 1\r\n\r\n',
    forwarded: 'GET / HTTP/1.1\r\nhost: a\r\nconnection: foo\r\nfoo: 1\r\n\r\n',
    response: 'HTTP/1.1 200 OK\r\nConnection: keep-alive, bar\r\nContent-Length: 2\r\n\r\nok',
    answer: 'HTTP/1.1 200 OK\r\nconnection: bar\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok',
    clientKept: false,
  },
  {
    name: 'h1-case-adjust',
    options: {
      global: ['h1-case-adjust host Host', 'h1-case-adjust content-length Content-Length'],
      frontend: ['option h1-case-adjust-bogus-client'],
      backend: ['option h1-case-adjust-bogus-server'],
    },
    request: GET,
    forwarded: 'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    response: OK,
    answer: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    clientKept: true,
  },
];

/** Server side by mode: what leaves in the request (HTTP/1.1 and 1.0), and whether the connection is used again. */
const MODES: readonly (readonly [option: string, in11: string, in10: string, kept: boolean])[] = [
  ['option http-keep-alive', '', 'connection: keep-alive\r\n', true],
  ['option http-server-close', 'connection: close\r\n', '', false],
  ['option httpclose', 'connection: close\r\n', '', false],
  ['option http-server-close\n  option http-pretend-keepalive', '', 'connection: keep-alive\r\n', false],
  ['option httpclose\n  option http-pretend-keepalive', '', 'connection: keep-alive\r\n', false],
];

async function exchange(client: Peer, text: string, until: string): Promise<string> {
  client.send(text);
  return client.until(until);
}

for (const { name, options, request, forwarded, response, serverCloses, answer, clientKept, state } of CASES) {
  test(name, async (t) => {
    const proxy = await startProxy(t, options, async (peer) => {
      for (;;) {
        await peer.until(forwarded);
        peer.send(response);
        if (serverCloses === true) peer.socket.end();
      }
    });
    const client = await proxy.connect();
    assert.equal(await exchange(client, request, answer), answer);
    if (clientKept) assert.equal(await exchange(client, request, answer), answer);
    else await client.over();
    assert.equal(client.received, clientKept ? answer + answer : answer);
    for (const line of await proxy.lines(clientKept ? 2 : 1))
      assert.match(outcome(line), new RegExp(`^\\d+ ${state ?? '----'}$`));
    assert.equal(proxy.servers.map((peer) => peer.received).join(''), clientKept ? forwarded + forwarded : forwarded);
  });
}

for (const [option, in11, in10, kept] of MODES) {
  const name = option.replaceAll('\n  option', ' +');
  for (const side of ['frontend', 'backend'] as const) {
    if (side === 'frontend' && option.includes('pretend')) continue;
    for (const [version, fields] of [
      ['HTTP/1.1', in11],
      ['HTTP/1.0', in10],
    ] as const) {
      test(`${name} in the ${side}, ${version}`, async (t) => {
        const proxy = await startProxy(t, { [side]: [option] });
        const client = await proxy.connect();
        // Only the frontend's httpclose concerns the client.
        const closes = side === 'frontend' && option === 'option httpclose';
        const request = `GET / ${version}\r\nhost: a\r\nconnection: keep-alive\r\n\r\n`;
        const connection = closes
          ? 'connection: close\r\n'
          : version === 'HTTP/1.0'
            ? 'connection: keep-alive\r\n'
            : '';
        const answer = `HTTP/1.1 200 OK\r\ncontent-length: 2\r\n${connection}\r\nok`;
        assert.equal(await exchange(client, request, 'ok'), answer);
        assert.equal(proxy.servers[0].received, `GET / ${version}\r\nhost: a\r\n${fields}\r\n`);
        if (closes) await client.over();
        else await exchange(client, request, 'ok');
        assert.equal(client.received, closes ? answer : answer + answer);
        if (!kept) await proxy.servers[0].over();
        assert.equal(proxy.servers.length, kept || closes ? 1 : 2);
      });
    }
  }
}

test('http-reuse never keeps the connection for its client', async (t) => {
  const proxy = await startProxy(t, { backend: ['http-reuse never'] });
  const first = await proxy.connect();
  const second = await proxy.connect();
  for (const client of [first, first, second, first]) await exchange(client, GET, 'ok');
  assert.deepEqual(
    proxy.servers.map((peer) => peer.received),
    [GET + GET + GET, GET],
  );
  first.socket.end();
  await proxy.servers[0].over();
});

test('http-reuse safe gives a shared connection to later requests only', async (t) => {
  const proxy = await startProxy(t, { backend: ['http-reuse safe'] });
  const first = await proxy.connect();
  const second = await proxy.connect();
  await exchange(first, GET, 'ok');
  await exchange(second, GET, 'ok');
  assert.equal(proxy.servers.length, 2);
  await exchange(second, GET, 'ok');
  await exchange(first, GET, 'ok');
  assert.equal(proxy.servers.length, 2);
});

test('http-reuse always gives it to first ones too', async (t) => {
  const proxy = await startProxy(t, { backend: ['http-reuse always'] });
  for (let count = 0; count < 3; count++) await exchange(await proxy.connect(), GET, 'ok');
  assert.equal(proxy.servers.length, 1);
});

test('the server connection is free as soon as its response is complete, whatever the client does', async (t) => {
  const proxy = await startProxy(t, { backend: ['http-reuse always'], server: 'maxconn 1' });
  const first = await proxy.connect();
  await exchange(first, GET, 'ok');
  // The first client says nothing more and does not close: the server's only place must not be its own.
  await exchange(await proxy.connect(), GET, 'ok');
  assert.equal(proxy.servers.length, 1);
});

test('a server that says more than it announced is not used again', async (t) => {
  const proxy = await startProxy(t, { backend: ['http-reuse always'] }, async (peer) => {
    for (;;) {
      await peer.head();
      peer.send(`${OK}HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nstolen`);
    }
  });
  const client = await proxy.connect();
  assert.equal(await exchange(client, GET, 'ok'), OK);
  assert.equal(await exchange(client, GET, 'ok'), OK);
  assert.equal(client.received, OK + OK);
  assert.equal(proxy.servers.length, 2);
});

test("Expect: 100-continue is the server's to answer", async (t) => {
  const head = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\nexpect: 100-continue\r\n\r\n';
  const proxy = await startProxy(t, {}, async (peer) => {
    assert.equal(await peer.head(), head);
    peer.send('HTTP/1.1 100 Continue\r\n\r\n');
    await peer.until('abc');
    peer.send(OK);
  });
  const client = await proxy.connect();
  assert.equal(await exchange(client, head, '\r\n\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n');
  assert.equal(await exchange(client, 'abc', 'ok'), OK);
});

test('a response before the end of the request: both are finished, and both connections are used again', async (t) => {
  const proxy = await startProxy(t, {}, async (peer) => {
    for (;;) {
      await peer.head();
      peer.send(OK);
    }
  });
  const client = await proxy.connect();
  assert.equal(await exchange(client, 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc', 'ok'), OK);
  client.send('1234567' + GET);
  assert.equal(await client.until('ok'), OK);
  assert.equal(proxy.servers.length, 1);
  assert.deepEqual((await proxy.lines(2)).map(outcome), ['200 ----', '200 ----']);
});

test('a server that answers early and closes: the client finishes its request and goes on', async (t) => {
  const proxy = await startProxy(t, {}, async (peer) => {
    await peer.head();
    peer.send(OK);
    peer.socket.end();
  });
  const client = await proxy.connect();
  assert.equal(await exchange(client, 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc', 'ok'), OK);
  await proxy.servers[0].over();
  assert.equal(await exchange(client, '1234567' + GET, 'ok'), OK);
  assert.deepEqual((await proxy.lines(2)).map(outcome), ['200 ----', '200 ----']);
});

test('option http-buffer-request: no server before the body, and no question to it', async (t) => {
  const proxy = await startProxy(t, { frontend: ['option http-buffer-request'] }, async (peer) => {
    await peer.until('abcdef');
    peer.send(OK);
  });
  const client = await proxy.connect();
  const head = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 6\r\nexpect: 100-continue\r\n\r\n';
  assert.equal(await exchange(client, head, '\r\n\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n');
  client.send('abc');
  await exchange(await proxy.connect(), 'GET\r\n\r\n', '</html>');
  assert.equal(proxy.servers.length, 0);
  assert.equal(await exchange(client, 'def', 'ok'), OK);
  assert.equal(proxy.servers[0].received, 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 6\r\n\r\nabcdef');
});

test('option http-buffer-request: a body above the buffer is not waited for', async (t) => {
  const body = 'x'.repeat(100000);
  const proxy = await startProxy(t, { backend: ['option http-buffer-request'] }, async (peer) => {
    await peer.until(body);
    peer.send(OK);
  });
  const client = await proxy.connect();
  assert.equal(await exchange(client, `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n${body}`, 'ok'), OK);
});
