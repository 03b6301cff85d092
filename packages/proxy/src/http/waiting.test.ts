// Waiting for a request: time-outs, probes, limits and refusals (manual, "timeout http-request", "timeout http-keep-alive", "option
// http-ignore-probes", "option dontlognull", 3.2 "tune.maxrewrite", 8.5). Answers and states are those of HAProxy 2.6.12.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GET, OK, outcome, startProxy, type ProxyOptions } from './test-kit.ts';

const BAD_REQUEST =
  'HTTP/1.1 400 Bad request\r\nContent-length: 90\r\nCache-Control: no-cache\r\nConnection: close\r\nContent-Type: text/html\r\n\r\n' +
  '<html><body><h1>400 Bad request</h1>\nYour browser sent an invalid request.\n</body></html>\n';
const TIMED_OUT =
  'HTTP/1.1 408 Request Time-out\r\nContent-length: 110\r\nCache-Control: no-cache\r\nConnection: close\r\nContent-Type: text/html\r\n\r\n' +
  "<html><body><h1>408 Request Time-out</h1>\nYour browser didn't send a complete request in time.\n</body></html>\n";

interface Case {
  readonly name: string;
  readonly options?: ProxyOptions;
  readonly send: string;
  /** The client closes its side behind that. */
  readonly end?: boolean;
  readonly answer: string;
  /** undefined: nothing is logged. */
  readonly logged: string | undefined;
}

const short = ['timeout client 60ms'];
const big = 'y'.repeat(16000);

const FIRST: readonly Case[] = [
  { name: 'nothing comes', options: { frontend: short }, send: '', answer: TIMED_OUT, logged: '408 cR--' },
  {
    name: 'nothing comes, dontlognull',
    options: { frontend: [...short, 'option dontlognull'] },
    send: '',
    answer: TIMED_OUT,
    logged: undefined,
  },
  {
    name: 'nothing comes, probes ignored',
    options: { frontend: [...short, 'option http-ignore-probes'] },
    send: '',
    answer: '',
    logged: undefined,
  },
  {
    name: 'nothing comes within http-request',
    options: { frontend: ['timeout http-request 60ms'] },
    send: '',
    answer: TIMED_OUT,
    logged: '408 cR--',
  },
  { name: 'FIN at once', send: '', end: true, answer: BAD_REQUEST, logged: '400 CR--' },
  {
    name: 'FIN at once, dontlognull',
    options: { frontend: ['option dontlognull'] },
    send: '',
    end: true,
    answer: BAD_REQUEST,
    logged: undefined,
  },
  {
    name: 'FIN at once, probes ignored',
    options: { frontend: ['option http-ignore-probes'] },
    send: '',
    end: true,
    answer: '',
    logged: undefined,
  },
  {
    name: 'part of a head',
    options: { frontend: short },
    send: 'GET / HTTP/1.1\r\n',
    answer: TIMED_OUT,
    logged: '408 cR--',
  },
  { name: 'part of a head and FIN', send: 'GET / HTTP/1.1\r\n', end: true, answer: BAD_REQUEST, logged: '400 CR--' },
  {
    name: 'part of a head and FIN, probes ignored',
    options: { frontend: ['option http-ignore-probes'] },
    send: 'GET',
    end: true,
    answer: BAD_REQUEST,
    logged: '400 CR--',
  },
  {
    name: 'empty lines only, probes ignored',
    options: { frontend: [...short, 'option http-ignore-probes'] },
    send: '\r\n\r\n',
    answer: TIMED_OUT,
    logged: '408 cR--',
  },
  { name: 'no request line', send: 'GET\r\n\r\n', answer: BAD_REQUEST, logged: '400 PR--' },
  {
    name: 'head above bufsize - maxrewrite',
    send: `GET / HTTP/1.1\r\nx: ${big}\r\n\r\n`,
    answer: BAD_REQUEST,
    logged: '400 PR--',
  },
  { name: 'head that never ends', send: `GET / HTTP/1.1\r\nx: ${big}`, answer: BAD_REQUEST, logged: '400 PR--' },
  {
    name: 'smaller buffer',
    options: { global: ['tune.bufsize 4096', 'tune.maxrewrite 1024'] },
    send: `GET / HTTP/1.1\r\nx: ${big.slice(0, 3100)}\r\n\r\n`,
    answer: BAD_REQUEST,
    logged: '400 PR--',
  },
  {
    name: '101 header lines',
    send: `GET / HTTP/1.1\r\n${'x: y\r\n'.repeat(101)}\r\n`,
    answer: BAD_REQUEST,
    logged: '400 PR--',
  },
  {
    name: 'tune.http.maxhdr',
    options: { global: ['tune.http.maxhdr 11'] },
    send: `GET / HTTP/1.1\r\n${'x: y\r\n'.repeat(11)}\r\n`,
    answer: BAD_REQUEST,
    logged: '400 PR--',
  },
  {
    name: 'chunked body that is broken at once',
    send: 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
    answer: BAD_REQUEST,
    logged: '400 PR--',
  },
  {
    name: 'errorfile 408 /dev/null',
    options: { frontend: [...short, 'errorfile 408 /dev/null'], files: { '/dev/null': '' } },
    send: 'GET',
    answer: '',
    logged: '408 cR--',
  },
];

