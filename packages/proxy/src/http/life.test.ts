// Sessions and the thread around them: soft stop, reload, killing, statistics, timers of the log line.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BackendStat, FrontendStat, ListenerStat, ServerStat, StatReader } from '@evenkeel/shm';
import { HttpSession } from './session.ts';
import { answering, GET, OK, outcome, startProxy, type Peer, type TestProxy } from './test-kit.ts';

async function request(client: Peer, text = GET): Promise<string> {
  client.send(text);
  return client.until('ok');
}

test('soft stop: idle connections close, a response that is under way closes behind itself', async (t) => {
  const proxy = await startProxy(t, {}, async (peer) => {
    for (;;) {
      await peer.head();
      if (peer.received.includes('/slow')) await peer.until('\0').catch(() => {});
      peer.send(OK);
    }
  });
  const idle = await proxy.connect();
  await request(idle);
  const busy = await proxy.connect();
  busy.send('GET /slow HTTP/1.1\r\nhost: a\r\n\r\n');
  while (proxy.servers.length < 2) await new Promise((resolve) => setImmediate(resolve));
  await proxy.servers[1].head();
  proxy.host.keeper.softStop();
  await idle.over();
  assert.equal(busy.isEnded, false);
  proxy.servers[1].send(OK);
  await busy.over();
  assert.equal(busy.received, OK.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'));
  assert.equal(proxy.host.messages.at(-1)!.type, 'drained');
});

test('soft stop with option idle-close-on-response: an idle connection has one more response, which ends it (manual)', async (t) => {
  const proxy = await startProxy(t, { frontend: ['option idle-close-on-response'] }, async (peer) => {
    for (;;) {
      await peer.head();
      peer.send(OK);
    }
  });
  const idle = await proxy.connect();
  await request(idle);
  proxy.host.keeper.softStop();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(idle.isEnded, false);
  idle.send(GET);
  await idle.over();
  assert.ok(idle.received.endsWith(OK.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n')));
});

test('soft stop with close-spread-time: an idle connection may still carry a request until its turn comes', async (t) => {
  const proxy = await startProxy(t, { global: ['close-spread-time 300ms'] }, answering);
  const [idle, used] = [await proxy.connect(), await proxy.connect()];
  await request(idle);
  await request(used);
  // The turn of both is the last of all.
  t.mock.method(Math, 'random', () => 0.999);
  proxy.host.keeper.softStop();
  used.send(GET);
  await used.until('ok');
  await idle.over();
  assert.ok(idle.received.endsWith('ok'), idle.received);
  await used.over();
});

test('an identifier is made once for each request: the header, the log and rules have the same', async (t) => {
  const proxy = await startProxy(
    t,
    {
      frontend: [
        'unique-id-format %rt-%[rand(1000000000)]',
        'unique-id-header x-id',
        'http-request set-header x-again %[unique-id]',
        'log-format "x [x] %ID %[unique-id]"',
      ],
    },
    answering,
  );
  const client = await proxy.connect();
  await request(client);
  client.send(GET);
  await client.until('ok');
  const heads = proxy.servers[0].received;
  const [sent, again] = ['x-id', 'x-again'].map((name) =>
    [...heads.matchAll(new RegExp(`^${name}: (.*)\r$`, 'gm'))].map(([, value]) => value),
  );
  assert.match(sent[0], /^[0-9A-F]+-\d+$|^\d+-\d+$/);
  assert.deepEqual(again, sent);
  assert.deepEqual(
    await proxy.lines(2),
    sent.map((id) => `${id} ${id}`),
  );
  assert.notEqual(sent[0], sent[1]);
});

test('lines count those that were written before them; a silent request has none (manual, %lc, "set-log-level")', async (t) => {
  const proxy = await startProxy(
    t,
    { frontend: ['log-format "x [x] %lc %HP"', 'http-request set-log-level silent if { path /silent }'] },
    answering,
  );
  const client = await proxy.connect();
  for (const path of ['/1', '/silent', '/2', '/silent', '/3']) {
    await request(client, `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`);
  }
  assert.deepEqual(await proxy.lines(3), ['0 /1', '1 /2', '2 /3']);
});

test("reload: a kept connection's next request belongs to the new configuration, one under way to the old", async (t) => {
  const proxy = await startProxy(t, { frontend: ['http-request set-header x-config old'] }, async (peer) => {
    for (;;) {
      const head = await peer.head();
      if (head.includes('/slow')) await peer.until('\0').catch(() => {});
      peer.send(OK);
    }
  });
  const kept = await proxy.connect();
  await request(kept);
  const busy = await proxy.connect();
  busy.send('GET /slow HTTP/1.1\r\nhost: a\r\n\r\n');
  while (proxy.servers.length < 2) await new Promise((resolve) => setImmediate(resolve));
  await proxy.servers[1].head();
  await proxy.apply({
    frontend: ['http-request set-header x-config new'],
    backend: ['http-response set-header x-config new'],
  });
  assert.match(await request(kept), /x-config: new/);
  assert.match(proxy.servers.at(-1)!.received, /x-config: new/);
  proxy.servers[1].send(OK);
  assert.equal(await busy.until('ok'), OK);
  // Nothing lives on the old configuration any more, so it is let go of.
  busy.send(GET);
  await busy.until('ok');
  const oldest = proxy.host.messages.filter((message) => message.type === 'oldest').at(-1);
  assert.deepEqual(oldest, { type: 'oldest', generation: 2 });
});

test('killing ends what is under way: K', async (t) => {
  const proxy = await startProxy(t, {}, async (peer) => void (await peer.head()));
  const client = await proxy.connect();
  client.send(GET);
  while (proxy.servers.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await proxy.servers[0].head();
  proxy.host.thread.sessions.forEach(({ user }) => user?.onKill());
  await client.over();
  // As HAProxy 2.6.12 at the end of hard-stop-after.
  assert.match(client.received, /^HTTP\/1\.1 502 /);
  assert.equal(outcome((await proxy.lines(1))[0]), '502 KH--');
});

function statistics(proxy: TestProxy): { fe: Float64Array; be: Float64Array; s1: Float64Array; li: Float64Array } {
  const reader = new StatReader(proxy.host.thread.segment);
  const { proxies, listeners } = proxy.host.plan!;
  return {
    fe: reader.read('frontend', proxies[0].frontendSlot),
    be: reader.read('backend', proxies[1].backendSlot),
    s1: reader.read('server', proxies[1].serverSlots[0]),
    li: reader.read('listener', listeners[0].slot),
  };
}

test('statistics: requests, classes, bytes, refusals, aborts (management manual, 9.1)', async (t) => {
  const proxy = await startProxy(
    t,
    {
      frontend: ['http-request deny if { path /deny }', 'http-request return status 200 if { path /return }'],
      backend: ['http-response deny if { res.hdr(x-bad) -m found }'],
    },
    async (peer) => {
      for (;;) {
        const head = await peer.head();
        if (head.includes('/bad')) peer.send('HTTP/1.1 200 OK\r\nx-bad: 1\r\ncontent-length: 2\r\n\r\nok');
        else if (head.includes('/404')) peer.send('HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nok');
        else if (head.includes('/cut'))
          return void peer.send('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok').socket.end();
        else if (head.includes('/close')) return void peer.socket.end();
        else peer.send(OK);
      }
    },
  );
  const client = await proxy.connect();
  let sent = 0;
  for (const [path, until] of [
    ['/', 'ok'],
    ['/404', 'ok'],
    ['/deny', '</html>\n'],
    ['/return', '\r\n\r\n'],
    ['/bad', '</html>\n'],
    ['/cut', 'ok'],
  ] as const) {
    const text = `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`;
    sent += text.length;
    client.send(text);
    await client.until(until);
  }
  await client.over();
  await proxy.lines(6);
  const { fe, be, s1, li } = statistics(proxy);
  const F = FrontendStat;
  const B = BackendStat;
  const S = ServerStat;
  assert.deepEqual(
    [
      fe[F.requests],
      fe[F.responses2xx],
      fe[F.responses4xx],
      fe[F.responses5xx],
      fe[F.deniedRequests],
      fe[F.deniedResponses],
      fe[F.intercepted],
    ],
    [6, 3, 2, 1, 1, 1, 1],
  );
  assert.deepEqual([fe[F.bytesIn], fe[F.bytesOut]], [sent, client.received.length]);
  assert.equal(li[ListenerStat.bytesIn], sent);
  assert.deepEqual(
    [
      be[B.requests],
      be[B.responses2xx],
      be[B.responses4xx],
      be[B.responses5xx],
      be[B.deniedResponses],
      be[B.failedResponses],
      be[B.serverAborts],
    ],
    [4, 2, 1, 1, 1, 1, 1],
  );
  assert.deepEqual([s1[S.requests], s1[S.responses2xx], s1[S.responses4xx], s1[S.serverAborts]], [4, 3, 1, 1]);
});

test('what is answered here is not counted on the server of the request before', async (t) => {
  const proxy = await startProxy(t, { frontend: ['http-request deny if { path /deny }'] });
  const client = await proxy.connect();
  await request(client);
  await proxy.lines(1);
  const before = statistics(proxy).s1.slice();
  client.send('GET /deny HTTP/1.1\r\nhost: a\r\n\r\n');
  await client.until('</html>');
  assert.match((await proxy.lines(2))[1], /^fe fe\/<NOSRV> /);
  assert.deepEqual(statistics(proxy).s1, before);
});

test('ereq counts what never became a request', async (t) => {
  const proxy = await startProxy(t);
  const client = await proxy.connect();
  client.send('GET\r\n\r\n');
  await client.over();
  const { fe, li } = statistics(proxy);
  assert.deepEqual(
    [fe[FrontendStat.failedRequests], li[ListenerStat.failedRequests], fe[FrontendStat.responses4xx]],
    [1, 1, 1],
  );
});

test("timers: Tr holds the server's time, Ti the wait for the next request, which is no part of Ta (manual, 8.4)", async (t) => {
  const proxy = await startProxy(
    t,
    { frontend: ['log-format "x [x] %Th/%Ti/%TR/%Tw/%Tc/%Tr/%Ta/%Tt %ST"'] },
    async (peer) => {
      for (;;) {
        await peer.head();
        await new Promise((resolve) => setTimeout(resolve, 60));
        peer.send(OK);
      }
    },
  );
  const client = await proxy.connect();
  await request(client);
  await new Promise((resolve) => setTimeout(resolve, 60));
  await request(client);
  const lines = (await proxy.lines(2)).map((line) => line.split(/[/ ]/).map(Number));
  for (const [index, [handshake, wait, read, queue, connect, response, active, total]] of lines.entries()) {
    assert.equal(handshake, 0);
    if (index === 1) assert.ok(wait >= 55, `Ti ${wait}`);
    assert.ok(response >= 55, `Tr ${response}`);
    assert.ok(Math.abs(read + queue + connect + response - active) <= 10, `Ta ${active}`);
    assert.ok(Math.abs(wait + active - total) <= 2, `Tt ${total}`);
  }
});

test('the logged request line is cut to tune.http.logurilen', async (t) => {
  const proxy = await startProxy(t, { global: ['tune.http.logurilen 100'] });
  const client = await proxy.connect();
  await request(client, `GET /${'x'.repeat(200)} HTTP/1.1\r\nhost: a\r\n\r\n`);
  assert.equal(/"([^"]*)"$/.exec((await proxy.lines(1))[0])![1].length, 100);
});

test('while it waits for a request a session holds no buffer of what came before', async (t) => {
  const proxy = await startProxy(t);
  const client = await proxy.connect();
  const big = 'PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 9000\r\n\r\n' + 'x'.repeat(9000);
  await request(client, big);
  let held = -1;
  proxy.host.thread.sessions.forEach(({ user }) => {
    assert.ok(user instanceof HttpSession);
    held = user.heldBytes;
  });
  assert.equal(held, 0);
});
