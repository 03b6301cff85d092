// Idle connections of servers: which request may take which (manual: `http-reuse`), limits, purge, and what removes them.
import assert from 'node:assert/strict';
import type net from 'node:net';
import { test } from 'node:test';
import { OperationalState } from '@evenkeel/shm';
import type { ReuseMode } from './pool.ts';
import { changeState, type ProxyOptions } from './test-kit.ts';
import { type Client, listen, pick, setup } from './test-setup.ts';

const http = (httpReuse: ReuseMode, more: ProxyOptions = {}): ProxyOptions => ({ mode: 'http', httpReuse, ...more });

async function until(condition: () => boolean): Promise<void> {
  const limit = Date.now() + 5000;
  while (!condition()) {
    if (Date.now() > limit) assert.fail('never');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const next = (client: Client): Client => {
  client.dispatch.firstRequest = false;
  return client;
};

// Rows and columns of the table in pool.ts. `idle`: the only idle connection was never reused; `safe`: it was.
for (const { reuse, idleFirst, idleLater, safeFirst, safeLater } of [
  { reuse: 'never', idleFirst: false, idleLater: false, safeFirst: false, safeLater: false },
  { reuse: 'safe', idleFirst: false, idleLater: true, safeFirst: false, safeLater: true },
  { reuse: 'aggressive', idleFirst: false, idleLater: true, safeFirst: true, safeLater: true },
  { reuse: 'always', idleFirst: true, idleLater: true, safeFirst: true, safeLater: true },
] as const) {
  test(`http-reuse ${reuse}: which request takes which connection`, async (context) => {
    const { port } = await listen(context);
    for (const { proven, later, reused } of [
      { proven: false, later: false, reused: idleFirst },
      { proven: false, later: true, reused: idleLater },
      { proven: true, later: false, reused: safeFirst },
      { proven: true, later: true, reused: safeLater },
    ]) {
      const { backend, client } = setup(context, [{ port }], http(reuse));
      const { pool } = backend.servers[0];
      const maker = await client().start(backend).settled();
      maker.giveBack();
      if (proven && reuse !== 'never') {
        next(maker);
        await maker.start(backend).settled();
        assert.equal(maker.reused, true);
        maker.giveBack();
        assert.equal(pool.safe, 1);
      }
      const other = client();
      if (later) next(other);
      await other.start(backend).settled();
      assert.equal(other.reused, reused, `proven ${proven}, later ${later}`);
    }
  });
}

test('http-reuse never keeps the connection for the client that made it, and closes it with it', async (context) => {
  const { port, sockets } = await listen(context);
  const { backend, client } = setup(context, [{ port }], http('never'));
  const one = await client().start(backend).settled();
  one.giveBack();
  assert.equal(backend.servers[0].pool.idle, 0);
  await next(one).start(backend).settled();
  assert.equal(one.reused, true);
  one.giveBack();
  assert.equal(sockets.size, 1);
  one.dispatch.close();
  await until(() => sockets.size === 0);
});

test('a connection marked private is not shared, whatever the mode', async (context) => {
  const { port } = await listen(context);
  const { backend, client } = setup(context, [{ port }], http('always'));
  const one = await client().start(backend).settled();
  one.dispatch.privateConnection = true;
  one.giveBack();
  const other = await client().start(backend).settled();
  assert.equal(other.reused, false);
  await next(one).start(backend).settled();
  assert.equal(one.reused, true);
});

test('in mode tcp nothing is reused', async (context) => {
  const { port } = await listen(context);
  const { backend, client } = setup(context, [{ port }], { httpReuse: 'always' });
  const one = await client().start(backend).settled();
  one.end();
  const other = await next(client()).start(backend).settled();
  assert.equal(other.reused, false);
});

for (const { name, act } of [
  { name: 'FIN', act: (socket: net.Socket) => socket.end() },
  { name: 'RST', act: (socket: net.Socket) => socket.resetAndDestroy() },
  { name: 'a byte', act: (socket: net.Socket) => socket.write('x') },
]) {
  test(`${name} on an idle connection removes and closes it`, async (context) => {
    const { port, sockets } = await listen(context);
    const { backend, client } = setup(context, [{ port }], http('always'));
    const { pool } = backend.servers[0];
    const one = await client().start(backend).settled();
    one.giveBack();
    assert.deepEqual([pool.idle, pool.used], [1, 0]);
    await until(() => sockets.size === 1);
    act([...sockets][0]);
    await until(() => pool.idle === 0 && sockets.size === 0);
    assert.equal(pool.used, 0);
    const other = await client().start(backend).settled();
    assert.equal(other.reused, false);
  });

  test(`${name} on a connection kept for one client removes it there`, async (context) => {
    const { port, sockets } = await listen(context);
    const { backend, client } = setup(context, [{ port }], http('never'));
    const one = await client().start(backend).settled();
    one.giveBack();
    await until(() => sockets.size === 1);
    act([...sockets][0]);
    await until(() => sockets.size === 0);
    await next(one).start(backend).settled();
    assert.equal(one.reused, false);
    assert.equal(backend.servers[0].pool.open, 1);
  });
}

test('pool-max-conn bounds what is kept, 0 keeps nothing', async (context) => {
  const { port } = await listen(context);
  for (const poolMaxConn of [0, 2]) {
    const { backend, client } = setup(context, [{ port, poolMaxConn }], http('always'));
    const clients = await Promise.all([1, 2, 3].map(() => client().start(backend).settled()));
    for (const each of clients) each.giveBack();
    assert.deepEqual([backend.servers[0].pool.idle, backend.servers[0].pool.used], [poolMaxConn, 0]);
  }
});

test('pool-purge-delay 0 keeps nothing', async (context) => {
  const { port, sockets } = await listen(context);
  const { backend, client } = setup(context, [{ port, poolPurgeDelayMs: 0 }], http('always'));
  const one = await client().start(backend).settled();
  await until(() => sockets.size === 1);
  one.giveBack();
  assert.equal(backend.servers[0].pool.open, 0);
  await until(() => sockets.size === 0);
});

test('each pool-purge-delay half of what was not needed is closed, down to pool-low-conn', async (context) => {
  const { port } = await listen(context);
  const { backend, client, thread } = setup(
    context,
    [{ port, poolPurgeDelayMs: 60_000, poolLowConn: 1 }],
    http('always'),
  );
  const { pool } = backend.servers[0];
  const clients = await Promise.all(Array.from({ length: 8 }, () => client().start(backend).settled()));
  for (const each of clients) each.giveBack();
  const sizes = [pool.idle];
  thread.refresh();
  for (let purge = 0; purge < 6; purge++) {
    pool.onTimer();
    sizes.push(pool.idle);
  }
  // All eight were needed in the first period.
  assert.deepEqual(sizes, [8, 8, 4, 2, 1, 1, 1]);
});

test('max-reuse ends a connection after so many requests', async (context) => {
  const { port } = await listen(context);
  const { backend, client } = setup(context, [{ port, maxReuse: 2 }], http('always'));
  const one = client();
  const reused = [];
  for (let request = 0; request < 6; request++) {
    await one.start(backend).settled();
    reused.push(one.reused);
    one.giveBack();
  }
  assert.deepEqual(reused, [false, true, true, false, true, true]);
});

test('connects and reuses are counted apart', async (context) => {
  const { port } = await listen(context);
  const { backend, client, stat } = setup(context, [{ port }], http('always'));
  const one = client();
  for (let request = 0; request < 3; request++) {
    await one.start(backend).settled();
    one.giveBack();
  }
  assert.deepEqual(pick(stat(0), 'connects', 'reuses', 'sessions', 'loadBalanced'), [1, 2, 3, 3]);
  assert.deepEqual(pick(stat('backend'), 'connects', 'reuses', 'sessions'), [1, 2, 3]);
});

test('a server that goes down loses its idle connections', async (context) => {
  const { port, sockets } = await listen(context);
  const { owner, plan, backend, client } = setup(context, [{ port }], http('always'));
  const one = await client().start(backend).settled();
  one.giveBack();
  changeState(owner, plan, 0, (state) => state.set('operationalState', OperationalState.stopped));
  await until(() => sockets.size === 0);
  assert.equal(backend.servers[0].pool.open, 0);
});

test('a retired generation keeps nothing, also of what comes back later', async (context) => {
  const { port, sockets } = await listen(context);
  const { thread, backend, client } = setup(context, [{ port }], http('always'));
  const one = await client().start(backend).settled();
  const two = await client().start(backend).settled();
  one.giveBack();
  thread.backendThread.retire([backend]);
  await until(() => sockets.size === 1);
  two.giveBack();
  await until(() => sockets.size === 0);
  assert.equal(backend.servers[0].pool.open, 0);
});

test('a reused connection that dies is replaced by a new one, once per request', async (context) => {
  const { port } = await listen(context);
  const { backend, client, stat } = setup(context, [{ port }], http('always'));
  const one = await client().start(backend).settled();
  assert.equal(one.dispatch.retryAfterReuseFailure(), false, 'it was not reused');
  one.giveBack();
  await one.start(backend).settled();
  assert.equal(one.reused, true);
  one.connection!.destroy();
  one.calls = 0;
  assert.equal(one.dispatch.retryAfterReuseFailure(), true);
  await one.settled();
  assert.equal(one.reused, false);
  assert.equal(one.dispatch.retries, 0);
  assert.equal(one.dispatch.retryAfterReuseFailure(), false);
  assert.equal(backend.servers[0].currentSessions(), 1);
  assert.deepEqual(pick(stat(0), 'connects', 'reuses', 'retries'), [2, 1, 0]);
});

test('no connection and no count is left after all this has been done at random', async (context) => {
  const { port, sockets } = await listen(context);
  const { backend, client } = setup(context, [{ port }, { port }], http('always'));
  const clients = Array.from({ length: 20 }, () => client());
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fff_ffff;
    return (seed >> 8) % below;
  };
  for (let step = 0; step < 600; step++) {
    const one = clients[random(clients.length)];
    switch (random(6)) {
      case 0:
      case 1:
        if (one.dispatch.backend === undefined) one.start(backend);
        break;
      case 2:
        if (one.dispatch.connection !== undefined) one.giveBack();
        break;
      case 3:
        one.end();
        break;
      case 4:
        if (sockets.size > 0) [...sockets][random(sockets.size)][random(2) === 0 ? 'destroy' : 'resetAndDestroy']();
        break;
      default:
        await new Promise((resolve) => setImmediate(resolve));
    }
  }
  for (const one of clients) {
    one.end();
    one.dispatch.close();
  }
  for (const server of backend.servers) {
    assert.equal(server.pool.used, 0);
    server.pool.clear();
    assert.equal(server.pool.open, 0);
    assert.equal(server.currentSessions(), 0);
  }
  assert.equal(backend.currentSessions(), 0);
  await until(() => sockets.size === 0);
});