for (const { name, options, send, end, answer, logged } of FIRST) {
  test(`first request: ${name}`, async (t) => {
    const proxy = await startProxy(t, options);
    const client = await proxy.connect();
    client.send(send);
    if (end === true) client.socket.end();
    await client.over();
    assert.equal(client.received, answer);
    if (logged === undefined) assert.equal(proxy.host.logs.length, 0);
    else {
      const [line] = await proxy.lines(1);
      assert.equal(outcome(line), logged);
      assert.match(line, /^fe fe\/<NOSRV> -1\/-1\/-1\/-1\/\d+ .* "<BADREQ>"$/);
    }
  });
}

test('a reset before any request is logged as CR', async (t) => {
  const proxy = await startProxy(t);
  const client = await proxy.connect();
  client.socket.resetAndDestroy();
  assert.equal(outcome((await proxy.lines(1))[0]), '400 CR--');
});

const NEXT: readonly Case[] = [
  {
    name: 'timeout http-keep-alive ends it silently',
    options: { frontend: ['timeout http-keep-alive 60ms'] },
    send: '',
    answer: '',
    logged: undefined,
  },
  {
    name: 'timeout http-request stands in for it',
    options: { frontend: ['timeout http-request 60ms'] },
    send: '',
    answer: '',
    logged: undefined,
  },
  { name: 'timeout client stands in for both', options: { frontend: short }, send: '', answer: '', logged: undefined },
  { name: 'FIN ends it silently', send: '', end: true, answer: '', logged: undefined },
  {
    name: 'a head that has begun has timeout http-request',
    options: { frontend: ['timeout http-keep-alive 4s', 'timeout http-request 60ms'] },
    send: 'GET',
    answer: TIMED_OUT,
    logged: '408 cR--',
  },
  {
    name: 'an empty line begins one',
    options: { frontend: ['timeout http-keep-alive 4s', 'timeout http-request 60ms'] },
    send: '\r\n',
    answer: TIMED_OUT,
    logged: '408 cR--',
  },
  { name: 'part of a head and FIN', send: 'GET', end: true, answer: BAD_REQUEST, logged: '400 CR--' },
  { name: 'a bad head', send: 'GET\r\n\r\n', answer: BAD_REQUEST, logged: '400 PR--' },
];

for (const { name, options, send, end, answer, logged } of NEXT) {
  test(`next request: ${name}`, async (t) => {
    const proxy = await startProxy(t, options);
    const client = await proxy.connect();
    client.send(GET);
    await client.until('ok');
    await proxy.lines(1);
    if (send !== '') client.send(send);
    if (end === true) client.socket.end();
    await client.over();
    assert.equal(client.received, OK + answer);
    if (logged === undefined) assert.equal(proxy.host.logs.length, 1);
    else assert.equal(outcome((await proxy.lines(2))[1]), logged);
  });
}

test('timeout http-request counts in all, timeout client from the last byte', async (t) => {
  const proxy = await startProxy(t, { frontend: ['timeout http-request 250ms', 'timeout client 2s'] });
  const client = await proxy.connect();
  client.send('GET / HTTP/1.1\r\n');
  const trickle = setInterval(() => client.send('a: b\r\n'), 50);
  t.after(() => clearInterval(trickle));
  await client.over();
  assert.equal(client.received, TIMED_OUT);
});

test('empty lines in front of a request are skipped', async (t) => {
  const proxy = await startProxy(t);
  const client = await proxy.connect();
  client.send(`\r\n\n\r\n${GET}\r\n${GET}`);
  await client.until('ok');
  await client.until('ok');
  assert.equal(client.received, OK + OK);
  assert.equal(proxy.servers[0].received, GET + GET);
});

test('requests that come ahead are answered in order, each after the response before it', async (t) => {
  const proxy = await startProxy(t);
  const client = await proxy.connect();
  const paths = Array.from({ length: 300 }, (_, index) => `/${index}`);
  client.send(paths.map((path) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`).join(''));
  for (const _ of paths) await client.until('ok');
  assert.deepEqual(
    proxy.servers.flatMap((peer) => peer.received.match(/\/\d+ HTTP/g)!.map((each) => each.slice(0, -5))),
    paths,
  );
  assert.equal((await proxy.lines(300)).length, 300);
});

test('answers of the proxy itself do not deepen the stack, however many requests come ahead', async (t) => {
  const proxy = await startProxy(t, { frontend: ['http-request return status 204'] });
  const client = await proxy.connect();
  client.send(GET.repeat(20000));
  for (let count = 0; count < 20000; count++) await client.head();
});
