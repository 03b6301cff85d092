// Bytes come as the network cuts them: each exchange is played with the request, and then the response, cut at every byte, and
// with each byte alone. Nothing may differ in what either side gets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outcome, startProxy, type Peer } from './test-kit.ts';

interface Exchange {
  readonly name: string;
  readonly request: string;
  readonly forwarded: string;
  readonly response: string;
  readonly answer: string;
  readonly logged?: string;
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const OK_OUT = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

const EXCHANGES: readonly Exchange[] = [
  {
    name: 'no bodies',
    request: '\r\nGET /a HTTP/1.1\r\nHost: a\r\nX:  b \r\n\r\n',
    forwarded: 'GET /a HTTP/1.1\r\nhost: a\r\nx: b\r\n\r\n',
    response: 'HTTP/1.1 204 No Content\r\nX: y\r\n\r\n',
    answer: 'HTTP/1.1 204 No Content\r\nx: y\r\n\r\n',
  },
  {
    name: 'lengths',
    request: 'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\nab\r\n\r\nc',
    forwarded: 'PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 7\r\n\r\nab\r\n\r\nc',
    response: OK,
    answer: OK_OUT,
  },
  {
    name: 'chunks',
    request: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
    forwarded: 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
    response: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwxyz\r\n0\r\nX-T: 1\r\n\r\n',
    answer: 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nwxyz\r\n0\r\nx-t: 1\r\n\r\n',
  },
  {
    name: 'interim responses',
    request: 'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    forwarded: 'GET / HTTP/1.1\r\nhost: a\r\n\r\n',
    response: `HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${OK}`,
    answer: `HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${OK_OUT}`,
  },
];

/** Every way to cut a text once, and the one with each byte alone. */
function* cuts(text: string): Generator<readonly string[]> {
  for (let at = 1; at < text.length; at++) yield [text.slice(0, at), text.slice(at)];
  yield Array.from(text);
}

/** Sends the pieces so that each is likely to be read alone: the proxy runs in this process, so turns of the event loop do. */
async function sendPieces(peer: Peer, pieces: readonly string[]): Promise<void> {
  for (const piece of pieces) {
    peer.send(piece);
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

for (const { name, request, forwarded, response, answer, logged } of EXCHANGES) {
  test(`${name}: the request in pieces`, async (t) => {
    const proxy = await startProxy(t, {}, async (peer) => {
      for (;;) {
        await peer.until(forwarded);
        peer.send(response);
      }
    });
    const client = await proxy.connect();
    let count = 0;
    for (const pieces of cuts(request)) {
      await sendPieces(client, pieces);
      assert.equal(await client.until(answer), answer);
      count++;
    }
    assert.equal(proxy.servers.map((peer) => peer.received).join(''), forwarded.repeat(count));
    for (const line of await proxy.lines(count)) assert.match(outcome(line), new RegExp(logged ?? '^20[04] ----$'));
  });

  test(`${name}: the response in pieces`, async (t) => {
    let pieces: readonly string[] = [];
    const proxy = await startProxy(t, {}, async (peer) => {
      for (;;) {
        await peer.until(forwarded);
        await sendPieces(peer, pieces);
      }
    });
    const client = await proxy.connect();
    let count = 0;
    for (pieces of cuts(response)) {
      client.send(request);
      assert.equal(await client.until(answer), answer);
      count++;
    }
    assert.equal(client.received, answer.repeat(count));
    for (const line of await proxy.lines(count)) assert.match(outcome(line), new RegExp(logged ?? '^20[04] ----$'));
  });
}
